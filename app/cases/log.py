"""How does history become a log that nobody can rewrite unseen? The sequencer and the signer, in the worker only.

The sequencer empties the queue of committed rows into dense leaves; the signer checks that the log still
contains the last checkpoint and signs a new one (C2SP tlog-checkpoint). The web process never holds the key.
"""

import base64
import os
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import text
from sqlalchemy.engine import Connection

from app.cases.notes import make_checkpoint, sign_note
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
LAST = text("SELECT size, root, note, signed_at FROM checkpoints ORDER BY size DESC LIMIT 1")


class LogWasChanged(Exception):
    """The log no longer contains what an earlier checkpoint signed; nothing is signed until a person looks."""


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
    return base64.b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


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


def sign_checkpoint(connection: Connection, key: Ed25519PrivateKey, origin: str) -> int:
    """Sign the log as it is if it grew; return its size. Raise LogWasChanged if it lost what was signed before."""
    last = connection.execute(LAST).one_or_none()
    size = connection.execute(SIZE).scalar_one()
    if last is not None and size < last.size:
        raise LogWasChanged(f"the log has {size} rows, but {last.size} were signed")
    if size == 0 or (last is not None and size == last.size):
        return int(size)
    frontier = Frontier()
    grown = 0
    for row in connection.execution_options(yield_per=10_000).execute(LEAVES, {"start": 0}):
        frontier.add(bytes(row.hash))
        grown += 1
        if last is not None and grown == last.size and frontier.root() != bytes(last.root):
            raise LogWasChanged(f"the first {grown} rows of the log are not those that were signed")
    root = frontier.root()
    note = sign_note(make_checkpoint(origin, grown, root), origin, key)
    connection.execute(
        text("INSERT INTO checkpoints (size, root, note, signed_at) VALUES (:size, :root, :note, :at)"),
        {"size": grown, "root": root, "note": note, "at": real_now()},
    )
    return grown


def sign_requests(connection: Connection, key: Ed25519PrivateKey) -> int:
    """Answer what the web process asked to have signed; return how many."""
    asked = connection.execute(
        text("SELECT id, message FROM signature_requests WHERE signature IS NULL ORDER BY id FOR UPDATE SKIP LOCKED")
    ).all()
    for row in asked:
        connection.execute(
            text("UPDATE signature_requests SET signature = :signature WHERE id = :id"),
            {"id": row.id, "signature": key.sign(bytes(row.message))},
        )
    return len(asked)


def wait_until(condition, seconds: float, pause: float = 0.1) -> bool:  # type: ignore[no-untyped-def]
    """Ask `condition()` until it holds or the time is up; return whether it held."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
    return True
