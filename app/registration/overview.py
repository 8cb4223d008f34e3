"""What is this registration about?"""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Overview
from app.cases.snapshot import CaseRow
from app.formats import money
from app.organizations.models import Organization
from app.registration.applying import FIELD_LABELS, FUNDRAISING
from app.registration.models import RegistrationApplication

FUND_LABELS = {"association": _l("Registered funds"), "foundation": _l("Original fund")}


@overview("registration")
def registration_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the code once it is allotted, the fund, members and fundraising, the field, the way and the domicile."""
    application = session.get(RegistrationApplication, case.id)
    organization = session.get(Organization, case.organization_id)
    if application is None:
        return Overview()
    code = organization.uscc if organization else None
    label = FUND_LABELS.get(case.legal_class or "", _l("Start-up fund"))
    return Overview((
        Fact(_("Unified social credit code"), code or _("allotted with the registration")),
        Fact(str(label), money(application.start_up_fund_fen)),
        *_of_the_class(application),
        Fact(_("Field of work"), str(dict(FIELD_LABELS).get(application.field, application.field))),
        Fact(_("Way of registration"), _("Direct registration") if application.direct else application.sponsor or "—"),
        Fact(_("Domicile"), application.domicile),
    ))


def _of_the_class(application: RegistrationApplication) -> list[Fact]:
    if application.public_fundraising is not None:
        raising = "public" if application.public_fundraising else "private"
        return [Fact(_("Raising of funds"), str(dict(FUNDRAISING)[raising]))]
    if application.individual_members is None:
        return []
    counts = _("%(people)s people, %(units)s units", people=application.individual_members,
               units=application.unit_members)
    return [Fact(_("Members of the association"), counts)]
