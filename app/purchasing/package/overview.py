"""What is a package about? Its money, the room in which its bids are opened, and where its review stands."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import money
from app.purchasing.award.overview import award_shown, contract_links
from app.purchasing.panel.overview import panel_overview
from app.purchasing.tendering import Package


@overview("package")
def package_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return what the package has at most, the way to its opening room, the board of its panel, and why this one."""
    lot = session.scalars(select(Package).where(Package.case_id == case.id)).one_or_none()
    facts = (Fact(_("At most"), money(lot.amount_fen), None, True),) if lot is not None else ()
    review = panel_overview(session, case, held)
    room = Link(_("Opening room"), f"/openings/{case.number}")
    links = (room, *review.related, *contract_links(session, case.id))
    return Overview((*facts, *award_shown(session, case), *review.facts), links, review.boards)
