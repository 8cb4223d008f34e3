"""Of whom is the report of the last year still to come, and until when?"""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _

from app.access.nodes import AnySession
from app.annual.queries import without_report
from app.cases.numbers import places_of
from app.organizations.duties import Duty, duty
from workflows.kinds.annual_report import DUE_NUMBER, due_on
from workflows.loader import library


@duty("annual_report")
def annual_reports_to_come(session: AnySession, organizations: Sequence[int], today: date) -> list[Duty]:
    """Return the report of the last year of each that must hand it in; what was handed in elsewhere is not known."""
    year, found = today.year - 1, []
    skip = library().policy(("base",), today).number("annual_skip").value
    for id_, name, legal_type, node in without_report(session, organizations, year, skip_months=skip):
        policy = library().policy(places_of(session, node), today)
        found.append(Duty(
            _("Annual report of %(year)s", year=year), f"/apply/annual_report?organization={id_}&year={year}", name,
            due_on(year, policy.number(DUE_NUMBER[legal_type]).value),
        ))
    return found
