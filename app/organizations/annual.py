"""What does the register know of annual reports? Which years are reported, which are not, and what was concluded."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text

from app.access.nodes import AnySession
from app.cases.models import Case
from app.organizations.models import AnnualReport
from workflows.kinds.annual_report import DUE_NUMBER, overdue_year
from workflows.policy import Policy

FIRST = text("""
SELECT source FROM registrations WHERE organization_id = :organization ORDER BY known_since, id LIMIT 1
""")
ENTRY = text("""
SELECT o.legal_type, e.id IS NOT NULL AS registered, e.sponsor,
       (SELECT min(r.registered_on) FROM registrations r WHERE r.organization_id = o.id) AS registered_on
  FROM organizations o LEFT JOIN registrations e ON e.organization_id = o.id AND e.ended_on IS NULL
 WHERE o.id = :organization
""")


@dataclass(frozen=True)
class EntryInBrief:
    """What of an organization's entry says whether it reports: `registered_on` is None where nobody knows."""

    legal_type: str = "other"
    registered: bool = False
    sponsor: str | None = None
    registered_on: date | None = None


def register_of(session: AnySession, organization_id: int | None) -> EntryInBrief:
    """Return the entry in brief; of no organization one that reports nothing. One query."""
    row = session.execute(ENTRY, {"organization": organization_id}).one_or_none()
    return EntryInBrief(row.legal_type, row.registered, row.sponsor, row.registered_on) if row else EntryInBrief()


def reported_years(
    session: AnySession, organization_id: int | None, *, except_case: int = 0
) -> tuple[tuple[int, str], ...]:
    """Return (year, number of the case) of the reports that stand, the newest year first. One query."""
    query = (
        select(AnnualReport.year, Case.number).join(Case, Case.id == AnnualReport.case_id)
        .where(
            AnnualReport.organization_id == organization_id, AnnualReport.released_at.is_(None),
            AnnualReport.case_id != except_case,
        )
        .order_by(AnnualReport.year.desc())
    )
    return tuple((row.year, row.number) for row in session.execute(query))


def known_overdue(session: AnySession, organization_id: int | None, today: date, policy: Policy) -> int | None:
    """Return the newest year whose report is overdue, None where none is or nobody can know.

    Only of an organization that was registered here is every report known: any other may have handed in elsewhere.
    """
    entry = register_of(session, organization_id)
    if entry.legal_type not in DUE_NUMBER or not entry.registered:
        return None
    if session.execute(FIRST, {"organization": organization_id}).scalar() != "case":
        return None
    return overdue_year(
        today, entry.registered_on, [year for year, _number in reported_years(session, organization_id)],
        months=policy.number(DUE_NUMBER[entry.legal_type]).value, back=policy.number("annual_back").value,
        skip_months=policy.number("annual_skip").value,
    )
