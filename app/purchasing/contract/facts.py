"""What do award, programme, register and evaluations say of a contract?"""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.kinds import choices, example, facts, opening_organization
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.organizations.queries import frozen_by, is_registered
from app.purchasing.award.queries import lot_of, open_objections
from app.purchasing.contract.queries import contract_of_case, drafted
from app.purchasing.programme.facts import nobody
from workflows.kinds.case import CaseFacts
from workflows.kinds.contract import STABLE, ContractFacts
from workflows.rules.working_days import local_day

opening_organization("contract")(nobody)
# Named, not imported: delivery stands above purchasing.
FAILED = text("SELECT EXISTS (SELECT FROM evaluation_results WHERE contract_id = :contract AND NOT passed)")


@facts("contract")
def contract_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> ContractFacts:
    """Return the facts; what is being handed in counts before what stands."""
    if case.state is None or case.parent_id is None:
        return ContractFacts(case=case_facts)
    said, draft, signed = data or {}, drafted(session, case.id).draft, contract_of_case(session, case.id)
    failed = signed is not None and session.execute(FAILED, {"contract": signed.id}).scalar_one()
    return ContractFacts(
        case=case_facts,
        regime=lot_of(session, case.parent_id).programme.regime,
        ends_on=said.get("ends_on", draft.ends_on),
        stable=all(said[name] for name in STABLE) if "ends_on" in said else draft.stable,
        open_objections=open_objections(session, case.parent_id),
        organization_registered=is_registered(session, case.organization_id or 0),
        frozen=frozen_by(session, case.organization_id, local_day(business_now(session))),
        evaluation_failed=bool(failed),
    )


@example("contract_end")
def contract_end(session: AnySession, case: CaseRow) -> str:
    """Return a day within the year that a contract may last in general."""
    return (local_day(business_now(session)) + timedelta(days=300)).isoformat()


@choices("contract_title")
def contract_title(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Any:
    """Return the title as it was drafted last."""
    return drafted(session, case.id).draft.title if case is not None else None


@choices("contract_instalments")
def contract_instalments(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Any:
    """Return the instalments as they were drafted last; at first the programme's."""
    return drafted(session, case.id).draft.instalments if case is not None else None
