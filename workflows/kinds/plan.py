"""Plan: what decides whether an office may buy this service, in this way, from this money?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason

Data = Mapping[str, Any] | None

REGIMES = ("P", "G")
"""P is government procurement (政府采购), G a grant (公益创投、专项资金)."""

METHODS_OF = {
    "P": ("open_tender", "invited_tender", "consultation", "negotiation", "inquiry", "single_source"),
    "G": ("grant_call",),
}
METHODS = (*METHODS_OF["P"], *METHODS_OF["G"])
NEEDS_A_REASON = frozenset(METHODS) - {"open_tender", "grant_call"}

NEGATIVE_LIST = (
    "not_government_duty", "must_be_done_itself", "goods_or_works", "financing", "recruitment", "other_prohibited",
)
"""What government may not buy as a service: 财政部令第102号 art. 10."""


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What programme, catalogue and ledger say. `same_item_fen`: other plans of the item, office and year."""

    case: CaseFacts
    programme_confirmed: bool
    regime: str
    method: str
    method_reason: str
    item_level: int
    negative_reason: str | None
    amount_fen: int
    available_fen: int
    same_item_fen: int
    same_item_plans: int
    programme_of_office: bool
    year_matches: bool


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


@guard(
    "programme_in_force",
    Text("项目规则已确认", "The programme is in force"),
    needs=("programme_confirmed", "programme_of_office", "year_matches"),
    reads_input=True,
)
def programme_in_force(facts: PlanFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse rules that nobody confirmed, of another office, or of another year than the budget line."""
    if facts.programme_confirmed and facts.programme_of_office and facts.year_matches:
        return None
    return Reason(
        "programme_not_in_force",
        Text(
            "所选项目规则尚未确认，或者不属于本单位、本年度预算；请重新选择。",
            "These rules are not confirmed, or not of this office and budget year; choose others.",
        ),
    )


@guard(
    "method_fits_regime",
    Text("采购方式与项目性质一致", "The method belongs to the regime"),
    needs=("regime", "method", "method_reason"),
    reads_input=True,
)
def method_fits_regime(facts: PlanFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to mix procurement and grants, and a method that must be argued without an argument."""
    if facts.method not in METHODS_OF.get(facts.regime, ()):
        return Reason(
            "regimes_mixed",
            Text(
                "政府采购项目和资助类项目不能混用：请选择与项目规则性质一致的方式。",
                "Procurement and grants are not mixed: choose a method of the programme's own regime.",
            ),
        )
    if facts.method in NEEDS_A_REASON and not facts.method_reason:
        return Reason(
            "method_reason_missing",
            Text(
                "采用公开招标以外方式的理由须存档（《政府采购法》第四十二条）；请填写。",
                "Any method but open tender is argued for the file (Procurement Law art. 42); write why.",
            ),
        )
    return None


@guard(
    "catalogue_item_is_lowest",
    Text("目录项目为末级", "The catalogue item is of the lowest level"),
    needs=("item_level",),
    reads_input=True,
)
def catalogue_item_is_lowest(facts: PlanFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a heading of the catalogue: what is bought is an item of the third level."""
    if facts.item_level == 3:
        return None
    return Reason(
        "catalogue_heading",
        Text("请选择目录中的三级项目。", "Choose an item of the third level of the catalogue."),
    )


@guard(
    "not_on_negative_list",
    Text("不属于负面清单", "It is not on the negative list"),
    needs=("negative_reason",),
)
def not_on_negative_list(facts: PlanFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse what government may not buy as a service, with the entry of the list as the reason's code."""
    if facts.negative_reason is None:
        return None
    return Reason(
        f"negative_{facts.negative_reason}",
        Text(
            "该事项属于《政府购买服务管理办法》第十条禁止购买的范围，不能批准；请不予批准并写明理由。",
            "MOF Order 102 art. 10 forbids buying this as a service; refuse the plan and say why.",
        ),
    )


@guard(
    "enough_available",
    Text("预算余额足够", "The budget line holds enough"),
    needs=("amount_fen", "available_fen"),
    reads_input=True,
)
def enough_available(facts: Any, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse what the budget line cannot pay: nothing is bought without a budget."""
    if facts.amount_fen <= facts.available_fen:
        return None
    left = _yuan(facts.available_fen)
    return Reason(
        "over_budget",
        Text(
            f"该预算指标可用余额只有 {left} 元；请调减金额或者先办理预算调整。",
            f"Only {left} yuan is available on this budget line; lower the sum or adjust the budget first.",
        ),
    )


@guard(
    "not_split",
    Text("没有化整为零", "The purchase is not split"),
    needs=("method", "amount_fen", "same_item_fen", "same_item_plans", "regime"),
)
def not_split(facts: PlanFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to buy one item of one year in parts that dodge open tender; the sum and the parts are shown."""
    threshold = facts.case.policy.number("open_tender_threshold").value
    total = facts.amount_fen + facts.same_item_fen
    if facts.regime != "P" or facts.method == "open_tender" or not facts.same_item_plans or total < threshold:
        return None
    parts, whole = facts.same_item_plans + 1, _yuan(total)
    return Reason(
        "item_is_split",
        Text(
            f"本年度同一目录项目已有 {parts} 项计划，合计 {whole} 元，达到公开招标数额标准；"
            "请改为公开招标或合并采购（《政府采购法实施条例》第二十八条）。",
            f"{parts} plans for this item this year come to {whole} yuan, which needs open tender; "
            "tender openly or buy them together (Implementing Regulations art. 28).",
        ),
    )
