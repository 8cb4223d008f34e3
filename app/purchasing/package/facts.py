"""What is known of a lot, and when? How many bid is asked only once the time for bids is over."""

from collections import Counter
from typing import Any

from sqlalchemy import func, select

from app.access.models import Person
from app.access.nodes import AnySession
from app.cases.kinds import choices, facts, opening_organization
from app.cases.models import Case
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.purchasing.award.facts import award_facts
from app.purchasing.panel.queries import panel_facts
from app.purchasing.programme.facts import nobody
from app.purchasing.sealed import OpeningPresence
from app.purchasing.tendering import Call
from workflows.kinds.call import PackageFacts
from workflows.kinds.case import CaseFacts
from workflows.rules.working_days import local_day

opening_organization("package")(nobody)
STANDING = ("handed_in", "opened", "qualified", "disqualified", "unreadable", "lapsed")


@facts("package")
def package_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> PackageFacts:
    """Return the facts of a lot. Who is an opening officer is told of those named in the data."""
    counted: Counter[str] = Counter()
    if case.state not in (None, "open"):
        query = select(Case.state, func.count()).where(Case.parent_id == case.id, Case.kind == "bid")
        counted = Counter({str(row[0]): row[1] for row in session.execute(query.group_by(Case.state))})
    return PackageFacts(
        case=case_facts,
        opening_officer=_officers_named(session, case, data),
        bids=sum(counted[state] for state in STANDING),
        open_bids=counted["opened"],
        qualified=counted["qualified"],
        undecided=counted["opened"],
        award=award_facts(session, case, data),
        officers=tuple(officers_of(session, case)) if case.state == "closed" else (),
        arrived=_arrived(session, case.id) if case.state == "closed" else (),
        panel=panel_facts(session, case, local_day(business_now(session))),
    )


def _arrived(session: AnySession, package_id: int) -> tuple[int, ...]:
    query = select(OpeningPresence.person_id).where(OpeningPresence.package_id == package_id)
    return tuple(session.scalars(query))


def _officers_named(session: AnySession, case: CaseRow, data: dict[str, Any] | None) -> bool:
    if not data or "officer" not in data:
        return True
    return {data["officer"], data["second_officer"]} <= set(officers_of(session, case))


def officers_of(session: AnySession, case: CaseRow) -> list[int]:
    """Return the persons whom the call named to open its bids."""
    officers = session.execute(select(Call.officers).where(Call.case_id == case.parent_id)).scalar()
    return list(officers or ())


@choices("officers_of_package")
def officers_of_package(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the three officers by name."""
    people = officers_of(session, case) if case is not None else []
    found = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)).order_by(Person.name))
    return [(row.id, row.name) for row in found]
