"""The public page of publicity 公示: which candidates are published now, why these, and how to object.

Organizations, points and prices only; no person is named.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, render_template
from sqlalchemy import select

from app.access.declare import allow
from app.access.models import Node
from app.cases.models import Case, Clock
from app.extensions import db
from app.language import current_locale
from app.organizations.models import Organization
from app.purchasing.awarding import AwardCandidate
from app.purchasing.sealed import Bid
from app.purchasing.tendering import BidRanking

pages = Blueprint("publicity", __name__)
SHOWN = 100
IN_PUBLICITY = ("publicized", "suspended", "publicity_over", "awarded")


@dataclass(frozen=True)
class Published:
    """One candidate as anybody may read it."""

    number: str
    subject: str
    office: str
    organization: str
    position: int
    points: str
    price_fen: int
    reason: str
    published_at: datetime
    until: datetime | None
    suspended: bool


@pages.get("/publicity")
@allow("public")
def publicity() -> str:
    """List the candidates in publicity, the newest first. One query."""
    query = (
        select(Case.number, Case.subject, Case.state, Node, Organization.name, BidRanking.position, BidRanking.points,
               Bid.price_fen, AwardCandidate.reason, AwardCandidate.published_at, Clock.due_at)
        .select_from(AwardCandidate)
        .join(Case, Case.id == AwardCandidate.case_id).join(Node, Node.id == Case.node_id)
        .join(Bid, Bid.case_id == AwardCandidate.bid_id).join(Organization, Organization.id == Bid.organization_id)
        .join(BidRanking, BidRanking.bid_id == AwardCandidate.bid_id)
        .outerjoin(Clock, (Clock.case_id == Case.id) & (Clock.name == "publicity") & Clock.stopped_at.is_(None))
        .where(AwardCandidate.ended_at.is_(None), Case.state.in_(IN_PUBLICITY))
        .order_by(AwardCandidate.published_at.desc(), AwardCandidate.id.desc()).limit(SHOWN)
    )
    rows = [
        Published(
            number=row.number, subject=row.subject, office=row.Node.name(str(current_locale())), organization=row.name,
            position=row.position, points=f"{row.points / 100:.2f}", price_fen=row.price_fen, reason=row.reason,
            published_at=row.published_at, until=row.due_at, suspended=row.state == "suspended",
        )
        for row in db.session.execute(query)
    ]
    return render_template("pages/publicity.html", rows=rows)
