"""What is this case with a hub about?"""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.place_names import name_then
from app.access.reach import Holding
from app.affiliation.models import Affiliation, AffiliationApplication
from app.affiliation.queries import HubView, hub_view
from app.cases.facts import definition_of
from app.cases.kinds import overview
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import day
from app.language import current_locale
from workflows.rules.working_days import local_day


@overview("affiliation")
def affiliation_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return which hub it is, how many members it has and what kind of membership is asked for."""
    application, hub = session.get(AffiliationApplication, case.id), hub_view(session, case.node_id)
    if application is None or hub is None:
        return Overview()
    asked = _("As the primary hub") if application.wants_primary else _("As a secondary hub")
    facts = (Fact(_("Membership"), asked), Fact(_("Members of the hub today"), str(hub.members)))
    return Overview(facts, (_link(session, case, hub),))


@overview("disaffiliation")
@overview("exclusion")
def disaffiliation_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return which hub it is, and since when the organization belongs to it."""
    hub = hub_view(session, case.node_id)
    if hub is None:
        return Overview()
    query = select(Affiliation).where(
        Affiliation.organization_id == case.organization_id, Affiliation.hub_node_id == case.node_id
    )
    newest = session.scalars(query.order_by(Affiliation.id.desc()).limit(1)).one_or_none()
    facts: tuple[Fact, ...] = ()
    if newest is not None:
        kind = _("As the primary hub") if newest.is_primary else _("As a secondary hub")
        facts = (Fact(_("Membership"), kind), Fact(_("Member since"), day(newest.from_on)))
    return Overview(facts, (_link(session, case, hub),))


def _link(session: AnySession, case: CaseRow, hub: HubView) -> Link:
    """Return the link to the hub: a case that has ended shows the name of that day."""
    name = None
    if case.state is not None and definition_of(case).states[case.state].outcome is not None:
        name = name_then(session, hub.node_id, local_day(case.steps[-1].at), current_locale())
    return Link(name or hub.name(current_locale()), f"/hubs/{hub.node_id}", _("Hub organization"))
