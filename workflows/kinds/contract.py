"""Contract: how long may it run, when may it be signed, and on what ground does it end early?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.award import objected
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.rules.working_days import local_day, months_on

Data = Mapping[str, Any] | None

STABLE = ("content_fixed", "continuous", "funding_stable", "price_stable")
"""What must all be true of a contract for more than a year (MOF Order 102 art. 24)."""
GROUNDS = ("public_interest", "failed_evaluation", "breach", "agreed")


@dataclass(frozen=True, slots=True)
class ContractFacts:
    """What award, programme, register and evaluations say. `ends_on` is as handed in, else as drafted."""

    case: CaseFacts
    regime: str = "P"
    ends_on: date | None = None
    stable: bool = False
    open_objections: int = 0
    organization_registered: bool = True
    frozen: str = ""
    evaluation_failed: bool = False


@guard("term_allowed", Text("合同期限符合规定", "The term is allowed"), needs=("ends_on", "stable"))
def term_allowed(facts: ContractFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an end in the past, or beyond what law (purchases: a year, three with conditions) or place (grants) allow.
    """
    if facts.ends_on is None:
        return None
    today = local_day(now)
    if facts.ends_on <= today:
        return Reason(
            "term_is_over",
            Text("合同终止日应当在今天之后；请修改。", "The contract must end after today; change its end."),
        )
    number = facts.case.policy.number(_term(facts))
    last = months_on(today, number.value)
    if facts.ends_on <= last:
        return None
    if facts.regime == "G":
        return Reason(
            "term_too_long",
            Text(
                f"资助项目的实施期限最晚到 {last:%Y-%m-%d}（{number.cite.zh}）；请修改。",
                f"A grant may run until {last:%Y-%m-%d} at most ({number.cite.en}); change its end.",
            ),
        )
    return Reason(
        "term_too_long",
        Text(
            f"合同期限最晚到 {last:%Y-%m-%d}（{number.cite.zh}）；超过一年的，须内容固定、连续、经费和价格稳定。",
            f"The term may run until {last:%Y-%m-%d} at most ({number.cite.en}); more than a year needs fixed content, "
            "continuity, stable funding and stable price.",
        ),
    )


def _term(facts: ContractFacts) -> str:
    """Return the name of the number that bounds the term; the law on purchases says nothing of grants."""
    if facts.regime == "G":
        return "grant_term"
    return "contract_term_longest" if facts.stable else "contract_term"


@guard("signing_not_objected", Text("没有未办结的异议", "No objection is open"), needs=("open_objections",))
def signing_not_objected(facts: ContractFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to sign while anybody waits for an answer."""
    return objected() if facts.open_objections else None


@guard("regime_is_procurement", Text("政府采购项目", "A procurement"), needs=("regime",))
def regime_is_procurement(facts: ContractFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a grant: the clocks of procurement do not hold for it."""
    if facts.regime == "P":
        return None
    return Reason(
        "is_a_grant",
        Text("本项目是资助项目，请按资助签订协议。", "This is a grant; sign it as one."),
    )


@guard("regime_is_grant", Text("资助项目", "A grant"), needs=("regime",))
def regime_is_grant(facts: ContractFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a procurement: its contract must be published and filed."""
    if facts.regime == "G":
        return None
    return Reason(
        "is_a_procurement",
        Text("本项目是政府采购项目，请按采购签订合同。", "This is a procurement; sign it as one."),
    )


@guard("termination_has_ground", Text("终止理由成立", "The ground is there"), needs=("evaluation_failed",))
def termination_has_ground(facts: ContractFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse "failed evaluation" where no evaluation failed (Procurement Law art. 50: never at will)."""
    if not data or data.get("ground") != "failed_evaluation" or facts.evaluation_failed:
        return None
    return Reason(
        "no_failed_evaluation",
        Text(
            "本合同没有不合格的评估结果；请选择其他理由，或者先完成评估。",
            "No evaluation of this contract failed; choose another ground, or finish the evaluation first.",
        ),
    )
