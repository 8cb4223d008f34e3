"""Which payments, instructions and bank lines are there? Accounts leave masked, but for the bank file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased

from app.access.masking import mask_account_number
from app.access.models import Person
from app.access.reach import Holding
from app.cases.models import Case
from app.ledger.accounts import AnySession
from app.ledger.queries import nodes_within
from app.payments.models import BankLine, BankStatement, Payment, PaymentInstruction
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import InstalmentOfContract, instalments_query

LIST_LIMIT = 50
STATEMENT_ROLES = ("finance_officer", "cashier", "auditor")
"""Who may look at bank statements, at the node of the role and below it."""
"""Who may look at contracts, at the node of the role and below it."""


@dataclass(frozen=True)
class PaymentShown:
    """A payment as people may see it: the payee's account masked."""

    case_id: int
    instalment: InstalmentOfContract
    amount_fen: int
    invoice_no: str
    payee_name: str
    payee_bank: str
    payee_account_masked: str
    instructions: tuple["InstructionShown", ...]


@dataclass(frozen=True)
class InstructionShown:
    """One order to the bank and what became of it (`outcome` None: no answer yet)."""

    instruction_no: str
    amount_fen: int
    issued_at: datetime
    outcome: str | None
    outcome_at: datetime | None


@dataclass(frozen=True)
class InTransit:
    """An instruction that left and was not answered, with the payee's whole account: for the bank only."""

    instruction_no: str
    amount_fen: int
    payee_name: str
    payee_bank: str
    payee_account: str
    purpose: str
    number: str
    issued_at: datetime


@dataclass(frozen=True)
class StatementRow:
    """A bank statement in the list, with how many of its lines had which outcome."""

    id: int
    account_masked: str
    opening_fen: int
    closing_fen: int
    imported_at: datetime
    who: str
    sha256: str
    lines: int
    matched: int
    rejected: int
    unknown: int
    open: int


@dataclass(frozen=True)
class LineRow:
    """A bank line as people may see it, with the payment it proves, if the reader may see that case."""

    id: int
    bank_serial: str
    booked_on: date
    amount_fen: int
    counterparty: str
    counterparty_account_masked: str
    remark: str
    instruction_no: str | None
    outcome: str
    reason: str
    proven: bool
    proves: str | None


def payment(session: AnySession, case_id: int) -> PaymentShown | None:
    """Return a payment with its instalment and instructions, or None; three queries."""
    row = session.get(Payment, case_id)
    if row is None:
        return None
    part = session.execute(instalments_query().where(Instalment.id == row.instalment_id)).one()
    sent = session.scalars(
        select(PaymentInstruction)
        .where(PaymentInstruction.case_id == case_id)
        .order_by(PaymentInstruction.id)
    )
    return PaymentShown(
        case_id=case_id,
        instalment=InstalmentOfContract(*part),
        amount_fen=row.amount_fen,
        invoice_no=row.invoice_no,
        payee_name=row.payee_name,
        payee_bank=row.payee_bank,
        payee_account_masked=mask_account_number(row.payee_account),
        instructions=tuple(
            InstructionShown(
                each.instruction_no, each.amount_fen, each.issued_at, each.outcome, each.outcome_at
            )
            for each in sent
        ),
    )


def claimed(instalment_id: Any) -> ColumnElement[bool]:
    """Return the condition that an application holds the instalment: on its way, or paid."""
    return exists().where(Payment.instalment_id == instalment_id, Payment.released_at.is_(None))


def open_instalments(session: AnySession, organization_id: int) -> list[InstalmentOfContract]:
    """Return the instalments that the organization may apply for, by contract and position; one query."""
    query = (
        instalments_query()
        .where(Contract.organization_id == organization_id, ~claimed(Instalment.id))
        .order_by(Contract.number, Instalment.position)
    )
    return [InstalmentOfContract(*row) for row in session.execute(query)]


@dataclass(frozen=True)
class InstalmentStanding:
    """An instalment of an organization: its contract, and the payment that holds it, if one does."""

    part: InstalmentOfContract
    signed_on: date
    contract_fen: int
    number: str | None
    settled: bool


def instalment_standings(
    session: AnySession, organization_id: int, visible: ColumnElement[bool]
) -> list[InstalmentStanding]:
    """Return the instalments of the organization's visible contracts, by contract and position; one query."""
    settled = exists().where(PaymentInstruction.case_id == Payment.case_id, PaymentInstruction.outcome == "settled")
    query = (
        instalments_query()
        .add_columns(Contract.signed_on, Contract.amount_fen, Case.number, and_(Case.id.is_not(None), settled))
        .outerjoin(Payment, and_(Payment.instalment_id == Instalment.id, Payment.released_at.is_(None)))
        .outerjoin(Case, Case.id == Payment.case_id)
        .where(Contract.organization_id == organization_id, visible)
        .order_by(Contract.signed_on.desc(), Contract.id, Instalment.position)
    )
    return [InstalmentStanding(InstalmentOfContract(*row[:-4]), *row[-4:]) for row in session.execute(query)]


def earlier_settled(session: AnySession, part: InstalmentOfContract) -> bool:
    """Return whether a bank line proved every earlier instalment of the contract paid; one query."""
    settled = (
        exists()
        .where(Payment.instalment_id == Instalment.id)
        .where(PaymentInstruction.case_id == Payment.case_id, PaymentInstruction.outcome == "settled")
    )
    waiting = select(Instalment.id).where(
        Instalment.contract_id == part.contract_id, Instalment.position < part.position, ~settled
    )
    return not session.execute(select(waiting.exists())).scalar_one()


