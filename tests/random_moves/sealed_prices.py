"""Which prices must nobody read? Remembered as they are sent, and looked for in every answer and every table."""

import re
from collections.abc import Iterable
from typing import Any

from tests.random_moves.world import PASSPHRASE, World
from workflows.rules.money import format_yuan

TABLES = """
SELECT c.relname AS name, array_agg(a.attname || ' ' || format_type(a.atttypid, NULL) ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE n.nspname = 'public' AND c.relkind = 'r' GROUP BY c.relname ORDER BY c.relname
"""


class SealedPrices:
    """Every sum that was ever sent with a bid; a sum is told once its own bid was opened with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.secret: dict[int, str | None] = {}
        self.known: set[int] = set()

    def sent(self, data: Any, number: str | None) -> None:
        """Remember the sums of what was sent with a bid, accepted (`number`) or not."""
        for fen in _sums(data):
            if fen >= 10**6 and fen not in self.known:
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
        numbers = {int(found) for found in re.findall(r"(?<![0-9a-f.])[0-9]{7,9}(?![0-9a-f])", text)}
        yuan = re.findall(r"(?<![0-9a-f.])([0-9][0-9,]{4,})\.([0-9]{2})(?![0-9a-f])", text)
        numbers |= {int(whole.replace(",", "") + cents) for whole, cents in yuan}
        told = [f"{format_yuan(fen)} of {self.secret[fen]}" for fen in numbers & self.secret.keys()]
        return told + ["a passphrase"] * (PASSPHRASE in text)

    def told_in_the_database(self) -> list[str]:
        """Return where a table holds a secret in any column, text or bytes."""
        told = []
        for table in self.world.rows(TABLES):
            parts = []
            for column in table.columns:
                name, kind = column.split(" ", 1)
                quoted = '"' + name.replace('"', "") + '"'
                parts.append(f"encode({quoted}, 'escape')" if kind == "bytea" else f"{quoted}::text")
            for (text,) in self.world.rows(f'SELECT concat_ws(chr(10), {", ".join(parts)}) FROM "{table.name}"'):
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
