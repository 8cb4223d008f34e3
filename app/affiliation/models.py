"""Which hubs are recognized, and which organization belongs to which hub, from when to when?"""

from datetime import date

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
from sqlalchemy.dialects.postgresql import ARRAY, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

LEVELS = ("city", "district", "street", "community")


class Hub(db.Model):
    """A hub organization recognized from `recognized_on` until, and not on, `ended_on`.

    `organization_id` is the organization that runs the hub, where it stands in our register.
    """

    __tablename__ = "hubs"
    __table_args__ = (
        CheckConstraint(f"level IN ({', '.join(map(repr, LEVELS))})", name="level"),
        CheckConstraint("ended_on >= recognized_on", name="dates"),
        Index("uq_hubs_node_id_open", "node_id", unique=True, postgresql_where=text("ended_on IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    level: Mapped[str] = mapped_column(Text)
    fields: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    recognized_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)


class AffiliationApplication(db.Model):
    """What was applied for in one affiliation case; the hub is the place of the case."""

    __tablename__ = "affiliation_applications"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    wants_primary: Mapped[bool] = mapped_column(active_history=True)


class Affiliation(db.Model):
    """An organization belongs to a hub from `from_on` until, and not on, `to_on`; a case's move made and ended it."""

    __tablename__ = "affiliations"
    __table_args__ = (
        CheckConstraint("to_on >= from_on", name="dates"),
        ForeignKeyConstraint(
            ["case_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_affiliations_history", deferrable=True, initially="DEFERRED",
        ),
        CheckConstraint(
            "num_nulls(to_on, ended_case_id, ended_sequence) IN (0, 3)", name="a_move_ends_it"
        ),
        ForeignKeyConstraint(
            ["ended_case_id", "ended_sequence"], ["history.case_id", "history.sequence"],
            name="fk_affiliations_ended_history", deferrable=True, initially="DEFERRED",
        ),
        # One primary hub at a time: the periods of one organization never overlap.
        ExcludeConstraint(
            (text("int8range(organization_id, organization_id, '[]')"), "&&"),
            (text("daterange(from_on, to_on)"), "&&"),
            name="ex_affiliations_primary", using="gist", where=text("is_primary"),
        ),
        Index(
            "uq_affiliations_organization_id_hub_node_id_open", "organization_id", "hub_node_id",
            unique=True, postgresql_where=text("to_on IS NULL"),
        ),
        Index("ix_affiliations_hub_node_id_id", "hub_node_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    hub_node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    is_primary: Mapped[bool]
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date | None] = mapped_column(Date)
    case_id: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(Integer)
    ended_case_id: Mapped[int | None] = mapped_column(BigInteger)
    ended_sequence: Mapped[int | None] = mapped_column(Integer)
