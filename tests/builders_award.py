"""Builders from a ranking to a contract: a ranked package, its candidate, award, objections and contract."""

import hashlib
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from app.access.actor import Actor
from app.cases.due import fire_due
from app.cases.models import Case
from app.cases.perform import perform
from app.documents.models import Document
from app.ledger.accounts import package_balances
from app.organizations.models import Organization
from app.purchasing.models import Contract, Instalment
from app.purchasing.sealed import Bid
from app.purchasing.tendering import BidRanking
from tests.builders import make_actor
from tests.builders_purchasing import (
    PRICES,
    REVIEW,
    Bidder,
    Tender,
    a_bid,
    a_bidder,
    a_plan,
    a_programme,
    a_tender,
    an_office,
    call_data,
    moved,
    opened,
    opened_package,
    package_number,
    some_officers,
    state_of,
)

LOT_FEN = 100_000_00
OPEN_ACCOUNTS = ("reserved", "committed", "payable", "transit", "paid")
LINE = text("""
SELECT name, sum(credits - debits)::bigint AS there FROM ledger_accounts
 WHERE budget_line_id = :line GROUP BY name
""")
RECOUNT = text("""
SELECT count(*) FROM ledger_accounts a
 WHERE a.debits <> coalesce((SELECT sum(t.amount) FROM transfers t WHERE t.debit_id = a.id), 0)
    OR a.credits <> coalesce((SELECT sum(t.amount) FROM transfers t WHERE t.credit_id = a.id), 0)
""")
RANKED = text("UPDATE cases SET state = 'ranked', waits_role = 'buyer' WHERE id = :id")
_papers = itertools.count(1)


@dataclass
class Ranked:
    """A package with a ranking: the bidders in their order, their bids, and who decides."""

    tender: Tender
    package: str
    package_id: int
    bidders: list[Bidder]
    bids: list[str]
    bid_ids: list[int]
    buyer: Actor
    supervisor: Actor
    now: datetime

    @property
    def second_buyer(self) -> Actor:
        """Who makes the award: not whoever named the candidate."""
        return self.tender.office.buyer

    @property
    def line_id(self) -> int:
        """The budget line that pays."""
        return self.tender.office.line_id


def a_ranked_package(
    session: Any, *, prices: tuple[int, ...] = PRICES, programme: dict[str, Any] | None = None,
    tender: Tender | None = None, bidders: list[Bidder] | None = None,
) -> Ranked:
    """Return a package that stands at `ranked`, one bid for each price, the first price the best. Commits."""
    tender = tender or (a_tender(session) if programme is None else _tender_under(session, programme))
    office = tender.office
    bidders = bidders or [a_bidder(session, office) for _ in prices]
    bids = [
        a_bid(session, tender, bidder, price_fen=price, budget=[{"name": "社工服务", "amount_fen": price}])
        for bidder, price in zip(bidders, prices, strict=True)
    ]
    opened_package(session, tender)
    officer, number = office.project_officer, package_number(session, tender)
    for bid in bids:
        moved(session, office, bid, "qualify", officer, at=REVIEW)
    moved(session, office, number, "finish_qualification", officer, at=REVIEW)
    rank(session, tender.packages[0].id, bids)
    ids = [session.execute(select(Case.id).where(Case.number == bid)).scalar_one() for bid in bids]
    buyer = make_actor(session, "负责人丙", ("buyer", office.node_id))
    supervisor = make_actor(session, "监督", ("procurement_supervisor", office.node_id))
    session.commit()
    return Ranked(
        tender, number, tender.packages[0].id, bidders, bids, ids, buyer, supervisor, REVIEW + timedelta(days=1)
    )


def _tender_under(session: Any, programme: dict[str, Any]) -> Tender:
    office = an_office(session)
    method = "grant_call" if programme.get("regime") == "G" else "open_tender"
    plan = a_plan(session, office, a_programme(session, office, **programme), method=method)
    officers = some_officers(session, office)
    call = opened(session, office, "call", "draft", office.project_officer, **call_data(session, plan, officers))
    moved(session, office, call.number, "publish", office.buyer)
    found = list(session.scalars(select(Case).where(Case.kind == "package").order_by(Case.id)))
    return Tender(office, call.number, found, officers)


