"""What ties the expert of a review to the bidders, and what is on the sheet?"""

from typing import Any

from app.access.nodes import AnySession
from app.cases.kinds import choices, example, facts
from app.cases.models import Case
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.purchasing.experts import BidReview
from app.purchasing.panel.queries import bids_to_review, rules_of, walls_of_expert
from workflows.kinds.case import CaseFacts
from workflows.kinds.panel import NO_CONFLICT, BidReviewFacts
from workflows.rules.working_days import local_day

Rows = list[tuple[Any, str]]


@facts("bid_review")
def bid_review_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> BidReviewFacts:
    """Return what bars the expert; asked only while they still may score."""
    seat = session.get(BidReview, case.id) if case.state in ("assigned", "scoring") else None
    if seat is None:
        return BidReviewFacts(case=case_facts, walls=())
    months = case_facts.policy.number("conflict_wall").value
    today = local_day(business_now(session))
    walls = walls_of_expert(session, seat.package_id, seat.person_id, on=today, months=months)
    return BidReviewFacts(case=case_facts, walls=walls)


def package_of_review(session: AnySession, case: CaseRow | None) -> int:
    """Return the package that a review belongs to; 0 where there is none."""
    if case is None or case.parent_id is None:
        return 0
    return session.get_one(Case, case.parent_id).id


@choices("bidders_under_review")
def bidders_under_review(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Rows:
    """Return the bidders by name, each under the number of the bid."""
    return [(bid.number, who.name) for bid, _row, who in bids_to_review(session, package_of_review(session, case))]


@choices("bids_under_review")
def bids_under_review(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Rows:
    """Return the bids to those who may read them."""
    return bidders_under_review(session, case, organization_id)


@choices("criteria_of_programme")
def criteria_of_programme(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Rows:
    """Return the programme's criteria, each with the most that it can have."""
    return [(name, f"{name} (0–{most})") for name, most in criteria_for(session, case).items()]


def criteria_for(session: AnySession, case: CaseRow | None) -> dict[str, int]:
    """Return the criteria of the package's programme with their most points, in its order."""
    package_id = package_of_review(session, case)
    if not package_id:
        return {}
    return {str(row["title"]): int(row["points"]) for row in rules_of(session, package_id)[0].criteria}


@choices("relation_sheet")
def relation_sheet(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Any:
    """Return a sheet with every bidder on it and no relation chosen."""
    return [{"bid": number, "relation": ""} for number, _name in bidders_under_review(session, case, None)] or None


@choices("bid_score_sheet")
def bid_score_sheet(session: AnySession, case: CaseRow | None, organization_id: int | None) -> Any:
    """Return a sheet with every bid and criterion on it and no points."""
    return [
        {"bid": number, "criterion": name, "points": None, "remark": ""}
        for number, _name in bidders_under_review(session, case, None) for name in criteria_for(session, case)
    ] or None


@example("no_relations")
def no_relations(session: AnySession, case: CaseRow) -> list[dict[str, Any]]:
    """Return a declaration of no relation to anybody."""
    return [
        {"bid": number, "relation": NO_CONFLICT} for number, _name in bidders_under_review(session, case, None)
    ]


@example("full_bid_scores")
def full_bid_scores(session: AnySession, case: CaseRow) -> list[dict[str, Any]]:
    """Return a complete sheet with four fifths of every maximum."""
    return [
        {"bid": number, "criterion": name, "points": most * 4 // 5, "remark": "符合要求"}
        for number, _name in bidders_under_review(session, case, None)
        for name, most in criteria_for(session, case).items()
    ]


def numbers_of_bids(session: AnySession, package_id: int) -> dict[str, int]:
    """Return the ids of the bids under review by their numbers."""
    return {bid.number: bid.id for bid, _row, _who in bids_to_review(session, package_id)}
