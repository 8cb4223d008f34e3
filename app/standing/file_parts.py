"""Which lists does an organization stand on, or stood, and what is under way? For its file."""

from urllib.parse import urlencode

from flask_babel import gettext as _
from sqlalchemy import or_, select

from app.access.models import Node
from app.access.nodes import AnySession
from app.access.reach import visible_by
from app.cases.models import Case
from app.language import localized
from app.organizations.file import Entry, Part, Reader, Step, file_part
from app.organizations.file_cases import state_of
from app.organizations.models import Organization, OrganizationRestriction
from app.organizations.words import RESTRICTION
from app.standing.models import RestrictionProposal
from workflows.kinds.restriction import GROUNDS, title_of
from workflows.rules.working_days import local_day


@file_part("restrictions", "standing", 2)
def restrictions(session: AnySession, organization_id: int, reader: Reader) -> Part:
    """Return what freezes it or froze it, for everybody, and what is only proposed for who may see the case."""
    held, proposal = OrganizationRestriction, RestrictionProposal
    seen = visible_by(reader.held, Case)
    query = (
        select(Case, proposal, held, seen.label("seen"))
        .join(proposal, proposal.case_id == Case.id)
        .outerjoin(held, held.case_id == Case.id)
        .where(proposal.organization_id == organization_id, or_(held.id.is_not(None), seen))
        .order_by(Case.id.desc())
    )
    entries = tuple(_entry(*row) for row in session.execute(query))
    return Part(_("Lists and freezing"), _("It stands and stood on no list, and nothing freezes it."), entries,
                step=_proposing(session, organization_id, reader), again=True)


def _entry(case: Case, proposal: RestrictionProposal, row: OrganizationRestriction | None, seen: bool) -> Entry:
    state, tone = state_of(case)
    href = f"/cases/{case.number}" if seen else None
    if row is None:
        return Entry(localized(title_of(proposal.ground)), href, number=case.number, state=state,
                     tone="" if proposal.ended_at else "amber", from_on=local_day(case.opened_at),
                     to_on=local_day(proposal.ended_at) if proposal.ended_at else None, lasts=not proposal.ended_at)
    standing = row.to_on is None
    return Entry(
        str(RESTRICTION[row.kind]), href, number=row.evidence, note=localized(GROUNDS[proposal.ground].text),
        state=state if seen else None, tone="red" if standing else tone, from_on=row.from_on, to_on=row.to_on,
        lasts=standing,
    )


def _proposing(session: AnySession, organization_id: int, reader: Reader) -> Step | None:
    """Return where a registrar of the place begins a listing."""
    if not any(each.role == "registrar" and each.case_id is None for each in reader.held):
        return None
    found = session.execute(
        select(Organization.uscc, Node.path).join(Node, Node.id == Organization.node_id)
        .where(Organization.id == organization_id)
    ).one()
    reached = any(
        each.role == "registrar" and each.case_id is None and found.path.startswith(each.node_path)
        for each in reader.held
    )
    if not reached or found.uscc is None:
        return None
    return Step(_("Propose a listing"), f"/apply/restriction?{urlencode({'organization_code': found.uscc})}")
