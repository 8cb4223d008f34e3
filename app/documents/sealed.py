"""Where does a paper for a sealed case lie until the opening? In the store as ciphertext, from its first byte on.

    <folder>/sealed/<random name>      ciphertext under a key of its own

While it is a draft its key stands in the row, wrapped under the application's secret. The move that hands it in
takes the key into what is sealed and forgets it here: from then on only the opening can read it, and then it
becomes an ordinary document. It is checked like any other upload, in memory or in a file without a name.
"""

import base64
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, BinaryIO, cast

from sqlalchemy import delete, select, update

from app.access.nodes import AnySession
from app.access.secrets import keyed_digest, new_wrapped_key, unwrapped_key
from app.documents.inspection import inspect_open, type_of
from app.documents.limits import LIMITS, Limits
from app.documents.models import FIRST_SEALED, Document, SealedPaper
from app.documents.names import clean_name
from app.documents.sealing import PaperDamaged, plain_about, plain_blocks, sealed_about, sealed_blocks
from app.documents.store import ContentChanged, check_quota, fsync_folder, keep_opened, too_large

PURPOSE = "papers"
FOLDER = "sealed"
BLOCK = 256 * 1024
UNSENT_LIVE = timedelta(days=90)
ORPHANS_LIVE = timedelta(hours=24)


@dataclass(frozen=True)
class Drafted:
    """What whoever drafts may see of a paper, and the key that goes into what is sealed."""

    id: int
    key: bytes
    name: str
    media_type: str
    size: int
    uploaded_at: datetime


def receive_sealed(
    session: AnySession, stream: IO[bytes], *, folder: Path, filename: str, organization_id: int, person_id: int,
    now: datetime, form: str = "", limits: Limits = LIMITS,
) -> int:
    """Take a paper in as ciphertext and return its id; the caller commits. Raises UploadRefused and keeps nothing.

    The same file sent again with the same `form` (its idempotency key) is the same paper. `stream` can be rewound.
    """
    name = clean_name(filename)
    type_of(name)
    sha256, size = _measured(stream, limits)
    media_type = inspect_open(cast(BinaryIO, stream), size, name, limits)
    check_quota(session, organization_id, person_id, size, limits)
    sent = keyed_digest(PURPOSE, f"{person_id}|{organization_id}|{form}|{name}|{sha256}".encode()) if form else None
    if sent is not None:
        earlier = session.scalars(select(SealedPaper.id).where(
            SealedPaper.organization_id == organization_id, SealedPaper.sent == sent
        ).limit(1)).first()
        if earlier is not None:
            return earlier
    wrapping, wrapped = new_wrapped_key(PURPOSE)
    key = base64.urlsafe_b64decode(wrapping)
    stream.seek(0)
    paper = SealedPaper(
        id=FIRST_SEALED + secrets.randbelow(FIRST_SEALED), organization_id=organization_id, uploaded_by=person_id,
        uploaded_at=now, file=secrets.token_hex(16), own_key=wrapped, sent=sent,
        about=sealed_about(key, {"name": name, "media_type": media_type, "sha256": sha256, "size": size}),
    )
    paper.size = _written(folder, paper.file, sealed_blocks(key, cast(BinaryIO, stream)))
    session.add(paper)
    session.flush()
    return paper.id


def _measured(stream: IO[bytes], limits: Limits) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while block := stream.read(BLOCK):
        size += len(block)
        if size > limits.file_bytes:
            raise too_large(limits)
        digest.update(block)
    return digest.hexdigest(), size


def _written(folder: Path, name: str, blocks: Iterable[bytes]) -> int:
    """Write a file that is whole or not there, and return its size."""
    place, waiting = folder / FOLDER, folder / "tmp"
    for each in (place, waiting):
        each.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=waiting)
    try:
        with os.fdopen(handle, "wb") as file:
            for block in blocks:
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        Path(draft).replace(place / name)
        fsync_folder(place)
    finally:
        Path(draft).unlink(missing_ok=True)
    return size


def drafted_papers(session: AnySession, organization_id: int | None, ids: Iterable[int]) -> dict[int, Drafted]:
    """Return those of these papers that the organization has not handed in yet, by id. One query."""
    wanted = sorted({each for each in ids if each >= FIRST_SEALED})
    if not wanted or organization_id is None:
        return {}
    query = select(SealedPaper).where(
        SealedPaper.id.in_(wanted), SealedPaper.organization_id == organization_id, SealedPaper.own_key.is_not(None)
    )
    return {paper.id: _drafted(paper) for paper in session.scalars(query)}


def _drafted(paper: SealedPaper) -> Drafted:
    assert paper.own_key is not None
    key = base64.urlsafe_b64decode(unwrapped_key(PURPOSE, paper.own_key))
    about = plain_about(key, paper.about)
    return Drafted(paper.id, key, about["name"], about["media_type"], about["size"], paper.uploaded_at)


def forget_keys(session: AnySession, ids: Iterable[int]) -> None:
    """Destroy the keys of papers that are being handed in: they stand in what is sealed, and nowhere else."""
    session.execute(update(SealedPaper).where(SealedPaper.id.in_(sorted(ids))).values(own_key=None))


def open_paper(session: AnySession, paper_id: int, key: bytes, *, folder: Path, organization_id: int) -> Document:
    """Make a sealed paper an ordinary document and return its flushed row, or raise PaperDamaged."""
    paper = session.get(SealedPaper, paper_id)
    if paper is None or paper.organization_id != organization_id:
        raise PaperDamaged
    about = plain_about(key, paper.about)
    try:
        with (folder / FOLDER / paper.file).open("rb") as ciphertext:
            return keep_opened(
                session, _Reader(plain_blocks(key, ciphertext, about["size"])), folder=folder, name=about["name"],
                media_type=about["media_type"], sha256=about["sha256"], organization_id=organization_id,
                person_id=paper.uploaded_by, uploaded_at=paper.uploaded_at,
            )
    except (FileNotFoundError, ContentChanged):
        raise PaperDamaged from None


class _Reader:
    """Blocks as a stream: `read` returns the next one."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    def read(self, size: int = -1, /) -> bytes:
        """Return the next block that says something; b'' at the end."""
        return next((block for block in self._blocks if block), b"")


def sweep_sealed(session: AnySession, *, folder: Path, now: datetime) -> int:
    """Remove papers that nobody handed in for a long time, and files without a row; return how many files went.

    The caller commits. What was handed in stays for ever, as ciphertext.
    """
    session.execute(delete(SealedPaper).where(
        SealedPaper.own_key.is_not(None), SealedPaper.uploaded_at < now - UNSENT_LIVE
    ))
    known = set(session.scalars(select(SealedPaper.file)))
    removed = 0
    for path in (folder / FOLDER).glob("*"):
        if path.name not in known and path.stat().st_mtime < (now - ORPHANS_LIVE).timestamp():
            path.unlink()
            removed += 1
    return removed
