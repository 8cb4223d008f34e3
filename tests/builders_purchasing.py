"""Builders of a buying office: programme, plan, call, packages and bids. Everything invented."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import create_engine, select

from app.access.actor import Actor
from app.cases.due import fire_due
from app.cases.inputs import example_row
from app.cases.kinds import input_of
from app.cases.models import Case
from app.cases.perform import perform
from app.errors import Answer
from app.ledger.models import BudgetLine
from app.purchasing.experts import BidReview
from app.purchasing.panel.queries import seats_of, sitting
from app.purchasing.tendering import Catalogue, CatalogueItem, Programme
from app.worker import Signer
from tests.builders import District, make_actor, make_district, make_organization
from tests.builders_ledger import MORNING, a_budget_line
from tests.builders_payments import register
from tests.builders_register import a_code

CRITERION = "需求与目标"
"""The one criterion of the example programme, with 100 points."""
BUDGET_FEN = 500_000_00


@dataclass
class Office:
    """A district whose buying office has a budget line, a catalogue item, two buyers and project officers."""

    place: District
    line: BudgetLine
    line_id: int
    node_id: int
    item_id: int
    heading_id: int
    project_officer: Actor
    buyer: Actor
    second_buyer: Actor
    outsider: Actor
    now: datetime = MORNING


def an_office(session: Any, *, budget_fen: int = BUDGET_FEN, place: District | None = None) -> Office:
    """Return a committed office with money and a catalogue of one item."""
    place = place or make_district(session)
    line = a_budget_line(session, budget_fen, node=place.buyer)
    catalogue = Catalogue(division="110000", source="示例目录", imported_at=MORNING)
    session.add(catalogue)
    session.flush()
    parent = None
    for level, code in ((1, "A"), (2, "A10"), (3, "A1003")):
        item = CatalogueItem(
            catalogue_id=catalogue.id, code=code, name=f"示例{code}", level=level,
            parent_id=parent.id if parent else None,
        )
        session.add(item)
        session.flush()
        parent, heading = item, parent
    office = Office(
        place, line, line.id, place.buyer.id, parent.id, heading.id,
        place.actors["project_officer"], make_actor(session, "负责人甲", ("buyer", place.buyer.id)),
        make_actor(session, "负责人乙", ("buyer", place.buyer.id)),
        make_actor(session, "外人", ("buyer", place.organization.node_id)),
    )
    session.commit()
    return office


def data_of(kind: str, trigger: str, /, **changes: Any) -> dict[str, Any]:
    """Return the example of an input, with these fields changed."""
    schema = input_of(kind, trigger)
    return (example_row(schema) if schema else {}) | changes


def opened(session: Any, where: Office, kind: str, trigger: str, actor: Actor, /, **changes: Any) -> Answer:
    """Open a case."""
    return perform(
        session, kind=kind, trigger=trigger, actor=actor, data=data_of(kind, trigger, **changes), now=where.now
    )


def moved(session: Any, where: Office, number: str, trigger: str, actor: Actor, /, **changes: Any) -> Answer:
    """Make the next move on a case, with its input's example and these changes; `at` is another time."""
    at = changes.pop("at", where.now + timedelta(minutes=1))
    case = session.execute(select(Case.kind, Case.revision).where(Case.number == number)).one()
    return perform(
        session, kind=case.kind, number=number, trigger=trigger, actor=actor,
        data=data_of(case.kind, trigger, **changes), revision=case.revision, now=at,
    )


def state_of(session: Any, number: str) -> str:
    """Return the state of a case."""
    return session.execute(select(Case.state).where(Case.number == number)).scalar_one()


def a_programme(session: Any, office: Office, **changes: Any) -> int:
    """Return the id of a programme that is in force."""
    answer = opened(session, office, "programme", "enter", office.buyer, office=office.node_id, **changes)
    moved(session, office, answer.number, "confirm", office.second_buyer)
    return session.scalars(select(Programme.id).order_by(Programme.id.desc())).first()


def plan_data(office: Office, programme: int, /, **changes: Any) -> dict[str, Any]:
    """Return the data of a plan of this office."""
    said = {
        "budget_line": office.line_id, "programme": programme, "catalogue_item": office.item_id,
        "amount_fen": 300_000_00, "method": "open_tender", "negative": None,
    }
    return data_of("plan", "propose", **said) | changes


def a_plan(session: Any, office: Office, programme: int, **changes: Any) -> str:
    """Return the number of an approved plan."""
    data = plan_data(office, programme, **changes)
    answer = opened(session, office, "plan", "propose", office.project_officer, **data)
    moved(session, office, answer.number, "approve", office.buyer)
    return answer.number


