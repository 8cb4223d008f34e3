"""What waits for me, what may I see, what happened? Lists page by key and never read whole tables."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    any_,
    case,
    column,
    false,
    func,
    literal,
    or_,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.access.models import Node
from app.access.nodes import AnySession
from app.access.reach import Holding, at_places
from app.access.roles import CASE_ROLES, ORGANIZATION_ROLES, PLACE_ROLES
from app.cases.firsts import all_waiting, first_visible, first_waiting
from app.cases.models import Case, CaseSubject, History
from app.cases.seeing import spelled
from app.clock import SHANGHAI
from app.database.patterns import containing, grams

# Named, not imported: organizations stand above cases.
_organizations = table("organizations", column("id"), column("name"), column("search", ARRAY(Text)))
_people = table("people", column("id"), column("name"))

NUMBER = re.compile(r"[A-Z]+[0-9]{2}-[0-9]{4}-[0-9]{4}")
FEW = 5_000
"""Up to so many cases a search names one by one; more are filtered where the list reads them."""
FAR = datetime(9999, 1, 1, tzinfo=SHANGHAI)


@dataclass(frozen=True)
class CaseLine:
    """One case as lists show it."""

    id: int
    number: str
    kind: str
    place: str
    version: int
    legal_class: str | None
    subject: str
    state: str
    organization_id: int | None
    organization_name: str | None
    node_name_zh: str
    node_name_en: str | None
    waits_role: str | None
    waits_person: int | None
    due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and the key after which the next ones begin (None: no more)."""

    rows: list[Any]
    after: str | None


def waiting_for(held: Iterable[Holding]) -> ColumnElement[bool]:
    """Return the condition on cases that wait for somebody who holds these roles."""
    ways: list[ColumnElement[bool]] = []
    by_places: dict[str, list[Holding]] = {}
    for holding in held:
        if holding.role not in CASE_ROLES:
            continue
        if holding.case_id is not None:
            ways.append(and_(Case.id == holding.case_id, Case.waits_role == holding.role))
        elif holding.role in ORGANIZATION_ROLES:
            ways.append(and_(Case.waits_role == holding.role, Case.waits_node == holding.node_id))
        elif holding.role in PLACE_ROLES:
            by_places.setdefault(holding.role, []).append(holding)
    for role, places in by_places.items():
        ways.append(and_(Case.waits_role == role, at_places(Case.waits_node, places), Case.sealed.is_(False)))
    return or_(*ways) if ways else false()


def _lines() -> Any:
    return (
        select(
            Case.id, Case.number, Case.kind, Case.place, Case.version, Case.legal_class, Case.subject, Case.state,
            Case.organization_id, _organizations.c.name.label("organization_name"),
            Node.name_zh.label("node_name_zh"), Node.name_en.label("node_name_en"),
            Case.waits_role, Case.waits_person, Case.due_at, Case.opened_at, Case.closed_at,
        )
        .join(Node, Node.id == Case.node_id)
        .outerjoin(_organizations, _organizations.c.id == Case.organization_id)
    )


def worklist(
    session: AnySession, held: Iterable[Holding], person_id: int, *, kind: str | None = None,
    search: str | None = None, window: tuple[datetime | None, datetime | None] | None = None,
    after: str | None = None, limit: int = 50,
) -> Page:
    """Return what waits for these roles, earliest due first; what another person claimed is left out.

    `window` keeps what is due from its first moment up to before its second. One query, two for a search.
    """
    conditions = [Case.kind == kind] if kind else []
    if search:
        conditions.append(_matches(session, search))
    first = first_waiting(
        held, person_id, conditions, window=window, key=_due_key(after), far=FAR, limit=limit + 1
    )
    if first is None:
        return Page([], None)
    query = (
        _lines().join(first, first.c.id == Case.id).order_by(Case.due_at.nulls_last(), Case.id).limit(limit + 1)
    )
    rows = [CaseLine(**row) for row in session.execute(query).mappings()]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], f"{(last.due_at or FAR).isoformat()},{last.id}" if last else None)


def worklist_counts(session: AnySession, held: Iterable[Holding], person_id: int, now: datetime) -> dict[str, int]:
    """Return how much of the worklist is overdue, due today, within seven days, and later. One query."""
    waiting = all_waiting(held, person_id)
    if waiting is None:
        return dict.fromkeys(("overdue", "today", "week", "later"), 0)
    today = now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0)
    due = waiting.c.due_at
    bucket = case(
        (due.is_(None), "later"), (due <= now, "overdue"),
        # A clock ends at 24:00: what is due today is due at the next midnight.
        (due <= today + timedelta(days=1), "today"), (due <= today + timedelta(days=7), "week"), else_="later",
    )
    query = select(bucket.label("bucket"), func.count().label("n")).select_from(waiting).group_by(text("1"))
    found = {row.bucket: row.n for row in session.execute(query)}
    return {name: found.get(name, 0) for name in ("overdue", "today", "week", "later")}


