"""How does an invented office buy? Rules, keys, pool, plan, call, bids, opening, scores: each by perform()."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.access.models import Node
from app.cases.due import fire_due
from app.cases.models import Case, Clock
from app.demo.building import Builder, Member
from app.ledger.models import BudgetLine
from app.organizations.models import Organization
from app.purchasing.experts import BidReview
from app.purchasing.panel.queries import rules_of, seats_of, sitting
from app.purchasing.tendering import Catalogue, CatalogueItem, Package, Programme

PASSPHRASE = "three lanterns by the lake"  # noqa: S105 - the demo's officers open bids with it; it is printed
SPECIALTIES = "社区养老、社会工作、项目评估"
# The tree has three levels; only the lowest can be bought.
CATALOGUE = (
    ("A", "公共服务（示例）", 1), ("A10", "社会服务（示例）", 2), ("A1001", "为老服务（示例）", 3),
    ("A1002", "助残服务（示例）", 3), ("A1003", "社区治理服务（示例）", 3), ("A1004", "儿童关爱服务（示例）", 3),
    ("A1005", "社会组织培育服务（示例）", 3),
)


@dataclass
class Office:
    """An office that buys, with its people; `line` pays for purchases, `grants` for grants."""

    builder: Builder
    node: Node
    line: BudgetLine
    grants: BudgetLine
    project: Member
    checker: Member
    buyer: Member
    second_buyer: Member
    supervisor: Member
    experts: list[Member] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def openers(self) -> tuple[Member, Member, Member]:
        """Who opens bids: two of these three."""
        return (self.project, self.checker, self.buyer)


@dataclass(frozen=True)
class Bidder:
    """A registered organization and its staff."""

    organization: Organization
    staff: Member


def catalogue(builder: Builder, division: str) -> None:
    """Add a small invented guide catalogue."""
    edition = Catalogue(division=division, source="指导性目录（示例）", imported_at=builder.now)
    builder.session.add(edition)
    builder.session.flush()
    ids: dict[str, int] = {}
    for code, name, level in CATALOGUE:
        above = next((ids[code[:end]] for end in range(len(code) - 1, 0, -1) if code[:end] in ids), None)
        item = CatalogueItem(catalogue_id=edition.id, code=code, name=name, level=level, parent_id=above)
        builder.session.add(item)
        builder.session.flush()
        ids[code] = item.id
    builder.session.commit()


def programme(office: Office, rules: dict[str, Any], *, confirmed: bool = True) -> int:
    """Enter the rules of a fund, let a second person confirm them, and return the programme's id."""
    builder = office.builder
    number = builder.open(office.buyer, "programme", "enter", {**rules, "office": office.node.id}).number
    if confirmed:
        builder.move(office.second_buyer, number, "confirm", {"remark": "与项目文件一致。"})
    return builder.session.execute(
        select(Programme.id).where(Programme.case_id == builder.case(number).id)
    ).scalar_one()


def enrol(office: Office) -> None:
    """Let the three opening officers enrol a key each."""
    for officer in office.openers:
        answer = office.builder.open(
            officer, "opening_key", "enrol", {"office": office.node.id, "passphrase": PASSPHRASE, "declaration": True}
        )
        office.keys[officer.login] = answer.number


def rehearse(office: Office) -> None:
    """Let the three opening officers rehearse, as they must before a call is published."""
    for officer in office.openers:
        office.builder.move(officer, office.keys[officer.login], "rehearse", {"passphrase": PASSPHRASE})


def listed(office: Office, expert: Member, *, confirmed: bool = True) -> str:
    """Enter an expert for the pool and confirm the entry; return its number."""
    number = office.builder.open(office.project, "pool_entry", "enter", {
        "office": office.node.id, "person": expert.actor.person_id, "specialties": SPECIALTIES,
        "employer": "示例大学社会工作系", "employer_uscc": None,
    }).number
    if confirmed:
        office.builder.move(office.buyer, number, "confirm", {"remark": "已核对聘书。"})
    return number


def plan(
    office: Office, rules: int, title: str, code: str, amount_fen: int, *, grant: bool = False, approved: bool = True
) -> str:
    """Plan a purchase (or a call for grants) and have it approved; return its number."""
    builder = office.builder
    item = builder.session.scalars(
        select(CatalogueItem.id).where(CatalogueItem.code == code).order_by(CatalogueItem.id.desc())
    ).first()
    number = builder.open(office.project, "plan", "propose", {
        "title": title, "budget_line": (office.grants if grant else office.line).id, "programme": rules,
        "catalogue_item": item, "amount_fen": amount_fen, "method": "grant_call" if grant else "open_tender",
        "method_reason": "项目文件规定公开征集资助项目。" if grant else "",
        "need": "经入户走访和居民议事会，该项服务需求最多。", "negative": None,
    }).number
    if approved:
        builder.move(office.buyer, number, "approve", {"opinion": "同意。"})
    return number


