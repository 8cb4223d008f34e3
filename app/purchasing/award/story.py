"""Why this one? All that led from a package's sheets to its award, as the award page tells it.

`story_of` is for who reaches the package; `published_of` is for everybody: candidates and awards, and of those who were
not chosen nothing, for each bidder is told the own points alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.access.models import Person
from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.models import Case
from app.cases.snapshot import CaseRow
from app.organizations.models import Organization
from app.purchasing.award.queries import Lot, lot_of, ranking_of
from app.purchasing.awarding import Award, AwardCandidate
from app.purchasing.experts import PoolPublication
from app.purchasing.panel.queries import publications_of, seats_of, sitting
from app.purchasing.panel.result import scores_of
from app.purchasing.sealed import Bid
from app.purchasing.tendering import BidRanking


@dataclass(frozen=True)
class Judged:
    """One criterion of one bid: hundredths for the mean, whole points for the rest; None where no sheet is kept."""

    title: str
    most: int
    mean: int
    highest: int | None
    lowest: int | None


@dataclass(frozen=True)
class Standing:
    """One bid of the ranking with what set its place; points in hundredths, `lowest_fen` and `weight_bp` of the price.

    `highest` and `lowest` are totals of one expert; `tie` is what set it before an equal one, if anything did.
    """

    position: int
    number: str
    organization: str
    price_fen: int
    points: int
    price_points: int
    highest: int | None
    lowest: int | None
    lowest_fen: int | None
    weight_bp: int
    tie: str | None
    decisive: str | None
    out: str | None
    criteria: tuple[Judged, ...]


@dataclass(frozen=True)
class Chosen:
    """A candidate, or an award (`amount_fen`), with the reason; `ended_at` and why if it stands no more."""

    organization: str
    at: datetime
    reason: str
    amount_fen: int
    position: int
    points: int
    by: str | None
    ended_at: datetime | None
    ended_reason: str | None


@dataclass(frozen=True)
class Story:
    """What led to an award. `objections` are those that the reader may see, as (number, state)."""

    lot: Lot
    ranking: tuple[Standing, ...]
    candidates: tuple[Chosen, ...]
    awards: tuple[Chosen, ...]
    pools: tuple[PoolPublication, ...]
    objections: tuple[Case, ...]
    contracts: tuple[Case, ...]


def story_of(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Story | None:
    """Return the story of a ranked package, or None before there is a ranking. Ten queries at most."""
    ranking = _ranking(session, case.id)
    if not ranking:
        return None
    below = select(Case).where(Case.parent_id == case.id, visible_by(held, Case)).order_by(Case.id)
    seen = list(session.scalars(below.where(Case.kind.in_(("objection", "contract")))))
    return Story(
        lot_of(session, case.id), ranking, candidates_of(session, case.id), awards_of(session, case.id),
        tuple(publications_of(session, case.id)),
        tuple(each for each in seen if each.kind == "objection"),
        tuple(each for each in seen if each.kind == "contract"),
    )


def _ranking(session: AnySession, package_id: int) -> tuple[Standing, ...]:
    seats = [seat for seat in sitting(seats_of(session, package_id)) if seat.revealed_at is not None]
    scores = scores_of(session, seats)
    found = []
    for row in ranking_of(session, package_id):
        told: dict[str, Any] = row.details
        price = told.get("price", {})
        sheets = scores.get(row.bid_id, {})
        found.append(Standing(
            row.position, row.bid_number, row.organization, row.price_fen, row.points, row.price_points,
            told.get("highest"), told.get("lowest"), price.get("lowest_fen"), price.get("weight_bp", 0),
            told.get("tie"), told.get("decisive"), row.excluded_reason,
            tuple(
                Judged(each["title"], each["max"], each["mean"], max(sheets.get(each["title"], ()), default=None),
                       min(sheets.get(each["title"], ()), default=None))
                for each in told.get("criteria", ())
            ),
        ))
    return tuple(found)


def candidates_of(session: AnySession, package_id: int) -> tuple[Chosen, ...]:
    """Return everybody who was published for a package, the newest first. One query."""
    query = (
        select(AwardCandidate, Organization.name, Bid.price_fen, BidRanking.position, BidRanking.points, Person.name)
        .join(Bid, Bid.case_id == AwardCandidate.bid_id).join(Organization, Organization.id == Bid.organization_id)
        .join(BidRanking, BidRanking.bid_id == AwardCandidate.bid_id)
        .join(Person, Person.id == AwardCandidate.confirmed_by)
        .where(AwardCandidate.case_id == package_id).order_by(AwardCandidate.id.desc())
    )
    return tuple(
        Chosen(organization, row.published_at, row.reason, price or 0, position, points, by, row.ended_at,
               row.ended_reason)
        for row, organization, price, position, points, by in session.execute(query)
    )


def awards_of(session: AnySession, package_id: int) -> tuple[Chosen, ...]:
    """Return every award of a package, also those that were revoked, the newest first. One query."""
    query = (
        select(Award, Organization.name, Person.name)
        .join(Organization, Organization.id == Award.organization_id).join(Person, Person.id == Award.decided_by)
        .where(Award.case_id == package_id).order_by(Award.id.desc())
    )
    return tuple(
        Chosen(organization, row.decided_at, row.reason, row.amount_fen, row.position, row.points, by, row.revoked_at,
               row.revoked_reason)
        for row, organization, by in session.execute(query)
    )
