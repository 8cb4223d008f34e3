"""What do plan, programme, ledger and keys say of a call?"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, func, select

from app.access.nodes import AnySession
from app.cases.kinds import choices_held, facts, opening_node, opening_organization, reachable
from app.cases.models import Case
from app.cases.named import Asker
from app.cases.snapshot import CaseRow
from app.purchasing.opening_key.effects import newest_keys
from app.purchasing.plan.facts import available
from app.purchasing.programme.facts import nobody, offices_of
from app.purchasing.tendering import Call, Package, Plan, Programme
from workflows.kinds.call import CallFacts
from workflows.kinds.case import CaseFacts

opening_organization("call")(nobody)
OFFICERS = ("officer_1", "officer_2", "officer_3")


@dataclass(frozen=True)
class _Said:
    """What the call says: as it is handed in, else as it stands."""

    plan: int | None
    amounts: tuple[int, ...]
    bids_due_at: datetime | None
    documents_until: date | None
    officers: tuple[int, ...]


@choices_held("plans_held")
def plans_held(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return the approved plans of the person's offices that no call holds."""
    held = exists().where(Call.plan_id == Plan.case_id, Call.released_at.is_(None))
    query = (
        select(Plan).join(Case, Case.id == Plan.case_id)
        .where(Plan.node_id.in_(offices_of(session, person_id)), Case.state == "approved", ~held)
    )
    return [(plan.case_id, plan.title) for plan in session.scalars(query.order_by(Plan.case_id.desc()))]


@reachable("plans_held")
def plan_of_offices(session: AnySession, asker: Asker, plan_id: int) -> bool:
    """Tell whether this is a plan of the person's offices, approved or not, taken or free."""
    plan = session.get(Plan, plan_id)
    return plan is not None and plan.node_id in offices_of(session, asker.person_id)


@opening_node("call")
def office_of_plan(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the office of the plan."""
    plan = session.get(Plan, data["plan"]) if "plan" in data else None
    return plan.node_id if plan is not None else None


@facts("call")
def call_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> CallFacts:
    """Return the facts; what is being handed in counts before what stands."""
    said = _said(session, case, data or {})
    plan = session.get(Plan, said.plan) if said.plan is not None else None
    programme = session.get(Programme, plan.programme_id) if plan is not None else None
    keys = newest_keys(session, list(said.officers), case.node_id)
    return CallFacts(
        case=case_facts,
        plan_approved=plan is not None and plan.node_id == case.node_id and _is_approved(session, plan.case_id),
        plan_is_free=plan is not None and not _held_elsewhere(session, plan.case_id, case.id),
        method=plan.method if plan is not None else "",
        plan_fen=plan.amount_fen if plan is not None else 0,
        packages_fen=sum(said.amounts),
        largest_fen=max(said.amounts, default=0),
        cap_fen=programme.cap_fen if programme is not None else 0,
        available_fen=available(session, plan.budget_line_id) if plan is not None else 0,
        amount_fen=sum(said.amounts),
        bids_due_at=said.bids_due_at,
        documents_until=said.documents_until,
        officers_ready=len(set(said.officers)) == len(OFFICERS) and len(keys) == len(OFFICERS),
        awarded=case.state == "published" and _has_awarded(session, case.id),
        officers_rehearsed=tuple(keys[officer].rehearsed_at if officer in keys else None for officer in said.officers),
    )


def _said(session: AnySession, case: CaseRow, data: dict[str, Any]) -> _Said:
    if "packages" in data:
        return _Said(
            data["plan"], tuple(row["amount_fen"] for row in data["packages"]), data["bids_due_at"],
            data["documents_until"], tuple(data[name] for name in OFFICERS),
        )
    row = session.get(Call, case.id) if case.state is not None else None
    if row is None:
        return _Said(None, (), None, None, ())
    amounts = session.scalars(select(Package.amount_fen).where(Package.call_id == case.id))
    return _Said(row.plan_id, tuple(amounts), row.bids_due_at, row.documents_until, tuple(row.officers))


def _has_awarded(session: AnySession, call_id: int) -> bool:
    query = select(Case.id).where(Case.parent_id == call_id, Case.kind == "package", Case.state == "awarded")
    return session.execute(query.limit(1)).scalar() is not None


def _is_approved(session: AnySession, plan_id: int) -> bool:
    return session.execute(select(Case.state).where(Case.id == plan_id)).scalar() == "approved"


def _held_elsewhere(session: AnySession, plan_id: int, case_id: int) -> bool:
    query = select(func.count()).where(
        Call.plan_id == plan_id, Call.released_at.is_(None), Call.case_id != case_id
    )
    return session.execute(query).scalar_one() > 0
