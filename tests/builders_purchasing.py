"""Builders of a buying office: programme, plan, call, packages and bids. Everything invented."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.access.actor import Actor
from app.cases.inputs import example_row
from app.cases.kinds import input_of
from app.cases.models import Case
from app.cases.perform import perform
from app.errors import Answer
from app.ledger.models import BudgetLine
from app.purchasing.tendering import Catalogue, CatalogueItem, Programme
from tests.builders import District, make_actor, make_district
from tests.builders_ledger import MORNING, a_budget_line

BUDGET_FEN = 500_000_00


@dataclass
class Office:
    """A district whose buying office has a budget line, a catalogue item, two buyers and project officers."""

    place: District
    line: BudgetLine
    line_id: int
    node_id: int
    item_id: int
    heading_id: int
    project_officer: Actor
    buyer: Actor
    second_buyer: Actor
    outsider: Actor
    now: datetime = MORNING


def an_office(session: Any, *, budget_fen: int = BUDGET_FEN) -> Office:
    """Return a committed office with money and a catalogue of one item."""
    place = make_district(session)
    line = a_budget_line(session, budget_fen, node=place.buyer)
    catalogue = Catalogue(division="110000", source="示例目录", imported_at=MORNING)
    session.add(catalogue)
    session.flush()
    parent = None
    for level, code in ((1, "A"), (2, "A10"), (3, "A1003")):
        item = CatalogueItem(
            catalogue_id=catalogue.id, code=code, name=f"示例{code}", level=level,
            parent_id=parent.id if parent else None,
        )
        session.add(item)
        session.flush()
        parent, heading = item, parent
    office = Office(
        place, line, line.id, place.buyer.id, parent.id, heading.id,
        place.actors["project_officer"], make_actor(session, "负责人甲", ("buyer", place.buyer.id)),
        make_actor(session, "负责人乙", ("buyer", place.buyer.id)),
        make_actor(session, "外人", ("buyer", place.organization.node_id)),
    )
    session.commit()
    return office


def data_of(kind: str, trigger: str, /, **changes: Any) -> dict[str, Any]:
    """Return the example of an input, with these fields changed."""
    schema = input_of(kind, trigger)
    return (example_row(schema) if schema else {}) | changes


def opened(session: Any, where: Office, kind: str, trigger: str, actor: Actor, /, **changes: Any) -> Answer:
    """Open a case."""
    return perform(
        session, kind=kind, trigger=trigger, actor=actor, data=data_of(kind, trigger, **changes), now=where.now
    )


def moved(session: Any, where: Office, number: str, trigger: str, actor: Actor, /, **changes: Any) -> Answer:
    """Make the next move on a case, with its input's example and these changes; `at` is another time."""
    at = changes.pop("at", where.now + timedelta(minutes=1))
    case = session.execute(select(Case.kind, Case.revision).where(Case.number == number)).one()
    return perform(
        session, kind=case.kind, number=number, trigger=trigger, actor=actor,
        data=data_of(case.kind, trigger, **changes), revision=case.revision, now=at,
    )


def state_of(session: Any, number: str) -> str:
    """Return the state of a case."""
    return session.execute(select(Case.state).where(Case.number == number)).scalar_one()


def a_programme(session: Any, office: Office, **changes: Any) -> int:
    """Return the id of a programme that is in force."""
    answer = opened(session, office, "programme", "enter", office.buyer, office=office.node_id, **changes)
    moved(session, office, answer.number, "confirm", office.second_buyer)
    return session.scalars(select(Programme.id).order_by(Programme.id.desc())).first()


def plan_data(office: Office, programme: int, /, **changes: Any) -> dict[str, Any]:
    """Return the data of a plan of this office."""
    said = {
        "budget_line": office.line_id, "programme": programme, "catalogue_item": office.item_id,
        "amount_fen": 300_000_00, "method": "open_tender", "negative": None,
    }
    return data_of("plan", "propose", **said) | changes


def a_plan(session: Any, office: Office, programme: int, **changes: Any) -> str:
    """Return the number of an approved plan."""
    data = plan_data(office, programme, **changes)
    answer = opened(session, office, "plan", "propose", office.project_officer, **data)
    moved(session, office, answer.number, "approve", office.buyer)
    return answer.number
