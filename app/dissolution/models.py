"""Which organizations are to end, on which ground, and when was their liquidation over?"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from workflows.kinds.deregistration import GROUNDS


class Deregistration(db.Model):
    """What a case of deregistration is about; under way until `ended_at`. What it froze is in the register's rows."""

    __tablename__ = "deregistrations"
    __table_args__ = (
        CheckConstraint(f"ground IN ({', '.join(map(repr, GROUNDS))})", name="ground"),
        CheckConstraint("liquidated_on >= resolved_on", name="dates"),
        Index(
            "uq_deregistrations_open", "organization_id", unique=True, postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_deregistrations_organization_id", "organization_id", "case_id"),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("organizations.id"))
    ground: Mapped[str] = mapped_column(Text)
    resolved_on: Mapped[date] = mapped_column(Date)
    # Who is in the liquidation group: rows of name and role.
    liquidators: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, info={"personal": True})
    liquidated_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    # What became of the remaining assets (Civil Code art. 95), as handed in last.
    assets: Mapped[str | None] = mapped_column(Text, active_history=True)
    ended_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True), active_history=True)
