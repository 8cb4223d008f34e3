"""What does a backup hold? Its manifest says it; a folder without a whole manifest is no backup.

    FOLDER/20261122T021500Z/manifest.json, manifest.sha256, database.dump, with --with-keys also keys/
    FOLDER/files/<sha256>             papers and sealed papers of all backups in FOLDER, each once
"""

import base64
import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.backup.files import sha256_of, write
from app.backup.refusal import BackupRefused

FORMAT = 1
INSIDE = re.compile(r"[a-z0-9]+(/[a-z0-9]+)*")
SHA256 = re.compile(r"[0-9a-f]{64}")
MANIFEST, CHECKSUM, DATABASE, FILES, KEYS = "manifest.json", "manifest.sha256", "database.dump", "files", "keys"


@dataclass(frozen=True)
class Stored:
    """The bytes of one file."""

    sha256: str
    size: int


@dataclass
class Manifest:
    """What was read in one snapshot of the database, and the SHA-256 of every file that belongs to it."""

    made_at: str
    migration: str
    server: str
    pg_dump: str
    log_size: int
    log_root: str
    moves: int
    database: Stored
    # By name in the instance's folder of papers, `ab/cd/<sha256>` and `sealed/<name>`.
    papers: dict[str, Stored]
    # What could not be copied as it should be, in sentences; the rest is whole.
    flaws: list[str]
    public_key: str | None
    secret: str | None
    keys: dict[str, Stored] = field(default_factory=dict)
    format: int = FORMAT


def file_of(store: Path, sha256: str) -> Path:
    """Return where a backup's store keeps the bytes with this hash."""
    return store / sha256


def fingerprint(secret: bytes) -> str:
    """Return what tells whether two secrets are one, and nothing else of them: they are 256 random bits."""
    return hashlib.sha256(b"shuniu backup\0" + secret).hexdigest()[:32]


def spelled_root(root: bytes) -> str:
    """Return a root as checkpoints spell it."""
    return base64.b64encode(root).decode()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it with its own checksum, which comes last."""
    content = (json.dumps(asdict(manifest), indent=1, sort_keys=True) + "\n").encode()
    write(folder / MANIFEST, content)
    write(folder / CHECKSUM, f"{hashlib.sha256(content).hexdigest()}  {MANIFEST}\n".encode())


def read_manifest(folder: Path) -> Manifest:
    """Return it, or raise BackupRefused if it is not what was written, or was written by a newer Shuniu."""
    path = folder / MANIFEST
    try:
        content = path.read_bytes()
        holds = (folder / CHECKSUM).read_text().split()[:1] == [hashlib.sha256(content).hexdigest()]
    except (OSError, UnicodeDecodeError) as error:
        raise BackupRefused(f"{folder} 不是完整的备份", f"{folder} is no whole backup: {error}") from None
    if not holds:
        raise BackupRefused(f"{path} 已被改动或损坏", f"{path} is not what was written: it was changed or is damaged")
    told = json.loads(content)
    if told["format"] != FORMAT:
        raise BackupRefused("备份由更新的版本制作", f"{path} has format {told['format']}, made by another Shuniu")
    manifest = Manifest(**{name: _read(name, value) for name, value in told.items()})
    for name, stored in (*manifest.papers.items(), *manifest.keys.items()):
        # The checksum is no signature: a forged manifest must not have files written elsewhere, as root perhaps.
        if not INSIDE.fullmatch(name) or not SHA256.fullmatch(stored.sha256):
            raise BackupRefused(f"{path} 列有不合规的文件名", f"{path} names a file that no backup has: {name!r}")
    return manifest


def _read(name: str, value: Any) -> Any:
    if name == "database":
        return Stored(**value)
    if name in ("papers", "keys"):
        return {each: Stored(**stored) for each, stored in value.items()}
    return value


def backups_in(folder: Path) -> list[Path]:
    """Return the whole backups in a folder, oldest first; what was broken off never got such a name."""
    return sorted(each.parent for each in folder.glob(f"[0-9]*Z/{CHECKSUM}"))


def check_files(folder: Path, manifest: Manifest) -> list[str]:
    """Return one sentence per file of the backup that is missing or has other bytes. Reads all of them."""
    store = folder.parent / FILES
    wanted = {folder / DATABASE: manifest.database}
    wanted |= {folder / KEYS / name: stored for name, stored in manifest.keys.items()}
    wanted |= {file_of(store, stored.sha256): stored for stored in manifest.papers.values()}
    lines = []
    for path, stored in wanted.items():
        if not path.is_file():
            lines.append(f"{path} 缺失 / is missing")
        elif path.stat().st_size != stored.size or sha256_of(path) != stored.sha256:
            lines.append(f"{path} 已被改动或损坏 / is not what was written")
    return lines
