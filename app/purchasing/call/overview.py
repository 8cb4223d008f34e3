"""What belongs to a call? Its packages, each a case of its own once the call is published."""

from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.kinds import overview
from app.cases.models import Case
from app.cases.overview import Link, Overview
from app.cases.snapshot import CaseRow
from app.purchasing.tendering import Package


@overview("call")
def call_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the packages that the reader may see, in the order of the call."""
    query = (
        select(Package.title, Case.number).join(Case, Case.id == Package.case_id)
        .where(Package.call_id == case.id, visible_by(held, Case)).order_by(Package.position)
    )
    return Overview((), tuple(Link(row.title, f"/cases/{row.number}", row.number) for row in session.execute(query)))
