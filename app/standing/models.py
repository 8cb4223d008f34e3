"""Which listings were proposed, on which ground, and for which reason was a removal asked for?"""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db
from workflows.kinds.restriction import GROUNDS, LIFTED_FOR


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class RestrictionProposal(db.Model):
    """What a case of listing is about; under way or in force until `ended_at`. What holds is in the register's rows.

    `lifting_reason` is why the last removal was asked for, which may have been refused.
    """

    __tablename__ = "restriction_proposals"
    __table_args__ = (
        CheckConstraint(_one_of("ground", tuple(GROUNDS)), name="ground"),
        CheckConstraint(_one_of("lifting_reason", tuple(LIFTED_FOR)), name="lifting_reason"),
        Index(
            "uq_restriction_proposals_open", "organization_id", "ground", unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_restriction_proposals_organization_id", "organization_id", "case_id"),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("organizations.id"))
    ground: Mapped[str] = mapped_column(Text)
    facts: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    lifting_reason: Mapped[str | None] = mapped_column(Text, active_history=True)
    ended_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True), active_history=True)
