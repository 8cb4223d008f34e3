"""What can be chosen in an incubation: incubators, experts, criteria; and the sheet with every criterion on it."""

from typing import Any

from flask_babel import get_locale
from sqlalchemy import select

from app.access.models import Node, Person
from app.access.nodes import AnySession
from app.cases.kinds import choices, example, reachable
from app.cases.named import Asker
from app.cases.score_sheets import criteria_to_choose
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.incubation.models import IncubationApplication, Incubator, PanelSeat
from app.incubation.queries import expert_pool, places_taken
from workflows.loader import library
from workflows.rules.scoring import Rubric
from workflows.rules.working_days import local_day

Rows = list[tuple[Any, str]]


@choices("incubators_in_force")
def incubators_in_force(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Rows:
    """Return the recognized incubators by name, with their free places."""
    taken = places_taken(session)
    query = (
        select(Node, Incubator).join(Incubator, Incubator.node_id == Node.id)
        .where(Incubator.ended_on.is_(None)).order_by(Node.name_zh)
    )
    locale = str(get_locale())
    return [
        (node.id, f"{node.name(locale)} ({incubator.capacity - taken.get(incubator.id, (0, 0))[1]})")
        for node, incubator in session.execute(query)
    ]


@reachable("incubators_in_force")
def is_incubator(session: AnySession, asker: Asker, node_id: int) -> bool:
    """Tell whether there is or was such an incubator: incubators are public."""
    return session.execute(select(Incubator.id).where(Incubator.node_id == node_id).limit(1)).first() is not None


@choices("experts_of_place")
def experts_of_place(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Rows:
    """Return who stands in the pool of experts at the incubator's place, without those a wall bars."""
    if case is None:
        return []
    today = local_day(business_now(session))
    return [(person.id, person.name) for person in expert_pool(session, case, today).fit]


@reachable("experts_of_place")
def stands_in_pool(session: AnySession, asker: Asker, person_id: int) -> bool:
    """Tell whether this is somebody of the pool, behind a wall or not."""
    if asker.case is None:
        return False
    pool = expert_pool(session, asker.case, local_day(business_now(session)))
    return any(person.id == person_id for person in pool.everybody)


@choices("experts_who_have_not_scored")
def experts_who_have_not_scored(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Rows:
    """Return who sits on the panel of the case and has not handed in scores."""
    query = (
        select(Person.id, Person.name).join(PanelSeat, PanelSeat.person_id == Person.id)
        .where(PanelSeat.case_id == (case.id if case else 0))
        .where(PanelSeat.left_at.is_(None), PanelSeat.submitted_at.is_(None))
        .order_by(PanelSeat.review_case_id)
    )
    return [(row.id, row.name) for row in session.execute(query)]


def rubric_for(session: AnySession, case: CaseRow) -> Rubric:
    """Return by which rubric is scored here: admission in a review, graduation in the incubation itself."""
    parent = case.parent_id if case.kind == "incubation_review" else case.id
    pin = session.get_one(IncubationApplication, parent).rubric
    return library().rubric_pinned(pin if case.kind == "incubation_review" else graduation_pin(pin))


def graduation_pin(admission: str) -> str:
    """Return the pin of the graduation rubric that stands in the same file as the admission's."""
    return admission.rpartition(":")[0] + ":graduation"


@choices("criteria")
def criteria(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Rows:
    """Return the criteria of the case's rubric, each with the most that it can have."""
    if case is None:
        return []
    return criteria_to_choose(rubric_for(session, case))


@choices("score_sheet")
def score_sheet(session: AnySession, case: CaseRow | None, organization_id: int | None) -> list[dict[str, Any]] | None:
    """Return a sheet with every criterion on it and no points."""
    if case is None:
        return None
    return [{"criterion": leaf.name, "points": None, "remark": ""} for leaf in rubric_for(session, case).scored()]


@example("full_scores")
def full_scores(session: AnySession, case: CaseRow) -> list[dict[str, Any]]:
    """Return a complete sheet with four fifths of every maximum."""
    return [
        {"criterion": leaf.name, "points": leaf.max * 4 // 5, "remark": "符合要求"}
        for leaf in rubric_for(session, case).scored()
    ]


@example("log_month")
def log_month(session: AnySession, case: CaseRow) -> str:
    """Return today, whose month can be logged."""
    return local_day(business_now(session)).isoformat()
