"""How does history become a log that nobody can rewrite unseen? The sequencer and the signer, in the worker only.

The sequencer empties the queue of committed rows into dense leaves; the signer checks that the log still
contains the last checkpoint and signs a new one (C2SP tlog-checkpoint). The web process never holds the key.
"""

import base64
import json
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import text
from sqlalchemy.engine import Connection, Row

from app.cases.notes import Checkpoint, NoteError, make_checkpoint, sign_note
from app.cases.signed import (
    EPOCH,
    KeyNotHere,
    LogWasChanged,
    Memory,
    NothingWasLost,
    epoch_of,
    remembering,
    told_by,
)
from app.clock import real_now
from workflows.rules.merkle import Frontier

ONE_AT_A_TIME = text("SELECT pg_try_advisory_xact_lock(7364001)")
QUEUED = text("""
SELECT q.case_id, q.sequence, h.hash FROM log_queue q
  JOIN history h ON h.case_id = q.case_id AND h.sequence = q.sequence
 ORDER BY q.case_id, q.sequence LIMIT :most FOR UPDATE OF q SKIP LOCKED
""")
SIZE = text("SELECT coalesce(max(position) + 1, 0) FROM log_leaves")
TAKE = text("""
WITH taken AS (
  INSERT INTO log_leaves (position, case_id, sequence, hash)
  SELECT * FROM unnest(CAST(:positions AS bigint[]), CAST(:cases AS bigint[]),
                       CAST(:sequences AS int[]), CAST(:hashes AS bytea[]))
  RETURNING case_id, sequence)
DELETE FROM log_queue q USING taken t WHERE q.case_id = t.case_id AND q.sequence = t.sequence
""")
LEAVES = text("SELECT hash FROM log_leaves WHERE position >= :start ORDER BY position")
LAST = text("SELECT size, root, peaks, note, signed_at FROM checkpoints ORDER BY size DESC LIMIT 1")
NEW = text(
    "INSERT INTO checkpoints (size, root, peaks, note, signed_at) VALUES (:size, :root, :peaks, :note, :at)"
)
HASH_BYTES = 32
BEFORE = text("SELECT size, peaks FROM checkpoints WHERE size <= :size ORDER BY size DESC LIMIT 1")
SOME_LEAVES = text("SELECT hash FROM log_leaves WHERE position >= :start AND position < :end ORDER BY position")
ORIGIN = "shuniu/1"
"""The name of the log in checkpoints, and of the key that signs them; a later epoch counts on (app/cases/signed.py)."""


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the signer's key, made at first use with mode 0400."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(raw)
        draft.chmod(0o400)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made it first
        finally:
            draft.unlink()
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def public_key(key: Ed25519PrivateKey) -> str:
    """Return the public half, base64 of 32 bytes, as bundles and appointment letters print it."""
    return base64.b64encode(raw_public_key(key)).decode()


def raw_public_key(key: Ed25519PrivateKey) -> bytes:
    """Return the 32 bytes of the public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def sequence_rows(connection: Connection, most: int = 1000) -> int:
    """Put up to `most` committed history rows into the log and return how many; the caller commits."""
    if not connection.execute(ONE_AT_A_TIME).scalar():
        return 0
    rows = connection.execute(QUEUED, {"most": most}).all()
    if not rows:
        return 0
    size = connection.execute(SIZE).scalar_one()
    connection.execute(TAKE, {
        "positions": list(range(size, size + len(rows))),
        "cases": [row.case_id for row in rows],
        "sequences": [row.sequence for row in rows],
        "hashes": [bytes(row.hash) for row in rows],
    })
    return len(rows)


def log_now(connection: Connection) -> tuple[Frontier, int]:
    """Return the whole log as it is, and how much of it was signed. Raise LogWasChanged if it lost what was signed."""
    last = connection.execute(LAST).one_or_none()
    size = int(connection.execute(SIZE).scalar_one())
    signed, frontier = 0, Frontier()
    if last is not None:
        signed, frontier = last.size, _frontier(last)
        if size < last.size or frontier.root() != bytes(last.root):
            raise LogWasChanged(f"the log of {size} rows is not the one of {last.size} rows that was signed")
    # Options of this statement alone: on the connection they would hold for an INSERT after it as well.
    for row in connection.execute(LEAVES, {"start": frontier.size}, execution_options={"yield_per": 10_000}):
        frontier.add(bytes(row.hash))
    return frontier, signed


def _frontier(checkpoint: Row[Any]) -> Frontier:
    peaks = bytes(checkpoint.peaks)
    return Frontier(checkpoint.size, [peaks[i:i + HASH_BYTES] for i in range(0, len(peaks), HASH_BYTES)])


def _root_at(connection: Connection, size: int) -> bytes:
    """Return the root that the log had at this size, counted on from the checkpoint before."""
    before = connection.execute(BEFORE, {"size": size}).one_or_none()
    frontier = _frontier(before) if before is not None else Frontier()
    for row in connection.execute(SOME_LEAVES, {"start": frontier.size, "end": size}):
        frontier.add(bytes(row.hash))
    return frontier.root()


def key_of_log(connection: Connection, path: Path) -> Ed25519PrivateKey:
    """Return the signer's key, made at first use; raise KeyNotHere if the log was signed with one that is gone."""
    if not path.exists() and connection.execute(LAST).first() is not None:
        raise KeyNotHere(f"There is no key in {path}, but the log was signed with one.")
    return signing_key(path)


