"""Where do the files of downloads lie? In one folder of the instance, for nobody else to read, by their hash."""

import os
from hashlib import file_digest
from pathlib import Path

from flask import current_app


def exports_folder() -> Path:
    """Return the folder, made at first use with mode 0700."""
    folder = Path(current_app.config["EXPORTS"])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def draft_of(export_id: int, attempt: int) -> Path:
    """Return the empty file, mode 0600, into which one worker writes; nobody is ever served from it."""
    path = exports_folder() / f"{export_id}.{attempt}.part"
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path


def keep(draft: Path) -> tuple[str, int]:
    """Make the draft durable under its hash; return hash and size."""
    with draft.open("rb") as file:
        sha256 = file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        size = os.fstat(file.fileno()).st_size
    draft.chmod(0o600)
    draft.replace(draft.with_name(sha256))
    folder = os.open(draft.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return sha256, size


def kept(sha256: str, size: int) -> Path | None:
    """Return the file if it is there, whole."""
    path = exports_folder() / sha256
    return path if path.is_file() and path.stat().st_size == size else None
