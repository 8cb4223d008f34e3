"""Why this one? The reason of the award or the candidate, as the page of a package shows it beside its ranking."""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.models import Case
from app.cases.overview import Fact, Link
from app.cases.snapshot import CaseRow
from app.purchasing.award.queries import award_of, candidate_of, open_objections


def award_shown(session: AnySession, case: CaseRow) -> list[Fact]:
    """Return the reason of the award, else of the candidate, and how many objections are open."""
    made, candidate = award_of(session, case.id), candidate_of(session, case.id)
    shown = []
    if made is not None:
        shown.append(Fact(_("Why this one"), made.reason, wide=True))
    elif candidate is not None:
        shown.append(Fact(_("Why this one"), candidate.reason, wide=True))
    if waiting := open_objections(session, case.id):
        shown.append(Fact(_("Objections open"), str(waiting)))
    return shown


def links_below(session: AnySession, package_id: int, held: tuple[Holding, ...]) -> list[Link]:
    """Return the objections to a package and the contract of its award, those that the reader may see."""
    titles = {"objection": _("Objection"), "contract": _("Contract")}
    query = select(Case.number, Case.kind).where(
        Case.parent_id == package_id, Case.kind.in_(("objection", "contract")), visible_by(held, Case)
    )
    found = session.execute(query.order_by(Case.id))
    return [Link(titles[row.kind], f"/cases/{row.number}", row.number) for row in found]
