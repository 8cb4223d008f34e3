"""How is a good request spoilt? Data of the wrong form, and changes that nobody asked for."""

import random
from copy import deepcopy
from typing import Any

NONSENSE: tuple[Any, ...] = (
    None, "", " ", "x" * 20_000, "说\u0000明", "\u202eabc", "\ud800", -1, 0, 2**63, 2**64, 1.5, True, [], {}, [[]],
    {"a": {"b": []}}, "2026-13-45", "9999-12-31T23:59:59+14:00", "0001-01-01", "<script>alert(1)</script>", "'; --",
    float("inf"), ["x"], [None], [{}], 10**30,
)


def spoilt(chance: random.Random, data: dict[str, Any]) -> Any:
    """Return the data with one to three places made worse."""
    worse = deepcopy(data)
    for _ in range(chance.randint(1, 3)):
        how = chance.random()
        if how < 0.1:
            return _nonsense(chance)
        if how < 0.2 or not worse:
            worse[chance.choice(("nobody_knows_this", "state", "revision", "_id", "organization"))] = _nonsense(chance)
        else:
            _worsen(chance, worse)
    return worse


def _worsen(chance: random.Random, inside: Any) -> None:
    keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
    if not keys:
        return
    key = chance.choice(keys)
    value = inside[key]
    if isinstance(value, dict | list) and value and chance.random() < 0.7:
        _worsen(chance, value)
    elif isinstance(inside, dict) and chance.random() < 0.25:
        del inside[key]
    elif isinstance(inside, list) and chance.random() < 0.4:
        inside.append(deepcopy(value))
    elif type(value) is int and chance.random() < 0.5:
        inside[key] = value + chance.choice((-1, 1, 10**6, -(10**6)))
    else:
        inside[key] = _nonsense(chance)


def _nonsense(chance: random.Random) -> Any:
    return deepcopy(chance.choice(NONSENSE))
