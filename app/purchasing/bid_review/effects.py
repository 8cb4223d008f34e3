"""What does each step of an expert's review write? The seat, what the expert sees, and scores once all are in."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.access.grants import end_on_case, grant_on_cases
from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move, plain
from app.cases.withheld import forget_withheld, withheld_of
from app.errors import InvalidInput
from app.organizations.ties import record_tie
from app.purchasing.bid_review.facts import criteria_for, numbers_of_bids
from app.purchasing.bid_review.sheets import check_sheet
from app.purchasing.experts import BidReview, BidScore
from app.purchasing.panel.queries import bids_to_review, publications_of, seats_of, sitting
from workflows.rules.working_days import local_day


@effect("bid_review", "invite")
def invite(move: Move) -> None:
    """Seat the expert and let them see this review, and no more; it is called after the package."""
    package = move.session.get_one(Case, move.case.parent_id)
    move.session.add(BidReview(
        case_id=move.case.id, package_id=package.id, position=move.data["position"], person_id=move.data["person"],
        named_at=move.now,
    ))
    _let_see(move, move.data["person"], [move.case.id])
    move.case.subject = package.subject


@effect("bid_review", "declare")
def declare(move: Move) -> None:
    """Take the declaration if it names every bidder, and show package and bids to whoever made it."""
    seat = _seat(move)
    bids = numbers_of_bids(move.session, seat.package_id)
    named = [row["bid"] for row in move.data["bidders"]]
    if sorted(named) != sorted(bids):
        raise InvalidInput({"bidders": [str(_l("Declare your relation to every bidder once."))]})
    seat.declared_at = move.now
    _let_see(move, seat.person_id, [seat.package_id, *bids.values()])


@effect("bid_review", "recuse")
def recuse(move: Move) -> list[FollowOn]:
    """Give up the seat, write the tie down, void what was scored, and take every sight of the package away."""
    seat, ground = _seat(move), move.data["ground"]
    bidders = {case.number: who.id for case, _bid, who in bids_to_review(move.session, seat.package_id)}
    if ground != "other":
        if move.data["bid"] not in bidders:
            raise InvalidInput({"bid": [str(_l("Say which bidder it is about."))]})
        record_tie(
            move.session, person_id=seat.person_id, organization_id=bidders[move.data["bid"]], kind=ground,
            from_on=local_day(move.now), case_id=move.case.id,
        )
    _leave(move, seat, "recused")
    return [FollowOn("package", "seat_vacated", number=move.session.get_one(Case, seat.package_id).number)]


@effect("bid_review", "relieve")
def relieve(move: Move) -> None:
    """Give up the seat; the package itself has moved already."""
    _leave(move, _seat(move), "relieved")


@effect("bid_review", "cancel")
def cancel(move: Move) -> None:
    """Give up the seat, because the package has ended; what nobody has read is never read."""
    _leave(move, _seat(move), "cancelled")


@effect("bid_review", "submit_scores")
def submit_scores(move: Move) -> list[FollowOn]:
    """Check the sheet, which the frame seals; the last one of the panel reveals them all."""
    seat = _seat(move)
    bids = sorted(numbers_of_bids(move.session, seat.package_id))
    check_sheet(move.data["scores"], bids, criteria_for(move.session, move.case))
    seat.submitted_at = move.now
    move.session.flush()
    here = sitting(seats_of(move.session, seat.package_id))
    size = publications_of(move.session, seat.package_id)[0].panel_size
    if len(here) < size or any(each.submitted_at is None for each in here):
        return []
    return [FollowOn("package", "complete_scoring", number=move.session.get_one(Case, seat.package_id).number)]


@effect("bid_review", "reveal")
def reveal(move: Move) -> None:
    """Write down what the expert gave, if it is what the commitment says; nothing is withheld any longer."""
    seat = _seat(move)
    for one in withheld_of(move.session, move.case.id):
        told = {row["path"]: row["salt"] for row in move.data["salts"]}
        assert told[one.path] == one.salt and plain(move.data[one.path]) == one.value, "another value is revealed"
    seat.revealed_at, seat.opinion = move.now, move.data["opinion"]
    bids = numbers_of_bids(move.session, seat.package_id)
    move.session.add_all(_score(move, bids, row) for row in move.data["scores"])
    forget_withheld(move.session, move.case.id)


def _score(move: Move, bids: dict[str, int], row: dict[str, Any]) -> BidScore:
    return BidScore(
        case_id=move.case.id, bid_id=bids[row["bid"]], criterion=row["criterion"], points=row["points"],
        remark=row["remark"] or "",
    )


@effect("bid_review", "agree", "dissent", "deem_agreed")
def answer_report(move: Move) -> None:
    """Keep what the expert says of the report; silence counts as agreement (Implementing Regulations art. 41)."""
    seat = _seat(move)
    seat.stance = {"agree": "agreed", "dissent": "dissented"}.get(move.trigger, "deemed")
    seat.dissent = move.data.get("dissent")


def _seat(move: Move) -> BidReview:
    return move.session.get_one(BidReview, move.case.id)


def _let_see(move: Move, person_id: int, case_ids: list[int]) -> None:
    grant_on_cases(
        move.session, person_id=person_id, role="expert", node_id=move.case.node_id, case_ids=case_ids,
        on=local_day(move.now), now=move.now,
    )


def _leave(move: Move, seat: BidReview, how: str) -> None:
    seat.left_at, seat.left_how = move.now, how
    forget_withheld(move.session, move.case.id)
    bids = numbers_of_bids(move.session, seat.package_id)
    # Who steps out knows it; whom another step ends may still read, on the own case, that it is over.
    own = [move.case.id] if how == "recused" else []
    end_on_case(
        move.session, person_id=seat.person_id, role="expert", case_ids=[*own, seat.package_id, *bids.values()],
        on=local_day(move.now), now=move.now,
    )
