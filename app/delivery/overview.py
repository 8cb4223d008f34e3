"""What is a case of delivery about? Its contract, its score, its findings."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Link, Overview
from app.cases.score_sheets import level_title
from app.cases.snapshot import CaseRow
from app.delivery.models import (
    Acceptance,
    AcceptanceStandard,
    ContractClosure,
    Evaluation,
    MilestoneReport,
    Rectification,
    RectificationFinding,
    ReportIndicator,
)
from app.delivery.words import CAPPED, STAGES
from app.formats import money
from app.language import localized
from app.purchasing.models import Contract
from app.purchasing.queries import instalment, visible_contracts
from workflows.loader import library
from workflows.rules.evaluation import points_text


def _contract(session: AnySession, contract_id: int, held: tuple[Holding, ...]) -> tuple[list[Fact], tuple[Link, ...]]:
    """Return the contract as a fact, and the way to its page for who may see that: an evaluator may not."""
    contract = session.get_one(Contract, contract_id)
    seen = select(Contract.id).where(Contract.id == contract_id, visible_contracts(held, contract.organization_id))
    link = Link(contract.title, f"/contracts/{contract.id}", _("Contract %(number)s", number=contract.number))
    return [Fact(_("Contract"), contract.title, contract.number)], (link,) if session.scalar(seen) else ()


@overview("milestone_report")
def report_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the instalment, what was done and the indicators."""
    row = session.get(MilestoneReport, case.id)
    part = instalment(session, row.instalment_id) if row is not None else None
    if row is None or part is None:
        return Overview()
    facts, links = _contract(session, part.contract_id, held)
    facts.append(Fact(_("Instalment"), _("%(position)s of %(of)s", position=part.position, of=part.of), part.condition))
    rows = select(ReportIndicator).where(ReportIndicator.case_id == case.id).order_by(ReportIndicator.position)
    facts += [
        Fact(line.name, _("%(achieved)s of %(planned)s", achieved=line.achieved, planned=line.planned))
        for line in session.scalars(rows)
    ]
    return Overview((*facts, Fact(_("What was done"), row.done, wide=True)), links)


@overview("evaluation")
def evaluation_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the stage, and the score as soon as it is published, to the contractor too."""
    row = session.get(Evaluation, case.id)
    if row is None:
        return Overview()
    facts, links = _contract(session, row.contract_id, held)
    facts.append(Fact(_("Stage"), str(STAGES[row.stage])))
    rubric = library().rubric_pinned(row.rubric)
    facts.append(Fact(_("Rubric"), localized(rubric.title), localized(rubric.cite)))
    if row.codes:
        facts.append(Fact(_("Codes for ratings"), str(row.codes)))
    offices = {each.role for each in held} - {"staff", "legal_representative"}
    told = case.state in ("published", "objected", "final") or bool(offices)
    if row.total is not None and row.grade is not None and told:
        note = str(CAPPED[row.capped]) if row.capped else None
        facts.insert(0, Fact(_("Grade"), level_title(row.rubric, row.grade), note, big=True))
        facts.append(Fact(_("Total"), points_text(row.total)))
        facts.append(Fact(_("Ratings"), str(row.answered)))
    if case.state == "commissioned" and any(each.role == "evaluator" and each.case_id == case.id for each in held):
        links = (*links, Link(_("Codes for ratings"), f"/evaluations/{case.number}/codes", _("made and shown once")))
    return Overview(tuple(facts), links)


@overview("acceptance")
def acceptance_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the standards with what was found."""
    row = session.get(Acceptance, case.id)
    if row is None:
        return Overview()
    facts, links = _contract(session, row.contract_id, held)
    if row.deduction_fen:
        facts.append(Fact(_("Deduction"), money(row.deduction_fen), big=True))
    rows = select(AcceptanceStandard).where(AcceptanceStandard.case_id == case.id)
    words = {True: _("Met"), False: _("Not met"), None: _("not checked yet")}
    facts += [
        Fact(f"{line.position}. {line.standard}", words[line.met], line.remark or line.evidence)
        for line in session.scalars(rows.order_by(AcceptanceStandard.position))
    ]
    return Overview(tuple(facts), links)


@overview("rectification")
def rectification_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the findings."""
    row = session.get(Rectification, case.id)
    if row is None:
        return Overview()
    facts, links = _contract(session, row.contract_id, held)
    rows = select(RectificationFinding).where(RectificationFinding.case_id == case.id)
    facts += [
        Fact(_("Finding %(n)s", n=line.position), line.finding, line.basis, wide=True)
        for line in session.scalars(rows.order_by(RectificationFinding.position))
    ]
    return Overview(tuple(facts), links)


@overview("closure")
def closure_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return what went back to the budget."""
    row = session.get(ContractClosure, case.id)
    if row is None:
        return Overview()
    facts, links = _contract(session, row.contract_id, held)
    return Overview((*facts, Fact(_("Back to the budget"), money(row.returned_fen), big=True)), links)
