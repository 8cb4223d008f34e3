"""What is asked for, what was the bank told, and what did the bank say?"""

from datetime import date, datetime

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

Moment = TIMESTAMP(timezone=True)
PERSONAL = {"personal": True}


class Payment(db.Model):
    """An application for one instalment. Its state is the case's; this row holds what is paid, and to whom.

    It claims the instalment, paid or on its way, until `released_at`: when it was refused or withdrawn.
    `payee_account` is whole only for the bank file; every page and answer shows its last four digits.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        Index(
            "uq_payments_instalment_claim",
            "instalment_id",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("ix_payments_instalment_id", "instalment_id"),
    )

    case_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False
    )
    instalment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("instalments.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    invoice_no: Mapped[str] = mapped_column(Text, active_history=True)
    payee_name: Mapped[str] = mapped_column(Text, active_history=True)
    payee_bank: Mapped[str] = mapped_column(Text, active_history=True)
    payee_account: Mapped[str] = mapped_column(Text, active_history=True, info=PERSONAL)
    released_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class BankStatement(db.Model):
    """One file of a bank, read whole: `opening_fen` plus its lines is `closing_fen`. Never changed.

    `node_id` is the finance office for which it was imported.
    """

    __tablename__ = "bank_statements"
    __table_args__ = (
        UniqueConstraint("sha256", name="uq_bank_statements_sha256"),
        Index("ix_bank_statements_node_id", "node_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sha256: Mapped[str] = mapped_column(CHAR(64))
    account_no: Mapped[str] = mapped_column(Text)
    opening_fen: Mapped[int] = mapped_column(BigInteger)
    closing_fen: Mapped[int] = mapped_column(BigInteger)
    node_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("nodes.id"))
    imported_by: Mapped[int] = mapped_column(BigInteger, ForeignKey("people.id"))
    imported_at: Mapped[datetime] = mapped_column(Moment)


class BankLine(db.Model):
    """One booking of a statement as the bank wrote it; `amount_fen` below zero left the account.

    Never changed. `outcome` is what it was when read: `matched` (an instruction arrived), `rejected` (it came
    back), `amount_differs` or `unknown`, with a `reason`. Which instruction it proved, the instruction says.
    """

    __tablename__ = "bank_lines"
    __table_args__ = (
        UniqueConstraint("account_no", "bank_serial", name="uq_bank_lines_account_no_bank_serial"),
        CheckConstraint("amount_fen <> 0", name="amount_fen"),
        CheckConstraint("outcome IN ('matched', 'rejected', 'amount_differs', 'unknown')", name="outcome"),
        Index("ix_bank_lines_statement_id", "statement_id", "id"),
        Index("ix_bank_lines_instruction_no", "instruction_no"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    statement_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("bank_statements.id"))
    account_no: Mapped[str] = mapped_column(Text)
    bank_serial: Mapped[str] = mapped_column(Text)
    booked_on: Mapped[date]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    counterparty: Mapped[str] = mapped_column(Text)
    counterparty_account: Mapped[str] = mapped_column(Text, info=PERSONAL)
    remark: Mapped[str] = mapped_column(Text)
    instruction_no: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default=text("''"))


class PaymentInstruction(db.Model):
    """One order to the bank: its number never changes, the bank answers once, a bank line proves it."""

    __tablename__ = "payment_instructions"
    __table_args__ = (
        UniqueConstraint("instruction_no", name="uq_payment_instructions_instruction_no"),
        UniqueConstraint("bank_line_id", name="uq_payment_instructions_bank_line_id"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("outcome IN ('settled', 'rejected')", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (outcome_at IS NULL) AND (outcome IS NULL) = (bank_line_id IS NULL)",
            name="bank_line_proves",
        ),
        Index(
            "uq_payment_instructions_not_rejected",
            "case_id",
            unique=True,
            postgresql_where=text("outcome IS DISTINCT FROM 'rejected'"),
        ),
        Index("ix_payment_instructions_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("payments.case_id"))
    instruction_no: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[str | None] = mapped_column(Text, active_history=True)
    outcome_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    bank_line_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("bank_lines.id"), active_history=True
    )
