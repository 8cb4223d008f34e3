"""What came out of a review? Every sheet as it was revealed, and the ranking with all that explains it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.access.nodes import AnySession
from app.cases.facts import case_facts
from app.cases.snapshot import CaseRow
from app.purchasing.experts import BidReview, BidScore
from app.purchasing.panel.queries import (
    bids_to_review,
    checkpoint_after,
    publications_of,
    rules_of,
    seats_of,
    sitting,
)
from app.purchasing.tendering import BidRanking, Programme
from workflows.policy import Policy
from workflows.rules.draw import seed
from workflows.rules.ranking import Place, ReviewedBid, hundredths, ranked


def scores_of(session: AnySession, seats: Sequence[BidReview]) -> dict[int, dict[str, list[int]]]:
    """Return for each bid and criterion the points of these experts, in the order of their seats. One query."""
    by_seat: dict[int, dict[tuple[int, str], int]] = defaultdict(dict)
    for row in session.scalars(select(BidScore).where(BidScore.case_id.in_([seat.case_id for seat in seats]))):
        by_seat[row.case_id][row.bid_id, row.criterion] = row.points
    found: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for seat in seats:
        for (bid, criterion), points in by_seat[seat.case_id].items():
            found[bid][criterion].append(points)
    return found


def price_weight(programme: Programme, policy: Policy) -> int:
    """Return the weight of the price in basis points: the programme's, else the place's; a grant has none."""
    if programme.regime != "P":
        return 0
    return programme.price_bp if programme.price_bp is not None else policy.number("price_weight").value


def decisive_criterion(criteria: Sequence[dict[str, Any]]) -> str:
    """Return the criterion that is asked after the price when points are equal: the one with the most points."""
    return str(max(criteria, key=lambda row: row["points"])["title"])


def ranking_of(session: AnySession, case: CaseRow) -> list[Place]:
    """Return the places of the reviewed bids, computed from the sheets; nothing is written."""
    programme, _method = rules_of(session, case.id)
    seats = [seat for seat in sitting(seats_of(session, case.id)) if seat.revealed_at is not None]
    scores = scores_of(session, seats)
    first = publications_of(session, case.id)[0]
    covering = checkpoint_after(session, case.id, first.sequence)
    assert covering is not None, "a panel that has scored was drawn"
    return ranked(
        [
            ReviewedBid(bid_case.number, bid.price_fen or 0, scores[bid_case.id])
            for bid_case, bid, _organization in bids_to_review(session, case.id)
        ],
        price_bp=price_weight(programme, case_facts(case).policy),
        decisive=decisive_criterion(programme.criteria), drawn_with=seed(first.hash, covering[1]),
    )


def ranking_rows(session: AnySession, case: CaseRow) -> list[BidRanking]:
    """Return the ranking as it is kept, each place with what explains it."""
    programme, _method = rules_of(session, case.id)
    ids = {bid_case.number: (bid_case.id, bid.price_fen) for bid_case, bid, _o in bids_to_review(session, case.id)}
    weight = price_weight(programme, case_facts(case).policy)
    lowest = min(price or 0 for _id, price in ids.values())
    most = {row["title"]: row["points"] for row in programme.criteria}
    decisive = decisive_criterion(programme.criteria)
    return [
        BidRanking(
            package_id=case.id, position=place.position, bid_id=ids[place.number][0],
            points=hundredths(place.points), price_points=hundredths(place.price_points),
            details={
                "criteria": [
                    {"title": title, "max": points, "mean": hundredths(place.means[title])}
                    for title, points in most.items()
                ],
                "experts": len(place.totals), "highest": max(place.totals), "lowest": min(place.totals),
                "price": {"fen": ids[place.number][1], "lowest_fen": lowest, "weight_bp": weight},
                "exact": f"{place.points.numerator}/{place.points.denominator}",
                "tie": place.tie, "decisive": decisive,
            },
        )
        for place in ranking_of(session, case)
    ]