def claimed_elsewhere(session: AnySession, instalment_id: int, case_id: int | None) -> bool:
    """Return whether another case than this one holds the instalment; one query."""
    holders = select(Payment.case_id).where(
        Payment.instalment_id == instalment_id, Payment.released_at.is_(None)
    )
    if case_id is not None:
        holders = holders.where(Payment.case_id != case_id)
    return bool(session.execute(select(holders.exists())).scalar_one())


def open_instruction(session: AnySession, case_id: int) -> PaymentInstruction | None:
    """Return the instruction of the case that the bank has not answered, or None."""
    return session.scalars(
        select(PaymentInstruction).where(
            PaymentInstruction.case_id == case_id, PaymentInstruction.outcome.is_(None)
        )
    ).one_or_none()


def fitting_lines(session: AnySession, case_id: int) -> Sequence[BankLine]:
    """Return the bank lines that answer the open instruction of a case and prove no other one, oldest first.

    A line fits by instruction number and amount: to the fen out (`matched`) or back in (`rejected`).
    """
    other = aliased(PaymentInstruction)
    taken = exists().where(other.bank_line_id == BankLine.id)
    arrived = and_(BankLine.outcome == "matched", BankLine.amount_fen == -PaymentInstruction.amount_fen)
    came_back = and_(BankLine.outcome == "rejected", BankLine.amount_fen == PaymentInstruction.amount_fen)
    query = (
        select(BankLine)
        .join(PaymentInstruction, PaymentInstruction.instruction_no == BankLine.instruction_no)
        .where(PaymentInstruction.case_id == case_id, PaymentInstruction.outcome.is_(None))
        .where(or_(arrived, came_back), ~taken)
        .order_by(BankLine.id)
    )
    return session.scalars(query).all()


def _moves_a_payment() -> ColumnElement[bool]:
    """Of money that left and came back in one file, only the line on which it came back moves a payment."""
    return or_(BankLine.outcome == "matched", and_(BankLine.outcome == "rejected", BankLine.amount_fen > 0))


def visible_statements(held: Iterable[Holding]) -> ColumnElement[bool]:
    """Return the condition on BankStatement that holds for the statements of the holder's finance offices."""
    nodes = nodes_within(held, STATEMENT_ROLES)
    return false() if nodes is None else BankStatement.node_id.in_(nodes)


def in_transit(session: AnySession, visible: ColumnElement[bool]) -> list[InTransit]:
    """Return the instructions without an answer among the visible cases, oldest first; one query.

    The only place where a payee's whole account leaves the database: callers record the read.
    """
    query = (
        select(
            PaymentInstruction.instruction_no,
            PaymentInstruction.amount_fen,
            Payment.payee_name,
            Payment.payee_bank,
            Payment.payee_account,
            Contract.title,
            Case.number,
            PaymentInstruction.issued_at,
        )
        .join(Payment, Payment.case_id == PaymentInstruction.case_id)
        .join(Case, Case.id == Payment.case_id)
        .join(Instalment, Instalment.id == Payment.instalment_id)
        .join(Contract, Contract.id == Instalment.contract_id)
        .where(PaymentInstruction.outcome.is_(None), visible)
        .order_by(PaymentInstruction.id)
    )
    return [InTransit(*row) for row in session.execute(query)]


def statements(
    session: AnySession, visible: ColumnElement[bool], *, before: int | None = None, limit: int = LIST_LIMIT
) -> list[StatementRow]:
    """Return the visible bank statements, newest first, older than the statement `before`; one query."""
    proven = exists().where(PaymentInstruction.bank_line_id == BankLine.id)
    counts = (
        func.count(BankLine.id),
        func.count(BankLine.id).filter(BankLine.outcome == "matched"),
        func.count(BankLine.id).filter(BankLine.outcome == "rejected", BankLine.amount_fen > 0),
        func.count(BankLine.id).filter(BankLine.outcome.in_(["unknown", "amount_differs"])),
        func.count(BankLine.id).filter(_moves_a_payment(), ~proven),
    )
    query = (
        select(
            BankStatement.id,
            BankStatement.account_no,
            BankStatement.opening_fen,
            BankStatement.closing_fen,
            BankStatement.imported_at,
            Person.name,
            BankStatement.sha256,
            *counts,
        )
        .join(Person, Person.id == BankStatement.imported_by)
        .outerjoin(BankLine, BankLine.statement_id == BankStatement.id)
        .where(visible)
        .group_by(BankStatement.id, Person.name)
        .order_by(BankStatement.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(BankStatement.id < before)
    rows: list[Any] = list(session.execute(query))
    return [StatementRow(row[0], mask_account_number(row[1]), *row[2:]) for row in rows]


def statement_lines(
    session: AnySession,
    statement_id: int,
    visible_cases: ColumnElement[bool],
    *,
    after: int = 0,
    limit: int = LIST_LIMIT,
) -> list[LineRow]:
    """Return the lines of a statement in the bank's order, those after the line `after`; one query.

    Case numbers stand there only for cases that the reader may see.
    """
    query = (
        select(BankLine, PaymentInstruction.id, Case.number)
        .outerjoin(PaymentInstruction, PaymentInstruction.bank_line_id == BankLine.id)
        .outerjoin(Case, and_(Case.id == PaymentInstruction.case_id, visible_cases))
        .where(BankLine.statement_id == statement_id, BankLine.id > after)
        .order_by(BankLine.id)
        .limit(limit)
    )
    return [
        LineRow(
            id=line.id,
            bank_serial=line.bank_serial,
            booked_on=line.booked_on,
            amount_fen=line.amount_fen,
            counterparty=line.counterparty,
            counterparty_account_masked=mask_account_number(line.counterparty_account),
            remark=line.remark,
            instruction_no=line.instruction_no,
            outcome=line.outcome,
            reason=line.reason,
            proven=proven is not None,
            proves=number,
        )
        for line, proven, number in session.execute(query)
    ]
