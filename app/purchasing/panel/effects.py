"""What does each step of a panel write? A pool fixed, experts drawn and seated, scores revealed, bids ranked."""

from app.access.nodes import AnySession
from app.cases.kinds import choices, effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.cases.snapshot import CaseRow
from app.cases.withheld import withheld_of
from app.purchasing.experts import BidReview, DrawnExpert, PoolPublication
from app.purchasing.panel.queries import (
    checkpoint_after,
    drawn_for,
    entries_of,
    fresh_pool,
    names_of,
    publications_of,
    seats_of,
    sitting,
)
from app.purchasing.panel.result import ranking_rows
from workflows.engine import Refused
from workflows.kinds.panel import wait_for_checkpoint
from workflows.rules.draw import order, pool_hash, seed
from workflows.rules.working_days import local_day


@effect("package", "publish_pool", "supplement_pool")
def publish_pool(move: Move) -> None:
    """Fix the pool: who is in it, who is left out and why, and the hash that the draw will start from."""
    pool = fresh_pool(move.session, move.case, local_day(move.now))
    earlier = publications_of(move.session, move.case.id)
    size = earlier[0].panel_size if earlier else move.data["panel_size"] or move.facts.panel.least
    members = [each.number for each in pool.fit]
    move.session.add(PoolPublication(
        package_id=move.case.id, sequence=move.sequence, panel_size=size, members=members, hash=pool_hash(members),
        left_out=[
            {"number": each.number, "bidder": bidder, "zh": words.zh, "en": words.en}
            for each, bidder, words in pool.left_out
        ],
    ))


@effect("package", "draw_experts", "replace_expert")
def draw_experts(move: Move) -> list[FollowOn]:
    """Draw from the pool that waits for it, if one does, and seat the next of the draw where a seat is vacant."""
    published = publications_of(move.session, move.case.id)
    if published[-1].checkpoint is None:
        _draw(move, published[-1])
    seats = seats_of(move.session, move.case.id)
    taken = {seat.position for seat in seats}
    vacant = published[0].panel_size - len(sitting(seats))
    reserve = [each for each in drawn_for(move.session, move.case.id) if each.position not in taken]
    return [
        FollowOn("bid_review", "invite", data={"person": each.person_id, "position": each.position},
                 node_id=move.case.node_id, parent_id=move.case.id)
        for each in reserve[:vacant]
    ]


def _draw(move: Move, pool: PoolPublication) -> None:
    covering = checkpoint_after(move.session, move.case.id, pool.sequence)
    if covering is None:
        raise Refused(wait_for_checkpoint())
    pool.checkpoint, note = covering
    in_pool = {each.number: each for each in entries_of(move.session, pool.members)}
    last = len(drawn_for(move.session, move.case.id))
    move.session.add_all(
        DrawnExpert(package_id=move.case.id, position=last + place, entry_id=in_pool[number].entry_id,
                    person_id=in_pool[number].person_id)
        for place, number in enumerate(order(pool.members, seed(pool.hash, note)), start=1)
    )
    move.session.flush()


@effect("package", "relieve_expert")
def relieve_expert(move: Move) -> list[FollowOn]:
    """End the review of an expert who does not score."""
    return [
        FollowOn("bid_review", "relieve", number=move.session.get_one(Case, seat.case_id).number,
                 data={"reason": move.data["reason"]})
        for seat in sitting(seats_of(move.session, move.case.id)) if seat.person_id == move.data["expert"]
    ]


@effect("package", "complete_scoring")
def complete_scoring(move: Move) -> list[FollowOn]:
    """Reveal what every expert of the panel handed in, all at once."""
    return [_revealed(move, seat) for seat in sitting(seats_of(move.session, move.case.id))]


def _revealed(move: Move, seat: BidReview) -> FollowOn:
    told = withheld_of(move.session, seat.case_id)
    data = {one.path: one.value for one in told}
    data["salts"] = [{"path": one.path, "salt": one.salt, "sequence": one.sequence} for one in told]
    return FollowOn("bid_review", "reveal", number=move.session.get_one(Case, seat.case_id).number, data=data)


@effect("package", "finish_review")
def finish_review(move: Move) -> None:
    """Rank the bids by what the experts gave and the rules say; the report goes to the buyer."""
    move.session.add_all(ranking_rows(move.session, move.case))


@choices("panel_experts_who_have_not_scored")
def panel_experts_who_have_not_scored(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return who sits on the panel of the package and has not handed in."""
    seats = sitting(seats_of(session, case.id)) if case is not None else []
    waiting = [seat.person_id for seat in seats if seat.submitted_at is None]
    names = names_of(session, waiting)
    return [(person, names[person]) for person in waiting]
