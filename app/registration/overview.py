"""What is this registration about? And does an organization still need one?"""

from flask_babel import gettext as _

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Overview
from app.cases.snapshot import CaseRow
from app.formats import money
from app.organizations.models import Organization
from app.registration.inputs import FIELD_LABELS
from app.registration.models import RegistrationApplication


@overview("registration")
def registration_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the code once it is allotted, the start-up fund, the field, the way and the domicile."""
    application = session.get(RegistrationApplication, case.id)
    organization = session.get(Organization, case.organization_id)
    if application is None:
        return Overview()
    code = organization.uscc if organization else None
    return Overview((
        Fact(_("Unified social credit code"), code or _("allotted with the registration")),
        Fact(_("Start-up fund"), money(application.start_up_fund_fen)),
        Fact(_("Field of work"), str(dict(FIELD_LABELS).get(application.field, application.field))),
        Fact(_("Way of registration"), _("Direct registration") if application.direct else application.sponsor or "—"),
        Fact(_("Domicile"), application.domicile),
    ))
