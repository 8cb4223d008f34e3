"""What do incubator, panel, logs and register say, for the guards of an incubation and of its reviews?"""

from typing import Any

from sqlalchemy import select, text

from app.access.nodes import AnySession
from app.cases.kinds import facts, opening_node
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.incubation.models import IncubationApplication, Incubator, MonthlyLog
from app.incubation.queries import Pool, expert_pool, panel_of, places_taken
from app.organizations.annual import known_overdue
from app.organizations.ties import also_ties, ties_to
from workflows.kinds.case import CaseFacts
from workflows.kinds.incubation import IncubationFacts, IncubationReviewFacts
from workflows.loader import library
from workflows.rules.working_days import local_day

NAMING, GRADUATING = ("applied", "seat_open"), ("incubating", "final_review")

READ = text("""
SELECT EXISTS (SELECT FROM registrations r
                WHERE r.organization_id = :organization AND r.ended_on IS NULL) AS registered,
       EXISTS (SELECT FROM cases c WHERE c.organization_id = :organization AND c.kind = 'incubation'
                AND c.closed_at IS NULL AND c.id <> :case) AS elsewhere,
       EXISTS (SELECT FROM organization_restrictions x WHERE x.organization_id = :organization
                AND x.kind = 'dissolving' AND x.to_on IS NULL) AS dissolving,
       (SELECT r.from_on FROM residencies r WHERE r.case_id = :case) AS since
""")
REVIEWED = text("""
SELECT p.organization_id, s.person_id FROM panel_seats s JOIN cases p ON p.id = s.case_id
 WHERE s.review_case_id = :case
""")


@opening_node("incubation")
def incubator_of(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the incubator that is applied to: the case happens there."""
    return data.get("incubator")


also_ties("""
SELECT r.organization_id, g.person_id, 'incubator', greatest(g.valid_from, r.from_on), least(g.valid_to, r.ended_on)
  FROM role_grants g JOIN incubators i ON i.node_id = g.node_id JOIN residencies r ON r.incubator_id = i.id
 WHERE r.organization_id = ANY(:organizations) AND g.role = 'incubator_operator' AND g.person_id = ANY(:people)
   AND g.case_id IS NULL
""")


@facts("incubation")
def incubation_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> IncubationFacts:
    """Return the facts; what is being handed in counts before what was applied for."""
    read = session.execute(READ, {"organization": case.organization_id, "case": case.id}).one()
    incubator = session.scalars(
        select(Incubator).where(Incubator.node_id == case.node_id, Incubator.ended_on.is_(None))
    ).one_or_none()
    on_site, served = places_taken(session).get(incubator.id, (0, 0)) if incubator else (0, 0)
    application = session.get(IncubationApplication, case.id)
    panel = panel_of(session, case.id)
    # Only where experts are named must it be known who could be.
    pool = expert_pool(session, case, local_day(business_now(session))) if case.state in NAMING else Pool((), ())
    return IncubationFacts(
        case=case_facts,
        organization_registered=read.registered,
        incubator_in_force=incubator is not None,
        is_the_operator=incubator is not None and incubator.operator_organization_id == case.organization_id,
        other_incubation_open=read.elsewhere,
        takes_a_place=application is not None and application.mode == "on_site",
        places_free=incubator.places - on_site if incubator else 0,
        capacity_free=incubator.capacity - served if incubator else 0,
        pool=frozenset(person.id for person in pool.everybody),
        walled=pool.walled,
        panel=tuple(seat.person_id for seat in panel.sitting if seat.submitted_at is None),
        ever_seated=frozenset(seat.person_id for seat in panel.seats),
        seats_open=(panel.size or 0) - len(panel.sitting),
        all_scores_in=panel.complete,
        recommended=application is not None and _recommends(application),
        since=read.since,
        logged=frozenset(session.scalars(select(MonthlyLog.month).where(MonthlyLog.case_id == case.id))),
        dissolving=read.dissolving,
        unreported_year=known_overdue(
            session, case.organization_id, local_day(business_now(session)), case_facts.policy
        ) if case.state in GRADUATING else None,
    )


def _recommends(application: IncubationApplication) -> bool:
    """Tell whether the panel's level is not the lowest one of its rubric."""
    lowest = library().rubric_pinned(application.rubric).lowest
    return application.level is not None and application.level != lowest.name


@facts("incubation_review")
def review_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> IncubationReviewFacts:
    """Return what ties the expert of this review to the applicant."""
    seat = session.execute(REVIEWED, {"case": case.id}).one_or_none()
    ties = ties_to(session, seat.organization_id, [seat.person_id])[seat.person_id] if seat else ()
    return IncubationReviewFacts(case=case_facts, ties=ties)
