"""For what did an organization bid, and what was it awarded?

A sealed bid is known to nobody but itself (`visible_by` sees to it); awards were published.
"""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import visible_by
from app.cases.models import Case
from app.organizations.file import Entry, Part, Reader, file_part
from app.organizations.file_cases import sealed_words, state_of
from app.purchasing.awarding import Award
from app.purchasing.sealed import Bid
from app.purchasing.tendering import Package
from workflows.rules.working_days import local_day


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


@file_part("awards", "projects", 2)
def awards(session: AnySession, organization_id: int, reader: Reader) -> Part | None:
    """Return what it was awarded, as publicity told everybody, the newest first; also what was revoked. One query."""
    query = (
        select(Award, Package.title, Case.number).join(Package, Package.case_id == Award.case_id)
        .join(Case, Case.id == Award.case_id).where(Award.organization_id == organization_id).order_by(Award.id.desc())
    )
    entries = tuple(
        Entry(
            title, f"/publicity/{number}", number=number, note=row.revoked_reason or row.reason,
            state=_("stands") if row.revoked_at is None else _("revoked"),
            tone="green" if row.revoked_at is None else "red", from_on=local_day(row.decided_at),
            to_on=local_day(row.revoked_at) if row.revoked_at is not None else None, amount_fen=row.amount_fen,
        )
        for row, title, number in session.execute(query)
    )
    if not entries and not reader.own:
        return None
    return Part(_("Awards"), _("Nothing was awarded to it."), entries)
