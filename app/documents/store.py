"""Where do the bytes of papers lie, and how do they get there? One file per content, named by its SHA-256.

    <folder>/ab/cd/<sha256>      never changed, never named by a person
    <folder>/tmp/...             what is on its way in

A file is complete and on the disk before the row that names it can be committed. A file whose row never came
is harmless and is removed by `sweep()` a day later.
"""

import fcntl
import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.access.nodes import AnySession
from app.documents.inspection import inspect, type_of
from app.documents.limits import LIMITS, Limits
from app.documents.models import Document, SealedPaper
from app.documents.names import clean_name
from app.documents.refusals import UploadRefused, megabytes

BLOCK = 256 * 1024
ORPHANS_LIVE = timedelta(hours=24)


class Readable(Protocol):
    """Anything that gives bytes in blocks: a request's stream, an uploaded file, a BytesIO."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes; b'' at the end."""
        ...


class ContentChanged(ValueError):
    """The bytes are not those that were handed in."""


@dataclass(frozen=True)
class _Arrived:
    path: Path
    sha256: str
    size: int


def receive(
    session: AnySession,
    stream: Readable,
    *,
    folder: Path,
    filename: str,
    organization_id: int | None,
    person_id: int,
    now: datetime,
    declared_size: int | None = None,
    limits: Limits = LIMITS,
) -> Document:
    """Take a file in and return its flushed row; the caller commits. Raises UploadRefused and keeps nothing.

    The file is read once in blocks, whatever its size. That the person may upload for the organization is the
    caller's to check.
    """
    name = clean_name(filename)
    type_of(name)
    if declared_size is not None and declared_size > limits.file_bytes:
        raise too_large(limits)
    with _arriving(folder, stream, limits) as arrived:
        media_type = inspect(arrived.path, name, limits)
        check_quota(session, organization_id, person_id, arrived.size, limits)
        document = Document(
            sha256=arrived.sha256,
            size=arrived.size,
            media_type=media_type,
            name=name,
            organization_id=organization_id,
            uploaded_by=person_id,
            uploaded_at=now,
            issued=False,
        )
        _keep(session, folder, arrived, document)
    return document


def keep_issued(
    session: AnySession,
    content: bytes,
    *,
    folder: Path,
    name: str,
    media_type: str,
    organization_id: int | None,
    person_id: int | None,
    now: datetime,
    verification_code: str | None = None,
) -> Document:
    """Keep a paper that the system made and return its flushed row; the caller commits."""
    with _arriving(folder, io.BytesIO(content), None) as arrived:
        document = Document(
            sha256=arrived.sha256,
            size=arrived.size,
            media_type=media_type,
            name=clean_name(name),
            organization_id=organization_id,
            uploaded_by=person_id,
            uploaded_at=now,
            issued=True,
            verification_code=verification_code,
        )
        _keep(session, folder, arrived, document)
    return document


def keep_opened(
    session: AnySession,
    stream: Readable,
    *,
    folder: Path,
    name: str,
    media_type: str,
    sha256: str,
    organization_id: int,
    person_id: int,
    uploaded_at: datetime,
) -> Document:
    """Keep a paper that was sealed until now and return its flushed row; raise ContentChanged for other bytes."""
    with _arriving(folder, stream, None) as arrived:
        if arrived.sha256 != sha256:
            raise ContentChanged
        document = Document(
            sha256=sha256,
            size=arrived.size,
            media_type=media_type,
            name=name,
            organization_id=organization_id,
            uploaded_by=person_id,
            uploaded_at=uploaded_at,
            issued=False,
        )
        _keep(session, folder, arrived, document)
    return document


def path_of(folder: Path, sha256: str) -> Path:
    """Return where the bytes with this hash lie. The hash comes from a row, never from a request."""
    return folder / sha256[:2] / sha256[2:4] / sha256


def open_content(folder: Path, document: Document) -> BinaryIO:
    """Return the paper's bytes, open for reading; FileNotFoundError means that the store lost a file."""
    return path_of(folder, document.sha256).open("rb")


