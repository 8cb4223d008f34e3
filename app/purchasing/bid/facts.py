"""What do register and package say of a bid? Nothing here tells who else bids before the opening."""

from calendar import monthrange
from datetime import date
from typing import Any

from sqlalchemy import exists, func, select, text

from app.access.nodes import AnySession
from app.cases.kinds import choices, facts, opening_node, opening_parent, reachable
from app.cases.models import Case, Clock
from app.cases.named import Asker
from app.cases.snapshot import CaseRow
from app.clock import business_now, real_now
from app.organizations.models import RegisterDecision
from app.organizations.queries import registered_and_frozen
from app.purchasing.award.queries import lot_of, projects_won
from app.purchasing.sealed import Bid
from workflows.kinds.bid import BidFacts
from workflows.kinds.case import CaseFacts
from workflows.rules.working_days import local_day

SHARED = text("""
WITH members AS (
  SELECT b.case_id, o.uscc FROM bids b JOIN organizations o ON o.id = b.organization_id
   WHERE b.package_id = :package AND b.withdrawn_at IS NULL
  UNION ALL
  SELECT p.case_id, p.uscc FROM bid_partners p JOIN bids b ON b.case_id = p.case_id
   WHERE b.package_id = :package AND b.withdrawn_at IS NULL
)
SELECT EXISTS (SELECT FROM members mine JOIN members other ON other.uscc = mine.uscc
                WHERE mine.case_id = :bid AND other.case_id <> :bid)
""")


@choices("packages_open")
def packages_open(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the packages that take bids, first deadline first."""
    query = select(Case.id, Case.subject).where(Case.kind == "package", Case.state == "open")
    return [(row.id, row.subject) for row in session.execute(query.order_by(Case.due_at, Case.id))]


@reachable("packages_open")
@reachable("packages_to_object")
def is_package(session: AnySession, asker: Asker, case_id: int) -> bool:
    """Tell whether there is such a package: there is none before its call was published for everybody to read."""
    query = select(Case.id).where(Case.id == case_id, Case.kind == "package")
    return session.execute(query).first() is not None


@opening_parent("bid")
def package_of(session: AnySession, data: dict[str, Any]) -> int | None:
    """Return the package that is bid for: the bid belongs to it."""
    return data.get("package")


@opening_node("bid")
def office_of_package(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return where the package is bought."""
    package = session.get(Case, data["package"]) if "package" in data else None
    return package.node_id if package is not None else None


@facts("bid")
def bid_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> BidFacts:
    """Return the facts of a bid, or of a bidder who has not chosen a package yet."""
    session.expire_all()
    package = session.get(Case, case.parent_id) if case.parent_id is not None else None
    organization_id = case.organization_id
    asked_at = case_facts.opened_at if case.state is None else None
    registered, frozen = registered_and_frozen(
        session, organization_id, local_day(asked_at or business_now(session))
    )
    won, most = _projects(session, package, case) if package is not None and case.state is None else (0, None)
    return BidFacts(
        case=case_facts,
        organization_registered=registered,
        violation_free=not _punished(session, organization_id, case_facts),
        package_open=package is not None and package.state == "open",
        bids_due_at=_due(session, package) if package is not None else None,
        bids_already=package is not None and _bids_already(session, package.id, case),
        frozen=frozen,
        projects_won=won,
        most_projects=most,
        shared_member=case.state == "opened" and package is not None and bool(
            session.execute(SHARED, {"package": package.id, "bid": case.id}).scalar()
        ),
    )


def _projects(session: AnySession, package: Case, case: CaseRow) -> tuple[int, int | None]:
    """Return how many projects of the package's programme and year the bidder holds, and how many it may."""
    programme = lot_of(session, package.id).programme
    most = programme.most_per_organization
    return (projects_won(session, case.organization_id, programme) if most is not None else 0), most


def _due(session: AnySession, package: Case) -> Any:
    query = select(func.max(Clock.due_at)).where(Clock.case_id == package.id, Clock.name == "bidding")
    return session.execute(query).scalar()


def _bids_already(session: AnySession, package_id: int, case: CaseRow) -> bool:
    query = select(exists().where(
        Bid.package_id == package_id, Bid.organization_id == case.organization_id,
        Bid.withdrawn_at.is_(None), Bid.case_id != case.id,
    ))
    return session.execute(query).scalar_one()


def _punished(session: AnySession, organization_id: int | None, case_facts: CaseFacts) -> bool:
    months = case_facts.policy.number("violation_free").value
    today = local_day(case_facts.opened_at or real_now())
    since = months_before(today, months)
    query = select(exists().where(
        RegisterDecision.organization_id == organization_id, RegisterDecision.category == "penalty",
        RegisterDecision.decided_on > since,
    ))
    return session.execute(query).scalar_one()


def months_before(day: date, months: int) -> date:
    """Return the same day so many months earlier, or the month's last day where it has no such day."""
    whole = day.year * 12 + day.month - 1 - months
    year, month = divmod(whole, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
