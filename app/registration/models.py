"""What does an organization ask for when it applies to be registered?"""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

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
