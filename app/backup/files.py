"""How does a file come into a backup, or back out of it? Whole, durable and with the bytes that its hash names."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from hashlib import file_digest
from pathlib import Path

from app.documents.store import fsync_folder

BLOCK = 1 << 20
PART = ".part"
"""How the names of things end that are still being written; nothing of that name is ever taken for whole."""


class OtherBytes(ValueError):
    """The file does not have the bytes that it should have."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner enters, and those above it; one that is there stays as it is."""
    if not path.is_dir():
        private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(path.parent)
    return path


def write(path: Path, content: bytes) -> None:
    """Write a small file, mode 0600; on return its bytes are on the disk."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def copied(source: Path, sha256: str | None, into: Path, mode: int = 0o600) -> tuple[str, int]:
    """Copy a file to `into`, which may be a folder that takes it by its hash; return hash and size.

    Raise OtherBytes, and leave nothing, if it does not have the hash that it should have. The target's name is durable
    once its folder was synchronized, which is the caller's to do.
    """
    folder = into if into.is_dir() else into.parent
    digest, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(dir=folder, suffix=PART)
    draft = Path(name)
    try:
        with source.open("rb") as original, os.fdopen(handle, "wb") as copy:
            while block := original.read(BLOCK):
                digest.update(block)
                size += len(block)
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
        found = digest.hexdigest()
        if sha256 is not None and found != sha256:
            raise OtherBytes(f"{source}: SHA-256 {found}, not {sha256}")
        draft.chmod(mode)
        draft.replace(folder / found if into.is_dir() else into)
    finally:
        draft.unlink(missing_ok=True)
    return found, size


def synchronize(folders: Iterable[Path]) -> None:
    """Have the disk remember which files lie in these folders."""
    for folder in folders:
        fsync_folder(folder)
