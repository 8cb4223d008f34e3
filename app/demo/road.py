"""The road of purchases in an invented office: calls of four ages, so that packages stand in every state of interest.

Everything is done by perform() at the time at which it would have been done; clocks fire on the way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.cases.models import Case
from app.demo import buying
from app.demo.buying import Bidder, Office
from app.demo.programmes import HALVES, THIRDS
from app.purchasing.models import Contract

FIRST_DAY = timedelta(days=85)
"""So long before the present the road begins."""
BIDDING = timedelta(days=22)
LOTS = (("独居老人探访服务", 12_000_000), ("社区助餐配送服务", 12_000_000), ("认知症家庭支持", 12_000_000))


@dataclass
class Road:
    """What stands at the end: programmes, contracts in performance, and the numbers of the other cases."""

    rules: int
    grant_rules: int
    contracts: list[Contract]
    failed: str
    drafting: str
    suspended: str
    objection: str
    ranked: str
    reviewing: str
    opened: str
    open: list[str]


def walk(
    office: Office, bidders: Sequence[Bidder], rules: dict[str, Any], grant_rules: dict[str, Any], *,
    contracts: int = 1,
) -> Road:
    """Walk the whole road with four bidders: the first has a contract at the end, with `contracts` 3 two more too.

    Experts after the fifth are listed when the panels have been drawn.
    """
    builder = office.builder
    present = builder.now
    builder.now = present - FIRST_DAY
    bought, granted = buying.programme(office, rules), buying.programme(office, grant_rules)
    buying.enrol(office)
    for expert in office.experts[:5]:
        buying.listed(office, expert)
    signed, failed = _finished(office, bidders, bought, contracts)
    drafting, suspended, objection, ranked = _granted(office, bidders, granted, present)
    reviewing, opened = _under_review(office, bidders, bought, present)
    still_open = _open(office, bidders, bought, present)
    builder.now = present - timedelta(days=1)
    for expert in office.experts[5:]:
        buying.listed(office, expert)
    _waiting(office, bought, rules)
    builder.now = present
    cases = [builder.case(number).id for number in signed]
    made = list(builder.session.scalars(select(Contract).where(Contract.case_id.in_(cases)).order_by(Contract.id)))
    return Road(bought, granted, made, failed, drafting, suspended, objection, ranked, reviewing, opened, still_open)


def _finished(office: Office, bidders: Sequence[Bidder], rules: int, contracts: int) -> tuple[list[str], str]:
    """A call that is over: so many contracts in performance, and one package failed for fewer than three bids."""
    builder = office.builder
    planned = buying.plan(office, rules, "社区为老服务", "A1001", 48_000_000)
    due = builder.now + BIDDING
    _number, (failing, *lots) = buying.call(office, planned, "社区为老服务采购公告", (
        ("失能老人照护指导", 10_000_000), *LOTS[:contracts]), due)
    builder.now += timedelta(days=5)
    orders = [(0, 1, 2), (2, 0, 1), (3, 0, 1)]
    bids = {
        lot: [
            buying.bid(office, bidders[who], lot, 11_200_000 + 300_000 * place) for place, who in enumerate(order)
        ] for lot, order in zip(lots, orders, strict=False)
    }
    for each in bidders[1:3]:
        buying.bid(office, each, failing, 9_500_000)
    buying.wait(office, failing, "bidding")
    builder.move(office.project, failing, "fail", {
        "ground": "too_few", "reason": "截至投标截止时间只有两家投标，不足三家，依法废标。",
    })
    for lot in lots:
        buying.open_bids(office, lot)
        buying.qualify(office, lot, bids[lot])
        buying.rank(office, lot, bids[lot])
        candidate(office, lot, bids[lot][0])
    signed = []
    for lot, order, (title, _fen) in zip(lots, orders, LOTS, strict=False):
        contract = award(office, lot)
        signed.append(contract)
        sign(office, contract, bidders[order[0]], f"{title}合同", THIRDS)
    return signed, failing


def award(office: Office, package: str) -> str:
    """Wait for the end of publicity and make the award, which a second buyer does; return the contract's case."""
    builder = office.builder
    buying.wait(office, package, "publicity")
    builder.move(office.second_buyer, package, "award", {"reason": "公示期满无异议，综合得分最高。", "announced": True})
    query = select(Case.number).where(Case.parent_id == builder.case(package).id, Case.kind == "contract")
    return builder.session.scalars(query.order_by(Case.id.desc())).first() or ""


def candidate(office: Office, package: str, bid: str) -> None:
    """Publish the first of the ranking."""
    office.builder.move(office.buyer, package, "confirm_candidate", {
        "candidate": office.builder.case(bid).id, "reason": "综合得分最高，按排名确定。",
    })


def send(office: Office, contract: str, title: str, instalments: list[dict[str, Any]], ends_on: date) -> None:
    """Draft a contract and send it to the organization."""
    office.builder.move(office.project, contract, "send", {
        "title": title, "ends_on": ends_on.isoformat(), "content_fixed": False, "continuous": False,
        "funding_stable": False, "price_stable": False, "instalments": instalments,
    })


def sign(office: Office, contract: str, bidder: Bidder, title: str, instalments: list[dict[str, Any]]) -> None:
    """Bring the contract of a procurement from its draft to performance."""
    builder = office.builder
    send(office, contract, title, instalments, builder.today + timedelta(days=240))
    builder.move(bidder.staff, contract, "agree", {"documents": [], "declaration": True})
    builder.move(office.buyer, contract, "sign", {"declaration": True})
    builder.now += timedelta(days=1)
    builder.move(office.project, contract, "publish", {
        "published_on": builder.today.isoformat(), "place": "示例政府采购网",
    })
    builder.move(office.project, contract, "file_copy", {
        "filed_on": builder.today.isoformat(), "document_number": f"示财采备〔{builder.today.year}〕12号",
    })


