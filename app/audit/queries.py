"""Which moves and refused attempts are there in the cases that an auditor reaches? Nothing here writes."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, select, tuple_
from sqlalchemy.orm import aliased

from app.access.models import Node, Person, Read
from app.access.nodes import AnySession
from app.audit.scopes import Query, midnight
from app.cases.models import Attempt, Case, History, LogLeaf
from app.cases.queries import Page
from app.cases.seeing import spelled
from app.ledger.models import BudgetLine, LedgerAccount, Transfer
from app.organizations.models import Organization

NUMBER = re.compile(r"[A-Z]+[0-9]{2}-[0-9]{4}-[0-9]{4}")
BESIDE = 100
"""So many attempts, transfers and reads of a case stand on one page."""
LOOK_AT = 100_000
"""So many moves are looked through at most for a kind or a trigger, before the search says how far back it got.

No index knows triggers: every move would pay for it.
"""


@dataclass(frozen=True)
class Search:
    """What is looked for; None leaves a question open.

    `moves` are (kind, trigger), () for all; `text` is a case's number or part of a person's name.
    """

    first: date | None = None
    last: date | None = None
    kind: str | None = None
    moves: tuple[tuple[str, str], ...] = ()
    text: str | None = None

    @property
    def number(self) -> str | None:
        """The number of a case, if that is what was typed."""
        plain = spelled(self.text.strip()) if self.text else ""
        return plain if NUMBER.fullmatch(plain) else None

    def days(self, table: Any) -> list[ColumnElement[bool]]:
        """Return the conditions on the time of history or attempts, whichever `table` is."""
        found = []
        if self.first is not None:
            found.append(table.at >= midnight(self.first))
        if self.last is not None:
            found.append(table.at < midnight(self.last + timedelta(days=1)))
        return found

    def conditions(self, table: Any) -> list[ColumnElement[bool]]:
        """Return the conditions on history or attempts, whichever `table` is, joined with cases."""
        found = self.days(table)
        if self.kind:
            found.append(Case.kind == self.kind)
        if self.moves:
            found.append(tuple_(Case.kind, table.trigger).in_(self.moves))
        if self.number:
            found.append(Case.number == self.number)
        elif self.text:
            named = select(Person.id).where(Person.name.contains(self.text.strip(), autoescape=True))
            found.append(table.person_id.in_(named))
        return found


@dataclass(frozen=True)
class FoundPage(Page):
    """Moves that were found; `back_to` says how far back was looked where older moves are still to be searched."""

    back_to: datetime | None = None


def found_moves(
    session: AnySession, visible: ColumnElement[bool], search: Search, *, after: str | None, limit: int
) -> FoundPage:
    """Return the moves of visible cases that match, newest first. One query, two for a kind or a trigger.

    Those look through LOOK_AT moves and no more; the page may then have few rows or none, and `after` leads on.
    """
    person, behalf = aliased(Person), aliased(Person)
    columns: Query = select(
        History.at, History.case_id, History.sequence, History.trigger, History.from_state, History.to_state,
        History.role, History.hash, Case.number, Case.subject, Case.kind, Case.place, Case.version,
        Case.legal_class, person.name.label("who"), behalf.name.label("on_behalf_of"),
    )
    query = (
        columns.join(Case, Case.id == History.case_id)
        .outerjoin(person, person.id == History.person_id)
        .outerjoin(behalf, behalf.id == History.on_behalf_of)
        .where(visible, *search.conditions(History))
        .order_by(History.at.desc(), History.case_id.desc(), History.sequence.desc())
        .limit(limit + 1)
    )
    place = tuple_(History.at, History.case_id, History.sequence)
    if key := _move_key(after):
        query = query.where(place < tuple_(*key))
    edge = _edge(session, search, key)
    if edge is not None:
        query = query.where(place >= tuple_(edge.at, edge.case_id, edge.sequence))
    rows = list(session.execute(query))
    more = len(rows) > limit
    last = rows[limit - 1] if more else edge
    return FoundPage(
        rows[:limit], f"{last.at.isoformat()},{last.case_id},{last.sequence}" if last is not None else None,
        edge.at if edge is not None and not more else None,
    )


def _edge(session: AnySession, search: Search, key: tuple[datetime, int, int] | None) -> Any:
    """Return the oldest move that may be looked at; None where there are fewer, or where an index finds them."""
    if search.text or not (search.kind or search.moves):
        return None
    place = tuple_(History.at, History.case_id, History.sequence)
    query: Query = (
        select(History.at, History.case_id, History.sequence)
        .where(*search.days(History))
        .order_by(History.at.desc(), History.case_id.desc(), History.sequence.desc())
        .offset(LOOK_AT - 1)
        .limit(1)
    )
    if key:
        query = query.where(place < tuple_(*key))
    return session.execute(query).one_or_none()


def found_attempts(
    session: AnySession, visible: ColumnElement[bool], search: Search, *, after: str | None, limit: int
) -> Page:
    """Return the refused attempts on visible cases that match, newest first. One query."""
    columns: Query = select(
        Attempt.id, Attempt.at, Attempt.trigger, Attempt.state.label("from_state"), Attempt.reasons,
        Attempt.code, Case.number, Case.subject, Case.kind, Case.place, Case.version, Case.legal_class,
        Person.name.label("who"),
    )
    query = (
        columns.join(Case, Case.id == Attempt.case_id)
        .outerjoin(Person, Person.id == Attempt.person_id)
        .where(visible, *search.conditions(Attempt))
        .order_by(Attempt.id.desc())
        .limit(limit + 1)
    )
    if after and after.isdecimal() and len(after) < 19:
        query = query.where(Attempt.id < int(after))
    rows = list(session.execute(query))
    return Page(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def _move_key(after: str | None) -> tuple[datetime, int, int] | None:
    try:
        at, case_id, sequence = (after or "").split(",")
        key = datetime.fromisoformat(at), int(case_id), int(sequence)
    except ValueError:
        return None
    return key if key[0].tzinfo and max(key[1:]) < 2**62 else None


def recorded_moves(session: AnySession, case_id: int, *, first: int, last: int) -> list[Any]:
    """Return every column of a case's moves from one sequence to another, with names and the place in the log.

    One query.
    """
    person, behalf = aliased(Person), aliased(Person)
    columns: Query = select(
        *History.__table__.columns, person.name.label("who"), behalf.name.label("behalf"), LogLeaf.position
    )
    query = (
        columns.select_from(History)
        .outerjoin(person, person.id == History.person_id)
        .outerjoin(behalf, behalf.id == History.on_behalf_of)
        .outerjoin(LogLeaf, and_(LogLeaf.case_id == History.case_id, LogLeaf.sequence == History.sequence))
        .where(History.case_id == case_id, History.sequence.between(first, last))
        .order_by(History.sequence)
    )
    return list(session.execute(query))


def refused_on(session: AnySession, case_id: int, *, after: int | None = None) -> Page:
    """Return BESIDE refused attempts on a case with the name of who tried, behind the id `after`. One query."""
    query: Query = (
        select(*Attempt.__table__.columns, Person.name.label("who"))
        .outerjoin(Person, Person.id == Attempt.person_id)
        .where(Attempt.case_id == case_id, *([Attempt.id > after] if after is not None else []))
        .order_by(Attempt.id)
        .limit(BESIDE + 1)
    )
    return _page_by_id(list(session.execute(query)))


def _page_by_id(rows: list[Any]) -> Page:
    return Page(rows[:BESIDE], str(rows[BESIDE - 1].id) if len(rows) > BESIDE else None)


def transfers_of(session: AnySession, case_id: int, *, after: int | None = None) -> Page:
    """Return BESIDE transfers that a case's moves made, in order, behind the id `after`. One query."""
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    columns: Query = select(
        Transfer.id, Transfer.made_at, Transfer.amount, Transfer.code, Transfer.sequence, BudgetLine.code.label("line"),
        debit.name.label("debit"), debit.package.label("debit_package"),
        credit.name.label("credit"), credit.package.label("credit_package"),
    )
    query = (
        columns.select_from(Transfer)
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .join(BudgetLine, BudgetLine.id == Transfer.budget_line_id)
        .where(Transfer.case_id == case_id, *([Transfer.id > after] if after is not None else []))
        .order_by(Transfer.id)
        .limit(BESIDE + 1)
    )
    return _page_by_id(list(session.execute(query)))


