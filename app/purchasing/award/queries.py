"""Who stands where in a package's ranking, who is the candidate, and what stands against them?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from app.access.nodes import AnySession
from app.cases.models import Case, History
from app.organizations.models import Organization
from app.organizations.queries import frozen_by, is_registered
from app.purchasing.awarding import Award, AwardCandidate, Objection
from app.purchasing.sealed import Bid
from app.purchasing.tendering import BidRanking, Call, Package, Plan, Programme

CHECKS = ("finish_qualification", "finish_review")
CHECKS_OF_BIDS = ("qualify", "disqualify")
PREPARING = (*CHECKS, "confirm_candidate", "pass_over", "award")


@dataclass(frozen=True)
class Lot:
    """A package with all that it hangs on."""

    package: Package
    call: Call
    plan: Plan
    programme: Programme


@dataclass(frozen=True)
class Placed:
    """One bid of a ranking; points are hundredths."""

    position: int
    bid_id: int
    bid_number: str
    organization_id: int
    organization: str
    price_fen: int
    points: int
    price_points: int
    details: dict[str, Any]
    excluded_reason: str | None

    def as_json(self) -> dict[str, Any]:
        """Return the row as an award keeps it."""
        return {
            "position": self.position, "bid": self.bid_number, "organization": self.organization_id,
            "points": self.points, "price_points": self.price_points, "price_fen": self.price_fen,
            "excluded": self.excluded_reason,
        }


def lot_of(session: AnySession, case_id: int) -> Lot:
    """Return the package of a case with its call, plan and programme; one query."""
    row = session.execute(
        select(Package, Call, Plan, Programme)
        .join(Call, Call.case_id == Package.call_id).join(Plan, Plan.case_id == Call.plan_id)
        .join(Programme, Programme.id == Plan.programme_id).where(Package.case_id == case_id)
    ).one()
    return Lot(*row)


def ranking_of(session: AnySession, package_id: int) -> list[Placed]:
    """Return the ranking of a package, the best first; one query."""
    bid_case = aliased(Case)
    found = session.execute(
        select(
            BidRanking.position, BidRanking.bid_id, bid_case.number, Bid.organization_id, Organization.name,
            Bid.price_fen, BidRanking.points, BidRanking.price_points, BidRanking.details, BidRanking.excluded_reason,
        )
        .join(bid_case, bid_case.id == BidRanking.bid_id).join(Bid, Bid.case_id == BidRanking.bid_id)
        .join(Organization, Organization.id == Bid.organization_id)
        .where(BidRanking.package_id == package_id).order_by(BidRanking.position)
    )
    return [Placed(*row) for row in found]


def first_left(ranking: Sequence[Placed]) -> Placed | None:
    """Return the first of a ranking who is not out."""
    return next((row for row in ranking if row.excluded_reason is None), None)


def candidate_of(session: AnySession, package_id: int) -> AwardCandidate | None:
    """Return the candidate of a package as it stands now."""
    query = select(AwardCandidate).where(AwardCandidate.case_id == package_id, AwardCandidate.ended_at.is_(None))
    return session.scalars(query).one_or_none()


def award_of(session: AnySession, package_id: int) -> Award | None:
    """Return the award of a package that stands."""
    query = select(Award).where(Award.case_id == package_id, Award.revoked_at.is_(None))
    return session.scalars(query).one_or_none()


def open_objections(session: AnySession, package_id: int | None) -> int:
    """Return how many objections of a package nobody has answered yet."""
    query = select(func.count()).select_from(Objection).join(Case, Case.id == Objection.case_id)
    query = query.where(Objection.package_id == package_id, Case.closed_at.is_(None))
    return session.execute(query).scalar_one()


def projects_won(session: AnySession, organization_id: int | None, programme: Programme) -> int:
    """Return how many awards of the programme's year the organization holds, whatever the version of the rules."""
    query = (
        select(func.count()).select_from(Award).join(Programme, Programme.id == Award.programme_id)
        .where(Award.organization_id == organization_id, Award.revoked_at.is_(None))
        .where(Programme.node_id == programme.node_id, Programme.code == programme.code)
        .where(Programme.year == programme.year)
    )
    return session.execute(query).scalar_one()


def bar_on(
    session: AnySession, organization_id: int, programme: Programme, on: date, *, held: int = 0
) -> str:
    """Return why the organization may not win (a key of BARS), '' if nothing stands against it.

    `held`: so many of its awards are for this very package and do not count.
    """
    if not is_registered(session, organization_id):
        return "unregistered"
    if frozen := frozen_by(session, organization_id, on):
        return frozen
    most = programme.most_per_organization
    won = projects_won(session, organization_id, programme) - held if most is not None else 0
    return "limit" if most is not None and won >= most else ""


def checkers_of(session: AnySession, package_id: int, triggers: Sequence[str] = CHECKS) -> frozenset[int]:
    """Return the persons who made these moves of the package, or decided on the qualification of its bids."""
    bids = select(Case.id).where(Case.parent_id == package_id, Case.kind == "bid")
    of_package = (History.case_id == package_id) & History.trigger.in_(triggers)
    of_bids = History.case_id.in_(bids) & History.trigger.in_(CHECKS_OF_BIDS)
    query = select(History.person_id).where(of_package | of_bids, History.person_id.is_not(None)).distinct()
    return frozenset(person for person in session.scalars(query) if person is not None)
