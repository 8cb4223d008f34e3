"""Whose city is it, and how are its invented people called?"""

import random
from dataclasses import dataclass

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = "安宁清和文远知行思齐明德"


@dataclass(frozen=True)
class Plan:
    """Where a city of the seed lies and what its people's logins begin with."""

    division: str
    city: str
    prefix: str
    name_zh: str


def invented_name(chance: random.Random) -> str:
    """Return a name."""
    return chance.choice(SURNAMES) + chance.choice(GIVEN) + chance.choice(GIVEN)
