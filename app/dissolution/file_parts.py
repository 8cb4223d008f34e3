"""Does the organization end, or has it ended? For its file."""

from flask_babel import gettext as _
from sqlalchemy import or_, select

from app.access.nodes import AnySession
from app.access.reach import visible_by
from app.cases.models import Case
from app.dissolution.models import Deregistration
from app.language import localized
from app.organizations.file import Entry, Part, Reader, file_part
from app.organizations.file_cases import state_of
from app.organizations.models import OrganizationRestriction
from workflows.kinds.deregistration import GROUNDS
from workflows.rules.working_days import local_day


@file_part("deregistrations", "standing", 3)
def deregistrations(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return each liquidation and how it came out: what freezes an organization is everybody's to know. One query."""
    row, held = Deregistration, OrganizationRestriction
    seen = visible_by(reader.held, Case)
    query = (
        select(Case, row, held, seen).join(row, row.case_id == Case.id).join(held, held.case_id == Case.id)
        .where(row.organization_id == organization_id, or_(held.id.is_not(None), seen)).order_by(Case.id.desc())
    )
    entries = tuple(_entry(*found) for found in session.execute(query))
    return Part(_("Liquidation and deregistration"), "", entries) if entries else None


def _entry(case: Case, row: Deregistration, held: OrganizationRestriction, seen: bool) -> Entry:
    state, tone = state_of(case)
    standing = held.to_on is None
    return Entry(
        localized(GROUNDS[row.ground]), f"/cases/{case.number}" if seen else None, number=case.number, state=state,
        tone="red" if standing else "grey" if case.state == "deregistered" else tone, from_on=held.from_on,
        to_on=held.to_on or (local_day(row.ended_at) if row.ended_at else None), lasts=standing,
    )