def sweep(session: AnySession, *, folder: Path, now: datetime) -> int:
    """Remove files that no row names and that came over a day ago, and return how many. Writes no row."""
    before = (now - ORPHANS_LIVE).timestamp()
    removed = 0
    for path in [*folder.glob("tmp/*"), *folder.glob("??/??/*")]:
        # Under the lock nobody can be about to reuse the file: a reuse makes it young again.
        with _placing(folder):
            if not path.exists() or path.stat().st_mtime > before:
                continue
            known = path.parent.name != "tmp" and session.scalar(
                select(func.count()).select_from(Document).where(Document.sha256 == path.name)
            )
            if not known:
                path.unlink()
                removed += 1
    return removed


def _keep(session: AnySession, folder: Path, arrived: _Arrived, document: Document) -> None:
    placed = _place(folder, arrived)
    try:
        session.add(document)
        session.flush()
    except BaseException:
        if placed is not None:
            _take_back(folder, placed, path_of(folder, arrived.sha256))
        raise


def _place(folder: Path, arrived: _Arrived) -> os.stat_result | None:
    """Put the file under its hash; return its stat if it is new there, None if the bytes were there."""
    target = path_of(folder, arrived.sha256)
    with _placing(folder):
        if target.exists() and target.stat().st_size == arrived.size:
            os.utime(target)
            return None
        if not target.parent.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            fsync_folder(target.parent.parent)
            fsync_folder(folder)
        arrived.path.chmod(0o440)
        arrived.path.replace(target)
        fsync_folder(target.parent)
        return target.stat()


def _take_back(folder: Path, placed: os.stat_result, target: Path) -> None:
    # Whoever stored the same bytes meanwhile has touched the file: then it is theirs and stays.
    with _placing(folder):
        if target.exists() and target.stat().st_mtime_ns == placed.st_mtime_ns:
            target.unlink()


@contextmanager
def _arriving(folder: Path, stream: Readable, limits: Limits | None) -> Iterator[_Arrived]:
    waiting = folder / "tmp"
    waiting.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=waiting)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            sha256, size = _copy(stream, file, limits)
            file.flush()
            os.fsync(file.fileno())
        yield _Arrived(path, sha256, size)
    finally:
        path.unlink(missing_ok=True)


def _copy(stream: Readable, file: BinaryIO, limits: Limits | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while block := stream.read(BLOCK):
        size += len(block)
        if limits is not None and size > limits.file_bytes:
            raise too_large(limits)
        digest.update(block)
        file.write(block)
    return digest.hexdigest(), size


@contextmanager
def _placing(folder: Path) -> Iterator[None]:
    """Hold the store's lock: who places, reuses or removes a file does it alone, over all processes."""
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fsync_folder(folder: Path) -> None:
    """Have the disk remember which files lie in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_quota(
    session: AnySession, organization_id: int | None, person_id: int, size: int, limits: Limits
) -> None:
    """Raise UploadRefused where so many bytes more would be too many for this organization or person."""
    owner = (
        Document.organization_id == organization_id
        if organization_id is not None
        else (Document.uploaded_by == person_id) & Document.organization_id.is_(None)
    )
    kept = session.scalar(select(func.coalesce(func.sum(Document.size), 0)).where(owner)) or 0
    sealed = select(func.coalesce(func.sum(SealedPaper.size), 0)).where(SealedPaper.organization_id == organization_id)
    kept += (session.scalar(sealed) or 0) if organization_id is not None else 0
    if kept + size > limits.organization_bytes:
        raise UploadRefused(
            "quota",
            _l(
                "Your papers would pass %(megabytes)s MB together. Use papers that are here already, or ask"
                " the system administrator for more room.",
                megabytes=megabytes(limits.organization_bytes),
            ),
        )


def too_large(limits: Limits) -> UploadRefused:
    """Return the refusal of a file that is larger than these limits allow."""
    return UploadRefused(
        "too_large",
        _l(
            "The file is larger than %(megabytes)s MB. Scan it in black and white at 200 dpi, or divide it.",
            megabytes=megabytes(limits.file_bytes),
        ),
        status=413,
    )
