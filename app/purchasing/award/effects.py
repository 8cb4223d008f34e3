"""What is written on the way from a ranking to a contract? The candidate, the award, and what becomes of each bid."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text

from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.purchasing.award.queries import (
    Lot,
    Placed,
    award_of,
    bar_on,
    candidate_of,
    first_left,
    lot_of,
    ranking_of,
)
from app.purchasing.awarding import Award, AwardCandidate
from app.purchasing.objection.queries import lapses_of_package
from app.purchasing.package.effects import end_package, last_of_call
from app.purchasing.tendering import BidRanking
from workflows.engine import Refused
from workflows.kinds.award import BARS
from workflows.kinds.case import Reason
from workflows.rules.ranking import CRITERION, LOT, PRICE
from workflows.rules.working_days import local_day

# Two packages may be awarded to one organization at once: the programme's most is counted one after the other.
ONE_AWARD_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('award', :organization))")
NO_CONTRACT = ("closed", "terminated", "cancelled")


@effect("package", "confirm_candidate")
def confirm_candidate(move: Move) -> list[FollowOn]:
    """Write down the candidate with the reason; publicity runs as the regime says, and every bidder is told."""
    lot, ranking = lot_of(move.session, move.case.id), ranking_of(move.session, move.case.id)
    assert move.person_id is not None
    move.session.add(AwardCandidate(
        case_id=move.case.id, sequence=move.sequence, bid_id=move.data["candidate"], confirmed_by=move.person_id,
        published_at=move.now, reason=move.data["reason"],
    ))
    move.lengths["publicity"] = publicity_of(move, lot)
    return [
        FollowOn("bid", "tell_result", number=row.bid_number, data=_told(row))
        for row in ranking if row.excluded_reason is None
    ]


def publicity_of(move: Move, lot: Lot) -> tuple[int, str]:
    """Return how long a candidate is published: a grant's programme says it, else the policy's standstill."""
    if lot.programme.regime == "G":
        return lot.programme.publicity_days, "working_days"
    number = move.facts.case.policy.number("standstill")
    return number.value, number.unit


def _told(row: Placed) -> dict[str, Any]:
    tie = row.details.get("tie")
    return {"position": row.position, "points": row.points} | ({"tie": TIES[tie]} if tie else {})


@effect("package", "pass_over")
def pass_over(move: Move) -> list[FollowOn]:
    """Strike out the first of the ranking, against whom something stands."""
    first = first_left(ranking_of(move.session, move.case.id))
    assert first is not None, "the guard candidate_is_barred lets nothing else through"
    words = f"{BARS[move.facts.award.barred].zh}：{move.data['reason']}"
    return _struck_out(move, first.bid_id, words)


@effect("package", "award")
def award(move: Move) -> list[FollowOn]:
    """Write the award with the ranking as it stands, and open the contract's case."""
    ranking = ranking_of(move.session, move.case.id)
    chosen, lot = first_left(ranking), lot_of(move.session, move.case.id)
    candidate = candidate_of(move.session, move.case.id)
    assert chosen is not None and candidate is not None and chosen.bid_id == candidate.bid_id and move.person_id
    move.session.execute(ONE_AWARD_AT_A_TIME, {"organization": chosen.organization_id})
    if barred := bar_on(move.session, chosen.organization_id, lot.programme, local_day(move.now)):
        raise Refused(_barred(barred))
    row = Award(
        case_id=move.case.id, sequence=move.sequence, bid_id=chosen.bid_id, organization_id=chosen.organization_id,
        programme_id=lot.programme.id, amount_fen=chosen.price_fen, position=chosen.position, points=chosen.points,
        decided_by=move.person_id, decided_at=move.now, reason=move.data["reason"],
        ranking=[each.as_json() for each in ranking],
    )
    move.session.add(row)
    move.session.flush()
    return [FollowOn(
        "contract", "prepare", data={"award": row.id}, organization_id=chosen.organization_id,
        node_id=move.case.node_id, parent_id=move.case.id,
    )]


def _barred(code: str) -> Reason:
    return Reason(f"candidate_{code}", BARS[code])


@effect("package", "decline_award")
def decline_award(move: Move) -> list[FollowOn]:
    """Revoke the award: the next of the ranking follows (Procurement Law art. 49)."""
    return _dropped(move, move.data["reason"])


@effect("package", "overturn")
def overturn(move: Move) -> list[FollowOn]:
    """Strike out the candidate after an upheld objection, and revoke an award made meanwhile."""
    return _dropped(move, move.data["reason"])


@effect("package", "void")
def void(move: Move) -> list[FollowOn]:
    """End the package after an upheld objection: an award is revoked, the money goes back, bidders are told."""
    _revoke(move, move.data["reason"])
    return [*_contract_cancelled(move, move.data["reason"]), *end_package(move)]


def _dropped(move: Move, reason: str) -> list[FollowOn]:
    candidate = candidate_of(move.session, move.case.id)
    assert candidate is not None, "nobody is published"
    _revoke(move, reason)
    return [
        *_contract_cancelled(move, reason),
        *_struck_out(move, candidate.bid_id, reason),
        *lapses_of_package(move.session, move.case.id, _("The candidate has dropped out: %(why)s", why=reason)),
    ]


def _revoke(move: Move, reason: str) -> None:
    """End candidacy and award, if there are."""
    candidate, made = candidate_of(move.session, move.case.id), award_of(move.session, move.case.id)
    if candidate is not None:
        candidate.ended_at, candidate.ended_reason = move.now, reason
    if made is not None:
        made.revoked_at, made.revoked_reason = move.now, reason


def _struck_out(move: Move, bid_id: int, reason: str) -> list[FollowOn]:
    row = move.session.scalars(select(BidRanking).where(BidRanking.bid_id == bid_id)).one()
    row.excluded_at, row.excluded_reason = move.now, reason
    number = move.session.get_one(Case, bid_id).number
    return [FollowOn("bid", "exclude", number=number, data={"reason": reason})]


def _contract_cancelled(move: Move, reason: str) -> list[FollowOn]:
    query = select(Case.number).where(
        Case.parent_id == move.case.id, Case.kind == "contract", Case.closed_at.is_(None)
    )
    return [FollowOn("contract", "cancel", number=number, data={"reason": reason})
            for number in move.session.scalars(query)]


@effect("package", "contract_signed")
def contract_signed(move: Move) -> list[FollowOn]:
    """End every bid that still stands, told its own points and position, and the call with its last package."""
    ranking, made = ranking_of(move.session, move.case.id), award_of(move.session, move.case.id)
    assert made is not None, "nothing is signed without an award"
    ends = []
    for row in ranking:
        if row.excluded_reason is None and row.bid_id == made.bid_id:
            ends.append(FollowOn("bid", "win", number=row.bid_number, data=_told(row)))
        elif row.excluded_reason is None:
            ends.append(FollowOn("bid", "lose", number=row.bid_number, data={**_told(row), "reason": NOT_FIRST}))
    return [*ends, *last_of_call(move)]


TIES = {
    PRICE: "得分相同，报价较低者在前。 / Equal points; the lower price stands before.",
    CRITERION: "得分和报价相同，主要评分项得分较高者在前。 / Equal points and price; the main criterion decided.",
    LOT: "得分、报价和主要评分项均相同，按公布的种子抽签。 / Equal in all; the lot of the published seed decided.",
}
"""What a bidder with as many points as another reads of the order."""
NOT_FIRST = "本包由得分更高的投标人成交。"
