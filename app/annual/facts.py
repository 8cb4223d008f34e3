"""What do register and earlier reports say, for the guards of an annual report? And which years does a form offer?"""

from datetime import timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.facts import definition_of
from app.cases.kinds import choices, example, facts, opening_node, reachable
from app.cases.named import Asker
from app.cases.numbers import places_of
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.documents.queries import filled_slots
from app.documents.required import missing_documents
from app.formats import day
from app.organizations.annual import register_of, reported_years
from app.organizations.models import AnnualReport
from app.registration.facts import registering_place
from workflows.definition import Definition, Transition
from workflows.kinds.annual_report import DUE_NUMBER, AnnualReportFacts, due_on, reporting_years
from workflows.kinds.case import CaseFacts
from workflows.loader import library
from workflows.rules.working_days import local_day

Given = dict[str, Any] | None
KIND = "annual_report"
SPONSOR_OPINION = "sponsor_opinion"
AT_NODE = text("SELECT n.parent_id FROM organizations o JOIN nodes n ON n.id = o.node_id WHERE o.id = :organization")
opening_node(KIND)(registering_place)


@facts(KIND)
def annual_report_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> AnnualReportFacts:
    """Return the facts; papers that are being handed in count like those on file."""
    entry = register_of(session, case.organization_id)
    report = session.get(AnnualReport, case.id) if case.state is not None else None
    missing = _missing(session, case, data)
    reporting = case.state in (None, "submitted", "correcting")
    if reporting and entry.sponsor and SPONSOR_OPINION not in _there(session, case, data):
        missing = (*missing, SPONSOR_OPINION)
    return AnnualReportFacts(
        case=case_facts,
        organization_registered=entry.registered,
        legal_class=entry.legal_type,
        registered_on=entry.registered_on,
        year=report.year if report is not None else (data or {}).get("year"),
        reported=reported_years(session, case.organization_id, except_case=case.id),
        missing_documents=missing,
        put_right_by=report.put_right_by if report is not None else None,
    )


@choices("reporting_years")
def years_to_report(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the years that the organization can still report, the newest first.

    Where there is none, the last one that is over: its guards say why not.
    """
    today = local_day(business_now(session))
    entry = register_of(session, organization_id)
    node = session.execute(AT_NODE, {"organization": organization_id}).scalar()
    policy = library().policy(places_of(session, node) if node is not None else ("base",), today)
    years = reporting_years(
        today, entry.registered_on, back=policy.number("annual_back").value,
        skip_months=policy.number("annual_skip").value,
    )
    done = {year for year, _number in reported_years(session, organization_id)}
    offered = [year for year in years if year not in done] or [today.year - 1]
    months = policy.number(DUE_NUMBER.get(entry.legal_type, "annual_due")).value
    return [(year, _("%(year)s, due on %(day)s", year=year, day=day(due_on(year, months)))) for year in offered]


@reachable("reporting_years")
def is_a_year(session: AnySession, asker: Asker, year: int) -> bool:
    """Years are nobody's secret: why one cannot be reported, the guards say."""
    return True


@example("day_to_put_right")
def day_to_put_right(session: AnySession, case: CaseRow) -> str:
    """Return a day that leaves as much time as the place's number says."""
    days = library().policy_pinned(case.policy).number("annual_put_right").value
    return (local_day(business_now(session)) + timedelta(days=days)).isoformat()


def _there(session: AnySession, case: CaseRow, data: Given) -> set[str]:
    given = {item["slot"] for item in (data or {}).get("documents") or ()}
    return given | filled_slots(session, case.id) if case.state is not None else given


def _missing(session: AnySession, case: CaseRow, data: Given) -> tuple[str, ...]:
    """Return what is missing of the report, or, where something is to be put right, of the report on that."""
    definition = definition_of(case)
    return missing_documents(definition, _papered(definition, case.state), _there(session, case, data))


def _papered(definition: Definition, state: str | None) -> Transition:
    found = definition.transition(state, "report_put_right")
    return found if found is not None else definition.opening_transitions()[0]
