"""At which due dates does a demo's clock stop, and which moves did it make there? For the page that moves it.

Whoever moves the clock moves it for everybody: what belongs to cases out of their reach is told without naming them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.models import Case, Clock, History


@dataclass(frozen=True)
class Stop:
    """A clock that will fire a move; `is_visible` says whether who asks may know of which case."""

    due_at: datetime
    name: str
    policy: str
    number: str
    kind: str
    subject: str
    is_visible: bool


@dataclass(frozen=True)
class FiredMove:
    """A move that a clock made, with the definition it was made by."""

    at: datetime
    trigger: str
    from_state: str | None
    number: str
    kind: str
    place: str
    version: int
    legal_class: str | None
    subject: str
    is_visible: bool


def next_stops(session: AnySession, held: Iterable[Holding], most: int) -> list[Stop]:
    """Return the running clocks that fire next, the earliest first. One query, by an index."""
    query = (
        select(
            Clock.due_at, Clock.name, Case.policy, Case.number, Case.kind, Case.subject, _visible(held),
        )
        .join(Case, Case.id == Clock.case_id)
        .where(Clock.stopped_at.is_(None), Clock.paused_since.is_(None), Clock.fires.is_not(None))
        .order_by(Clock.due_at, Case.id)
        .limit(most)
    )
    return [Stop(**row) for row in session.execute(query).mappings()]


def last_fired(session: AnySession, held: Iterable[Holding], since: datetime, most: int) -> list[FiredMove]:
    """Return the latest moves from `since` on that no person made, the newest first. One query, by an index."""
    query = (
        select(
            History.at, History.trigger, History.from_state, Case.number, Case.kind, Case.place, Case.version,
            Case.legal_class, Case.subject, _visible(held),
        )
        .join(Case, Case.id == History.case_id)
        .where(History.at >= since, History.person_id.is_(None))
        .order_by(History.at.desc(), History.case_id.desc(), History.sequence.desc())
        .limit(most)
    )
    return [FiredMove(**row) for row in session.execute(query).mappings()]


def _visible(held: Iterable[Holding]) -> Any:
    return visible_by(held, Case).label("is_visible")