def step(session: Any, ranked: Ranked, number: str, trigger: str, actor: Actor, /, **changes: Any) -> Any:
    """Make a move on the case at the time of the story, with its input's example and these changes."""
    return moved(session, ranked.tender.office, number, trigger, actor, at=changes.pop("at", ranked.now), **changes)


def a_candidate(session: Any, ranked: Ranked, place: int = 0) -> None:
    """Publish the bidder of this place."""
    step(session, ranked, ranked.package, "confirm_candidate", ranked.buyer, candidate=ranked.bid_ids[place])


def publicity_ends(session: Any, ranked: Ranked, days: int = 6) -> None:
    """Let some days go by, with what falls due in them."""
    ranked.now += timedelta(days=days)
    fire_due(session, ranked.now)


def an_award(session: Any, ranked: Ranked, place: int = 0) -> str:
    """Award the package to the bidder of this place; return the number of the contract's case."""
    a_candidate(session, ranked, place)
    publicity_ends(session, ranked)
    step(session, ranked, ranked.package, "award", ranked.second_buyer)
    return contract_number(session, ranked)


def contract_number(session: Any, ranked: Ranked) -> str:
    """Return the number of the contract's case that was opened last."""
    query = select(Case.number).where(Case.parent_id == ranked.package_id, Case.kind == "contract")
    return session.scalars(query.order_by(Case.id.desc())).first()


HALVES = [
    {"share_bp": 5000, "condition": "合同签订后", "waits_for": "none"},
    {"share_bp": 3000, "condition": "中期评估合格后", "waits_for": "mid_evaluation"},
    {"share_bp": 2000, "condition": "验收合格后", "waits_for": "acceptance"},
]
WORK_FIRST = [
    {"share_bp": 5000, "condition": "阶段报告通过后", "waits_for": "report"},
    {"share_bp": 5000, "condition": "验收合格后", "waits_for": "acceptance"},
]


def an_agreed_contract(session: Any, ranked: Ranked, place: int = 0, terms: Any = HALVES) -> str:
    """Return the number of a contract that both sides agree to."""
    number = an_award(session, ranked, place)
    officer, staff = ranked.tender.office.project_officer, ranked.bidders[place].staff
    step(session, ranked, number, "send", officer, instalments=terms)
    step(session, ranked, number, "agree", staff)
    return number


def a_signed_contract(
    session: Any, ranked: Ranked, place: int = 0, terms: Any = HALVES
) -> tuple[str, Contract]:
    """Return the number of a contract's case that was signed, and the contract."""
    number = an_agreed_contract(session, ranked, place, terms)
    step(session, ranked, number, "sign", ranked.buyer)
    return number, session.scalars(select(Contract).order_by(Contract.id.desc())).first()


def an_accepted_report(session: Any, ranked: Ranked, contract: Contract) -> None:
    """Let the work of the first instalment be reported and accepted."""
    bidder = next(each for each in ranked.bidders if each.organization_id == contract.organization_id)
    part = session.scalars(
        select(Instalment.id).where(Instalment.contract_id == contract.id, Instalment.position == 1)
    ).one()
    data = {"organization": bidder.organization_id, "instalment": part, "done": "完成探访。",
            "indicators": [{"name": "探访人次", "planned": 120, "achieved": 126}]}
    report = perform(session, kind="milestone_report", trigger="submit", actor=bidder.staff, data=data, now=ranked.now)
    step(session, ranked, report.number, "accept_report", ranked.tender.office.project_officer)


def a_letter(session: Any, bidder: Bidder, slot: str = "letter") -> dict[str, Any]:
    """Return a reference to a paper that the bidder has just uploaded. Commits."""
    paper = Document(
        sha256=hashlib.sha256(f"letter {next(_papers)}".encode()).hexdigest(), size=1000,
        media_type="application/pdf", name="异议书.pdf", organization_id=bidder.organization_id,
        uploaded_by=bidder.staff.person_id, uploaded_at=REVIEW, issued=False,
    )
    session.add(paper)
    session.commit()
    return {"slot": slot, "document_id": paper.id}


