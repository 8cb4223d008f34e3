"""Where does a move stand in the signed log? Proofs for any number of moves, in memory that does not grow with it.

The log is read in blocks of 4096 leaves. A power of two: so each block is a subtree of every log that goes
beyond it, and the root of a full block never changes.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from threading import Lock

from sqlalchemy import text
from sqlalchemy.engine import Connection

from workflows.rules.merkle import Frontier, consistency_of_roots, inclusion_proofs, root, verify_inclusion

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


def continued(connection: Connection, blocks: list[bytes], older_size: int, size: int) -> list[bytes]:
    """Return the proof that the log of this size begins with the first `older_size` moves; reads one block at most.

    Raises IndexError if the log is shorter than that.
    """

    @lru_cache(maxsize=1)
    def leaves_of(number: int) -> list[bytes]:
        start = number * BLOCK
        rows = connection.execute(LEAVES, {"start": start, "end": min(start + BLOCK, size)})
        return [bytes(row.hash) for row in rows]

    def root_of(start: int, end: int) -> bytes:
        first, within = divmod(start, BLOCK)
        if within == 0 and (end % BLOCK == 0 or end == size):
            return root(blocks[first : -(-end // BLOCK)])
        return root(leaves_of(first)[within : within + end - start])

    return consistency_of_roots(root_of, older_size, size)


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
