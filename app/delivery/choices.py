"""Which rows can be chosen, and what do the tables of a form begin with?"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, union_all

from app.access.nodes import AnySession
from app.cases.kinds import choices, example
from app.cases.score_sheets import criteria_to_choose
from app.cases.snapshot import CaseRow
from app.delivery.models import Acceptance, AcceptanceStandard, ContractClosure, Evaluation, MilestoneReport
from app.purchasing.awarding import ContractTermination
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import InstalmentOfContract, instalments_query
from workflows.loader import library
from workflows.rules.evaluation import points_text
from workflows.rules.scoring import HUNDREDTHS, Rubric


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


@choices("evaluation_criteria")
def evaluation_criteria(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[str, str]]:
    """Return the criteria of the evaluation's rubric that its evaluator scores."""
    rubric = _rubric(session, case)
    return criteria_to_choose(rubric) if rubric is not None else []


@choices("evaluation_sheet")
def evaluation_sheet(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[dict[str, Any]] | None:
    """Return a row for every criterion that is scored, to be filled in."""
    rubric = _rubric(session, case)
    if rubric is None:
        return None
    return [{"criterion": leaf.name, "points": "", "remark": ""} for leaf in rubric.scored()]


def _rubric(session: AnySession, case: CaseRow | None) -> Rubric | None:
    row = session.get(Evaluation, case.id) if case is not None else None
    return library().rubric_pinned(row.rubric) if row is not None else None


@choices("standards_to_check")
def standards_to_check(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Any:
    """Return a row for every standard of the request, to be filled in."""
    query = select(AcceptanceStandard).where(AcceptanceStandard.case_id == (case.id if case else None))
    rows = session.scalars(query.order_by(AcceptanceStandard.position))
    return [{"position": row.position, "result": "met", "remark": row.standard[:500]} for row in rows]


@example("evaluation_scores")
def evaluation_scores(session: AnySession, case: CaseRow) -> Any:
    """Return a complete sheet of this very case with nine tenths of every maximum."""
    rubric = _rubric(session, case)
    assert rubric is not None, "only a case that was commissioned is scored"
    return [
        {"criterion": leaf.name, "points": points_text(leaf.max * HUNDREDTHS * 9 // 10), "remark": "与记录一致。"}
        for leaf in rubric.scored()
    ]


@example("standards_checked")
def standards_checked(session: AnySession, case: CaseRow) -> Any:
    """Return a result for every standard of this very case."""
    return standards_to_check(session, case, None)
