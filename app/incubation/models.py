"""Which incubators are recognized, who applied, who judged, and who lives in one from when to when?"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

LEVELS = ("city", "district", "street", "community")
MODES = ("on_site", "online", "embedded")
Moment = TIMESTAMP(timezone=True)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(map(repr, values))})"


class Incubator(db.Model):
    """An incubator recognized from `recognized_on` until, and not on, `ended_on`.

    It serves up to `capacity` organizations at a time, up to `places` of them on its premises, each for `term_months`.
    """

    __tablename__ = "incubators"
    __table_args__ = (
        CheckConstraint(_one_of("level", LEVELS), name="level"),
        CheckConstraint("places BETWEEN 0 AND capacity", name="places"),
        CheckConstraint("term_months BETWEEN 1 AND 60", name="term_months"),
        CheckConstraint("ended_on >= recognized_on", name="dates"),
        Index("uq_incubators_node_id_open", "node_id", unique=True, postgresql_where=text("ended_on IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    operator_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    level: Mapped[str] = mapped_column(Text)
    capacity: Mapped[int] = mapped_column(Integer)
    places: Mapped[int] = mapped_column(Integer)
    term_months: Mapped[int] = mapped_column(Integer)
    recognized_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)


class IncubationApplication(db.Model):
    """What was applied for in one incubation case, and what the panel made of it.

    `rubric` pins the criteria for the case's life; `panel_size` is how many must score; the mean is
    `score_total` divided by `panel_size`.
    """

    __tablename__ = "incubation_applications"
    __table_args__ = (
        CheckConstraint(_one_of("mode", MODES), name="mode"),
        CheckConstraint("panel_size % 2 = 1", name="panel_size_is_odd"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(Text, active_history=True)
    mission: Mapped[str] = mapped_column(Text, active_history=True)
    team_size: Mapped[int] = mapped_column(Integer, active_history=True)
    rubric: Mapped[str] = mapped_column(Text)
    panel_size: Mapped[int | None] = mapped_column(Integer, active_history=True)
    score_total: Mapped[int | None] = mapped_column(Integer, active_history=True)
    level: Mapped[str | None] = mapped_column(Text, active_history=True)


class PanelSeat(db.Model):
    """An expert sits on the panel of `case_id` from `named_at` until `left_at`, scoring in a review of their own."""

    __tablename__ = "panel_seats"
    __table_args__ = (
        CheckConstraint("submitted_at IS NULL OR left_at IS NULL", name="submitted_stays"),
        CheckConstraint("(submitted_at IS NULL) = (total IS NULL)", name="total"),
        Index("uq_panel_seats_case_id_person_id", "case_id", "person_id", unique=True),
    )

    review_case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    named_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)
    submitted_at: Mapped[datetime | None] = mapped_column(Moment)
    total: Mapped[int | None] = mapped_column(Integer)


class PanelScore(db.Model):
    """What one expert gave for one criterion, and why."""

    __tablename__ = "panel_scores"
    __table_args__ = (CheckConstraint("points >= 0", name="points"),)

    review_case_id: Mapped[int] = mapped_column(ForeignKey("panel_seats.review_case_id"), primary_key=True)
    criterion: Mapped[str] = mapped_column(Text, primary_key=True)
    points: Mapped[int] = mapped_column(Integer)
    remark: Mapped[str] = mapped_column(Text)


class Residency(db.Model):
    """An organization is in an incubator from `from_on` until, and not on, `ended_on`; its term runs to `until_on`."""

    __tablename__ = "residencies"
    __table_args__ = (
        CheckConstraint(_one_of("mode", MODES), name="mode"),
        CheckConstraint("until_on > from_on", name="term"),
        CheckConstraint("ended_on >= from_on", name="dates"),
        ForeignKeyConstraint(
            ["case_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_residencies_history", deferrable=True, initially="DEFERRED",
        ),
        Index("uq_residencies_organization_id_open", "organization_id", unique=True,
              postgresql_where=text("ended_on IS NULL")),
        Index("ix_residencies_incubator_id_case_id", "incubator_id", "case_id"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    incubator_id: Mapped[int] = mapped_column(ForeignKey("incubators.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    mode: Mapped[str] = mapped_column(Text)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date] = mapped_column(Date, active_history=True)
    ended_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    sequence: Mapped[int] = mapped_column(Integer)


class MonthlyLog(db.Model):
    """What an organization in incubation did in one month; `month` is the month's first day."""

    __tablename__ = "incubation_logs"
    __table_args__ = (
        CheckConstraint("date_part('day', month) = 1", name="month"),
        CheckConstraint(
            "training_hours >= 0 AND activities >= 0 AND volunteers >= 0 AND income_fen >= 0", name="counts"
        ),
        ForeignKeyConstraint(
            ["case_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_incubation_logs_history", deferrable=True, initially="DEFERRED",
        ),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("residencies.case_id"), primary_key=True)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    training_hours: Mapped[int] = mapped_column(Integer)
    activities: Mapped[int] = mapped_column(Integer)
    volunteers: Mapped[int] = mapped_column(Integer)
    income_fen: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(Integer)
