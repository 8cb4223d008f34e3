"""What is this deregistration about? Ground and days, and everything that is still open for the organization."""

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Board, Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.dissolution.facts import KIND, open_matters
from app.dissolution.models import Deregistration
from app.formats import day, money
from app.language import localized
from app.organizations.models import Organization
from workflows.kinds.deregistration import (
    ENDS_WITH_IT,
    GROUNDS,
    LEFT_TO_THE_LIQUIDATORS,
    MATTERS,
    OpenMatter,
)
from workflows.kinds.registration_change import days_late
from workflows.loader import library
from workflows.rules.working_days import local_day


@overview(KIND)
def deregistration_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return ground, days, whether the application was late, and what is open as long as nothing is decided."""
    row = session.get(Deregistration, case.id)
    if row is None:
        return Overview()
    name = session.scalars(select(Organization.name).where(Organization.id == row.organization_id)).one()
    facts = [
        Fact(_("Ground of the end"), localized(GROUNDS[row.ground])),
        Fact(_("Date of the resolution"), day(row.resolved_on)),
    ]
    if row.liquidated_on is not None:
        facts.append(Fact(_("End of the liquidation"), day(row.liquidated_on)))
        facts += _in_time(case, row)
    if row.assets:
        facts.append(Fact(_("What became of the remaining assets"), row.assets, wide=True))
    boards = (_board(open_matters(session, row.organization_id)),) if row.ended_at is None else ()
    link = Link(name, f"/organizations/{row.organization_id}", _("File of the organization"))
    return Overview(tuple(facts), (link,), boards)


def _in_time(case: CaseRow, row: Deregistration) -> list[Fact]:
    applied = next((step.at for step in case.steps if step.trigger == "apply"), None)
    if applied is None or row.liquidated_on is None:
        return []
    number = library().policy_pinned(case.policy).number("deregistration_application")
    late = days_late(row.liquidated_on, local_day(applied), number.value)
    words = ngettext("%(num)s day late", "%(num)s days late", late) if late else _("in time")
    return [Fact(_("Applied"), words, localized(number.cite))]


def _board(matters: tuple[OpenMatter, ...]) -> Board:
    rows = tuple(
        (localized(MATTERS[each.kind]), localized(each.title), each.number or "—", money(each.amount_fen),
         _before_it_ends(each))
        for each in matters
    )
    none = ((_("nothing"), _("Contracts, money and cases are all settled"), "—", "—", "—"),)
    return Board(
        _("What is still open"),
        ((_("What"), False), (_("Title"), False), (_("Number"), False), (_("Amount"), True),
         (_("Before it ends"), False)),
        rows or none,
    )


def _before_it_ends(matter: OpenMatter) -> str:
    if matter.kind in ENDS_WITH_IT:
        return _("ends with the decision")
    if matter.kind in LEFT_TO_THE_LIQUIDATORS:
        return _("what was not spent is returned")
    return _("must be settled first")