PASSPHRASE = "three lanterns by the lake"
DUE = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
"""Tuesday 31 March 2026, 17:00 in Shanghai."""
A_BID = {
    "price_fen": 88_888_31, "budget": [{"name": "社工服务", "amount_fen": 88_888_31}], "partners": [],
    "approach": "每月探访两次。", "team": "社工四名。", "documents": [], "declaration": True,
}


@dataclass
class Tender:
    """A published call with its packages, and who opens its bids."""

    office: Office
    call: str
    packages: list[Case]
    officers: list[Actor]


def some_officers(session: Any, office: Office) -> list[Actor]:
    """Return three officers of the office who have enrolled keys."""
    officers = [office.project_officer, office.buyer, office.second_buyer]
    for officer in officers:
        key = opened(session, office, "opening_key", "enrol", officer, office=office.node_id, passphrase=PASSPHRASE)
        moved(session, office, key.number, "rehearse", officer, passphrase=PASSPHRASE)
    return officers


def call_data(session: Any, plan: str, officers: list[Actor], **changes: Any) -> dict[str, Any]:
    """Return the data of a call for two packages of 100,000.00 and 90,000.01 yuan."""
    plan_id = session.execute(select(Case.id).where(Case.number == plan)).scalar_one()
    said = {f"officer_{n}": officer.person_id for n, officer in enumerate(officers, start=1)}
    said |= {
        "plan": plan_id, "bids_due_at": DUE.isoformat(), "documents_until": "2026-03-20",
        "packages": [{"title": "第一包", "amount_fen": 100_000_00}, {"title": "第二包", "amount_fen": 90_000_01}],
    }
    return data_of("call", "draft", **said) | changes


def a_tender(session: Any, office: Office | None = None) -> Tender:
    """Return a call that was published this morning."""
    office = office or an_office(session)
    plan = a_plan(session, office, a_programme(session, office))
    officers = some_officers(session, office)
    call = opened(session, office, "call", "draft", office.project_officer, **call_data(session, plan, officers))
    moved(session, office, call.number, "publish", office.buyer)
    found = list(session.scalars(select(Case).where(Case.kind == "package").order_by(Case.id)))
    return Tender(office, call.number, found, officers)


@dataclass
class Bidder:
    """A registered organization and its staff."""

    organization_id: int
    uscc: str
    staff: Actor


_codes = itertools.count(1)


def a_bidder(session: Any, office: Office, name: str = "") -> Bidder:
    """Return a committed organization that may bid."""
    number = next(_codes)
    code = a_code(700_000 + number)
    organization = make_organization(session, office.place.district, name or f"投标组织{number}", uscc=code)
    register(session, organization)
    staff = make_actor(session, f"经办{number}", ("staff", organization.node_id))
    session.commit()
    return Bidder(organization.id, code, staff)


def a_bid(session: Any, tender: Tender, bidder: Bidder, /, **changes: Any) -> str:
    """Return the number of a bid for the first package, an hour after the call."""
    at = changes.pop("at", tender.office.now + timedelta(hours=1))
    package = changes.pop("package", tender.packages[0].id)
    answer = perform(
        session, kind="bid", trigger="hand_in", actor=bidder.staff, now=at,
        data={"organization": bidder.organization_id, "package": package, **A_BID, **changes},
    )
    return answer.number


