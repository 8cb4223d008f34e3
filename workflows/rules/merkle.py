"""Is a row in the log, and does a log continue an older one? Merkle trees of RFC 6962 and RFC 9162."""

from collections.abc import Callable, Collection, Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
RootOf = Callable[[int, int], bytes]


class ProofError(ValueError):
    """The proof does not have the form that its tree size and index demand."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf; it can never be taken for the hash of a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over its two halves."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The few hashes from which the root of a growing tree follows; adding a leaf costs next to nothing."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError(f"{size} leaves make {size.bit_count()} full subtrees, not {len(peaks)}")
        self.size = size
        self.peaks = list(peaks)

    def add(self, leaf: bytes) -> None:
        """Put one more leaf hash at the right."""
        full = self.size
        while full & 1:
            leaf = node_hash(self.peaks.pop(), leaf)
            full >>= 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves added so far."""
        if not self.peaks:
            return EMPTY_ROOT
        *left, top = self.peaks
        for peak in reversed(left):
            top = node_hash(peak, top)
        return top


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from leaf `index` to the root over `leaves`."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    half = _largest_power_of_two_below(len(leaves))
    if index < half:
        return [*inclusion_proof(leaves[:half], index), root(leaves[half:])]
    return [*inclusion_proof(leaves[half:], index - half), root(leaves[:half])]


def inclusion_proofs(
    leaves: Iterable[bytes], wanted: Collection[int]
) -> tuple[int, bytes, dict[int, list[bytes]]]:
    """Return size, root and the inclusion proofs of the wanted leaves, reading all leaves once.

    Memory grows with the number of wanted leaves only, not with the log.
    """
    proofs: dict[int, list[bytes]] = {index: [] for index in wanted}
    peaks: list[tuple[int, bytes, list[int]]] = []  # height, hash, wanted leaves below
    size = 0
    for index, leaf in enumerate(leaves):
        size += 1
        peak = (0, leaf, [index] if index in proofs else [])
        while peaks and peaks[-1][0] == peak[0]:
            peak = _joined(peaks.pop(), peak, proofs)
        peaks.append(peak)
    if not peaks:
        return 0, root([]), proofs
    right = peaks.pop()
    while peaks:
        right = _joined(peaks.pop(), right, proofs)
    return size, right[1], proofs


def _joined(
    left: tuple[int, bytes, list[int]], right: tuple[int, bytes, list[int]], proofs: dict[int, list[bytes]]
) -> tuple[int, bytes, list[int]]:
    """Join two neighbouring subtrees: each wanted leaf of one gets the other's hash as its next sibling."""
    for index in left[2]:
        proofs[index].append(right[1])
    for index in right[2]:
        proofs[index].append(left[1])
    return left[0] + 1, node_hash(left[1], right[1]), left[2] + right[2]


def consistency_proof(leaves: Sequence[bytes], older_size: int) -> list[bytes]:
    """Return the hashes that show the first `older_size` leaves to be the beginning of `leaves`."""
    return consistency_of_roots(lambda start, end: root(leaves[start:end]), older_size, len(leaves))


def consistency_of_roots(root_of: RootOf, older_size: int, size: int) -> list[bytes]:
    """Return the same for a tree whose leaves are not at hand: `root_of(start, end)` knows its subtrees' roots.

    It is asked for subtrees only: a start is a multiple of the power of two that is not below the length.
    """
    if not 0 < older_size <= size:
        raise IndexError(f"no tree of {older_size} inside one of {size}")
    return _consistency(root_of, 0, older_size, size)


def _consistency(root_of: RootOf, start: int, older_end: int, end: int) -> list[bytes]:
    """RFC 6962 section 2.1.2, for the subtree from `start` to `end`; the older tree ends inside it or with it."""
    if older_end == end:
        return [] if start == 0 else [root_of(start, end)]
    middle = start + _largest_power_of_two_below(end - start)
    if older_end <= middle:
        return [*_consistency(root_of, start, older_end, middle), root_of(middle, end)]
    return [*_consistency(root_of, middle, older_end, end), root_of(start, middle)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Return whether the proof leads from this leaf at this index to the root of a tree of this size."""
    try:
        return root_from_inclusion(leaf, index, size, proof) == expected_root
    except ProofError:
        return False


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root the proof leads to (RFC 9162 section 2.1.3.2), or ProofError if its length is wrong."""
    if not 0 <= index < size:
        raise ProofError("the index lies outside the tree")
    position, last = index, size - 1
    reached = leaf
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        if position & 1 or position == last:
            reached = node_hash(sibling, reached)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            reached = node_hash(reached, sibling)
        position >>= 1
        last >>= 1
    if last:
        raise ProofError("the proof is too short")
    return reached


def verify_consistency(
    older_size: int, older_root: bytes, size: int, expected_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether the tree of `size` continues the tree of `older_size` (RFC 9162 section 2.1.4.2)."""
    if older_size == size:
        return not proof and older_root == expected_root
    if not 0 < older_size < size:
        return False
    path = [older_root, *proof] if older_size & (older_size - 1) == 0 else list(proof)
    if not path:
        return False
    position, last = older_size - 1, size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    older = newer = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            newer = node_hash(newer, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and older == older_root and newer == expected_root


def _largest_power_of_two_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
