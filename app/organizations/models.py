"""What do we know about social organizations? The register, and what it was read from."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.extensions import db
from workflows.guards import RESTRICTIONS
from workflows.kinds.annual_report import CONCLUSIONS
from workflows.rules.conflicts import TIES

LEGAL_TYPES = ("social_service", "association", "foundation", "other")
SOURCES = ("case", "certificate", "establishment_decision", "change_decision")
CATEGORIES = ("establishment", "change", "cancellation", "recognition", "penalty", "other")
GRADES = ("5A", "4A", "3A", "2A", "1A", "none")


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Organization(db.Model):
    """A social organization that somebody told us of; whether it is registered, `registrations` says."""

    __tablename__ = "organizations"
    __table_args__ = (
        CheckConstraint(_one_of("legal_type", LEGAL_TYPES), name="legal_type"),
        CheckConstraint("known_from IN ('self', 'case', 'decision', 'list')", name="known_from"),
        CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc"),
        CheckConstraint("name <> ''", name="name"),
        Index("ix_organizations_search", "search", postgresql_using="gin"),
        UniqueConstraint("node_id"),
        UniqueConstraint("uscc"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    name: Mapped[str] = mapped_column(Text, active_history=True)
    name_en: Mapped[str | None] = mapped_column(Text)
    legal_type: Mapped[str] = mapped_column(Text, active_history=True)
    uscc: Mapped[str | None] = mapped_column(Text, active_history=True)
    known_from: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    # What it was called in the register before, one a line: whoever knows the old name only finds it.
    former_names: Mapped[str] = mapped_column(Text, server_default="", active_history=True)
    # The single characters and pairs of the names; PostgreSQL keeps it, so no writer can forget it.
    search: Mapped[list[str]] = deferred(
        mapped_column(
            ARRAY(Text), Computed("ngrams(name || chr(10) || former_names)", persisted=True), nullable=False,
            info={"unaudited": True},
        )
    )


class Registration(db.Model):
    """One version of an organization's entry in the register: from `known_since` (at the latest) until `ended_on`.

    A change ends the version in force and adds the next one, with the same `registered_on`; the last one that has
    ended is the end of the organization. `registered_on` is null where only a change decision speaks of it: then we
    know that it was registered on that day, not since when. Of an imported entry nothing but the name is known.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        CheckConstraint(_one_of("source", SOURCES), name="source"),
        CheckConstraint("registered_on IS NOT NULL OR source = 'change_decision'", name="registered_on"),
        CheckConstraint("(source = 'case') = (case_id IS NOT NULL)", name="case"),
        CheckConstraint("(case_id IS NULL) = (sequence IS NULL)", name="sequence"),
        CheckConstraint("(source = 'certificate') = (entered_by IS NOT NULL)", name="entered_by"),
        CheckConstraint("ended_on >= known_since", name="dates"),
        CheckConstraint("fund_fen > 0", name="fund_fen"),
        ForeignKeyConstraint(
            ["case_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_registrations_history", deferrable=True, initially="DEFERRED",
        ),
        Index(
            "uq_registrations_organization_id_open",
            "organization_id",
            unique=True,
            postgresql_where=text("ended_on IS NULL"),
        ),
        Index("ix_registrations_organization_id", "organization_id"),
        Index(
            "ix_registrations_representative_key", "representative_key",
            postgresql_where=text("ended_on IS NULL AND representative_key IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    uscc: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    known_since: Mapped[date] = mapped_column(Date)
    registered_on: Mapped[date | None] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    domicile: Mapped[str | None] = mapped_column(Text)
    legal_representative: Mapped[str | None] = mapped_column(Text, info={"personal": True})
    scope: Mapped[str | None] = mapped_column(Text)
    fund_fen: Mapped[int | None] = mapped_column(BigInteger)
    sponsor: Mapped[str | None] = mapped_column(Text)
    activity_area: Mapped[str | None] = mapped_column(Text)
    public_fundraising: Mapped[bool | None]
    # Tells whether two legal representatives are one person; null where only a certificate or a decision is known.
    representative_key: Mapped[bytes | None] = mapped_column(LargeBinary, info={"personal": True})
    source: Mapped[str] = mapped_column(Text)
    authority: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text, server_default="")
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    sequence: Mapped[int | None] = mapped_column(Integer)
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RegisterDecision(db.Model):
    """One published decision about an organization, as an imported register prints it; only added to."""

    __tablename__ = "register_decisions"
    __table_args__ = (
        CheckConstraint(_one_of("category", CATEGORIES), name="category"),
        UniqueConstraint("organization_id", "doc_no", "decided_on"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    doc_no: Mapped[str] = mapped_column(Text)
    doc_no_printed: Mapped[str] = mapped_column(Text)
    decided_on: Mapped[date] = mapped_column(Date)
    authority: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    name_printed: Mapped[str] = mapped_column(Text)


class Assessment(db.Model):
    """A list (`source`) printed this grade for an organization; read on `known_on`, the newest row holds."""

    __tablename__ = "assessments"
    __table_args__ = (
        CheckConstraint(_one_of("grade", GRADES), name="grade"),
        UniqueConstraint("organization_id", "grade", "source"),
        Index("ix_assessments_organization_id", "organization_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    grade: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    known_on: Mapped[date] = mapped_column(Date)


class UsccAllotment(db.Model):
    """A range of subject numbers that the code centre allotted to a registrar for one legal type."""

    __tablename__ = "uscc_allotments"
    __table_args__ = (
        CheckConstraint(_one_of("legal_type", LEGAL_TYPES), name="legal_type"),
        CheckConstraint("prefix ~ '^[0-9A-HJ-NPQRTUWXY]{1,4}$'", name="prefix"),
        CheckConstraint("length(last_number::text) + length(prefix) <= 8", name="last_number"),
        CheckConstraint("next_number >= 0 AND next_number <= last_number + 1", name="next_number"),
        Index("ix_uscc_allotments_node_id", "node_id", "legal_type"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    legal_type: Mapped[str] = mapped_column(Text)
    prefix: Mapped[str] = mapped_column(Text)
    next_number: Mapped[int] = mapped_column(Integer)
    last_number: Mapped[int] = mapped_column(Integer)


class PersonTie(db.Model):
    """A person is tied to an organization from `from_on` until, and not on, `to_on`; `case_id` if declared there."""

    __tablename__ = "person_ties"
    __table_args__ = (
        CheckConstraint(_one_of("kind", tuple(TIES)), name="kind"),
        CheckConstraint("to_on >= from_on", name="dates"),
        Index("ix_person_ties_organization_id_person_id", "organization_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str] = mapped_column(Text)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date | None] = mapped_column(Date)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))


class OrganizationRestriction(db.Model):
    """What freezes an organization from `from_on` until, and not on, `to_on`: a move of its case wrote it."""

    __tablename__ = "organization_restrictions"
    __table_args__ = (
        CheckConstraint(_one_of("kind", tuple(RESTRICTIONS)), name="kind"),
        CheckConstraint("to_on >= from_on", name="dates"),
        ForeignKeyConstraint(
            ["case_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_organization_restrictions_history", deferrable=True, initially="DEFERRED",
        ),
        UniqueConstraint("case_id"),
        Index("ix_organization_restrictions_organization_id", "organization_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str] = mapped_column(Text)
    from_on: Mapped[date] = mapped_column(Date)
    to_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    evidence: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int] = mapped_column(Integer)
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AnnualReport(db.Model):
    """The report of one year: handed in by its case, concluded or not yet; `released_at`: the year is open again.

    Every organization reports a year once. What was to be put right by `put_right_by` has been since `put_right_on`.
    """

    __tablename__ = "annual_reports"
    __table_args__ = (
        CheckConstraint(_one_of("conclusion", tuple(CONCLUSIONS)), name="conclusion"),
        CheckConstraint("(conclusion IS NULL) = (concluded_on IS NULL)", name="concluded_on"),
        CheckConstraint("year BETWEEN 1990 AND 2200", name="year"),
        CheckConstraint("released_at IS NULL OR conclusion IS NULL", name="concluded_stays"),
        CheckConstraint(
            "put_right_by IS NULL OR conclusion IN ('basically_qualified', 'unqualified')", name="put_right_by"
        ),
        Index(
            "uq_annual_reports_year", "organization_id", "year", unique=True,
            postgresql_where=text("released_at IS NULL"),
        ),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("organizations.id"))
    year: Mapped[int] = mapped_column(Integer)
    handed_in_on: Mapped[date] = mapped_column(Date)
    conclusion: Mapped[str | None] = mapped_column(Text, active_history=True)
    concluded_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    put_right_by: Mapped[date | None] = mapped_column(Date, active_history=True)
    put_right_on: Mapped[date | None] = mapped_column(Date, active_history=True)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), active_history=True)
