"""How well did an organization do, and what had it to put right?"""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import visible_by
from app.cases.models import Case
from app.cases.score_sheets import level_title
from app.delivery.models import Evaluation, EvaluationResult, Rectification
from app.delivery.words import STAGES
from app.organizations.file import Entry, Part, Reader, file_part
from app.organizations.file_cases import state_of
from app.purchasing.models import Contract
from workflows.rules.evaluation import points_text
from workflows.rules.working_days import local_day


@file_part("evaluations", "projects", 4)
def evaluations(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return the final results whose cases the reader may see, the newest first. One query."""
    query = (
        select(EvaluationResult, Evaluation.rubric, Case.number, Contract.title)
        .join(Evaluation, Evaluation.case_id == EvaluationResult.case_id)
        .join(Case, Case.id == EvaluationResult.case_id).join(Contract, Contract.id == EvaluationResult.contract_id)
        .where(Contract.organization_id == organization_id, visible_by(reader.held, Case))
        .order_by(EvaluationResult.id.desc())
    )
    entries = tuple(
        Entry(
            title, f"/cases/{number}", number=number, from_on=row.decided_on,
            note=f"{STAGES[row.stage]} · {points_text(row.total)}", state=level_title(rubric, row.grade),
            tone="green" if row.passed else "red",
        )
        for row, rubric, number, title in session.execute(query)
    )
    if not entries and not reader.own:
        return None
    return Part(_("Results of evaluations"), _("No evaluation of its projects is final."), entries)


@file_part("rectifications", "standing", 3)
def rectifications(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return the orders to put something right that the reader may see, the newest first. One query."""
    query = (
        select(Case, Rectification.ended_at, Contract.title)
        .join(Rectification, Rectification.case_id == Case.id)
        .join(Contract, Contract.id == Rectification.contract_id)
        .where(Contract.organization_id == organization_id, visible_by(reader.held, Case)).order_by(Case.id.desc())
    )
    entries = []
    for case, ended_at, title in session.execute(query):
        state, tone = state_of(case)
        entries.append(Entry(
            title, f"/cases/{case.number}", number=case.number, state=state, tone="amber" if not ended_at else tone,
            from_on=local_day(case.opened_at), to_on=local_day(ended_at) if ended_at else None, lasts=not ended_at,
        ))
    if not entries and not reader.own:
        return None
    return Part(_("Rectification orders"), _("It was ordered to put nothing right."), tuple(entries))