def find_cases(
    session: AnySession, held: Iterable[Holding], *, kind: str | None = None, organization_id: int | None = None,
    node_id: int | None = None, open_only: bool | None = None, search: str | None = None, after: str | None = None,
    limit: int = 50,
) -> Page:
    """Return the visible cases, newest first. One query, two for a search."""
    conditions: list[ColumnElement[bool]] = []
    if kind:
        conditions.append(Case.kind == kind)
    if organization_id is not None:
        conditions.append(Case.organization_id == organization_id)
    if node_id is not None:
        conditions.append(Case.node_id == node_id)
    if open_only is not None:
        conditions.append(Case.closed_at.is_(None) if open_only else Case.closed_at.is_not(None))
    if search:
        conditions.append(_matches(session, search))
    before = int(after) if after and after.isdigit() else None
    first = first_visible(held, conditions, before=before, limit=limit + 1)
    if first is None:
        return Page([], None)
    query = _lines().join(first, first.c.id == Case.id).order_by(Case.id.desc()).limit(limit + 1)
    rows = [CaseLine(**row) for row in session.execute(query).mappings()]
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def open_cases_at(session: AnySession, node_id: int) -> int:
    """Return how many cases that happen at this very place are open."""
    query = select(func.count()).select_from(Case).where(Case.node_id == node_id, Case.closed_at.is_(None))
    return session.execute(query).scalar_one()


def _matches(session: AnySession, search: str) -> ColumnElement[bool]:
    """Return the condition on cases whose subject or organization holds these very signs, or whose number it is.

    Few cases are found from the indexes of names and then named by their ids (one query). What is in many names
    soon comes by in the list's own order, and is better looked for there.
    """
    plain = search.strip()
    if NUMBER.fullmatch(number := spelled(plain)):
        return Case.number == number  # whoever typed a whole number means that case
    organization = _organizations.c
    signs = literal(grams(plain), ARRAY(Text))
    named = select(organization.id).where(
        organization.search.contains(signs), organization.name.like(containing(plain), escape="\\"),
    )
    about = select(CaseSubject.case_id).where(
        CaseSubject.search.contains(signs), CaseSubject.subject.like(containing(plain), escape="\\")
    )
    if plain:
        theirs = select(Case.id).where(Case.organization_id.in_(named))
        ways = (about, theirs, select(Case.id).where(Case.number == plain))
        first = union_all(*(select(way.limit(FEW + 1).subquery()) for way in ways))
        found = set(session.scalars(first))
        if len(found) <= FEW:
            return Case.id == any_(literal(sorted(found), ARRAY(BigInteger)))
    return or_(
        Case.number == plain, Case.subject.like(containing(plain), escape="\\"), Case.organization_id.in_(named)
    )


def _due_key(after: str | None) -> tuple[datetime, int] | None:
    if not after:
        return None
    due, _, id_ = after.rpartition(",")
    try:
        return datetime.fromisoformat(due), int(id_)
    except ValueError:
        return None


@dataclass(frozen=True)
class HistoryLine:
    """One move as people read it; `body` is the exact text that was hashed."""

    sequence: int
    at: datetime
    person_id: int | None
    person_name: str | None
    on_behalf_name: str | None
    role: str
    trigger: str
    from_state: str | None
    to_state: str
    hash: bytes
    body: bytes


def history_of(
    session: AnySession, case_id: int, *, after: int = 0, limit: int = 200, opening: bool = False
) -> list[HistoryLine]:
    """Return the moves of a case behind the move `after`, in order, with the names of who made them. One query.

    With `opening` the case's first move comes before them, where it is not one of them.
    """
    wanted = History.sequence > after
    if opening and after > 0:
        wanted, limit = or_(wanted, History.sequence == 1), limit + 1
    behalf = _people.alias("behalf")
    query = (
        select(
            History.sequence, History.at, History.person_id, _people.c.name.label("person_name"),
            behalf.c.name.label("on_behalf_name"), History.role, History.trigger, History.from_state,
            History.to_state, History.hash, History.body,
        )
        .outerjoin(_people, _people.c.id == History.person_id)
        .outerjoin(behalf, behalf.c.id == History.on_behalf_of)
        .where(History.case_id == case_id, wanted)
        .order_by(History.sequence)
        .limit(limit)
    )
    return [HistoryLine(**row) for row in session.execute(query).mappings()]


def documents_of(session: AnySession, case_id: int) -> list[dict[str, Any]]:
    """Return the documents of a case with their slots, first handed in first. One query."""
    query = text("""
        SELECT c.slot, c.sequence, d.id, d.name, d.size, d.media_type, d.sha256, d.issued, d.uploaded_at
          FROM case_documents c JOIN documents d ON d.id = c.document_id
         WHERE c.case_id = :case ORDER BY c.sequence, c.slot, d.id
    """)
    return [dict(row) for row in session.execute(query, {"case": case_id}).mappings()]
