"""What does an effect get to work with, and how does history learn what it changed?

An effect writes through the session; a flush listener gathers before and after of every audited row over
all flushes of the move. An effect that writes in bulk says so with `record()`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from app.access.nodes import AnySession
from app.cases.snapshot import CaseRow

UNAUDITED = frozenset({
    "cases", "history", "personal_values", "clocks", "drafts", "attempts", "idempotency_keys",
    "log_queue", "withheld_values", "documents", "case_documents", "sealed_papers", "notices", "deliveries",
    "mails", "reads",
})


@dataclass(frozen=True)
class FollowOn:
    """A move of another case (or an opening, without `number`) that belongs to this one's transaction."""

    kind: str
    trigger: str
    number: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    organization_id: int | None = None
    node_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True)
class Change:
    """One audited row before and after: `None` before for a new row, `None` after for a removed one."""

    table: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass
class Move:
    """One move in the making: the case after the lock, the loaded data, who acts, and the new sequence.

    In `ends` an effect puts the moments until which clocks run, where the data does not bring them along; in
    `lengths` how long a clock runs, as (number, unit), where rows and not the policy say it.
    """

    session: AnySession
    case: CaseRow
    trigger: str
    data: dict[str, Any]
    facts: Any
    person_id: int | None
    role: str
    now: datetime
    sequence: int
    changes: list[Change] = field(default_factory=list)
    attachments: list[tuple[str, int]] = field(default_factory=list)
    file_hashes: list[str] = field(default_factory=list)
    ends: dict[str, datetime] = field(default_factory=dict)
    lengths: dict[str, tuple[int, str]] = field(default_factory=dict)

    def attach(self, slot: str, document_id: int, sha256: str) -> None:
        """Put a document into a slot of the case, as of this move."""
        self.attachments.append((slot, document_id))
        self.file_hashes.append(sha256)

    def record(self, table: str, key: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """Tell history of a change that did not go through the session's flush."""
        self.changes.append(Change(table, key, before, after))


def plain(value: Any) -> Any:
    """Return a value as history writes it: text, integer, boolean, list or null."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    return value


def _gather(session: Session, _context: Any) -> None:
    move: Move | None = session.info.get("move")
    if move is None:
        return
    for row in session.new:
        _note(move, row, removed=False, created=True)
    for row in session.dirty:
        if session.is_modified(row):
            _note(move, row, removed=False, created=False)
    for row in session.deleted:
        _note(move, row, removed=True, created=False)


def _note(move: Move, row: Any, *, removed: bool, created: bool) -> None:
    state = inspect(row)
    mapper = state.mapper
    if mapper.local_table.name in UNAUDITED:
        return
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for column in mapper.column_attrs:
        table_column = column.columns[0]
        if table_column.info.get("unaudited"):
            continue
        history = state.attrs[column.key].history
        value = _shown(table_column, state.dict.get(column.key))
        if created:
            after[column.key] = value
        elif removed:
            before[column.key] = value
        elif history.has_changes():
            before[column.key] = _shown(table_column, history.deleted[0] if history.deleted else None)
            after[column.key] = value
    key = ",".join(str(part) for part in mapper.primary_key_from_instance(row))
    move.changes.append(Change(mapper.local_table.name, key, None if created else before, None if removed else after))


def _shown(column: Any, value: Any) -> Any:
    """Personal columns enter history only as the fact that they were set."""
    if column.info.get("personal") and value is not None:
        return "personal"
    return plain(value)


event.listen(Session, "after_flush", _gather)
