"""What does an expert read: where the own review stands, the package, and each bid beside its sheet?"""

from flask_babel import gettext as _
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.kinds import beside, overview
from app.cases.models import Case
from app.cases.overview import Board, Fact, Link, Material, Overview
from app.cases.snapshot import CaseRow
from app.documents.queries import documents_of_case
from app.formats import money, percent
from app.purchasing.experts import BidReview, BidScore
from app.purchasing.panel.queries import bids_to_review
from app.purchasing.sealed import BidLine, BidPartner


@overview("bid_review")
def review_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the package for whoever may see it, and the own scores once all are revealed."""
    seat = session.get(BidReview, case.id)
    query = select(Case).where(Case.id == case.parent_id, visible_by(held, Case))
    package = session.scalars(query).one_or_none()
    related = (Link(_("The package"), f"/cases/{package.number}", package.number),) if package else ()
    if seat is None or seat.revealed_at is None:
        return Overview((), related)
    bids = {bid.id: who.name for bid, _row, who in bids_to_review(session, seat.package_id)}
    rows = session.scalars(select(BidScore).where(BidScore.case_id == case.id).order_by(BidScore.bid_id))
    board = Board(
        _("Revealed scores"),
        ((_("Bidder"), False), (_("Criterion"), False), (_("Points"), True), (_("Remark"), False)),
        tuple((bids.get(row.bid_id, ""), row.criterion, str(row.points), row.remark or "—") for row in rows),
    )
    facts = (Fact(_("Dissent and its reasons"), seat.dissent, wide=True),) if seat.dissent else ()
    return Overview(facts, related, (board,))


@beside("bid_review.submit_scores")
def bids_beside(session: AnySession, case: CaseRow) -> list[Material]:
    """Return every bid as it was opened: price, approach, team, budget, partners and papers."""
    seat = session.get_one(BidReview, case.id)
    return [
        Material(
            bid_case.number, who.name,
            (Fact(_("Price"), money(bid.price_fen or 0), big=True), Fact(_("Case number"), bid_case.number)),
            ((_("Approach"), bid.approach or ""), (_("Team"), bid.team or "")),
            _boards(session, bid_case.id),
            tuple(
                Link(paper.document.name, f"/documents/{paper.document.id}")
                for paper in documents_of_case(session, bid_case.id)
            ),
        )
        for bid_case, bid, who in bids_to_review(session, seat.package_id)
    ]


def _boards(session: AnySession, bid_id: int) -> tuple[Board, ...]:
    lines = session.scalars(select(BidLine).where(BidLine.case_id == bid_id).order_by(BidLine.position))
    boards = [Board(
        _("Budget"), ((_("Item"), False), (_("Amount"), True)),
        tuple((line.name, money(line.amount_fen)) for line in lines),
    )]
    partners = session.scalars(select(BidPartner).where(BidPartner.case_id == bid_id).order_by(BidPartner.uscc)).all()
    if partners:
        boards.append(Board(
            _("Partners of a joint bid"), ((_("Credit code"), False), (_("Share"), True)),
            tuple((partner.uscc, percent(partner.share_bp)) for partner in partners),
        ))
    return tuple(boards)
