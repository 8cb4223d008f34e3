"""What is a package about? Its money, the room in which its bids are opened, and where its review stands."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.kinds import overview
from app.cases.models import Case
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import money
from app.purchasing.award.overview import award_shown, links_below
from app.purchasing.award.queries import ranking_of
from app.purchasing.panel.overview import panel_overview
from app.purchasing.tendering import Package


@overview("package")
def package_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return what the package has at most, the way to its opening room, the board of its panel, and why this one."""
    lot = session.scalars(select(Package).where(Package.case_id == case.id)).one_or_none()
    facts = (Fact(_("At most"), money(lot.amount_fen), None, True),) if lot is not None else ()
    review = panel_overview(session, case, held)
    room = Link(_("Opening room"), f"/openings/{case.number}")
    ranked = bool(ranking_of(session, case.id))
    told = award_shown(session, case) if ranked else []
    why = (Link(_("Why this one"), f"/awards/{case.number}", _("every point, and the draw")),) if ranked else ()
    links = (room, *why, *_call_of(session, lot, held), *review.related, *links_below(session, case.id, held))
    return Overview((*facts, *told, *review.facts), links, review.boards)


def _call_of(session: AnySession, lot: Package | None, held: tuple[Holding, ...]) -> list[Link]:
    if lot is None:
        return []
    query = select(Case.number, Case.subject).where(Case.id == lot.call_id, visible_by(held, Case))
    return [Link(row.subject or row.number, f"/cases/{row.number}", row.number) for row in session.execute(query)]
