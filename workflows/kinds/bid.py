"""Bid: who may bid, until when, and which opened bids qualify?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason

Data = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class BidFacts:
    """What register and package say of a bidder. `bids_due_at` is None while no package is chosen."""

    case: CaseFacts
    organization_registered: bool
    violation_free: bool
    package_open: bool
    bids_due_at: datetime | None
    bids_already: bool
    shared_member: bool
    projects_won: int = 0
    most_projects: int | None = None
    frozen: str = ""


@guard("bidder_registered", Text("有有效登记", "Registration in force"), needs=("organization_registered",))
def bidder_registered(facts: BidFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse, before anybody types, an organization that is not registered."""
    if facts.organization_registered:
        return None
    return Reason(
        "organization_not_registered",
        Text(
            "本单位没有有效登记，不能投标；请先办理登记，或请登记管理机关核对登记信息。",
            "Without a registration in force no bid is taken; register first, or ask the registrar to check.",
        ),
    )


@guard("no_grave_violation", Text("没有重大违法记录", "No grave violation on record"), needs=("violation_free",))
def no_grave_violation(facts: BidFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse, before anybody types, an organization that was punished within so many months."""
    if facts.violation_free:
        return None
    number = facts.case.policy.number("violation_free")
    return Reason(
        "grave_violation",
        Text(
            f"本单位近 {number.value} 个月内有处罚记录（{number.cite.zh}）；如有异议，请联系购买主体。",
            f"A penalty stands within {number.value} months ({number.cite.en}); ask the buyer if you disagree.",
        ),
    )


@guard(
    "bidding_is_open", Text("未到投标截止时间", "The time for bids is not over"), needs=("package_open", "bids_due_at")
)
def bidding_is_open(facts: BidFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse from the very second of the deadline on, whoever has or has not closed the package by then."""
    if facts.bids_due_at is None:
        return None  # no package is chosen yet; the choice itself is checked with the input
    if facts.package_open and now < facts.bids_due_at:
        return None
    return Reason(
        "too_late",
        Text(
            "投标已经截止：以服务器收到的时间为准，截止后不再接收、替换或者撤回。",
            "The time for bids is over by the server's clock; nothing is taken, replaced or withdrawn any more.",
        ),
    )


@guard("one_bid_per_package", Text("每包只投一次", "One bid per package"), needs=("bids_already",))
def one_bid_per_package(facts: BidFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a second standing bid of the same organization."""
    if not facts.bids_already:
        return None
    return Reason(
        "bid_already",
        Text(
            "本单位已对本包投标；请在原投标中替换内容，或者先撤回。",
            "Your organization has a bid for this package; replace its content, or withdraw it first.",
        ),
    )


@guard(
    "projects_left",
    Text("未达到每年项目上限", "Fewer projects this year than the programme allows"),
    needs=("projects_won", "most_projects"),
    reads_input=True,
)
def projects_left(facts: BidFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an organization that holds as many projects of this year as the programme allows."""
    if facts.most_projects is None or facts.projects_won < facts.most_projects:
        return None
    return Reason(
        "too_many_projects",
        Text(
            f"本单位今年已成交 {facts.projects_won} 个项目，达到项目规则的上限 {facts.most_projects} 个，不能再投标。",
            f"Your organization holds {facts.projects_won} projects of this year; the programme allows "
            f"{facts.most_projects}, so no more bids are taken.",
        ),
    )


@guard("no_shared_member", Text("成员未重复投标", "No member bids twice"), needs=("shared_member",))
def no_shared_member(facts: BidFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to qualify a bid one of whose members stands in another bid for the same package."""
    if not facts.shared_member:
        return None
    return Reason(
        "member_bids_twice",
        Text(
            "联合体成员在本包的另一份投标中出现（《政府采购法实施条例》第二十二条）；应认定为不合格。",
            "A member stands in another bid for this package (Implementing Regulations art. 22); disqualify the bid.",
        ),
    )
