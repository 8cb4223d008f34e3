"""Why this one? The ranking with points and prices, who dropped out and why, as the page of a package shows it."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.cases.models import Case
from app.cases.overview import Fact, Link
from app.cases.snapshot import CaseRow
from app.formats import money
from app.purchasing.award.queries import award_of, candidate_of, open_objections, ranking_of


def award_shown(session: AnySession, case: CaseRow) -> list[Fact]:
    """Return the award with its reason, the ranking and how many objections are open; nothing before a ranking."""
    ranking = ranking_of(session, case.id)
    if not ranking:
        return []
    made, candidate = award_of(session, case.id), candidate_of(session, case.id)
    shown = []
    for row in ranking:
        words = _("%(points)s points, of which price %(price_points)s; %(price)s", points=f"{row.points / 100:.2f}",
                  price_points=f"{row.price_points / 100:.2f}", price=money(row.price_fen))
        out = _("Out: %(why)s", why=row.excluded_reason) if row.excluded_reason else row.bid_number
        shown.append(Fact(f"{row.position}. {row.organization}", words, out, wide=True))
    if made is not None:
        shown.append(Fact(_("Why this one"), made.reason, wide=True))
    elif candidate is not None:
        shown.append(Fact(_("Why this one"), candidate.reason, wide=True))
    if waiting := open_objections(session, case.id):
        shown.append(Fact(_("Objections open"), str(waiting)))
    return shown


def contract_links(session: AnySession, package_id: int) -> list[Link]:
    """Return the contract's case, if an award opened one."""
    query = select(Case.number, Case.subject).where(Case.parent_id == package_id, Case.kind == "contract")
    return [Link(row.subject, f"/cases/{row.number}", row.number) for row in session.execute(query.order_by(Case.id))]