def _granted(
    office: Office, bidders: Sequence[Bidder], rules: int, present: datetime
) -> tuple[str, str, str, str]:
    """A call for grants: one awarded with its agreement being drafted, one under objection, one just ranked."""
    builder = office.builder
    builder.now = present - timedelta(days=52)
    planned = buying.plan(office, rules, "社区微创投", "A1004", 30_000_000, grant=True)
    due = builder.now + BIDDING
    _number, lots = buying.call(office, planned, "社区微创投征集公告", (
        ("课后托管", 10_000_000), ("邻里食堂", 10_000_000), ("楼门文化", 9_000_000)), due)
    builder.now += timedelta(days=6)
    bids = {
        lot: [
            buying.bid(office, bidders[(place + turn + 1) % len(bidders)], lot, 8_600_000 + 100_000 * place)
            for place in range(3)
        ] for turn, lot in enumerate(lots)
    }
    buying.wait(office, lots[0], "bidding")
    for lot in lots:
        buying.open_bids(office, lot)
        buying.qualify(office, lot, bids[lot])
        if lot != lots[2]:
            buying.rank(office, lot, bids[lot])
    candidate(office, lots[0], bids[lots[0]][0])
    drafting = award(office, lots[0])
    send(office, drafting, "课后托管资助协议", HALVES, builder.today + timedelta(days=150))
    builder.now = max(builder.now, present - timedelta(days=3))
    buying.rank(office, lots[2], bids[lots[2]])
    candidate(office, lots[1], bids[lots[1]][0])
    builder.now += timedelta(days=1)
    second = bidders[(1 + 1 + 1) % len(bidders)]
    return drafting, lots[1], object_to(office, second, lots[1]), lots[2]


def object_to(office: Office, bidder: Bidder, package: str) -> str:
    """File a signed objection of a bidder; return its number."""
    builder = office.builder
    letter = builder.paper(bidder.staff, bidder.organization, f"异议书 {package}")
    return builder.open(bidder.staff, "objection", "file", {
        "organization": bidder.organization.id, "package": builder.case(package).id,
        "claim": "候选人提交的同类项目业绩证明与公开合同不符，请予核实。", "request": "核实业绩并取消候选资格。",
        "contact": "张示例", "phone": "13800001234",
        "documents": [{"slot": "letter", "document_id": letter.id}], "declaration": True,
    }).number


def _under_review(office: Office, bidders: Sequence[Bidder], rules: int, present: datetime) -> tuple[str, str]:
    """A call whose bids were opened this week: one package before its experts, one being checked."""
    builder = office.builder
    builder.now = present - timedelta(days=27)
    planned = buying.plan(office, rules, "社区助残与治理服务", "A1002", 30_000_000)
    due = builder.now + BIDDING
    _number, (first, second) = buying.call(office, planned, "社区助残与治理服务采购公告", (
        ("残疾人居家康复服务", 15_000_000), ("议事协商陪伴服务", 13_000_000)), due)
    builder.now += timedelta(days=8)
    bids = [
        buying.bid(office, each, first, 14_000_000 + 200_000 * place, paper=True)
        for place, each in enumerate(bidders[:3])
    ]
    others = [buying.bid(office, each, second, 12_500_000) for each in bidders[1:4]]
    buying.wait(office, first, "bidding")
    buying.open_bids(office, first)
    buying.open_bids(office, second)
    builder.move(office.project, others[0], "qualify", {"remark": "资格材料齐全。"})
    buying.qualify(office, first, bids)
    panel = sorted(buying.draw(office, first), key=lambda each: each.login)
    for turn, expert in enumerate(panel[-2:]):
        buying.score(office, first, expert, bids, turn)
    buying.declare(office, first, panel[1], bids)
    return first, second


def _open(office: Office, bidders: Sequence[Bidder], rules: int, present: datetime) -> list[str]:
    """A call that takes bids now; some have come in."""
    builder = office.builder
    builder.now = present - timedelta(days=6)
    planned = buying.plan(office, rules, "社区治理服务", "A1003", 24_000_000)
    _number, lots = buying.call(office, planned, "社区治理服务采购公告", (
        ("社区公约共议服务", 12_000_000), ("物业议事会培力服务", 11_000_000)), present + timedelta(days=16))
    builder.now = present - timedelta(days=2)
    for place, each in enumerate(bidders[1:4]):
        buying.bid(office, each, lots[0], 11_000_000 + 100_000 * place)
    buying.bid(office, bidders[2], lots[1], 10_400_000)
    return lots


def _waiting(office: Office, rules: int, entered: dict[str, Any]) -> None:
    """What waits for the buyers: a plan, a call, new rules of the fund."""
    buying.plan(office, rules, "社会组织能力建设", "A1005", 8_000_000, approved=False)
    planned = buying.plan(office, rules, "社会组织培育与督导", "A1005", 10_000_000)
    buying.call(office, planned, "社会组织培育与督导采购公告", (("督导服务", 9_000_000),),
                office.builder.now + BIDDING, published=False)
    buying.programme(office, {**entered, "cap_fen": entered["cap_fen"] + 5_000_000}, confirmed=False)
