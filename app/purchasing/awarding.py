"""Who was chosen from a ranking, who objected, what was drafted, and which contract ended early?"""

from datetime import date, datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from workflows.kinds.contract import GROUNDS

Moment = TIMESTAMP(timezone=True)


def _of_history(table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["case_id", "sequence"], ["history.case_id", "history.sequence"], name=f"fk_{table}_history",
        deferrable=True, initially="DEFERRED",
    )


class AwardCandidate(db.Model):
    """A bid that the buyer named as the candidate of a package (`case_id`), and why, until `ended_at`."""

    __tablename__ = "award_candidates"
    __table_args__ = (
        _of_history("award_candidates"),
        CheckConstraint("(ended_at IS NULL) = (ended_reason IS NULL)", name="ended_with_a_reason"),
        Index("uq_award_candidates_case_id_open", "case_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        UniqueConstraint("bid_id", name="uq_award_candidates_bid_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int]
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.case_id"))
    confirmed_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    published_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    ended_reason: Mapped[str | None] = mapped_column(Text, active_history=True)


class Award(db.Model):
    """A package (`case_id`) was awarded to a bid, with the ranking as it stood; `revoked_at`: it no longer is.

    `points` are hundredths; `ranking` is [{position, bid, organization, points, price_points, price_fen, excluded}].
    """

    __tablename__ = "awards"
    __table_args__ = (
        _of_history("awards"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("position >= 1", name="position"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason IS NULL)", name="revoked_with_a_reason"),
        Index("uq_awards_case_id_standing", "case_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
        Index("ix_awards_organization_id", "organization_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int]
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.case_id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(SmallInteger)
    points: Mapped[int]
    decided_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    decided_at: Mapped[datetime] = mapped_column(Moment)
    reason: Mapped[str] = mapped_column(Text)
    ranking: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    revoked_reason: Mapped[str | None] = mapped_column(Text, active_history=True)


class Objection(db.Model):
    """What a bidder objects to in a package; `bid_id` is the candidate of that time."""

    __tablename__ = "objections"
    __table_args__ = (Index("ix_objections_package_id", "package_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.case_id"))
    claim: Mapped[str] = mapped_column(Text)
    request: Mapped[str] = mapped_column(Text)
    answer: Mapped[str | None] = mapped_column(Text, active_history=True)
    ended_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class ContractDraft(db.Model):
    """What a contract is to say before it is signed; `instalments` is [{share_bp, condition, waits_for}]."""

    __tablename__ = "contract_drafts"
    __table_args__ = (UniqueConstraint("award_id", name="uq_contract_drafts_award_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    award_id: Mapped[int] = mapped_column(ForeignKey("awards.id"))
    title: Mapped[str] = mapped_column(Text, active_history=True)
    ends_on: Mapped[date | None] = mapped_column(active_history=True)
    stable: Mapped[bool] = mapped_column(active_history=True, server_default=text("false"))
    instalments: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, active_history=True)


class ContractTermination(db.Model):
    """A contract ended before its work was done, on this ground; `released_fen` went back to the budget line."""

    __tablename__ = "contract_terminations"
    __table_args__ = (
        _of_history("contract_terminations"),
        UniqueConstraint("contract_id", name="uq_contract_terminations_contract_id"),
        CheckConstraint("released_fen >= 0", name="released_fen"),
        CheckConstraint(f"ground IN ({', '.join(map(repr, GROUNDS))})", name="ground"),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    contract_id: Mapped[int] = mapped_column(ForeignKey("contracts.id"))
    ground: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    released_fen: Mapped[int] = mapped_column(BigInteger)
    terminated_on: Mapped[date]
