"""Which objections are open in a package?"""

from sqlalchemy import select

from app.access.nodes import AnySession
from app.cases.models import Case
from app.cases.move import FollowOn
from app.purchasing.awarding import Objection


def lapses_of_package(session: AnySession, package_id: int, reason: str) -> list[FollowOn]:
    """Return the end of every open objection of a package whose object is gone; each objector is told the reason."""
    query = (
        select(Case.number).join(Objection, Objection.case_id == Case.id)
        .where(Objection.package_id == package_id, Case.closed_at.is_(None)).order_by(Case.id)
    )
    return [FollowOn("objection", "lapse", number=number, data={"reason": reason}) for number in session.scalars(query)]
