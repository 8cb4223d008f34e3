"""What is this application to a hub about? And may an organization still apply to one?"""

from flask_babel import gettext as _

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.affiliation.models import AffiliationApplication
from app.affiliation.queries import hub_view
from app.cases.kinds import overview
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.language import current_locale


@overview("affiliation")
def affiliation_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return which hub it is, how many members it has and what kind of membership is asked for."""
    application, hub = session.get(AffiliationApplication, case.id), hub_view(session, case.node_id)
    if application is None or hub is None:
        return Overview()
    asked = _("As the primary hub") if application.wants_primary else _("As a secondary hub")
    facts = (Fact(_("Membership"), asked), Fact(_("Members of the hub today"), str(hub.members)))
    return Overview(facts, (Link(hub.name(current_locale()), f"/hubs/{hub.node_id}", _("Hub organization")),))
