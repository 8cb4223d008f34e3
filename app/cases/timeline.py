"""What happened to an organization, over all its cases? By key, and only what the reader's roles reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import column as named
from sqlalchemy import select, table, tuple_

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.models import Case, History
from app.cases.queries import Page

# Named, not imported: nothing of a person but the name is read here.
_people = table("people", named("id"), named("name"))


@dataclass(frozen=True)
class Happened:
    """One move of one case."""

    at: datetime
    case_id: int
    sequence: int
    number: str
    kind: str
    place: str
    version: int
    legal_class: str | None
    subject: str
    trigger: str
    from_state: str | None
    to_state: str
    role: str
    who: str | None
    revision: int


def happened_to(
    session: AnySession, held: Iterable[Holding], organization_id: int, *, before: str | None = None, limit: int = 50
) -> Page:
    """Return the moves of the organization's visible cases, the newest first. One query."""
    order = (History.at, History.case_id, History.sequence)
    query: Any = (
        select(
            History.at, History.case_id, History.sequence, Case.number, Case.kind, Case.place, Case.version,
            Case.legal_class, Case.subject, History.trigger, History.from_state, History.to_state, History.role,
            _people.c.name.label("who"), Case.revision,
        )
        .join(Case, Case.id == History.case_id)
        .outerjoin(_people, _people.c.id == History.person_id)
        .where(Case.organization_id == organization_id, visible_by(held, Case))
        .order_by(*(each.desc() for each in order)).limit(limit + 1)
    )
    if key := _key(before):
        query = query.where(tuple_(*order) < key)
    rows = [Happened(**row) for row in session.execute(query).mappings()]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], f"{last.at.isoformat()},{last.case_id},{last.sequence}" if last else None)


def _key(text: str | None) -> tuple[datetime, int, int] | None:
    try:
        at, case_id, sequence = (text or "").split(",")
        key = datetime.fromisoformat(at), int(case_id), int(sequence)
    except ValueError:
        return None
    return key if key[0].tzinfo and abs(key[1]) < 2**63 and abs(key[2]) < 2**31 else None
