"""What is a package about? Its money, and the room in which its bids are opened."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.cases.kinds import overview
from app.cases.overview import Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import money
from app.purchasing.award.overview import award_shown, contract_links
from app.purchasing.tendering import Package


@overview("package")
def package_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return what the package has at most, and the way to its opening room."""
    lot = session.scalars(select(Package).where(Package.case_id == case.id)).one_or_none()
    facts = (Fact(_("At most"), money(lot.amount_fen), None, True),) if lot is not None else ()
    links = (Link(_("Opening room"), f"/openings/{case.number}"), *contract_links(session, case.id))
    return Overview((*facts, *award_shown(session, case)), links)
