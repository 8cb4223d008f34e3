"""Who could be drawn for a package, who sits on its panel, and who has done what? Nothing here writes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, or_, select, text

from app.access.models import Node, Person
from app.access.nodes import AnySession
from app.access.reach import people_holding
from app.access.roles import PLACE_ROLES
from app.cases.facts import case_facts
from app.cases.models import Case, Checkpoint, LogLeaf
from app.cases.snapshot import CaseRow
from app.organizations.models import Organization
from app.organizations.ties import ties_to_all
from app.purchasing.experts import BidReview, DrawnExpert, PoolEntry, PoolPublication
from app.purchasing.sealed import Bid
from app.purchasing.tendering import BidRanking, Call, Package, Plan, Programme
from workflows.definition import Text
from workflows.kinds.panel import PanelFacts
from workflows.rules.conflicts import wall

REVIEWED = ("qualified", "won", "not_awarded")
TENDERS = ("open_tender", "invited_tender")
BIDDERS = text("""
WITH members AS (
  SELECT o.id, o.uscc, o.name FROM bids b JOIN organizations o ON o.id = b.organization_id
   WHERE b.package_id = :package AND b.withdrawn_at IS NULL
  UNION
  SELECT o.id, p.uscc, coalesce(o.name, p.uscc) FROM bid_partners p JOIN bids b ON b.case_id = p.case_id
    LEFT JOIN organizations o ON o.uscc = p.uscc
   WHERE b.package_id = :package AND b.withdrawn_at IS NULL
)
SELECT id, uscc, name FROM members ORDER BY name, uscc
""")
OFFICERS = text("""
SELECT DISTINCT g.person_id FROM role_grants g JOIN nodes n ON n.id = g.node_id
 WHERE g.person_id = ANY(:people) AND g.role = ANY(:roles) AND g.case_id IS NULL AND starts_with(:path, n.path)
   AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on)
""")
OF_THE_OFFICE = Text("在采购单位或者其上级任职", "in office at the buyer or above it")
EMPLOYER = Text("受雇于该单位", "employed by the organization")


@dataclass(frozen=True)
class Bidder:
    """One of those who bid, alone or as a partner; `id` is None for a partner that is in no register here."""

    id: int | None
    uscc: str | None
    name: str


@dataclass(frozen=True)
class Listed:
    """An expert who is in the pool today, under the number of the entry."""

    entry_id: int
    number: str
    person_id: int
    employer: str
    employer_uscc: str | None


@dataclass(frozen=True)
class Pool:
    """Who can be drawn, and who of those listed is left out, for which bidder (None: for their office), and why."""

    fit: tuple[Listed, ...]
    left_out: tuple[tuple[Listed, str | None, Text], ...]


def bidders_of(session: AnySession, package_id: int) -> list[Bidder]:
    """Return everybody who takes part in any bid for the package, by name. One query."""
    return [Bidder(*row) for row in session.execute(BIDDERS, {"package": package_id})]


def pool_for(session: AnySession, case: CaseRow, on: date) -> Pool:
    """Return the pool at the package's place on this day, walled off from every bidder. Six queries."""
    may_score = {person.id for person in people_holding(session, "expert", node_path=case.node_path, on=on)}
    query = (
        _listed()
        .join(Node, Node.id == PoolEntry.place_id)
        .where(PoolEntry.from_on <= on, PoolEntry.until_on > on, PoolEntry.ended_on.is_(None))
        .where(Node.path.in_(_above(case.node_path)))
        .order_by(Case.number)
    )
    found = [Listed(*row) for row in session.execute(query)]
    listed = list({each.person_id: each for each in found if each.person_id in may_score}.values())
    people = [each.person_id for each in listed]
    months = case_facts(case).policy.number("conflict_wall").value
    walls = walls_of(session, bidders_of(session, case.id), listed, on=on, months=months)
    values = {"people": people, "roles": list(PLACE_ROLES), "path": case.node_path, "on": on}
    officers = set(session.execute(OFFICERS, values).scalars())
    fit: list[Listed] = []
    left_out: list[tuple[Listed, str | None, Text]] = []
    for each in sorted(listed, key=lambda each: each.number):
        if each.person_id in officers:
            left_out.append((each, None, OF_THE_OFFICE))
        elif each.person_id in walls:
            left_out.append((each, *walls[each.person_id]))
        else:
            fit.append(each)
    return Pool(tuple(fit), tuple(left_out))


def entries_of(session: AnySession, numbers: Iterable[str]) -> list[Listed]:
    """Return the listings with these numbers. One query."""
    query = _listed().where(Case.number.in_(list(numbers)))
    return [Listed(*row) for row in session.execute(query)]


def _listed() -> Any:
    return select(
        PoolEntry.case_id, Case.number, PoolEntry.person_id, PoolEntry.employer, PoolEntry.employer_uscc
    ).join(Case, Case.id == PoolEntry.case_id)