def open_data(tender: Tender, first: int = 0, second: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the data with which two officers open a package."""
    said = {
        "officer": tender.officers[first].person_id, "passphrase": PASSPHRASE,
        "second_officer": tender.officers[second].person_id, "second_passphrase": PASSPHRASE, "minutes": None,
    }
    return said | changes


def opened_package(session: Any, tender: Tender, /, **changes: Any) -> Answer:
    """Open the first package the morning after the deadline."""
    number = session.execute(select(Case.number).where(Case.id == tender.packages[0].id)).scalar_one()
    fire_due(session, DUE)
    at = DUE + timedelta(hours=16)
    return moved(session, tender.office, number, "open_bids", tender.officers[0], at=at, **open_data(tender, **changes))


REVIEW = DUE + timedelta(days=1)
"""Wednesday 1 April 2026, 17:00 in Shanghai: the bids are open and the qualification has been checked."""
PRICES = (88_888_31, 90_000_00, 95_000_00)


def a_qualified_package(
    session: Any, tender: Tender | None = None, prices: tuple[int, ...] = PRICES
) -> tuple[Tender, list[str]]:
    """Return a tender whose first package is `qualified`, with the numbers of its bids, one for each price."""
    tender = tender or a_tender(session)
    numbers = [
        a_bid(session, tender, a_bidder(session, tender.office), price_fen=price,
              budget=[{"name": "社工服务", "amount_fen": price}])
        for price in prices
    ]
    opened_package(session, tender)
    officer = tender.office.project_officer
    for number in numbers:
        moved(session, tender.office, number, "qualify", officer, at=REVIEW)
    moved(session, tender.office, package_number(session, tender), "finish_qualification", officer, at=REVIEW)
    return tender, numbers


def package_number(session: Any, tender: Tender) -> str:
    """Return the number of the first package."""
    return session.execute(select(Case.number).where(Case.id == tender.packages[0].id)).scalar_one()


LISTED = REVIEW - timedelta(hours=2)


def an_expert(session: Any, office: Office, name: str = "", **changes: Any) -> Actor:
    """Return an expert of the office's district who is listed in its pool."""
    expert = make_actor(session, name or f"专家{next(_codes)}", ("expert", office.place.district.id))
    session.commit()
    said = {"office": office.node_id, "person": expert.person_id, "employer_uscc": None} | changes
    office_now, office.now = office.now, LISTED
    entry = opened(session, office, "pool_entry", "enter", office.project_officer, **said)
    office.now = office_now
    moved(session, office, entry.number, "confirm", office.buyer, at=LISTED)
    return expert


def sign_log(session: Any) -> None:
    """Let the signer cover all there is, as the worker does every minute."""
    session.commit()
    engine = create_engine(current_app.config["SIGNER_URL"])
    signer = Signer(engine, Path(current_app.config["SIGNING_KEY"]))
    signer.empty_queue()
    signer.sign()
    engine.dispose()


@dataclass
class Panel:
    """A package under review: its tender, the numbers of its bids, and the experts of the pool by person."""

    tender: Tender
    package: str
    bids: list[str]
    experts: dict[int, Actor]

    @property
    def officer(self) -> Actor:
        """Who runs the review."""
        return self.tender.office.project_officer

    def move(self, session: Any, number: str, trigger: str, actor: Actor, **data: Any) -> Answer:
        """Make a move, on the day of the review unless `at` says otherwise."""
        at = data.pop("at", REVIEW + timedelta(hours=1))
        return moved(session, self.tender.office, number, trigger, actor, at=at, **data)

    def seated(self, session: Any) -> list[Actor]:
        """Return who sits on the panel, in the order of the draw."""
        return [self.experts[seat.person_id] for seat in sitting(seats_of(session, self.tender.packages[0].id))]

    def review_of(self, session: Any, expert: Actor) -> str:
        """Return the number of an expert's review."""
        query = select(Case.number).join(BidReview, BidReview.case_id == Case.id)
        return session.execute(query.where(BidReview.person_id == expert.person_id)).scalar_one()

    def declared(self, session: Any, expert: Actor) -> Answer:
        """Let the expert declare to have no relation to any bidder."""
        rows = [{"bid": bid, "relation": "none"} for bid in self.bids]
        return self.move(session, self.review_of(session, expert), "declare", expert, bidders=rows)

    def scored(self, session: Any, expert: Actor, points: dict[str, int] | None = None, **data: Any) -> Answer:
        """Let the expert declare, and hand in these points for each bid (80, 70, 60 ... in the order of the bids)."""
        self.declared(session, expert)
        given = points or {bid: 80 - 10 * place for place, bid in enumerate(self.bids)}
        rows = [{"bid": bid, "criterion": CRITERION, "points": given[bid], "remark": "理由充分"} for bid in self.bids]
        number = self.review_of(session, expert)
        return self.move(session, number, "submit_scores", expert, **({"scores": rows, "opinion": None} | data))


def a_panel(
    session: Any, tender: Tender | None = None, *, pool: int = 7, prices: tuple[int, ...] = PRICES
) -> Panel:
    """Return a package in `reviewing`: five experts drawn from a pool of so many."""
    tender, bids = a_qualified_package(session, tender, prices)
    experts = [an_expert(session, tender.office) for _ in range(pool)]
    panel = Panel(tender, package_number(session, tender), bids, {each.person_id or 0: each for each in experts})
    panel.move(session, panel.package, "publish_pool", panel.officer, at=REVIEW)
    sign_log(session)
    panel.move(session, panel.package, "draw_experts", panel.officer, at=REVIEW)
    return panel


def a_scored_package(session: Any, panel: Panel | None = None) -> Panel:
    """Return a package in `scored`: every expert of the panel has handed in and agreed to the report."""
    panel = panel or a_panel(session)
    seated = panel.seated(session)
    for expert in seated:
        panel.scored(session, expert)
    for expert in seated:
        panel.move(session, panel.review_of(session, expert), "agree", expert)
    return panel


def a_ranked_package(
    session: Any, tender: Tender | None = None, *, prices: tuple[int, ...] = PRICES
) -> Panel:
    """Return a package in `ranked`; its bids stand in the order in which they were handed in."""
    panel = a_scored_package(session, a_panel(session, tender, prices=prices))
    panel.move(session, panel.package, "finish_review", panel.officer)
    return panel
