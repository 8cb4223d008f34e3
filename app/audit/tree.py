"""Where does a move stand in the signed log? Proofs for any number of moves, in memory that does not grow with it.

The log is read in blocks of 4096 leaves. A power of two: so each block is a subtree of every log that goes
beyond it, and the root of a full block never changes.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from threading import Lock

from sqlalchemy import text
from sqlalchemy.engine import Connection

from workflows.rules.merkle import Frontier, inclusion_proofs, root, verify_inclusion

BLOCK = 4096
LEAVES = text("SELECT position, hash FROM log_leaves WHERE position >= :start AND position < :end ORDER BY position")


class LogTree:
    """The roots of the log's full blocks, kept between bundles: 80 KB for ten million moves."""

    def __init__(self) -> None:
        self._full: list[bytes] = []
        self._lock = Lock()

    def blocks(self, connection: Connection, size: int, expected: bytes) -> list[bytes]:
        """Return the roots of all blocks of the log of this size, the last one maybe not full.

        `expected` is the root that was signed. Where it does not follow, what was kept is read again: then the
        log itself is not the one that was signed, and the proofs made from it will say so.
        """
        with self._lock:
            known = self._full[: size // BLOCK]
        roots = [*known, *_read_blocks(connection, len(known) * BLOCK, size)]
        if known and root(roots) != expected:
            roots = list(_read_blocks(connection, 0, size))
        with self._lock:
            self._full = roots[: size // BLOCK]
        return roots


class Proofs:
    """Proofs of moves in the log of this size, one block at a time."""

    def __init__(self, connection: Connection, blocks: list[bytes], size: int) -> None:
        self.connection = connection
        self.size = size
        self.above = inclusion_proofs(blocks, range(len(blocks)))[2]

    def in_block(self, number: int, positions: Iterable[int]) -> dict[int, list[bytes]]:
        """Return the proofs of these positions, which all stand in block `number`; one query."""
        start = number * BLOCK
        wanted = [position - start for position in positions]
        rows = self.connection.execute(LEAVES, {"start": start, "end": min(start + BLOCK, self.size)})
        within = inclusion_proofs([bytes(row.hash) for row in rows], wanted)[2]
        above = self.above.get(number, [])
        return {start + place: proof + above for place, proof in within.items()}


def _read_blocks(connection: Connection, start: int, size: int) -> Iterator[bytes]:
    leaves = connection.execute(LEAVES.execution_options(yield_per=BLOCK), {"start": start, "end": size})
    for _number, block in groupby(leaves, key=lambda row: row.position // BLOCK):
        frontier = Frontier()
        for row in block:
            frontier.add(bytes(row.hash))
        yield frontier.root()


def unproven(
    connection: Connection, tree: LogTree, size: int, signed_root: bytes, leaves: dict[int, bytes]
) -> list[int]:
    """Return the positions whose leaf (recomputed from the body) does not lead to the root that was signed."""
    proofs = Proofs(connection, tree.blocks(connection, size, signed_root), size)
    wrong = []
    for number, block in groupby(sorted(leaves), key=lambda position: position // BLOCK):
        for position, proof in proofs.in_block(number, block).items():
            if not verify_inclusion(leaves[position], position, size, proof, signed_root):
                wrong.append(position)
    return wrong
