"""Which bytes prove what? Exact spellings, Merkle proofs, Ed25519 and signed checkpoints, in plain Python.

Part of the verifier that travels in every bundle: standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any, NamedTuple

# Exact spellings. Every value has one, so that no bit of a bundle is free to change.


def from_base64(text: str) -> bytes:
    """Return the bytes, or raise ValueError for any spelling but the canonical one."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("base64 is not in canonical form")
    return data


def from_json(spelled: bytes) -> Any:
    """Return the value, or raise ValueError for any spelling but the canonical one, and for fractions."""
    value = json.loads(spelled.decode(), parse_float=_refuse, parse_constant=_refuse)
    if to_json(value) != spelled:
        raise ValueError("JSON is not in canonical form")
    return value


def to_json(value: Any) -> bytes:
    """Return the canonical spelling: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no whole number")


# Merkle trees, RFC 6962 and RFC 9162.


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A growing tree: the roots of its full subtrees, from which its own root follows."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """Put one more leaf hash at the right."""
        full = self.size
        while full & 1:
            leaf, full = node_hash(self.peaks.pop(), leaf), full >> 1
        self.peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        top = self.peaks[-1] if self.peaks else hashlib.sha256(b"").digest()
        for peak in self.peaks[-2::-1]:
            top = node_hash(peak, top)
        return top


def climb(position: int, last: int, node: bytes, proof: list[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of the tree that ended with this node and of the tree that ends at `last`."""
    older = newer = node
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if position & 1 or position == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return older, newer


# Ed25519, RFC 8032 section 5.1.7. Verification only: nothing here is secret.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, -1, PRIME) % PRIME
Point = tuple  # of four integers, extended coordinates
NEUTRAL: Point = (0, 1, 1, 0)


def add_points(p: Point, q: Point) -> Point:
    """Return the sum of two points."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % PRIME, (p[1] + p[0]) * (q[1] + q[0]) % PRIME
    c, d = 2 * p[3] * q[3] * CURVE % PRIME, 2 * p[2] * q[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def read_point(spelled: bytes) -> Point:
    """Return the point that these 32 bytes spell; ValueError if they are no point's canonical spelling."""
    number = int.from_bytes(spelled, "little")
    odd, y = number >> 255, number & ((1 << 255) - 1)
    square = (y * y - 1) * pow(CURVE * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    if len(spelled) != 32 or y >= PRIME or (x * x - square) % PRIME or (x == 0 and odd):
        raise ValueError("these bytes are no point of the curve")
    x = PRIME - x if x & 1 != odd else x
    return (x, y, 1, x * y % PRIME)


def spell_point(p: Point) -> bytes:
    """Return the canonical 32 bytes of a point."""
    inverse = pow(p[2], -1, PRIME)
    return (p[1] * inverse % PRIME | (p[0] * inverse % PRIME & 1) << 255).to_bytes(32, "little")


BASE = read_point((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little"))


def is_signed(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the key made the signature; a second spelling of a good signature is none."""
    x, y, _, xy = read_point(public_key)
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % ORDER
    minus_key = (PRIME - x, y, 1, PRIME - xy)
    terms = (NEUTRAL, BASE, minus_key, add_points(BASE, minus_key))
    total = NEUTRAL
    for bit in reversed(range(253)):  # s * BASE - h * key, one bit of both at a time
        total = add_points(total, total)
        total = add_points(total, terms[s >> bit & 1 | (h >> bit & 1) << 1])
    return spell_point(total) == signature[:32]


# Signed checkpoints, C2SP signed-note and tlog-checkpoint.


class Checkpoint(NamedTuple):
    """What the log was when it was signed."""

    size: int
    root: bytes


def read_checkpoint(note: bytes, origin: str, key: bytes) -> Checkpoint:
    """Return the checkpoint if the key signed it, else raise ValueError."""
    body, blank, signatures = note.decode().partition("\n\n")
    claimed, size, root = body.split("\n")
    if not blank or not signatures.endswith("\n") or claimed != origin or str(int(size)) != size:
        raise ValueError(f"this is no checkpoint of {origin}")
    key_hash = hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]
    lines = [line.split(" ") for line in signatures[:-1].split("\n")]
    blobs = [(dash, name, from_base64(blob)) for dash, name, blob in lines]
    ours = [blob[4:] for dash, name, blob in blobs if (dash, name, blob[:4]) == ("\u2014", origin, key_hash)]
    if len(ours) != 1 or not is_signed(key, f"{body}\n".encode(), ours[0]):
        raise ValueError("the signature is not of this key")
    return Checkpoint(int(size), from_base64(root))


def is_continued(older: Checkpoint, newer: Checkpoint, proof: list[bytes]) -> bool:
    """Return whether the newer log begins with the older one; ValueError for a proof of the wrong length."""
    if not 0 < older.size < newer.size:
        return older == newer
    position, last = older.size - 1, newer.size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first, *siblings = proof if position else [older.root, *proof]
    return climb(position, last, first, siblings) == (older.root, newer.root)
