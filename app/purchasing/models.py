"""What was bought from whom, and in which parts is it paid?"""

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

WAITS_FOR = ("none", "report", "mid_evaluation", "final_evaluation", "acceptance")
"""What an instalment may wait for; delivery says when it is there."""


class Contract(db.Model):
    """A signed service contract: the buyer `node_id` pays the organization from the budget line.

    Its number names the package of the ledger in which its money walks. `signed_by` signed it for the buyer;
    `case_id` is the case in which it was signed, none for contracts that were signed before they came here.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        UniqueConstraint("number", name="uq_contracts_number"),
        UniqueConstraint("case_id", name="uq_contracts_case_id"),
        CheckConstraint("number <> ''", name="number"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("ends_on >= signed_on", name="ends_after_signing"),
        Index("ix_contracts_organization_id", "organization_id", "id"),
        Index("ix_contracts_budget_line_id", "budget_line_id", "id"),
        Index("ix_contracts_node_id", "node_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    organization_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("organizations.id"))
    node_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("nodes.id"))
    budget_line_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("budget_lines.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    signed_on: Mapped[date]
    ends_on: Mapped[date]
    signed_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("people.id"))
    case_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("cases.id"))


class Instalment(db.Model):
    """One part of a contract's sum, due when its condition is met; the parts sum to it exactly.

    `waits_for` is what the guards ask for (`condition` says it in words); an acceptance may have `deducted_fen`.
    """

    __tablename__ = "instalments"
    __table_args__ = (
        UniqueConstraint("contract_id", "position", name="uq_instalments_contract_id_position"),
        CheckConstraint("position >= 1", name="position"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share_bp"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint(f"waits_for IN ({', '.join(map(repr, WAITS_FOR))})", name="waits_for"),
        CheckConstraint("deducted_fen >= 0 AND deducted_fen < amount_fen", name="deducted_fen"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    share_bp: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    condition: Mapped[str] = mapped_column(Text)
    waits_for: Mapped[str] = mapped_column(Text, server_default=text("'none'"))
    deducted_fen: Mapped[int] = mapped_column(BigInteger, active_history=True, server_default=text("0"))
