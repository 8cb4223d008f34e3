"""What is this change about? Each item as it is registered and as it is to be, and whether the application was late."""

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Board, Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import day
from app.language import localized
from app.organizations.models import Organization
from app.registration.change_facts import KIND, items_of, value_words
from app.registration.models import RegistrationChange, RegistrationChangeItem
from workflows.kinds.registration_change import ITEMS, days_late
from workflows.loader import library
from workflows.rules.working_days import local_day

HIDDEN = "••••"
"""Who represents it is revealed beside, and recorded; the register's staff read it in the file."""


@overview(KIND)
def change_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return what changes, when the consent was given, how late the application came, and the organization's file."""
    change = session.get(RegistrationChange, case.id)
    if change is None:
        return Overview()
    name = session.scalars(select(Organization.name).where(Organization.id == change.organization_id)).one()
    board = Board(
        _("What changes"),
        ((_("Item"), False), (_("Registered when it was applied for"), False), (_("Changed to"), False)),
        tuple(_row(row) for row in items_of(session, case)),
    )
    facts = (Fact(_("Date of the consent"), day(change.consented_on)), _in_time(case, change))
    link = Link(name, f"/organizations/{change.organization_id}", _("File of the organization"))
    return Overview(facts, (link,), (board,))


def _row(row: RegistrationChangeItem) -> tuple[str, str, str]:
    before, after = (
        HIDDEN if row.item == "legal_representative" and value else value_words(row.item, value)
        for value in (row.before, row.after)
    )
    return (localized(ITEMS[row.item]), before, after)


def _in_time(case: CaseRow, change: RegistrationChange) -> Fact:
    number = library().policy_pinned(case.policy).number("change_application")
    late = days_late(change.consented_on, local_day(case.opened_at), number.value)
    words = ngettext("%(num)s day late", "%(num)s days late", late) if late else _("in time")
    return Fact(_("Applied"), words, localized(number.cite))
