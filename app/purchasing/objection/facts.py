"""What do package, bids and publication say of an objection?"""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.access.nodes import AnySession
from app.cases.facts import definition_of
from app.cases.kinds import choices, facts, opening_node, opening_parent
from app.cases.models import Case, Clock
from app.cases.snapshot import CaseRow
from app.documents.queries import filled_slots
from app.documents.required import missing_documents
from app.purchasing.award.queries import PREPARING, candidate_of, checkers_of, lot_of
from app.purchasing.sealed import Bid
from workflows.kinds.case import CaseFacts
from workflows.kinds.objection import ObjectionFacts
from workflows.rules.working_days import add_working_days, end_of_day, local_day, official_calendar

IN_PUBLICITY = ("publicized", "suspended")
WITH_A_RESULT = (*IN_PUBLICITY, "publicity_over", "awarded")


@choices("packages_to_object")
def packages_to_object(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the packages for which the organization bids and that have a result."""
    query = (
        select(Case.id, Case.subject).join(Bid, Bid.package_id == Case.id)
        .where(Bid.organization_id == organization_id, Bid.withdrawn_at.is_(None), Case.state.in_(WITH_A_RESULT))
        .order_by(Case.id)
    )
    return [(row.id, row.subject) for row in session.execute(query)]



@opening_parent("objection")
def package_of(session: AnySession, data: dict[str, Any]) -> int | None:
    """Return the package whose result is objected to."""
    return data.get("package")


@opening_node("objection")
def office_of_package(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return where the package is bought."""
    package = session.get(Case, data["package"]) if "package" in data else None
    return package.node_id if package is not None else None


@facts("objection")
def objection_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> ObjectionFacts:
    """Return the facts; before a package is chosen, those with which every guard is content."""
    session.expire_all()
    package = session.get(Case, case.parent_id) if case.parent_id is not None else None
    if package is None:
        return ObjectionFacts(case_facts, True, True, None, frozenset())
    return ObjectionFacts(
        case=case_facts,
        is_a_bidder=_has_bid(session, package.id, case.organization_id),
        result_is_open=package.state in WITH_A_RESULT,
        closes_at=_closes_at(session, package, case_facts) if case.state is None else None,
        prepared_by=checkers_of(session, package.id, PREPARING),
        missing_documents=_missing(session, case, data),
    )


def _closes_at(session: AnySession, package: Case, case_facts: CaseFacts) -> datetime | None:
    """Return until when one may object: a grant's publicity, else the end of some working days from publication."""
    candidate = candidate_of(session, package.id)
    if candidate is None:
        return None
    if lot_of(session, package.id).programme.regime == "G":
        if package.state == "suspended":
            return None
        ran = select(func.max(Clock.due_at)).where(Clock.case_id == package.id, Clock.name == "publicity")
        return session.execute(ran).scalar()
    days = case_facts.policy.number("objection_window").value
    return end_of_day(add_working_days(local_day(candidate.published_at), days, official_calendar()).date)


def _has_bid(session: AnySession, package_id: int, organization_id: int | None) -> bool:
    query = select(Bid.case_id).where(
        Bid.package_id == package_id, Bid.organization_id == organization_id, Bid.withdrawn_at.is_(None)
    )
    return session.execute(query.limit(1)).scalar() is not None


def _missing(session: AnySession, case: CaseRow, data: dict[str, Any] | None) -> tuple[str, ...]:
    if data is None or case.state is not None:
        return ()
    definition = definition_of(case)
    there = filled_slots(session, case.id) | {item["slot"] for item in data.get("documents", ())}
    return missing_documents(definition, definition.opening_transitions()[0], there)
