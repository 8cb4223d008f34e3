"""Which experts are listed where, which pool was published, who was drawn, and what did each of them give?"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

Moment = TIMESTAMP(timezone=True)
WAYS_TO_LEAVE = ("recused", "relieved", "cancelled")


class PoolEntry(db.Model):
    """An expert is listed at a place from `from_on`, until `until_on` or, earlier, `ended_on`; neither day counts.

    Listed only once a second person has confirmed it. `employer_uscc` is the employer's credit code, if it has one.
    """

    __tablename__ = "pool_entries"
    __table_args__ = (
        CheckConstraint("(confirmed_by IS NULL) = (from_on IS NULL)", name="from_confirmation_on"),
        CheckConstraint("(from_on IS NULL) = (until_on IS NULL)", name="term"),
        CheckConstraint("confirmed_by <> entered_by", name="confirmed_by_a_second_person"),
        Index("uq_pool_entries_place_id_person_id_listed", "place_id", "person_id", unique=True,
              postgresql_where=text("from_on IS NOT NULL AND ended_on IS NULL")),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    specialties: Mapped[str] = mapped_column(Text)
    employer: Mapped[str] = mapped_column(Text)
    employer_uscc: Mapped[str | None] = mapped_column(Text)
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"), active_history=True)
    from_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    until_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    ended_on: Mapped[date | None] = mapped_column(Date, active_history=True)


class PoolPublication(db.Model):
    """A pool that was fixed for a package by its move `sequence`: the numbers of the entries, and their hash.

    `left_out` says who was left out and why. `checkpoint` is the size of the log whose checkpoint drew from it.
    """

    __tablename__ = "pool_publications"
    __table_args__ = (
        CheckConstraint("panel_size >= 1 AND panel_size % 2 = 1", name="panel_size_is_odd"),
        ForeignKeyConstraint(
            ["package_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_pool_publications_history", deferrable=True, initially="DEFERRED",
        ),
    )

    package_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    panel_size: Mapped[int] = mapped_column(SmallInteger)
    members: Mapped[list[str]] = mapped_column(JSONB)
    left_out: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    hash: Mapped[str] = mapped_column(Text)
    checkpoint: Mapped[int | None] = mapped_column(BigInteger, active_history=True)


class DrawnExpert(db.Model):
    """An expert's place in the draw of a package; those without a review of their own are the reserve."""

    __tablename__ = "drawn_experts"
    __table_args__ = (
        Index("uq_drawn_experts_package_id_person_id", "package_id", "person_id", unique=True),
        CheckConstraint("position >= 1", name="position"),
    )

    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("pool_entries.case_id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))


class BidReview(db.Model):
    """An expert's seat on the panel of a package: drawn at `position`, sitting until `left_at`.

    `stance` is what they said of the report, with the dissent in writing.
    """

    __tablename__ = "bid_reviews"
    __table_args__ = (
        CheckConstraint("(left_at IS NULL) = (left_how IS NULL)", name="left_how"),
        CheckConstraint(f"left_how IN ({', '.join(map(repr, WAYS_TO_LEAVE))})", name="left_how_is_known"),
        CheckConstraint("revealed_at IS NULL OR submitted_at IS NOT NULL", name="revealed_after_submitted"),
        CheckConstraint("stance IN ('agreed', 'dissented', 'deemed')", name="stance"),
        CheckConstraint("(dissent IS NOT NULL) = (stance IS NOT NULL AND stance = 'dissented')", name="dissent"),
        Index("uq_bid_reviews_package_id_position", "package_id", "position", unique=True),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    named_at: Mapped[datetime] = mapped_column(Moment)
    declared_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    revealed_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    left_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    left_how: Mapped[str | None] = mapped_column(Text, active_history=True)
    opinion: Mapped[str | None] = mapped_column(Text, active_history=True)
    stance: Mapped[str | None] = mapped_column(Text, active_history=True)
    dissent: Mapped[str | None] = mapped_column(Text, active_history=True)


class BidScore(db.Model):
    """What one expert gave one bid for one criterion, and why; there from the reveal on."""

    __tablename__ = "bid_scores"
    __table_args__ = (CheckConstraint("points BETWEEN 0 AND 100", name="points"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("bid_reviews.case_id"), primary_key=True)
    bid_id: Mapped[int] = mapped_column(ForeignKey("bids.case_id"), primary_key=True)
    criterion: Mapped[str] = mapped_column(Text, primary_key=True)
    points: Mapped[int] = mapped_column(SmallInteger)
    remark: Mapped[str] = mapped_column(Text)
