"""Who is drawn from a pool, so that anybody can repeat the draw and nobody could have chosen it?

The pool is published first, as a canonical list with its SHA-256. The seed comes from that hash and from the text of
the first signed checkpoint that covers the publication: while the pool could still be changed nobody knew the seed,
and once the seed is known the pool is fixed. A member's lot is HMAC-SHA256(seed, member); the smallest lots are drawn,
the rest in their order are the reserve. Two lines of Python repeat it; nothing here is random.
"""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256

from workflows.rules.canonical import canonical

SCHEME = "shuniu-draw-1"


def pool_hash(members: Iterable[str]) -> str:
    """Return the SHA-256 (hex) of the published pool: its members in order, each once; ValueError for a double."""
    listed = sorted(members)
    if len(set(listed)) != len(listed):
        raise ValueError("a member stands twice in the pool")
    return sha256(canonical(listed)).hexdigest()


def seed(pool: str, checkpoint: str) -> bytes:
    """Return the seed of a draw: of the pool's hash and the whole text of the checkpoint, signature included."""
    return sha256(canonical([SCHEME, pool, checkpoint])).digest()


def order(members: Iterable[str], drawn_with: bytes) -> list[str]:
    """Return all members in the order of their lots: first the panel, then the reserve."""
    return sorted(members, key=lambda member: (lot(member, drawn_with), member))


def lot(member: str, drawn_with: bytes) -> str:
    """Return the lot of one member, hex; any bit of it is as likely 0 as 1 to whoever does not know the seed."""
    return hmac.digest(drawn_with, member.encode(), "sha256").hex()


def draw_mistakes(members: Sequence[str], published: str, checkpoint: str, drawn: Sequence[str]) -> list[str]:
    """Return what is wrong with a draw that somebody claims; an empty list means that it is the true one."""
    if pool_hash(members) != published:
        return ["the pool is not the one whose hash was published"]
    true = order(members, seed(published, checkpoint))
    if list(drawn) == true:
        return []
    at = next((place for place, (mine, theirs) in enumerate(zip(true, drawn, strict=False)) if mine != theirs),
              min(len(true), len(drawn)))
    return [f"place {at + 1} of the draw is not the one that pool and checkpoint give"]