def holds_what_was_signed(connection: Connection, last: Checkpoint, size: int) -> bool:
    """Return whether the log of this size begins with the log of that checkpoint."""
    return last.size <= size and _root_at(connection, last.size) == last.root


def _standing(connection: Connection, key: bytes) -> Checkpoint | None:
    """Return what the last checkpoint of the database says; raise KeyNotHere if another key has signed it."""
    last = connection.execute(LAST).one_or_none()
    try:
        return None if last is None else told_by(last.note, key)
    except NoteError as error:
        raise KeyNotHere(f"The key that is here has not signed the last checkpoint of the log: {error}") from None


def _origin_now(connection: Connection, memory: Memory, size: int, key: bytes) -> str:
    """Return the origin to sign under; raise LogWasChanged if the log is not what was signed last."""
    last, stands = memory.last(key), _standing(connection, key)
    if stands is not None and (last is None or epoch_of(stands.origin) > epoch_of(last.origin)):
        # Begun with this key, on another machine: what we remember belongs to the epoch before.
        return stands.origin
    if last is None:
        return ORIGIN
    if not holds_what_was_signed(connection, last, size):
        raise LogWasChanged(
            f"数据库中的日志（{size} 条）不是已签名的日志（{last.size} 条），可能由较早的备份恢复 /"
            f" the log of {size} moves in this database is not the one of {last.size} that was signed last"
            f" ({memory.path}): was it restored from an older backup? Restore a newer one; if there is none, run"
            " ./run flask history epoch (docs/operations.md)"
        )
    return last.origin


def sign_checkpoint(connection: Connection, key_path: Path) -> int:
    """Sign the log as it is if it grew; return its size. Raise LogWasChanged if it lost what was signed before.

    Reads only the leaves that came since the last checkpoint, whose peaks stand beside it; `history verify`
    recomputes all of them.
    """
    key = key_of_log(connection, key_path)
    with remembering(key_path) as memory:
        frontier, signed = log_now(connection)
        origin = _origin_now(connection, memory, frontier.size, raw_public_key(key))
        if frontier.size == signed:
            return signed
        root = frontier.root()
        note = sign_note(make_checkpoint(origin, frontier.size, root), origin, key)
        peaks = b"".join(frontier.peaks)
        values = {"size": frontier.size, "root": root, "peaks": peaks, "note": note, "at": real_now()}
        connection.execute(NEW, values)
        # Before it is committed, so before anybody is told: what we forgot we could sign otherwise.
        memory.keep(note)
    return frontier.size


def begin_epoch(connection: Connection, key_path: Path) -> tuple[str, str]:
    """Go on with a log that lost what was signed, under a new origin; return the last checkpoint before and the first.

    Raise NothingWasLost where the log holds all that was signed, as far as the memory goes. Without a memory that
    cannot be known, and an epoch may begin: after a restore on a new machine it should.
    """
    key = key_of_log(connection, key_path)
    with remembering(key_path) as memory:
        frontier, _ = log_now(connection)
        last, stands = memory.last(raw_public_key(key)), _standing(connection, raw_public_key(key))
        if last is None and stands is None:
            raise NothingWasLost("nothing was signed yet")
        if last is not None and holds_what_was_signed(connection, last, frontier.size):
            raise NothingWasLost(f"the log of {frontier.size} moves holds all {last.size} that were signed")
        before = memory.note() or connection.execute(LAST).one().note
        epoch = 1 + max(epoch_of(each.origin) for each in (last, stands) if each is not None)
        origin = f"shuniu/{epoch}"
        note = sign_note(make_checkpoint(origin, frontier.size, frontier.root()), origin, key)
        memory.put_away(epoch)
        memory.keep(note)
    return before, note


def sign_requests(connection: Connection, key_path: Path) -> int:
    """Answer what the web process asked to have signed, after a checkpoint of all there is; return how many."""
    asked = connection.execute(
        text("SELECT id, message FROM signature_requests WHERE signature IS NULL ORDER BY id FOR UPDATE SKIP LOCKED")
    ).all()
    if not asked:
        return 0
    sign_checkpoint(connection, key_path)
    key = signing_key(key_path)
    for row in asked:
        message = bytes(row.message)
        if message and not is_manifest(message):
            # The web process may ask for manifests only: a forged checkpoint must not get a signature here.
            connection.execute(text("DELETE FROM signature_requests WHERE id = :id"), {"id": row.id})
            continue
        connection.execute(
            text("UPDATE signature_requests SET signature = :signature, public_key = :key WHERE id = :id"),
            {"id": row.id, "signature": key.sign(message), "key": raw_public_key(key)},
        )
    return len(asked)


def is_manifest(message: bytes) -> bool:
    """Tell whether these bytes are the manifest of a bundle of this log: a JSON object that names its origin."""
    try:
        told = json.loads(message)
    except ValueError:
        return False
    if not isinstance(told, dict) or "members" not in told:
        return False
    return EPOCH.fullmatch(str(told.get("origin"))) is not None
