"""What is this listing about? List, ground, facts, since when, and from when it can be removed."""

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.language import localized
from app.organizations.models import Organization, OrganizationRestriction
from app.standing.facts import TERMS, in_force
from app.standing.models import RestrictionProposal
from workflows.kinds.restriction import GROUNDS, LIFTED_FOR, LISTS, removable_from
from workflows.loader import library


@overview("restriction")
def restriction_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the proposal, what became of it, and the organization's file."""
    proposal = session.get(RestrictionProposal, case.id)
    if proposal is None:
        return Overview()
    name = session.scalars(select(Organization.name).where(Organization.id == proposal.organization_id)).one()
    ground = GROUNDS[proposal.ground]
    row = in_force(session, case.id)
    facts = [
        Fact(_("Listed on"), localized(LISTS[ground.kind]), big=True),
        Fact(_("Ground of the listing"), localized(ground.text)),
        *(_standing(row) if row is not None else [Fact(_("In force"), _("not, and not before a decision"))]),
        *(_earliest(case, ground.kind, row) if row is not None and row.to_on is None else []),
    ]
    if proposal.lifting_reason is not None:
        facts.append(Fact(_("Why it is to be removed"), localized(LIFTED_FOR[proposal.lifting_reason])))
    link = Link(name, f"/organizations/{proposal.organization_id}", _("File of the organization"))
    return Overview(tuple(facts), (link,))


def _standing(row: OrganizationRestriction) -> list[Fact]:
    since = _("from %(day)s", day=format_date(row.from_on, "long"))
    until = _("until %(day)s", day=format_date(row.to_on, "long")) if row.to_on is not None else _("to this day")
    return [Fact(_("In force"), since, until), Fact(_("Number of the decision"), row.evidence)]


def _earliest(case: CaseRow, kind: str, row: OrganizationRestriction) -> list[Fact]:
    """Return from when it can be removed without a mistake in it, where that is a day to come."""
    policy = library().policy_pinned(case.policy)
    numbers = {name: policy.number(name) for name in TERMS}
    months = {name: number.value for name, number in numbers.items()}
    reason = "put_right" if kind == "dishonest" else "nothing_to_do"
    day = removable_from(kind, reason, row.from_on, months)
    if day is None:
        return []
    number = numbers["dishonest_term" if kind == "dishonest" else "abnormal_term"]
    note = localized(number.cite)
    title = _("Removed at the earliest") if kind == "dishonest" else _("Removed, with nothing to put right, from")
    return [Fact(title, format_date(day, "long"), note)]
