"""What is this payment about? Its amount, its instalment, its payee, and what it hangs on."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.reach import Holding, visible_by
from app.cases.kinds import amounts, overview
from app.cases.models import Case
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import money
from app.ledger.accounts import AnySession
from app.ledger.models import BudgetLine
from app.ledger.queries import visible_lines
from app.payments.models import Payment
from app.payments.queries import InstructionShown, PaymentShown, payment
from app.payments.words import INSTRUCTION_OUTCOMES
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import visible_contracts


@overview("payment")
def payment_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return amount, instalment, payee and instructions, with the contract, its budget line and its other payments."""
    shown = payment(session, case.id)
    if shown is None:
        return Overview()
    return Overview(_facts(shown), (*_owners(session, shown, held), *_others(session, shown, held)))


def _facts(shown: PaymentShown) -> tuple[Fact, ...]:
    part = shown.instalment
    return (
        Fact(_("Amount"), money(shown.amount_fen), big=True),
        Fact(_("Instalment"), _("%(position)s of %(of)s", position=part.position, of=part.of), part.condition),
        Fact(_("Contract"), part.title, part.number),
        Fact(_("Payee"), shown.payee_name, f"{shown.payee_bank} {shown.payee_account_masked}"),
        Fact(_("Invoice number"), shown.invoice_no),
        *(_instruction(sent) for sent in shown.instructions),
    )


def _instruction(sent: InstructionShown) -> Fact:
    outcome = INSTRUCTION_OUTCOMES[sent.outcome] if sent.outcome else _("the bank has not answered")
    return Fact(_("Payment instruction"), sent.instruction_no, str(outcome))


def _owners(session: AnySession, shown: PaymentShown, held: tuple[Holding, ...]) -> list[Link]:
    """Return the contract and its budget line, each for who may open it; one query."""
    part = shown.instalment
    query: Any = (
        select(
            BudgetLine.id, BudgetLine.name, BudgetLine.code, visible_lines(held).label("line_seen"),
            visible_contracts(held, part.organization_id).label("contract_seen"),
        )
        .join(Contract, Contract.budget_line_id == BudgetLine.id).where(Contract.id == part.contract_id)
    )
    line = session.execute(query).one()
    links = []
    if line.contract_seen:
        links.append(Link(part.title, f"/contracts/{part.contract_id}", _("Contract %(number)s", number=part.number)))
    if line.line_seen:
        links.append(Link(line.name, f"/budget-lines/{line.id}", _("Budget line %(code)s", code=line.code)))
    return links


def _others(session: AnySession, shown: PaymentShown, held: Iterable[Holding]) -> list[Link]:
    query = (
        select(Case.number, Instalment.position)
        .join(Payment, Payment.case_id == Case.id)
        .join(Instalment, Instalment.id == Payment.instalment_id)
        .where(Instalment.contract_id == shown.instalment.contract_id, Case.id != shown.case_id)
        .where(visible_by(held, Case))
        .order_by(Case.id)
    )
    return [
        Link(number, f"/cases/{number}", _("Instalment %(n)s of the same contract", n=position))
        for number, position in session.execute(query)
    ]


@amounts("payment")
def payment_amounts(session: AnySession, case_ids: list[int]) -> dict[int, int]:
    """Return what each of these cases asks for; one query."""
    query = select(Payment.case_id, Payment.amount_fen).where(Payment.case_id.in_(case_ids))
    found: dict[int, int] = {}
    for case_id, fen in session.execute(query):
        found[case_id] = fen
    return found
