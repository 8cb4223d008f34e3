"""How does history become a log that nobody can rewrite unseen? The sequencer and the signer, in the worker only.

The sequencer empties the queue of committed rows into dense leaves; the signer checks that the log still
contains the last checkpoint and signs a new one (C2SP tlog-checkpoint). The web process never holds the key.
"""

import base64
import json
import os
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
LAST = text("SELECT size, root, peaks, note, signed_at FROM checkpoints ORDER BY size DESC LIMIT 1")
HASH_BYTES = 32
ORIGIN = "shuniu/1"
"""The name of the log in checkpoints, and of the key that signs them."""


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
        signed, peaks = last.size, bytes(last.peaks)
        frontier = Frontier(last.size, [peaks[i:i + HASH_BYTES] for i in range(0, len(peaks), HASH_BYTES)])
        if size < last.size or frontier.root() != bytes(last.root):
            raise LogWasChanged(f"the log of {size} rows is not the one of {last.size} rows that was signed")
    # Options of this statement alone: on the connection they would hold for an INSERT after it as well.
    for row in connection.execute(LEAVES, {"start": frontier.size}, execution_options={"yield_per": 10_000}):
        frontier.add(bytes(row.hash))
    return frontier, signed


def sign_checkpoint(connection: Connection, key: Ed25519PrivateKey, origin: str) -> int:
    """Sign the log as it is if it grew; return its size. Raise LogWasChanged if it lost what was signed before.

    Reads only the leaves that came since the last checkpoint, whose peaks stand beside it; `history verify`
    recomputes all of them.
    """
    frontier, signed = log_now(connection)
    if frontier.size == signed:
        return signed
    root = frontier.root()
    note = sign_note(make_checkpoint(origin, frontier.size, root), origin, key)
    connection.execute(
        text("INSERT INTO checkpoints (size, root, peaks, note, signed_at) VALUES (:size, :root, :peaks, :note, :at)"),
        {"size": frontier.size, "root": root, "peaks": b"".join(frontier.peaks), "note": note, "at": real_now()},
    )
    return frontier.size


def sign_requests(connection: Connection, key: Ed25519PrivateKey, origin: str) -> int:
    """Answer what the web process asked to have signed, after a checkpoint of all there is; return how many."""
    asked = connection.execute(
        text("SELECT id, message FROM signature_requests WHERE signature IS NULL ORDER BY id FOR UPDATE SKIP LOCKED")
    ).all()
    if asked:
        sign_checkpoint(connection, key, origin)
    for row in asked:
        message = bytes(row.message)
        if message and not is_manifest(message, origin):
            # The web process may ask for manifests only: a forged checkpoint must not get a signature here.
            connection.execute(text("DELETE FROM signature_requests WHERE id = :id"), {"id": row.id})
            continue
        connection.execute(
            text("UPDATE signature_requests SET signature = :signature, public_key = :key WHERE id = :id"),
            {"id": row.id, "signature": key.sign(message), "key": raw_public_key(key)},
        )
    return len(asked)


def is_manifest(message: bytes, origin: str) -> bool:
    """Tell whether these bytes are the manifest of a bundle of this log: a JSON object that names its origin."""
    try:
        told = json.loads(message)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("origin") == origin and "members" in told
