"""Which years did the organization report, and what was concluded? For its file: conclusions are published."""

from flask_babel import gettext as _
from sqlalchemy import or_, select

from app.access.nodes import AnySession
from app.access.reach import visible_by
from app.cases.models import Case
from app.language import localized
from app.organizations.file import Entry, Part, Reader, Step, file_part
from app.organizations.file_cases import state_of
from app.organizations.models import AnnualReport, Organization
from workflows.kinds.annual_report import CONCLUSIONS, REPORTING

TONES = {"qualified": "green", "accepted": "green", "basically_qualified": "amber", "unqualified": "red"}


@file_part("annual_reports", "register", 5)
def annual_reports(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return the conclusions by year, for everybody, and reports under way for who may see their case. Two queries."""
    seen = visible_by(reader.held, Case)
    query = (
        select(Case, AnnualReport, seen.label("seen")).join(AnnualReport, AnnualReport.case_id == Case.id)
        .where(
            AnnualReport.organization_id == organization_id, AnnualReport.released_at.is_(None),
            or_(AnnualReport.conclusion.is_not(None), seen),
        )
        .order_by(AnnualReport.year.desc(), Case.id.desc())
    )
    entries = tuple(_entry(*row) for row in session.execute(query))
    class_query = select(Organization.legal_type).where(Organization.id == organization_id)
    if session.scalars(class_query).one() not in REPORTING:
        return None
    address = f"/apply/annual_report?organization={organization_id}"
    return Part(
        _("Annual reports"), _("No annual report of it is known here; what was handed in elsewhere we do not know."),
        entries, step=Step(_("Hand in the annual report"), address) if reader.own else None, again=True,
    )


def _entry(case: Case, report: AnnualReport, seen: bool) -> Entry:
    state, tone = state_of(case)
    href = f"/cases/{case.number}" if seen else None
    if report.conclusion is None:
        return Entry(str(report.year), href, number=case.number, state=state, tone=tone, from_on=report.handed_in_on)
    put_right = _("put right") if report.put_right_on else None
    return Entry(
        str(report.year), href, number=case.number if seen else None, state=localized(CONCLUSIONS[report.conclusion]),
        tone=TONES[report.conclusion], from_on=report.concluded_on, note=put_right,
    )
