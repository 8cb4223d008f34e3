"""Which rows can be chosen, and what do the tables of a form begin with?"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, union_all

from app.access.nodes import AnySession
from app.cases.kinds import choices, example
from app.cases.snapshot import CaseRow
from app.delivery.models import Acceptance, AcceptanceStandard, ContractClosure, Evaluation, MilestoneReport
from app.purchasing.awarding import ContractTermination
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import InstalmentOfContract, instalments_query
from workflows.rules.evaluation import RUBRICS


@choices("instalments_to_report")
def instalments_to_report(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the instalments of the organization that no report holds."""
    if organization_id is None:
        return []
    taken = select(MilestoneReport.instalment_id).where(MilestoneReport.released_at.is_(None))
    closed = union_all(select(ContractClosure.contract_id), select(ContractTermination.contract_id))
    query = (
        instalments_query()
        .where(Contract.organization_id == organization_id, Instalment.id.not_in(taken), Contract.id.not_in(closed))
        .order_by(Contract.number, Instalment.position)
    )
    parts = [InstalmentOfContract(*row) for row in session.execute(query)]
    return [
        (
            part.instalment_id,
            _("%(contract)s %(title)s: instalment %(position)s of %(of)s", contract=part.number, title=part.title,
              position=part.position, of=part.of),
        )
        for part in parts
    ]


@choices("contracts_to_accept")
def contracts_to_accept(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the contracts of the organization whose work is not accepted."""
    taken = select(Acceptance.contract_id).where(Acceptance.released_at.is_(None))
    query = (
        select(Contract)
        .where(Contract.organization_id == organization_id, Contract.id.not_in(taken))
        .where(Contract.id.not_in(select(ContractClosure.contract_id)))
        .where(Contract.id.not_in(select(ContractTermination.contract_id)))
        .order_by(Contract.number)
    )
    return [(contract.id, f"{contract.number} {contract.title}") for contract in session.scalars(query)]


@choices("evaluation_rubric")
def evaluation_rubric(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Any:
    """Return a row for every criterion of the stage, to be filled in."""
    row = session.get(Evaluation, case.id) if case is not None else None
    stage = row.stage if row is not None else "mid"
    return [{"criterion": line.code, "points": "", "remark": ""} for line in RUBRICS[stage].scored]


@choices("standards_to_check")
def standards_to_check(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Any:
    """Return a row for every standard of the request, to be filled in."""
    query = select(AcceptanceStandard).where(AcceptanceStandard.case_id == (case.id if case else None))
    rows = session.scalars(query.order_by(AcceptanceStandard.position))
    return [{"position": row.position, "result": "met", "remark": row.standard[:500]} for row in rows]


@example("evaluation_scores")
def evaluation_scores(session: AnySession, case: CaseRow) -> Any:
    """Return scores that fit the stage of this very case."""
    rows = evaluation_rubric(session, case, None)
    return [{**row, "points": "4.5", "remark": "与记录一致。"} for row in rows]


@example("standards_checked")
def standards_checked(session: AnySession, case: CaseRow) -> Any:
    """Return a result for every standard of this very case."""
    return standards_to_check(session, case, None)
