"""What was reported, scored, rated, accepted and ordered on a contract?"""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

Moment = TIMESTAMP(timezone=True)


def case_key() -> Mapped[int]:
    """Return the column by which a row belongs to one case."""
    return mapped_column(BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False)


class MilestoneReport(db.Model):
    """What an organization reports on an instalment; it holds the instalment until `released_at`."""

    __tablename__ = "milestone_reports"
    __table_args__ = (
        CheckConstraint("accepted_at IS NULL OR released_at IS NULL", name="accepted_or_released"),
        Index("uq_milestone_reports_instalment_claim", "instalment_id", unique=True,
              postgresql_where=text("released_at IS NULL")),
        Index("ix_milestone_reports_instalment_id", "instalment_id"),
    )

    case_id: Mapped[int] = case_key()
    instalment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("instalments.id"))
    done: Mapped[str] = mapped_column(Text, active_history=True)
    accepted_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    released_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class ReportIndicator(db.Model):
    """One indicator of a report: what was planned and what was achieved."""

    __tablename__ = "report_indicators"
    __table_args__ = (CheckConstraint("position >= 1", name="position"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("milestone_reports.case_id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    planned: Mapped[int]
    achieved: Mapped[int]


class Evaluation(db.Model):
    """One evaluation of a contract at a stage, and its score as it stands; `released_at`: it was called off.

    `rubric` is the pin of what is scored: it was chosen when the evaluation was commissioned.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        CheckConstraint("stage IN ('mid', 'final')", name="stage"),
        CheckConstraint("codes >= 0", name="codes"),
        CheckConstraint("(total IS NULL) = (grade IS NULL)", name="scored_whole"),
        Index("uq_evaluations_open_stage", "contract_id", "stage", unique=True,
              postgresql_where=text("released_at IS NULL")),
        Index("ix_evaluations_contract_id", "contract_id", "case_id"),
    )

    case_id: Mapped[int] = case_key()
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.id"))
    stage: Mapped[str] = mapped_column(Text)
    evaluator_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("people.id"))
    rubric: Mapped[str] = mapped_column(Text)
    codes: Mapped[int] = mapped_column(active_history=True, server_default=text("0"))
    answered: Mapped[int | None] = mapped_column(active_history=True)
    stars: Mapped[int | None] = mapped_column(active_history=True)
    total: Mapped[int | None] = mapped_column(active_history=True)
    grade: Mapped[str | None] = mapped_column(Text, active_history=True)
    capped: Mapped[str] = mapped_column(Text, active_history=True, server_default=text("''"))
    released_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class EvaluationScore(db.Model):
    """The points of one criterion, in hundredths, and why."""

    __tablename__ = "evaluation_scores"
    __table_args__ = (CheckConstraint("points >= 0", name="points"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("evaluations.case_id"), primary_key=True)
    criterion: Mapped[str] = mapped_column(Text, primary_key=True)
    points: Mapped[int]
    remark: Mapped[str] = mapped_column(Text, server_default=text("''"))


class EvaluationResult(db.Model):
    """What a contract's stage was found to be, for good; a stage is passed once, and may fail before."""

    __tablename__ = "evaluation_results"
    __table_args__ = (
        UniqueConstraint("case_id", name="uq_evaluation_results_case_id"),
        CheckConstraint("stage IN ('mid', 'final')", name="stage"),
        ForeignKeyConstraint(["case_id", "sequence"], ["history.case_id", "history.sequence"],
                             name="fk_evaluation_results_history", deferrable=True, initially="DEFERRED"),
        Index("uq_evaluation_results_passed", "contract_id", "stage", unique=True, postgresql_where=text("passed")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.id"))
    stage: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int]
    total: Mapped[int]
    grade: Mapped[str] = mapped_column(Text)
    passed: Mapped[bool]
    decided_on: Mapped[date]


class SatisfactionCode(db.Model):
    """A one-time code, kept as its digest. `used_on` says the day only: no rating can be told to be whose."""

    __tablename__ = "satisfaction_codes"
    __table_args__ = (
        UniqueConstraint("digest", name="uq_satisfaction_codes_digest"),
        Index("ix_satisfaction_codes_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("evaluations.case_id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    used_on: Mapped[date | None]


class SatisfactionRating(db.Model):
    """What one beneficiary said. Nothing leads from here to a code or a person. Never changed."""

    __tablename__ = "satisfaction_ratings"
    __table_args__ = (
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_satisfaction_ratings_case_id", "case_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("evaluations.case_id"))
    stars: Mapped[int] = mapped_column(SmallInteger)
    comment: Mapped[str] = mapped_column(Text, server_default=text("''"))
    rated_on: Mapped[date]


class Acceptance(db.Model):
    """The acceptance of a contract's work; it holds the contract until `released_at`."""

    __tablename__ = "acceptances"
    __table_args__ = (
        CheckConstraint("deduction_fen >= 0", name="deduction_fen"),
        CheckConstraint("accepted_on IS NULL OR released_at IS NULL", name="accepted_or_released"),
        Index("uq_acceptances_contract_claim", "contract_id", unique=True,
              postgresql_where=text("released_at IS NULL")),
        Index("ix_acceptances_contract_id", "contract_id"),
    )

    case_id: Mapped[int] = case_key()
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.id"))
    accepted_on: Mapped[date | None] = mapped_column(active_history=True)
    deduction_fen: Mapped[int] = mapped_column(BigInteger, active_history=True, server_default=text("0"))
    released_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class AcceptanceStandard(db.Model):
    """One standard of the contract, the contractor's evidence, and what the acceptance found."""

    __tablename__ = "acceptance_standards"
    __table_args__ = (CheckConstraint("position >= 1", name="position"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("acceptances.case_id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    standard: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text)
    met: Mapped[bool | None] = mapped_column(active_history=True)
    remark: Mapped[str] = mapped_column(Text, active_history=True, server_default=text("''"))


class AcceptanceOpinion(db.Model):
    """What beneficiaries said at the acceptance; `who` names a group, never a person."""

    __tablename__ = "acceptance_opinions"
    __table_args__ = (CheckConstraint("position >= 1", name="position"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("acceptances.case_id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    who: Mapped[str] = mapped_column(Text)
    opinion: Mapped[str] = mapped_column(Text)


class Rectification(db.Model):
    """An order to put something right on a contract; open until `ended_at`."""

    __tablename__ = "rectifications"
    __table_args__ = (
        Index("ix_rectifications_contract_id_open", "contract_id", postgresql_where=text("ended_at IS NULL")),
        Index("ix_rectifications_contract_id", "contract_id", "case_id"),
    )

    case_id: Mapped[int] = case_key()
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class RectificationFinding(db.Model):
    """One thing to be put right, and what it offends against."""

    __tablename__ = "rectification_findings"
    __table_args__ = (CheckConstraint("position >= 1", name="position"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("rectifications.case_id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    finding: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)


class ContractClosure(db.Model):
    """The end of a contract: what was left of its money went back to the budget line."""

    __tablename__ = "contract_closures"
    __table_args__ = (
        UniqueConstraint("contract_id", name="uq_contract_closures_contract_id"),
        CheckConstraint("returned_fen >= 0", name="returned_fen"),
        ForeignKeyConstraint(["case_id", "sequence"], ["history.case_id", "history.sequence"],
                             name="fk_contract_closures_history", deferrable=True, initially="DEFERRED"),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    contract_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contracts.id"))
    returned_fen: Mapped[int] = mapped_column(BigInteger)
    closed_on: Mapped[date]
