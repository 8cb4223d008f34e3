"""What must be known before a case of delivery moves? Rows of contract, reports and results, as frozen facts."""

from typing import Any

from sqlalchemy import func, select

from app.access.models import Node
from app.access.nodes import AnySession
from app.cases.kinds import facts, opening_node, opening_organization
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.delivery.models import (
    Acceptance,
    AcceptanceStandard,
    ContractClosure,
    Evaluation,
    MilestoneReport,
    Rectification,
)
from app.delivery.queries import contract_numbered, last_unclaimed, payment_under_way, standing_of
from app.delivery.ties import conflict_of, person_signing_in_as
from app.organizations.models import Organization
from app.organizations.queries import is_registered
from app.purchasing.models import Contract
from app.purchasing.queries import instalment
from workflows.kinds.acceptance import AcceptanceFacts
from workflows.kinds.case import CaseFacts
from workflows.kinds.closure import ClosureFacts
from workflows.kinds.evaluation import EvaluationFacts
from workflows.kinds.milestone_report import MilestoneReportFacts
from workflows.kinds.rectification import RectificationFacts
from workflows.rules.working_days import local_day

Given = dict[str, Any] | None


@facts("milestone_report")
def report_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> MilestoneReportFacts:
    """Return the facts; before opening those of the instalment that is being handed in."""
    chosen = (data or {}).get("instalment")
    part = instalment(session, chosen)
    opening = case.state is None
    return MilestoneReportFacts(
        case=case_facts,
        organization_registered=_registered(session, case),
        contract_with_organization=not opening or part is None or part.organization_id == case.organization_id,
        report_is_due=not opening or (part is not None and not _held(session, MilestoneReport.instalment_id, chosen)),
    )


@facts("evaluation")
def evaluation_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> EvaluationFacts:
    """Return the facts; the evaluator's ties are looked at again when the scores come in."""
    row = session.get(Evaluation, case.id) if case.state is not None else None
    contract = session.get(Contract, row.contract_id) if row is not None else _contract(session, case, data)
    person = row.evaluator_id if row is not None else person_signing_in_as(session, (data or {}).get("evaluator"))
    conflict = ""
    if contract is not None and person is not None:
        today = local_day(business_now(session))
        months = case_facts.policy.number("conflict_wall").value
        conflict = conflict_of(
            session, person, organization_id=contract.organization_id, buyer_node_id=contract.node_id, on=today,
            months=months,
        )
    return EvaluationFacts(
        case=case_facts,
        contract_found=contract is not None,
        stage_is_open=row is not None or contract is None or _stage_is_open(session, contract.id, data),
        evaluator_found=person is not None,
        evaluator_conflict=conflict,
    )


def _stage_is_open(session: AnySession, contract_id: int, data: Given) -> bool:
    query = select(Evaluation.case_id).where(
        Evaluation.contract_id == contract_id, Evaluation.stage == (data or {}).get("stage"),
        Evaluation.released_at.is_(None),
    )
    return session.execute(query).first() is None


@facts("acceptance")
def acceptance_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> AcceptanceFacts:
    """Return the facts; which standards the inspection leaves out or finds not met."""
    given = data or {}
    row = session.get(Acceptance, case.id) if case.state is not None else None
    contract = session.get(Contract, row.contract_id) if row is not None else _chosen(session, given.get("contract"))
    standing = standing_of(session, contract.id) if contract is not None else None
    uncovered, unmet = _inspected(session, case, given) if row is not None else ((), ())
    last = last_unclaimed(session, contract.id) if contract is not None else None
    own = contract is not None and contract.organization_id == case.organization_id
    return AcceptanceFacts(
        case=case_facts,
        organization_registered=_registered(session, case),
        contract_with_organization=own,
        acceptance_is_open=row is not None or not own or contract is None
        or not (_held(session, Acceptance.contract_id, contract.id) or (standing is not None and standing.closed)),
        signed_by=signers(session, contract),
        uncovered=uncovered,
        unmet=unmet,
        deduction_fen=given.get("deduction_fen") or 0,
        deductible_fen=last[1] if last else 0,
        nothing_to_rectify=standing is None or not standing.rectifying,
    )