def call(
    office: Office, plan_number: str, title: str, packages: Sequence[tuple[str, int]], due_at: datetime, *,
    published: bool = True,
) -> tuple[str, list[str]]:
    """Draft a call with these packages (title, fen) and publish it; return its number and those of the packages."""
    builder = office.builder
    rehearse(office)
    officers = {f"officer_{n}": each.actor.person_id for n, each in enumerate(office.openers, start=1)}
    number = builder.open(office.project, "call", "draft", {
        "plan": builder.case(plan_number).id, "title": title,
        "requirements": "按月提交服务记录；期末由第三方评估并由服务对象评价。", "bids_due_at": due_at.isoformat(),
        "documents_until": due_at.date().isoformat(),
        "packages": [{"title": name, "amount_fen": fen} for name, fen in packages], **officers,
    }).number
    if not published:
        return number, []
    builder.move(office.buyer, number, "publish", {"opinion": "同意发布。"})
    lots = builder.session.scalars(
        select(Case.number).join(Package, Package.case_id == Case.id)
        .where(Package.call_id == builder.case(number).id).order_by(Case.id)
    )
    return number, list(lots)


def bid(office: Office, bidder: Bidder, package: str, price_fen: int, *, paper: bool = False) -> str:
    """Hand in a sealed bid; return its number."""
    builder = office.builder
    wages = price_fen * 7 // 10
    documents = []
    if paper:
        proposal = builder.paper(bidder.staff, bidder.organization, f"服务方案 {package}")
        documents.append({"slot": "proposal", "document_id": proposal.id})
    return builder.open(bidder.staff, "bid", "hand_in", {
        "organization": bidder.organization.id, "package": builder.case(package).id, "price_fen": price_fen,
        "budget": [
            {"name": "社工服务费", "amount_fen": wages}, {"name": "活动与物资", "amount_fen": price_fen - wages},
        ],
        "approach": "每月入户探访两次，每季度组织小组活动，问题当日转介。", "team": "项目负责人一名，持证社工四名。",
        "partners": [], "documents": documents, "declaration": True,
    }).number


def wait(office: Office, number: str, clock: str) -> None:
    """Let time pass until this clock of the case is due, and what it brings happen; a clock that has fired is over."""
    builder = office.builder
    due = builder.session.execute(
        select(Clock.due_at).where(
            Clock.case_id == builder.case(number).id, Clock.name == clock, Clock.stopped_at.is_(None)
        )
    ).scalar()
    if due is None:
        return
    builder.now = max(builder.now, due + timedelta(minutes=1))
    fire_due(builder.session, builder.now)


def open_bids(office: Office, package: str) -> None:
    """Unseal the bids of a package whose deadline has passed."""
    first, second, _third = office.openers
    office.builder.move(first, package, "open_bids", {
        "officer": first.actor.person_id, "passphrase": PASSPHRASE,
        "second_officer": second.actor.person_id, "second_passphrase": PASSPHRASE, "minutes": "现场无异议。",
    })


def qualify(office: Office, package: str, bids: Sequence[str]) -> None:
    """Find all bidders qualified."""
    for number in bids:
        office.builder.move(office.project, number, "qualify", {"remark": "资格材料齐全。"})
    office.builder.move(office.project, package, "finish_qualification", {"remark": "审查完毕。"})


def draw(office: Office, package: str) -> list[Member]:
    """Publish the pool, have the log signed, draw the panel; return who sits on it."""
    builder = office.builder
    builder.move(office.project, package, "publish_pool", {"panel_size": None})
    builder.cover()
    builder.move(office.project, package, "draw_experts", {"remark": "监督人员在场。"})
    seats = sitting(seats_of(builder.session, builder.case(package).id))
    by_person = {expert.actor.person_id: expert for expert in office.experts}
    return [by_person[seat.person_id] for seat in seats]


def review_of(office: Office, package: str, expert: Member) -> str:
    """Return the number of an expert's review of a package."""
    query = select(Case.number).join(BidReview, BidReview.case_id == Case.id).where(
        BidReview.package_id == office.builder.case(package).id, BidReview.person_id == expert.actor.person_id
    )
    return office.builder.session.execute(query).scalar_one()


def declare(office: Office, package: str, expert: Member, bids: Sequence[str]) -> str:
    """Let an expert declare to have no tie to any bidder; return the number of the review."""
    number = review_of(office, package, expert)
    office.builder.move(expert, number, "declare", {
        "bidders": [{"bid": each, "relation": "none"} for each in bids], "secrecy": True,
    })
    return number


def score(office: Office, package: str, expert: Member, bids: Sequence[str], turn: int = 0) -> str:
    """Let an expert declare and hand in scores, the first bid the best; return the number of the review."""
    builder, number = office.builder, declare(office, package, expert, bids)
    rules = rules_of(builder.session, builder.case(package).id)[0]
    rows = [
        {"bid": each, "criterion": line["title"], "points": _points(line["points"], place, turn),
         "remark": "理由见方案。"}
        for place, each in enumerate(bids) for line in rules.criteria
    ]
    builder.move(expert, number, "submit_scores", {"scores": rows, "opinion": "建议按得分排序。"})
    return number


def _points(most: int, place: int, turn: int) -> int:
    """Nine tenths for the first bid, less for the others; experts differ a little."""
    return max(0, most * (90 - 9 * place - turn % 3) // 100)


def rank(office: Office, package: str, bids: Sequence[str]) -> None:
    """Bring a package with qualified bidders through draw, scores and report to its ranking."""
    panel = draw(office, package)
    reviews = [score(office, package, expert, bids, turn) for turn, expert in enumerate(panel)]
    for expert, number in zip(panel, reviews, strict=True):
        office.builder.move(expert, number, "agree", {"signature": True})
    office.builder.move(office.project, package, "finish_review", {"remark": "评审过程正常。"})