def objection_data(session: Any, ranked: Ranked, bidder: Bidder) -> dict[str, Any]:
    """Return a signed objection to the package's result."""
    return {
        "organization": bidder.organization_id, "package": ranked.package_id,
        "claim": "业绩证明与公开合同不符，应予核实。", "request": "取消候选资格。",
        "contact": "张示例", "phone": "13800001234",
        "documents": [a_letter(session, bidder)], "declaration": True,
    }


def an_objection(session: Any, ranked: Ranked, place: int = 1, *, accepted: bool = True) -> str:
    """Return the number of an objection by the bidder of this place."""
    bidder = ranked.bidders[place]
    number = perform(session, kind="objection", trigger="file", actor=bidder.staff, now=ranked.now,
                     data=objection_data(session, ranked, bidder)).number
    if accepted:
        step(session, ranked, number, "accept", ranked.tender.office.project_officer)
    return number


def pay(session: Any, ranked: Ranked, contract: Contract, position: int, until: str) -> str:
    """Ask for an instalment and bring it as far as `until`; return the number of the payment."""
    place = ranked.tender.office.place
    bidder = next(each for each in ranked.bidders if each.organization_id == contract.organization_id)
    part = session.scalars(
        select(Instalment).where(Instalment.contract_id == contract.id, Instalment.position == position)
    ).one()
    name = session.get_one(Organization, bidder.organization_id).name
    amount = part.amount_fen
    data = {
        "organization": bidder.organization_id, "instalment": part.id, "invoice_no": "25117000000123456789",
        "payee_name": name, "payee_bank": "示例银行", "payee_account": "0200001209001234", "report": "已完成。",
        "documents": [a_letter(session, bidder, "invoice")],
    }
    number = perform(session, kind="payment", trigger="apply", actor=bidder.staff, data=data, now=ranked.now).number
    steps = {
        "applied": None, "check_business": ("project_officer", {}), "check_finance": ("finance_officer", {}),
        "approve": ("finance_approver", {"amount_fen": amount, "account_end": "1234"}), "instruct": ("cashier", {}),
    }
    for trigger, how in steps.items():
        if how is not None:
            role, changes = how
            step(session, ranked, number, trigger, place.actors[role], **changes)
        if trigger == until:
            break
    return number


def money_of(session: Any, ranked: Ranked) -> dict[str, int]:
    """Return what stands in every account of the package, none at zero left out."""
    return package_balances(session, ranked.line_id, ranked.package)


def whole_line(session: Any, ranked: Ranked) -> dict[str, int]:
    """Return what stands in all accounts of the budget line, by name, after recounting every one of them."""
    assert session.execute(RECOUNT).scalar_one() == 0, "an account is not what its transfers make it"
    found = {row.name: int(row.there) for row in session.execute(LINE, {"line": ranked.line_id})}
    assert sum(found.values()) == 0, "a fen is astray"
    return found


def states(session: Any, numbers: list[str]) -> list[str]:
    """Return the states of cases."""
    return [state_of(session, number) for number in numbers]


def bid_row(session: Any, number: str) -> Bid:
    """Return the row of a bid."""
    return session.scalars(select(Bid).join(Case, Case.id == Bid.case_id).where(Case.number == number)).one()


def rank(session: Any, package_id: int, bids: list[str]) -> None:
    """Give a qualified package a ranking, the first bid the best, as if a panel had scored; a shortcut of tests.

    The whole way through draw and scores is walked by the journey of the tender.
    """
    for position, bid in enumerate(bids, start=1):
        bid_id = session.execute(select(Case.id).where(Case.number == bid)).scalar_one()
        session.add(BidRanking(package_id=package_id, position=position, bid_id=bid_id,
                               points=9000 - 100 * position, price_points=1000, details={}))
    session.execute(RANKED, {"id": package_id})
    session.commit()
