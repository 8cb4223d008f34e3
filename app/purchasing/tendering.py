"""What may be bought, by which rules, and what is planned, called for and offered in packages?"""

from datetime import date, datetime
from typing import Any

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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from workflows.kinds.plan import METHODS, NEGATIVE_LIST, REGIMES

Moment = TIMESTAMP(timezone=True)


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Catalogue(db.Model):
    """One edition of a place's guide catalogue (指导性目录), named by the document that published it."""

    __tablename__ = "catalogues"
    __table_args__ = (UniqueConstraint("division", "source", name="uq_catalogues_division_source"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    division: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    imported_at: Mapped[datetime] = mapped_column(Moment)


class CatalogueItem(db.Model):
    """One item of a catalogue; its parent is the item whose code is the longest beginning of its own."""

    __tablename__ = "catalogue_items"
    __table_args__ = (
        UniqueConstraint("catalogue_id", "code", name="uq_catalogue_items_catalogue_id_code"),
        CheckConstraint("(level = 1) = (parent_id IS NULL)", name="only_the_top_has_no_parent"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    catalogue_id: Mapped[int] = mapped_column(ForeignKey("catalogues.id"))
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    level: Mapped[int] = mapped_column(SmallInteger)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("catalogue_items.id"))


class Programme(db.Model):
    """The rules of one fund for one year (项目规则). In force once a second person has confirmed them.

    `regime` P is government procurement, G a grant; `instalments` is [{share_bp, condition}], `criteria`
    [{title, points}] of 100 points, `bands` [{title, low}]; `price_bp` is the weight of the price beside them.
    """

    __tablename__ = "programmes"
    __table_args__ = (
        UniqueConstraint("node_id", "code", "version", name="uq_programmes_node_id_code_version"),
        CheckConstraint(_one_of("regime", REGIMES), name="regime"),
        CheckConstraint("cap_fen > 0", name="cap_fen"),
        CheckConstraint("publicity_days BETWEEN 1 AND 60", name="publicity_days"),
        CheckConstraint("confirmed_by <> entered_by", name="confirmed_by_a_second_person"),
        CheckConstraint("(confirmed_by IS NULL) = (version IS NULL)", name="version_once_confirmed"),
        CheckConstraint("price_bp BETWEEN 0 AND 9999", name="price_bp"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    code: Mapped[str] = mapped_column(Text)
    version: Mapped[int | None] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    year: Mapped[int] = mapped_column(SmallInteger)
    regime: Mapped[str] = mapped_column(Text)
    cite: Mapped[str] = mapped_column(Text)
    directions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cap_fen: Mapped[int] = mapped_column(BigInteger)
    most_per_organization: Mapped[int | None] = mapped_column(SmallInteger)
    publicity_days: Mapped[int] = mapped_column(SmallInteger)
    rubric: Mapped[str] = mapped_column(Text)
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    bands: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    instalments: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    price_bp: Mapped[int | None]
    entered_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Plan(db.Model):
    """What an office wants to buy in a year: item, rules, money and method (采购计划)."""

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint(_one_of("method", METHODS), name="method"),
        CheckConstraint(_one_of("negative_reason", NEGATIVE_LIST), name="negative_reason"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        Index("ix_plans_catalogue_item_id_node_id_year", "catalogue_item_id", "node_id", "year"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    title: Mapped[str] = mapped_column(Text, active_history=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    year: Mapped[int] = mapped_column(SmallInteger)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"), active_history=True)
    budget_line_id: Mapped[int] = mapped_column(ForeignKey("budget_lines.id"), active_history=True)
    catalogue_item_id: Mapped[int] = mapped_column(ForeignKey("catalogue_items.id"), active_history=True)
    method: Mapped[str] = mapped_column(Text, active_history=True)
    method_reason: Mapped[str | None] = mapped_column(Text, active_history=True)
    need: Mapped[str] = mapped_column(Text, active_history=True)
    negative_reason: Mapped[str | None] = mapped_column(Text, active_history=True)
    amount_fen: Mapped[int] = mapped_column(BigInteger, active_history=True)


class Call(db.Model):
    """What an approved plan asks bidders for, until `bids_due_at`. `released_at`: it no longer holds the plan."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("uq_calls_plan_id_held", "plan_id", unique=True, postgresql_where=text("released_at IS NULL")),
        CheckConstraint("cardinality(officers) = 3", name="three_officers"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.case_id"))
    title: Mapped[str] = mapped_column(Text, active_history=True)
    requirements: Mapped[str] = mapped_column(Text, active_history=True)
    bids_due_at: Mapped[datetime] = mapped_column(Moment, active_history=True)
    documents_until: Mapped[date] = mapped_column(active_history=True)
    officers: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), active_history=True)
    released_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class Package(db.Model):
    """One lot of a call (包): a case of its own once the call is published; its number names its money."""

    __tablename__ = "packages"
    __table_args__ = (
        UniqueConstraint("call_id", "position", name="uq_packages_call_id_position"),
        CheckConstraint("amount_fen > 0", name="amount_fen"),
        CheckConstraint("position > 0", name="position"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.case_id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), unique=True)


class BidRanking(db.Model):
    """The place of a reviewed bid in its package; `points` and `price_points` are hundredths of a point.

    `details` says how the place was found (means per criterion, price formula, what broke a tie). A candidate who
    declined or was struck by an upheld objection is `excluded_at`, and the next one follows.
    """

    __tablename__ = "bid_rankings"
    __table_args__ = (
        Index("uq_bid_rankings_bid_id", "bid_id", unique=True),
        CheckConstraint("position >= 1", name="position"),
        CheckConstraint("points BETWEEN 0 AND 10000", name="points"),
        CheckConstraint("price_points BETWEEN 0 AND points", name="price_points"),
        CheckConstraint("(excluded_at IS NULL) = (excluded_reason IS NULL)", name="excluded_with_a_reason"),
    )

    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    bid_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    points: Mapped[int]
    price_points: Mapped[int]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    excluded_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    excluded_reason: Mapped[str | None] = mapped_column(Text, active_history=True)
