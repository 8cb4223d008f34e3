"""Which prices must nobody read? Remembered as they are sent, and looked for in every answer and every table.

A sum of a bid has twelve digits, drawn at random, and no other sum is taken from there: where one of them stands, it
was told. That one should stand elsewhere by chance (a share of another price, a balance) is less likely than one in a
million runs.
"""

import random
import re
from collections.abc import Iterable
from typing import Any

from tests.random_moves.again import PASSPHRASE
from tests.random_moves.world import World
from workflows.rules.money import format_yuan

TABLES = """
SELECT c.relname AS name, array_agg(a.attname || ' ' || format_type(a.atttypid, NULL) ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE n.nspname = 'public' AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname
"""


LOWEST, HIGHEST = 10**11, 5 * 10**11
"""What a bid may ask, in fen; packages and plans lie above, contracts without a tender far below."""
SMALLEST_LINE = 10**10
NUMBER = re.compile(r"(?<![0-9a-f.])[0-9]{11,13}(?![0-9a-f])")
YUAN = re.compile(r"(?<![0-9a-f.])([0-9][0-9,]{8,})\.([0-9]{2})(?![0-9a-f])")


def a_price(chance: random.Random, low: int = LOWEST, high: int = HIGHEST) -> dict[str, Any]:
    """Return a price that nobody has asked before, and the two lines of its budget."""
    price = chance.randrange(low, high)
    part = chance.randrange(SMALLEST_LINE, price - SMALLEST_LINE)
    lines = [("社工服务费", part), ("物资费", price - part)]
    return {"price_fen": price, "budget": [{"name": name, "amount_fen": fen} for name, fen in lines]}


class SealedPrices:
    """Every sum that was ever sent with a bid; a sum is told once its own bid was opened with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secret: dict[int, str | None] = {}
        self.known: set[int] = set()

    def sent(self, data: Any, number: str | None) -> None:
        """Remember the sums of what was sent with a bid, accepted (`number`) or not."""
        for fen in _sums(data):
            if SMALLEST_LINE <= fen < HIGHEST and fen not in self.known:
                self.secret[fen] = number

    def opened(self, number: str, data: Any) -> None:
        """Forget what was told when a bid was opened; what it said before it was replaced stays a secret."""
        for fen in _sums(data):
            self.secret.pop(fen, None)
            self.known.add(fen)

    def told_in(self, text: str) -> list[str]:
        """Return the secrets that a text tells: as a number, as yuan, or a passphrase."""
        if not self.secret and PASSPHRASE not in text:
            return []
        numbers = {int(found) for found in NUMBER.findall(text)}
        numbers |= {int(whole.replace(",", "") + cents) for whole, cents in YUAN.findall(text)}
        told = [f"{format_yuan(fen)} of {self.secret[fen]}" for fen in numbers & self.secret.keys()]
        return told + ["a passphrase"] * (PASSPHRASE in text)

    def told_in_the_database(self, since: int = 0) -> list[str]:
        """Return where a table holds a secret in any column, text or bytes; in rows no older than a transaction."""
        told = []
        for table in self.world.rows(TABLES):
            parts = []
            for column in table.columns:
                name, kind = column.split(" ", 1)
                quoted = '"' + name.replace('"', "") + '"'
                parts.append(f"encode({quoted}, 'escape')" if kind == "bytea" else f"{quoted}::text")
            every = f'SELECT concat_ws(chr(10), {", ".join(parts)}) FROM "{table.name}"'
            for (text,) in self.world.rows(f"{every} WHERE xmin::text::bigint >= :since", since=since):
                told += [f"{table.name}: {secret}" for secret in self.told_in(text)]
        return told


def _sums(data: Any) -> Iterable[int]:
    if isinstance(data, dict):
        for name, value in data.items():
            if name.endswith("_fen") and type(value) is int:
                yield value
            else:
                yield from _sums(value)
    elif isinstance(data, list):
        for value in data:
            yield from _sums(value)
