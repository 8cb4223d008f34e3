"""What is money here? Budget lines, the accounts it walks through, and the transfers that walk it.

Balances are posted by a trigger of the database; no code of the application ever writes one.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

NO_OVERDRAFT = "ck_ledger_accounts_no_overdraft"

ACCOUNT_NAMES = ("source", "available", "reserved", "committed", "payable", "transit", "paid", "returned")
"""Where money may stand, in the order in which it walks."""

LINE_ACCOUNTS = ("source", "available", "returned")
"""The accounts that a budget line has once."""

PACKAGE_ACCOUNTS = ("reserved", "committed", "payable", "transit", "paid")
"""The accounts that every package (a call, then its contract) of a budget line has."""

CODES = (
    "APPROPRIATE",
    "RESERVE",
    "COMMIT",
    "ACCRUE",
    "INSTRUCT",
    "SETTLE",
    "BOUNCE",
    "RETURN",
    "RELEASE",
    "REVERSE",
)
"""What a transfer can mean."""


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class BudgetLine(db.Model):
    """Money that an office may spend on one purpose in one year (预算指标); the office is `node_id`."""

    __tablename__ = "budget_lines"
    __table_args__ = (
        UniqueConstraint("code", name="uq_budget_lines_code"),
        Index("ix_budget_lines_node_id", "node_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    year: Mapped[int] = mapped_column(SmallInteger)
    node_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("nodes.id"))


class LedgerAccount(db.Model):
    """One place where money of a budget line stands; what is there is `credits - debits`.

    Only `source` may go below zero: what has left it is what was appropriated.
    """

    __tablename__ = "ledger_accounts"
    __table_args__ = (
        UniqueConstraint("budget_line_id", "package", "name", name="uq_ledger_accounts_key"),
        # What the two foreign keys of a transfer point to: the same line, the same unit.
        UniqueConstraint("id", "budget_line_id", "unit", name="uq_ledger_accounts_line_and_unit"),
        CheckConstraint(_one_of("name", ACCOUNT_NAMES), name="name"),
        CheckConstraint("unit IN ('fen', 'points')", name="unit"),
        CheckConstraint("guarded = (name <> 'source')", name="all_but_source_guarded"),
        CheckConstraint("debits >= 0 AND credits >= 0", name="not_negative"),
        CheckConstraint("NOT guarded OR debits <= credits", name="no_overdraft"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    budget_line_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("budget_lines.id"))
    package: Mapped[str] = mapped_column(Text, server_default=text("''"))
    name: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text, server_default=text("'fen'"))
    guarded: Mapped[bool]
    debits: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    credits: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class Transfer(db.Model):
    """Money went from the debit account to the credit account.

    Never changed: a mistake is taken back by another transfer that `corrects` it. `case_id` and `sequence`
    name the move that made it; both are empty for what no case decides (an appropriation).
    """

    __tablename__ = "transfers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["debit_id", "budget_line_id", "unit"],
            ["ledger_accounts.id", "ledger_accounts.budget_line_id", "ledger_accounts.unit"],
        ),
        ForeignKeyConstraint(
            ["credit_id", "budget_line_id", "unit"],
            ["ledger_accounts.id", "ledger_accounts.budget_line_id", "ledger_accounts.unit"],
        ),
        ForeignKeyConstraint(
            ["case_id", "sequence"],
            ["history.case_id", "history.sequence"],
            deferrable=True,
            initially="DEFERRED",
        ),
        UniqueConstraint("corrects", name="uq_transfers_corrects"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        CheckConstraint(_one_of("code", CODES), name="code"),
        CheckConstraint("(code = 'REVERSE') = (corrects IS NOT NULL)", name="reverse_names_what"),
        CheckConstraint("(case_id IS NULL) = (sequence IS NULL)", name="case_with_sequence"),
        Index("ix_transfers_budget_line_id", "budget_line_id", "id"),
        Index("ix_transfers_case_id", "case_id", "sequence"),
        Index("ix_transfers_debit_id", "debit_id"),
        Index("ix_transfers_credit_id", "credit_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    budget_line_id: Mapped[int] = mapped_column(BigInteger)
    debit_id: Mapped[int] = mapped_column(BigInteger)
    credit_id: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    unit: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    sequence: Mapped[int | None]
    reference: Mapped[str] = mapped_column(Text, server_default=text("''"))
    corrects: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("transfers.id"))
    made_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
