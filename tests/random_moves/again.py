"""What makes a seed tell the same story twice: one clock, one source of chance, and no draw from what libsodium made.

Case numbers, salts and tokens come from the machine, and moments from its clock: here they come from the seed, and
from a clock that goes on a little whenever somebody asks.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from hashlib import sha256

import pytest
from nacl import pwhash

from app import clock
from app.demo import buying
from app.purchasing import sealing
from app.purchasing.panel import effects as panel
from app.seed import road
from workflows.rules import draw

TICK = timedelta(milliseconds=1)
PASSPHRASE = "four cranes over the marsh"
"""Every officer's; not the demo's, which is the example on the forms that ask for one."""


class Ticking:
    """Stands where the product's one clock asks the machine."""

    def __init__(self, since: datetime) -> None:
        self.at = since

    def now(self, zone: tzinfo) -> datetime:
        """Return a time a little after the last one."""
        self.at += TICK
        return self.at.astimezone(zone)


def of_the_pool_alone(pool: str, checkpoint: str) -> bytes:
    """Stand for the seed of a draw: a checkpoint covers ciphertexts, which are never the same twice."""
    return sha256(pool.encode()).digest()


@contextmanager
def the_same_again(seed: int, since: datetime) -> Iterator[None]:
    """Let the product take its time and its random numbers from the seed while this lasts; keys are made quickly."""
    source = random.Random(f"{seed}/machine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "datetime", Ticking(since))
        patch.setattr(random.SystemRandom, "random", lambda _self: source.random())
        patch.setattr(random.SystemRandom, "getrandbits", lambda _self, count: source.getrandbits(count))
        patch.setattr(random.SystemRandom, "randbytes", lambda _self, count: source.randbytes(count))
        patch.setattr(buying, "PASSPHRASE", PASSPHRASE)
        patch.setattr(road, "PASSPHRASE", PASSPHRASE)
        patch.setattr(draw, "seed", of_the_pool_alone)
        patch.setattr(panel, "seed", of_the_pool_alone)
        patch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))
        yield
