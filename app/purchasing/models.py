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
)
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db


class Contract(db.Model):
    """A signed service contract: the buyer `node_id` pays the organization from the budget line.

    Its number names the package of the ledger in which its money walks.
    """

    __tablename__ = "contracts"
    __table_args__ = (
        UniqueConstraint("number", name="uq_contracts_number"),
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


class Instalment(db.Model):
    """One part of a contract's sum, due when its condition is met; the parts sum to it exactly."""

    __tablename__ = "instalments"
    __table_args__ = (
        UniqueConstraint("contract_id", "position", name="uq_instalments_contract_id_position"),
        CheckConstraint("position >= 1", name="position"),
        CheckConstraint("share_bp BETWEEN 1 AND 10000", name="share_bp"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    share_bp: Mapped[int]
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    condition: Mapped[str] = mapped_column(Text)
