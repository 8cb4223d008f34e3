"""What does an organization say of its year? Its figures; which year, and what came of it, stands in the register."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db


class AnnualStatement(db.Model):
    """What one report says, as of its last hand-in; amounts in fen. Net assets are assets less liabilities.

    Donations and what was spent on public benefit are stated by foundations only.
    """

    __tablename__ = "annual_statements"
    __table_args__ = (
        CheckConstraint(
            "income_fen >= 0 AND expenditure_fen >= 0 AND assets_fen >= 0 AND liabilities_fen >= 0", name="amounts"
        ),
        CheckConstraint("donations_fen >= 0 AND public_benefit_fen >= 0", name="of_a_foundation"),
        CheckConstraint("staff_count >= 0", name="staff_count"),
    )

    case_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("annual_reports.case_id"), primary_key=True, autoincrement=False
    )
    activities: Mapped[str] = mapped_column(Text, active_history=True)
    income_fen: Mapped[int] = mapped_column(BigInteger, active_history=True)
    expenditure_fen: Mapped[int] = mapped_column(BigInteger, active_history=True)
    assets_fen: Mapped[int] = mapped_column(BigInteger, active_history=True)
    liabilities_fen: Mapped[int] = mapped_column(BigInteger, active_history=True)
    donations_fen: Mapped[int | None] = mapped_column(BigInteger, active_history=True)
    public_benefit_fen: Mapped[int | None] = mapped_column(BigInteger, active_history=True)
    staff_count: Mapped[int] = mapped_column(Integer, active_history=True)
    # What of the registered items is no longer as registered; empty: all is.
    entry_changes: Mapped[str | None] = mapped_column(Text, active_history=True)
    # What the registrar named to be put right: rows of what and how.
    to_put_right: Mapped[list[dict[str, str]] | None] = mapped_column(JSONB, active_history=True)