def _above(path: str) -> list[str]:
    """Return the paths of a node and of all nodes above it."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:end]) + "/" for end in range(1, len(parts) + 1)]


def walls_of(
    session: AnySession, bidders: Sequence[Bidder], listed: Iterable[Listed], *, on: date, months: int
) -> dict[int, tuple[str, Text]]:
    """Return whom of these experts a wall bars: the first bidder by name, and why. One query."""
    experts = list(listed)
    ids = [bidder.id for bidder in bidders if bidder.id is not None]
    ties = ties_to_all(session, ids, [each.person_id for each in experts])
    found: dict[int, tuple[str, Text]] = {}
    for each in experts:
        for bidder in bidders:
            if (each.employer_uscc and each.employer_uscc == bidder.uscc) or each.employer == bidder.name:
                found.setdefault(each.person_id, (bidder.name, EMPLOYER))
            standing = wall(ties[each.person_id].get(bidder.id or 0, ()), on=on, months=months)
            if standing is not None:
                found.setdefault(each.person_id, (bidder.name, standing.reason()))
    return found


def walls_of_expert(
    session: AnySession, package_id: int, person_id: int, *, on: date, months: int
) -> tuple[tuple[str, Text], ...]:
    """Return what bars one expert who was drawn, as it is known today. Three queries."""
    query = (
        _listed()
        .join(DrawnExpert, DrawnExpert.entry_id == PoolEntry.case_id)
        .where(DrawnExpert.package_id == package_id, DrawnExpert.person_id == person_id)
    )
    listed = [Listed(*row) for row in session.execute(query)]
    walls = walls_of(session, bidders_of(session, package_id), listed, on=on, months=months)
    return tuple(walls.values())


def publications_of(session: AnySession, package_id: int) -> list[PoolPublication]:
    """Return the pools that were published for a package, the first one first."""
    query = select(PoolPublication).where(PoolPublication.package_id == package_id)
    return list(session.scalars(query.order_by(PoolPublication.sequence)))


def checkpoint_after(session: AnySession, package_id: int, sequence: int) -> tuple[int, str] | None:
    """Return size and text of the first checkpoint that covers this move, or None while there is none."""
    leaf = select(LogLeaf.position).where(LogLeaf.case_id == package_id, LogLeaf.sequence == sequence)
    query = (
        select(Checkpoint.size, Checkpoint.note)
        .where(Checkpoint.size > leaf.scalar_subquery()).order_by(Checkpoint.size).limit(1)
    )
    row = session.execute(query).one_or_none()
    return (row.size, row.note) if row is not None else None


def drawn_for(session: AnySession, package_id: int) -> list[DrawnExpert]:
    """Return everybody who was drawn, in the order of the draw."""
    query = select(DrawnExpert).where(DrawnExpert.package_id == package_id).order_by(DrawnExpert.position)
    return list(session.scalars(query))


def seats_of(session: AnySession, package_id: int) -> list[BidReview]:
    """Return all seats of the panel, also those that were given up, in the order of the draw."""
    query = select(BidReview).where(BidReview.package_id == package_id).order_by(BidReview.position)
    return list(session.scalars(query))


def sitting(seats: Iterable[BidReview]) -> list[BidReview]:
    """Return the seats that were not given up."""
    return [seat for seat in seats if seat.left_at is None]


def panel_facts(session: AnySession, case: CaseRow, on: date) -> PanelFacts:
    """Return what guards ask of the panel of a package, as far as its state makes them ask."""
    if case.state not in ("qualified", "reviewing", "scored"):
        return PanelFacts()
    published = publications_of(session, case.id)
    drawn, seats = drawn_for(session, case.id), seats_of(session, case.id)
    here = sitting(seats)
    size = published[0].panel_size if published else 0
    last = published[-1] if published else None
    open_ = last if last is not None and last.checkpoint is None else None
    vacant = max(0, size - len(here)) if case.state == "reviewing" else 0
    return PanelFacts(
        published=bool(published),
        checkpoint=open_ is not None and checkpoint_after(session, case.id, open_.sequence) is not None,
        fit=len(fresh_pool(session, case, on).fit) if not published or (vacant and open_ is None) else 0,
        least=least_panel(session, case),
        vacant=vacant,
        reserve=len(drawn) - len(seats),
        waiting=len(open_.members) if open_ is not None else 0,
        unsigned=sum(1 for seat in here if seat.stance is None) if case.state == "scored" else 0,
        not_scored=tuple(seat.person_id for seat in here if seat.submitted_at is None),
    )


def fresh_pool(session: AnySession, case: CaseRow, on: date) -> Pool:
    """Return the pool without those who were in a published one before, whatever their listing is called today."""
    before = {number for each in publications_of(session, case.id) for number in each.members}
    # Whoever left the pool and was listed anew has another number, and would be drawn a second time.
    people = {each.person_id for each in entries_of(session, before)} if before else set()
    pool = pool_for(session, case, on)
    return Pool(tuple(each for each in pool.fit if each.person_id not in people), pool.left_out)


def least_panel(session: AnySession, case: CaseRow) -> int:
    """Return how many experts the package's method needs at least."""
    name = "panel_open_tender" if rules_of(session, case.id)[1] in TENDERS else "panel_other"
    return case_facts(case).policy.number(name).value


def rules_of(session: AnySession, package_id: int) -> tuple[Programme, str]:
    """Return the programme by which a package is bought, and the method of its plan. One query."""
    query = (
        select(Programme, Plan.method)
        .join(Plan, Plan.programme_id == Programme.id)
        .join(Call, Call.plan_id == Plan.case_id)
        .join(Package, Package.call_id == Call.case_id)
        .where(Package.case_id == package_id)
    )
    row: Any = session.execute(query).one()
    return row[0], row[1]


def bids_to_review(session: AnySession, package_id: int) -> list[tuple[Case, Bid, Organization]]:
    """Return the qualified bids of a package with their bidders, by number. One query."""
    query = (
        select(Case, Bid, Organization)
        .join(Bid, Bid.case_id == Case.id)
        .join(Organization, Organization.id == Bid.organization_id)
        .where(Case.parent_id == package_id, Case.kind == "bid")
        .where(or_(Case.state.in_(REVIEWED), exists().where(BidRanking.bid_id == Case.id)))
        .order_by(Case.number)
    )
    return [(case, bid, organization) for case, bid, organization in session.execute(query)]




def names_of(session: AnySession, people: Iterable[int]) -> dict[int, str]:
    """Return the names of these people. One query."""
    query = select(Person.id, Person.name).where(Person.id.in_(list(people)))
    return {row.id: row.name for row in session.execute(query)}
