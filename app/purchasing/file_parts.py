"""For what did an organization bid? A sealed bid is known to nobody but itself (`visible_by` sees to it)."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import visible_by
from app.cases.models import Case
from app.organizations.file import Entry, Part, Reader, file_part
from app.organizations.file_cases import sealed_words, state_of
from app.purchasing.sealed import Bid
from app.purchasing.tendering import Package


@file_part("bids", "projects", 1)
def bids(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return its bids that the reader may see, the newest first; prices stand there once bids are open. One query."""
    query = (
        select(Case, Bid.price_fen, Package.title)
        .join(Bid, Bid.case_id == Case.id).outerjoin(Package, Package.case_id == Bid.package_id)
        .where(Case.organization_id == organization_id, visible_by(reader.held, Case)).order_by(Case.id.desc())
    )
    entries = []
    for case, price, package in session.execute(query):
        state, tone = state_of(case)
        entries.append(Entry(
            package or case.subject or case.number, f"/cases/{case.number}", number=case.number, state=state,
            tone=tone, note=sealed_words(case), amount_fen=None if case.sealed else price,
        ))
    if not entries and not reader.own:
        return None
    return Part(_("Bids"), _("It has bid for no package."), tuple(entries))
