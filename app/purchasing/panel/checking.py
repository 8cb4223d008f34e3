"""Is the review of a package what pool, checkpoint, commitments and rules make of it? Recomputed from what is kept."""

import json

from sqlalchemy import select

from app.access.nodes import AnySession
from app.cases.chain import commitment
from app.cases.models import Case, History
from app.cases.reading import read_case
from app.purchasing.panel.queries import checkpoint_after, drawn_for, entries_of, publications_of, seats_of
from app.purchasing.panel.result import ranking_of
from app.purchasing.tendering import BidRanking
from workflows.rules.draw import draw_mistakes
from workflows.rules.ranking import hundredths


def review_mistakes(session: AnySession, package_id: int) -> tuple[list[str], list[str]]:
    """Return what does not hold, and what was checked in words."""
    mistakes, checked = _draws(session, package_id)
    for seat in seats_of(session, package_id):
        if seat.revealed_at is not None:
            number = session.get_one(Case, seat.case_id).number
            mistakes += [f"{number}: {each}" for each in _reveal_mistakes(session, seat.case_id)]
            checked.append(f"{number}: what was revealed is what was committed to")
    kept = session.scalars(
        select(BidRanking).where(BidRanking.package_id == package_id).order_by(BidRanking.position)
    ).all()
    case = read_case(session.connection(), session.get_one(Case, package_id).number)
    if kept and case is not None:
        below = session.execute(select(Case.number, Case.id).where(Case.parent_id == package_id))
        ids = {row.number: row.id for row in below}
        true = [(ids[place.number], hundredths(place.points)) for place in ranking_of(session, case)]
        if true != [(row.bid_id, row.points) for row in kept]:
            mistakes.append("the ranking is not what scores and rules give")
        checked.append(f"the ranking of {len(kept)} bids")
    return mistakes, checked


def _draws(session: AnySession, package_id: int) -> tuple[list[str], list[str]]:
    mistakes, checked, drawn = [], [], drawn_for(session, package_id)
    for pool in publications_of(session, package_id):
        covering = checkpoint_after(session, package_id, pool.sequence)
        if pool.checkpoint is None:
            continue
        if covering is None or covering[0] != pool.checkpoint:
            mistakes.append(f"move {pool.sequence}: drawn with another checkpoint than the first after it")
            continue
        numbers = {each.entry_id: each.number for each in entries_of(session, pool.members)}
        of_this = [numbers[each.entry_id] for each in drawn if each.entry_id in numbers]
        mistakes += draw_mistakes(pool.members, pool.hash, covering[1], of_this)
        words = f"{len(of_this)} drawn from pool {pool.hash} with checkpoint {covering[0]}"
        checked.append(f"move {pool.sequence}: {words}")
    return mistakes, checked


def _reveal_mistakes(session: AnySession, review_id: int) -> list[str]:
    query = select(History.sequence, History.trigger, History.body).where(
        History.case_id == review_id, History.trigger.in_(("submit_scores", "reveal"))
    )
    told = {row.sequence: (row.trigger, json.loads(bytes(row.body))["data"]) for row in session.execute(query)}
    revealed = next(data for trigger, data in told.values() if trigger == "reveal")
    found = []
    for row in revealed["salts"]:
        promised = told[row["sequence"]][1][row["path"]]["$c"]
        if commitment(bytes.fromhex(row["salt"]), revealed[row["path"]]) != promised:
            found.append(f"{row['path']} is not what was committed to")
    return found
