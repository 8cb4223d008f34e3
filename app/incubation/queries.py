"""What stands in an incubator, who could judge, and which logs are missing? Nothing here writes."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case as sql_case
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.access.models import Node, Person
from app.access.nodes import AnySession
from app.access.reach import people_holding
from app.cases.facts import case_facts
from app.cases.models import Case
from app.cases.snapshot import CaseRow
from app.incubation.models import IncubationApplication, Incubator, MonthlyLog, PanelSeat, Residency
from app.organizations.models import Organization
from app.organizations.ties import ties_to
from workflows.definition import Text
from workflows.kinds.incubation import months_missing
from workflows.rules.conflicts import wall
from workflows.rules.scoring import Mean

MOST = 200


@dataclass(frozen=True)
class Pool:
    """Who stands in the pool of experts; `walled` are those of them who must not judge, and why."""

    everybody: tuple[Person, ...]
    walled: tuple[tuple[int, Text], ...]

    @property
    def fit(self) -> list[Person]:
        """Return those whom nothing bars."""
        barred = {person for person, _words in self.walled}
        return [person for person in self.everybody if person.id not in barred]


def expert_pool(session: AnySession, case: CaseRow, on: date) -> Pool:
    """Return the pool at the place of the case. Who works for the incubator is not in it. Three queries."""
    operators = {person.id for person in people_holding(session, "incubator_operator", node_path=case.node_path, on=on)}
    people = [
        person for person in people_holding(session, "expert", node_path=case.node_path, on=on)
        if person.id not in operators
    ]
    ties = ties_to(session, case.organization_id or 0, [person.id for person in people])
    months = case_facts(case).policy.number("conflict_wall").value
    found = [(person.id, wall(ties[person.id], on=on, months=months)) for person in people]
    return Pool(tuple(people), tuple((person, bar.reason()) for person, bar in found if bar is not None))


def places_taken(session: AnySession) -> dict[int, tuple[int, int]]:
    """Return for each incubator how many are on its premises, and how many it serves altogether. One query."""
    on_site = func.sum(sql_case((Residency.mode == "on_site", 1), else_=0))
    query = (
        select(Residency.incubator_id, on_site, func.count())
        .where(Residency.ended_on.is_(None)).group_by(Residency.incubator_id)
    )
    return {incubator: (int(here), int(all_)) for incubator, here, all_ in session.execute(query)}


@dataclass(frozen=True)
class IncubatorView:
    """An incubator as lists and its board show it."""

    id: int
    node_id: int
    name_zh: str
    name_en: str | None
    place_zh: str | None
    place_en: str | None
    operator: str | None
    level: str
    capacity: int
    places: int
    term_months: int
    recognized_on: date
    ended_on: date | None
    on_site: int = 0
    served: int = 0

    def name(self, locale: str) -> str:
        """Return the name for readers of `locale`."""
        return self.name_zh if locale.startswith("zh") or not self.name_en else self.name_en

    def place(self, locale: str) -> str:
        """Return the name of the place above the incubator."""
        return (self.place_zh if locale.startswith("zh") or not self.place_en else self.place_en) or ""


def incubators(session: AnySession, *, node_id: int | None = None, search: str = "") -> list[IncubatorView]:
    """Return the incubators in force by name; or the newest recognition of one, in force or not. Two queries."""
    place, operator = aliased(Node), aliased(Organization)
    query = (
        select(
            Incubator.id, Incubator.node_id, Node.name_zh, Node.name_en, place.name_zh.label("place_zh"),
            place.name_en.label("place_en"), operator.name.label("operator"), Incubator.level, Incubator.capacity,
            Incubator.places, Incubator.term_months, Incubator.recognized_on, Incubator.ended_on,
        )
        .join(Node, Node.id == Incubator.node_id)
        .outerjoin(place, place.id == Node.parent_id)
        .outerjoin(operator, operator.id == Incubator.operator_organization_id)
    )
    if node_id is None:
        query = query.where(Incubator.ended_on.is_(None)).order_by(Node.name_zh).limit(MOST)
    else:
        query = query.where(Incubator.node_id == node_id)
        query = query.order_by(Incubator.ended_on.is_(None).desc(), Incubator.id.desc()).limit(1)
    if search:
        query = query.where(Node.name_zh.contains(search, autoescape=True))
    taken = places_taken(session)
    found = []
    for row in session.execute(query).mappings():
        on_site, served = taken.get(row["id"], (0, 0))
        found.append(IncubatorView(**row, on_site=on_site, served=served))
    return found


@dataclass(frozen=True)
class Resident:
    """An organization that is in an incubator today, with the months whose logs are missing."""

    case_id: int
    number: str
    organization_id: int
    organization: str
    mode: str
    from_on: date
    until_on: date
    missing: tuple[date, ...]


def residents(session: AnySession, incubator_id: int, today: date) -> list[Resident]:
    """Return who is in the incubator, the longest first. Two queries, however many there are."""
    query = (
        select(
            Residency.case_id, Case.number, Residency.organization_id, Organization.name.label("organization"),
            Residency.mode, Residency.from_on, Residency.until_on,
        )
        .join(Case, Case.id == Residency.case_id)
        .join(Organization, Organization.id == Residency.organization_id)
        .where(Residency.incubator_id == incubator_id, Residency.ended_on.is_(None))
        .order_by(Residency.from_on, Residency.case_id).limit(MOST)
    )
    rows: list[dict[str, Any]] = [dict(row) for row in session.execute(query).mappings()]
    logged: dict[int, set[date]] = {row["case_id"]: set() for row in rows}
    for log in session.execute(
        select(MonthlyLog.case_id, MonthlyLog.month).where(MonthlyLog.case_id.in_(list(logged)))
    ):
        logged[log.case_id].add(log.month)
    return [
        Resident(**row, missing=months_missing(row["from_on"], frozenset(logged[row["case_id"]]), today))
        for row in rows
    ]


@dataclass(frozen=True)
class Panel:
    """Where the panel of a case stands: who sits, who has scored, and the mean once all have."""

    seats: tuple[PanelSeat, ...]
    size: int | None
    mean: Mean | None

    @property
    def sitting(self) -> list[PanelSeat]:
        """Return the seats that were not given up."""
        return [seat for seat in self.seats if seat.left_at is None]

    @property
    def complete(self) -> bool:
        """Whether every seat is taken and has scored."""
        return len(self.sitting) == self.size and all(seat.submitted_at for seat in self.sitting)


def panel_of(session: AnySession, case_id: int) -> Panel:
    """Return the panel of an incubation. Two queries."""
    query = select(PanelSeat).where(PanelSeat.case_id == case_id).order_by(PanelSeat.review_case_id)
    seats = tuple(session.scalars(query))
    application = session.get(IncubationApplication, case_id)
    size, total = (application.panel_size, application.score_total) if application else (None, None)
    return Panel(seats, size, Mean(total, size) if total is not None and size else None)