def reads_of(session: AnySession, number: str, document_ids: list[int], *, before: str | None = None) -> Page:
    """Return who opened or downloaded the case or one of its papers, newest first, before the key. One query."""
    subjects = [f"case {number}", *(f"document {document_id}" for document_id in document_ids)]
    query: Query = (
        select(Read.id, Read.at, Read.what, Read.subject, Person.name.label("who"))
        .join(Person, Person.id == Read.person_id)
        .where(Read.subject.in_(subjects))
        .order_by(Read.at.desc(), Read.id.desc())
        .limit(BESIDE + 1)
    )
    if key := _read_key(before):
        query = query.where(tuple_(Read.at, Read.id) < tuple_(*key))
    rows = list(session.execute(query))
    last = rows[BESIDE - 1] if len(rows) > BESIDE else None
    return Page(rows[:BESIDE], f"{last.at.isoformat()},{last.id}" if last is not None else None)


def _read_key(before: str | None) -> tuple[datetime, int] | None:
    try:
        at, read_id = (before or "").split(",")
        key = datetime.fromisoformat(at), int(read_id)
    except ValueError:
        return None
    return key if key[0].tzinfo and 0 <= key[1] < 2**62 else None


def names_of_case(session: AnySession, node_id: int, organization_id: int | None) -> tuple[Node, str | None]:
    """Return where a case happens, and the name of its organization. One query."""
    query = (
        select(Node, Organization.name)
        .outerjoin(Organization, Organization.id == organization_id)
        .where(Node.id == node_id)
    )
    node, name = session.execute(query).one()
    return node, name


def organization_name(session: AnySession, organization_id: int) -> str | None:
    """Return the name of an organization, or None if there is none with this id."""
    return session.scalar(select(Organization.name).where(Organization.id == organization_id))
