"""How does a backup become an instance again? Checked first, loaded whole or not at all, and checked again.

The database is loaded in one transaction, constraints and triggers after the rows, so all of them are tried on what was
loaded. Papers come before it: killed at any moment, we leave either no data, or all of it.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from app.audit.checking import Findings, check_everything
from app.backup import programs
from app.backup.files import PART, OtherBytes, copied, private_folder, synchronize
from app.backup.manifest import (
    CHECKSUM,
    DATABASE,
    FILES,
    KEYS,
    Manifest,
    backups_in,
    check_files,
    file_of,
    fingerprint,
    read_manifest,
    spelled_root,
)
from app.backup.refusal import BackupRefused
from app.backup.writing import Source
from app.cases.log import holds_what_was_signed, log_now, public_key, raw_public_key, signing_key
from app.cases.signed import LogWasChanged, remembering
from app.database.migrate import head, migrate
from app.database.provision import libpq
from app.database.self_check import check
from app.documents.sealed import FOLDER as SEALED

MOST_LINES = 20
RELATIONS = """
SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
"""
# What a dump makes in the schema; whatever hangs on a table goes with it.
MADE = """
SELECT 'TABLE', oid::regclass::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
UNION ALL
SELECT 'ROUTINE', p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 'TYPE', t.oid::regtype::text FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace
 AND (t.typtype IN ('e', 'd') OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
"""


@dataclass(frozen=True)
class Backup:
    """A backup all of whose files are as they were written."""

    folder: Path
    manifest: Manifest


def checked_backup(folder: Path) -> Backup:
    """Return the backup in this folder, or the newest of those in it, after reading all of its files.

    Raise BackupRefused naming every file that is missing or has other bytes.
    """
    if not (folder / CHECKSUM).exists():
        within = backups_in(folder)
        if not within:
            raise BackupRefused(f"{folder} 中没有完整的备份", f"there is no whole backup in {folder}")
        folder = within[-1]
    manifest = read_manifest(folder)
    if manifest.migration > head():
        raise BackupRefused(
            f"备份来自更新的版本（迁移 {manifest.migration}）",
            f"the backup is at migration {manifest.migration}, made by a newer Shuniu; this one knows {head()}",
        )
    wrong = check_files(folder, manifest)
    if wrong:
        named = "\n".join(f"  {line}" for line in wrong[:MOST_LINES])
        more = f"\n  ... {len(wrong) - MOST_LINES} more" if len(wrong) > MOST_LINES else ""
        raise BackupRefused("备份已损坏，未恢复", f"the backup is damaged, nothing was restored:\n{named}{more}")
    return Backup(folder, manifest)


def refuse_used_folder(instance: Path, backup: Backup) -> None:
    """Raise BackupRefused if the instance has papers of its own, or other keys than the backup."""
    documents = instance / "documents"
    for path in documents.rglob("*"):
        name = str(path.relative_to(documents))
        # What a restore that was killed left is the backup's own; the worker sweeps what was half-copied.
        ours = name in backup.manifest.papers or name.endswith(PART)
        if path.is_file() and not ours and name != ".lock" and not name.startswith("tmp/"):
            raise _used(f"{path} 已存在", f"{path} is there and is none of the backup's")
    for name, stored in backup.manifest.keys.items():
        path = instance / KEYS / name
        # What was signed last stays what this machine remembers.
        if name != "signed" and path.exists() and path.read_bytes() != (backup.folder / KEYS / name).read_bytes():
            raise BackupRefused(
                f"{path} 与备份中的不是同一密钥",
                f"{path} is another key than the backup's {stored.sha256[:8]}…: move {instance / KEYS} away first",
            )


def _used(zh: str, en: str) -> BackupRefused:
    return BackupRefused(
        f"{zh}；只能恢复到没有数据的实例",
        f"{en}; a backup is restored only where there is no data. Name a folder that does not exist yet, "
        "SHUNIU_INSTANCE=/new/folder ./run flask restore ..., or with DATABASE_URL an empty database",
    )


def restore(target: Source, backup: Backup, durable: bool = True) -> Findings:
    """Load the backup into an instance without data and return what `history verify` finds in it.

    Raise BackupRefused if there is data, or what went wrong; then there is as little in the instance as before. Only
    tests pass `durable=False`.
    """
    undo: list[Callable[[], None]] = []
    with psycopg.connect(libpq(target.urls.owner), autocommit=True) as connection:
        _refuse_used_database(connection, backup.manifest)
        try:
            _put_files(target.instance, backup, undo)
            undo.append(lambda: _empty(connection))
            programs.load(target.urls.owner, backup.folder / DATABASE)
            migrate(target.urls.owner, target.urls.roles())
            check(connection, target.urls.roles(), durable)
            return _verified(target, backup.manifest)
        except BaseException:
            for step in reversed(undo):
                step()
            raise


def _refuse_used_database(connection: psycopg.Connection, manifest: Manifest) -> None:
    row = connection.execute(RELATIONS).fetchone()
    if row is None or row[0]:
        raise _used("数据库中已有表", "the database has tables already")
    server = programs.server_version(connection)
    if programs.major(server) < programs.major(manifest.server):
        raise BackupRefused(
            f"备份来自 PostgreSQL {manifest.server}，此服务器是 {server}，版本较低",
            f"the backup was made of PostgreSQL {manifest.server}, and this server is {server}, which is older",
        )


def _put_files(instance: Path, backup: Backup, undo: list[Callable[[], None]]) -> None:
    """Put papers and keys where they belong, each checked once more; what is there already is the same."""
    documents, store = instance / "documents", backup.folder.parent / FILES
    fresh = not documents.exists()
    private_folder(documents)
    placed: list[Path] = []
    undo.append(lambda: _take_away(placed, documents if fresh else None))
    touched: set[Path] = {documents}
    try:
        for name, stored in backup.manifest.papers.items():
            place = documents / name
            private_folder(place.parent)
            if not place.exists():
                placed.append(place)
            mode = 0o600 if name.startswith(SEALED) else 0o440
            copied(file_of(store, stored.sha256), stored.sha256, place, mode)
            touched.add(place.parent)
        for name, stored in backup.manifest.keys.items():
            place = private_folder(instance / KEYS) / name
            if not place.exists():
                placed.append(place)
                copied(backup.folder / KEYS / name, stored.sha256, place, 0o400 if name == "signing" else 0o600)
                touched.add(place.parent)
    except OtherBytes as error:
        raise BackupRefused("备份在恢复期间被改动", f"the backup changed while it was restored: {error}") from None
    synchronize(touched)


def _take_away(placed: list[Path], folder: Path | None) -> None:
    for place in placed:
        place.unlink(missing_ok=True)
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def _empty(connection: psycopg.Connection) -> None:
    """Take away what was loaded: before, nothing was there."""
    with connection.transaction():
        for kind, name in connection.execute(MADE).fetchall():
            connection.execute(sql.SQL(f"DROP {kind} IF EXISTS {name} CASCADE"))


def _verified(target: Source, manifest: Manifest) -> Findings:
    engine = create_engine(target.urls.app, poolclass=NullPool, isolation_level="REPEATABLE READ")
    key = target.instance / KEYS / "signing"
    ours = signing_key(key) if key.exists() else None
    try:
        with engine.connect() as connection:
            if manifest.log_root:
                log, _ = log_now(connection)
                if (log.size, spelled_root(log.root())) != (manifest.log_size, manifest.log_root):
                    raise BackupRefused(
                        "载入的日志与清单不符",
                        f"the log that was loaded has {log.size} moves and is not the manifest's {manifest.log_size}",
                    )
            found = check_everything(
                connection, public_key=raw_public_key(ours) if ours else None, store=target.instance / "documents"
            )
            if ours is not None:
                found.notes += _signing_notes(connection, key, raw_public_key(ours), manifest.log_size)
    finally:
        engine.dispose()
    found.notes += [f"备份时已有 / when the backup was made: {flaw}" for flaw in manifest.flaws]
    found.notes += _key_notes(target, manifest, public_key(ours) if ours else None)
    return found


def _signing_notes(connection: Connection, key_path: Path, public: bytes, size: int) -> list[str]:
    """Say whether more was signed than was restored, as far as the signer remembers."""
    with remembering(key_path) as memory:
        try:
            last = memory.last(public)
        except LogWasChanged as error:
            return [str(error)]
    if last is None and size:
        return [
            f"{KEYS}/signed 不在，无法得知此后是否还签过名 / {KEYS}/signed is not here: nobody can tell whether more"
            " was signed after the backup. If so, run ./run flask history epoch before serving"
        ]
    if last is not None and not holds_what_was_signed(connection, last, size):
        return [
            f"已签名 {last.size} 条，恢复了 {size} 条 / {last.size} moves were signed and {size} restored: the signer"
            " refuses this log. Restore a newer backup; if there is none, run ./run flask history epoch before serving"
        ]
    return []


def _key_notes(target: Source, manifest: Manifest, ours: str | None) -> list[str]:
    """Say which keys the instance lacks that the data need."""
    secret = target.instance / KEYS / "secret"
    notes = []
    if manifest.public_key not in (None, ours):
        notes.append(f"签名密钥不在 {KEYS}/signing / the signing key of this log is not in {target.instance / KEYS}")
    if manifest.secret is not None and (not secret.exists() or fingerprint(secret.read_bytes()) != manifest.secret):
        notes.append(
            f"{KEYS}/secret 不是原来的 / the application's secret is not the one of the backup: "
            "put keys/ back before serving, or drafts, their sealed papers and withheld scores can never be read"
        )
    return notes


