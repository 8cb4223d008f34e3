"""What did the database say of a case after the lock? A plain value, never an object of the session."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from workflows.kinds.case import Step


class ClockRun(NamedTuple):
    """One run of a clock, as `clocks` holds it; `pauses` are closed intervals, all times UTC."""

    name: str
    run: int
    started_at: datetime
    number: int
    unit: str
    extended_by: int
    pauses: tuple[tuple[datetime, datetime], ...]
    paused_since: datetime | None
    paused_for: str | None
    due_at: datetime
    provisional: bool
    promised: bool
    fires: str | None
    stopped_at: datetime | None = None


@dataclass
class CaseRow:
    """A case as it was after the lock. Only `subject` may be set, by an opening effect."""

    id: int
    number: str
    kind: str
    place: str
    version: int
    legal_class: str | None
    policy: str
    state: str | None
    revision: int
    subject: str
    organization_id: int | None
    organization_path: str | None
    organization_node_id: int | None
    node_id: int
    node_path: str
    parent_id: int | None
    waits_person: int | None
    opened_at: datetime
    head: bytes
    sealed: bool = False
    last_at: datetime | None = None
    steps: tuple[Step, ...] = ()
    clocks: tuple[ClockRun, ...] = field(default=())
