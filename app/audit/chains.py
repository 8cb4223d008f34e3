"""Does the history of one case hold? Each row recomputed from its bytes and compared with the one before."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from app.cases.chain import moment

COLUMNS = {
    "seq": "sequence", "actor": "person_id", "on_behalf_of": "on_behalf_of", "role": "role", "trigger": "trigger",
    "from": "from_state", "to": "to_state", "request": "request_id",
}


@dataclass(frozen=True)
class Break:
    """What does not hold at which move of which case, in both languages, as the verifier says it."""

    number: str
    sequence: int
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.number}:{self.sequence}: {self.zh} / {self.en}"


@dataclass
class Chain:
    """The moves of one case read so far; `head`, `state` and `sequence` are those of the last one."""

    number: str
    head: bytes = b""
    state: str | None = None
    sequence: int = 0

    def follow(self, row: Any) -> Iterator[Break]:
        """Yield what does not hold of the next row of history (all its columns)."""
        body = bytes(row.body)
        hashed = sha256(b"\x00" + body).digest()
        for wrong, zh, en in (
            (hashed != bytes(row.hash), "哈希与正文不符", "the hash is not that of the body"),
            (row.sequence != self.sequence + 1, "不接上一步", f"does not follow move {self.sequence}"),
            (bytes(row.prev) != self.head, "未含上一步的哈希", "does not hold the hash of the move before"),
            (row.from_state != self.state, "起始状态不符", f"starts from {row.from_state}, not from {self.state}"),
        ):
            if wrong:
                yield Break(self.number, row.sequence, zh, en)
        yield from self._body(row, body)
        self.head, self.state, self.sequence = hashed, row.to_state, row.sequence

    def _body(self, row: Any, body: bytes) -> Iterator[Break]:
        try:
            told = json.loads(body)
        except ValueError:
            yield Break(self.number, row.sequence, "正文不是 JSON", "the body is no JSON")
            return
        wrong = [column for name, column in COLUMNS.items() if told.get(name) != getattr(row, column)]
        if told.get("at") != moment(row.at):
            wrong.append("at")
        for column in wrong:
            zh, en = f"{column} 列与正文不符", f"the column {column} is not what the body says"
            yield Break(self.number, row.sequence, zh, en)
        if told.get("case") != self.number or told.get("prev") != bytes(row.prev).hex():
            en = "the body belongs to another case or another move"
            yield Break(self.number, row.sequence, "正文属于其他办件或步骤", en)

    def end(self, case: Any) -> Iterator[Break]:
        """Yield where the case itself (revision, state, head) is not what its last move made of it."""
        if (case.revision, case.state) != (self.sequence, self.state) or bytes(case.head) != self.head:
            en = "the case does not stand where its last move left it"
            yield Break(self.number, self.sequence, "办件现状与最后一步不符", en)


def breaks_of(case: Any, rows: Iterable[Any]) -> list[Break]:
    """Return all that does not hold of one case, whose rows of history are given in order."""
    chain = Chain(case.number)
    found: list[Break] = []
    for row in rows:
        found += chain.follow(row)
    return [*found, *chain.end(case)]
