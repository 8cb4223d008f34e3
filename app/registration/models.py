"""What does an organization ask for when it applies to be registered, or to have its entry changed?"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from workflows.kinds.registration_change import ITEMS

FIELDS = (
    "public_welfare", "community_service", "elderly_care", "education", "health", "culture_sports",
    "science_technology", "environment", "industry", "law", "other",
)


class RegistrationApplication(db.Model):
    """What was applied for in one registration case, as of its last hand-in; papers are in the case.

    `start_up_fund_fen` is what each legal class begins with: the start-up fund, the registered funds of an
    association, the original fund of a foundation. Members are counted of associations only, and only a foundation
    says whether it raises funds from the public. `representative_key` tells whether two legal representatives are one
    person, and is no number.
    """

    __tablename__ = "registration_applications"
    __table_args__ = (
        CheckConstraint(f"field IN ({', '.join(map(repr, FIELDS))})", name="field"),
        CheckConstraint("start_up_fund_fen > 0", name="start_up_fund_fen"),
        CheckConstraint("staff_count >= 0", name="staff_count"),
        CheckConstraint("individual_members >= 0 AND unit_members >= 0", name="members"),
        CheckConstraint("direct OR sponsor IS NOT NULL", name="sponsor"),
        Index("ix_registration_applications_organization_id", "organization_id"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    proposed_name: Mapped[str] = mapped_column(Text, active_history=True)
    field: Mapped[str] = mapped_column(Text, active_history=True)
    scope: Mapped[str] = mapped_column(Text, active_history=True)
    domicile: Mapped[str] = mapped_column(Text, active_history=True)
    start_up_fund_fen: Mapped[int] = mapped_column(BigInteger, active_history=True)
    direct: Mapped[bool] = mapped_column(active_history=True)
    sponsor: Mapped[str | None] = mapped_column(Text, active_history=True)
    legal_representative: Mapped[str] = mapped_column(Text, active_history=True, info={"personal": True})
    representative_key: Mapped[bytes | None] = mapped_column(
        LargeBinary, active_history=True, info={"personal": True}
    )
    individual_members: Mapped[int | None] = mapped_column(Integer, active_history=True)
    unit_members: Mapped[int | None] = mapped_column(Integer, active_history=True)
    activity_area: Mapped[str | None] = mapped_column(Text, active_history=True)
    public_fundraising: Mapped[bool | None] = mapped_column(active_history=True)
    staff_count: Mapped[int] = mapped_column(Integer, active_history=True)
    founders: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, active_history=True, info={"personal": True}
    )


class RegistrationChange(db.Model):
    """An application to change what the register states, and since when the organization could apply."""

    __tablename__ = "registration_changes"
    __table_args__ = (Index("ix_registration_changes_organization_id", "organization_id"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    # When the supervising unit consented, or the organization resolved where it has none: 30 days run from here.
    consented_on: Mapped[date] = mapped_column(Date, active_history=True)
    # Whether the new legal representative, if there is to be one, is a person who represents something already.
    representative_key: Mapped[bytes | None] = mapped_column(
        LargeBinary, active_history=True, info={"personal": True}
    )
    # Who the new legal representative is among those who sign in for the organization; None: nobody of them.
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), active_history=True)


class RegistrationChangeItem(db.Model):
    """One item that is to change: what the register stated when it was applied for (None: not held), and the new value.

    Amounts are digits of fen. Under way until `ended_at`: an item changes in one case at a time.
    """

    __tablename__ = "registration_change_items"
    __table_args__ = (
        CheckConstraint(f"item IN ({', '.join(map(repr, ITEMS))})", name="item"),
        Index(
            "uq_registration_change_items_open", "organization_id", "item", unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("registration_changes.case_id"), primary_key=True)
    item: Mapped[str] = mapped_column(Text, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    # One of the items is a person's name.
    before: Mapped[str | None] = mapped_column(Text, info={"personal": True})
    after: Mapped[str] = mapped_column(Text, active_history=True, info={"personal": True})
    ended_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True), active_history=True)