def signers(session: AnySession, contract: Contract | None) -> frozenset[int]:
    """Return who signed or approved the contract for the buyer."""
    return frozenset() if contract is None or contract.signed_by is None else frozenset({contract.signed_by})


def _inspected(session: AnySession, case: CaseRow, given: dict[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    query = select(AcceptanceStandard.position).where(AcceptanceStandard.case_id == case.id)
    wanted = set(session.scalars(query))
    results = {row["position"]: row["result"] for row in given.get("standards", ())}
    unmet = sorted(position for position, result in results.items() if result == "not_met")
    return tuple(sorted(wanted - results.keys())), tuple(unmet)


@facts("rectification")
def rectification_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> RectificationFacts:
    """Return the facts of the contract."""
    contract = _contract(session, case, data, Rectification)
    return RectificationFacts(case_facts, contract is not None, not _is_closed(session, contract))


@facts("closure")
def closure_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> ClosureFacts:
    """Return the facts of the contract."""
    contract = _contract(session, case, data, ContractClosure)
    standing = standing_of(session, contract.id) if contract is not None else None
    # Of a contract that was not found nothing else could be said.
    return ClosureFacts(
        case=case_facts,
        contract_found=contract is not None,
        contract_not_closed=standing is None or not standing.closed,
        project_accepted=standing is None or "acceptance" in standing.met,
        nothing_under_way=contract is None or not payment_under_way(session, contract.id),
        nothing_to_rectify=standing is None or not standing.rectifying,
    )


@opening_node("milestone_report")
def report_node(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int:
    """Return where a report happens: at the buyer of the contract, if it is the organization's own."""
    part = instalment(session, data.get("instalment"))
    own = part is not None and part.organization_id == organization_id
    return part.node_id if part is not None and own else _nowhere(session, organization_id)


@opening_node("acceptance")
def acceptance_node(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int:
    """Return where an acceptance happens: at the buyer of the contract, if it is the organization's own."""
    contract = _chosen(session, data.get("contract"))
    own = contract is not None and contract.organization_id == organization_id
    return contract.node_id if contract is not None and own else _nowhere(session, organization_id)


@opening_node("evaluation")
@opening_node("rectification")
@opening_node("closure")
def contract_node(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int:
    """Return the office of the contract; without one the guards refuse, and nothing is told of any place."""
    contract = _numbered(session, data)
    return contract.node_id if contract is not None else _nowhere(session, None)


@opening_organization("evaluation")
@opening_organization("rectification")
@opening_organization("closure")
def contractor(session: AnySession, data: dict[str, Any]) -> int | None:
    """Return the contractor: whom the case is about."""
    contract = _numbered(session, data)
    return contract.organization_id if contract is not None else None


def _nowhere(session: AnySession, organization_id: int | None) -> int:
    """Return a node for what cannot be placed: above the organization, or the top of the tree."""
    if organization_id is None:
        return session.execute(select(func.min(Node.id))).scalar_one()
    place = (
        select(func.coalesce(Node.parent_id, Node.id))
        .join(Organization, Organization.node_id == Node.id)
        .where(Organization.id == organization_id)
    )
    return session.execute(place).scalar_one()


def _numbered(session: AnySession, data: Given) -> Contract | None:
    number = (data or {}).get("contract")
    return contract_numbered(session, number) if number is not None else None


def _chosen(session: AnySession, contract_id: int | None) -> Contract | None:
    return session.get(Contract, contract_id) if contract_id is not None else None


def _contract(session: AnySession, case: CaseRow, data: Given, model: Any = None) -> Contract | None:
    """Return the contract of the case, or while it is opened the one that is named."""
    row = session.get(model, case.id) if model is not None and case.state is not None else None
    return session.get(Contract, row.contract_id) if row is not None else _numbered(session, data)


def _is_closed(session: AnySession, contract: Contract | None) -> bool:
    return contract is not None and standing_of(session, contract.id).closed


def _held(session: AnySession, column: Any, value: int | None) -> bool:
    model = column.class_
    holders = select(model.case_id).where(column == value, model.released_at.is_(None))
    return session.execute(holders).first() is not None


def _registered(session: AnySession, case: CaseRow) -> bool:
    return case.organization_id is not None and is_registered(session, case.organization_id)


