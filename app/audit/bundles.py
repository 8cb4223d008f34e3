"""How does a piece of history leave, so that whoever takes it away can verify it without us?

    waiting moves -> checkpoint -> one snapshot -> members in a folder -> signed manifest -> the zip, in pieces

A bundle holds all that was committed when it was asked for, and is cut at a checkpoint: moves that were made
meanwhile are left out whole, with their transfers and papers.
"""

import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Engine
from sqlalchemy.engine import Connection

from app.audit.bundle_format import bundle_pieces
from app.audit.members import Collected, Snapshot, Wanted, collect
from app.audit.scopes import Scope, uncovered_moves
from app.audit.signing import RETRY_AFTER, Signer, wait_until
from app.audit.tree import LogTree
from app.cases.log import LAST
from app.cases.notes import parse_checkpoint
from app.clock import real_now
from app.errors import Problem, TryAgain

SOFTWARE = "shuniu 0.1.0"


class NothingToBundle(Problem):
    """No move was ever made, so there is no log that could be signed."""

    status = 404
    code = "nothing_recorded"
    title: Any = _l("Nothing is recorded yet")


@dataclass
class Known:
    """What one process need not ask twice: the log's full blocks, and the public key that signs it."""

    tree: LogTree = field(default_factory=LogTree)
    public_key: bytes | None = None


@contextmanager
def frozen(engine: Engine) -> Iterator[Connection]:
    """One state of the database, however long it is read; on a connection of its own."""
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with reading.connect() as connection, connection.begin():
        yield connection


def bundle(
    engine: Engine, scope: Scope, wanted: Wanted, signer: Signer, known: Known, *, purpose: str | None = None,
    seen: Callable[[int], None] = lambda _rows: None,
) -> Generator[bytes]:
    """Return the bundle in pieces. All that can be refused is refused before the first piece.

    Close the iterator, or read it to its end: then the files behind it are gone. `seen` is told how many rows
    were read, now and then; what it raises ends the bundle.
    """
    pieces = _pieces(engine, scope, wanted, signer, known, purpose, seen)
    next(pieces)
    return pieces


def _pieces(
    engine: Engine, scope: Scope, wanted: Wanted, signer: Signer, known: Known, purpose: str | None,
    seen: Callable[[int], None],
) -> Generator[bytes]:
    """Yield nothing first, as a sign that it is signed; then the zip."""
    with tempfile.TemporaryDirectory(prefix="shuniu-bundle-") as name:
        found, origin, public_key = _collect(engine, scope, wanted, signer, known, Path(name), seen)
        told = {**scope.told, "cases": found.numbers} if scope.named else scope.told
        more: dict[str, Any] = {} if purpose is None else {"purpose": purpose}
        if not wanted.documents:
            more["documents"] = "none"

        def sign(manifest: bytes) -> bytes:
            signature, signed_by = signer.sign(manifest)
            if signed_by != public_key:
                known.public_key = None
                raise TryAgain(retry_after=RETRY_AFTER)
            return signature

        pieces = bundle_pieces(
            found.members, sign=sign, scope=told, origin=origin, public_key=public_key,
            made_at=real_now(), software=SOFTWARE, **more,
        )
        first = next(pieces)
        yield b""
        yield first
        yield from pieces


def _collect(
    engine: Engine, scope: Scope, wanted: Wanted, signer: Signer, known: Known, folder: Path,
    seen: Callable[[int], None],
) -> tuple[Collected, str, bytes]:
    """Write the members, once a checkpoint covers all that was committed when we were asked; tell origin and key."""
    with frozen(engine) as connection:
        asked_for = uncovered_moves(connection, scope, _covered(connection))
    key = known.public_key
    if asked_for or key is None:
        key = known.public_key = signer.cover()
    while True:
        with frozen(engine) as connection:
            last = connection.execute(LAST).one_or_none()
            if last is None and not asked_for:
                raise NothingToBundle(_l("Nobody has made a move yet."))
            if last is not None and not asked_for & uncovered_moves(connection, scope, last.size):
                checkpoint = parse_checkpoint(last.note.partition("\n\n")[0] + "\n")
                at = Snapshot(connection, checkpoint, last.note, seen)
                return collect(at, scope, wanted, known.tree, folder), checkpoint.origin, key
        wait_until(signer.deadline)
        key = known.public_key = signer.cover()


def _covered(connection: Connection) -> int:
    last = connection.execute(LAST).one_or_none()
    return int(last.size) if last is not None else 0
