"""Acceptance: what decides whether the work of a contract is accepted?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard, unless
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.rules.money import format_yuan

Data = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AcceptanceFacts:
    """What contract and request say. `uncovered` and `unmet` are the numbers of standards; `deductible_fen` is
    what the last instalment that nobody has asked for holds."""

    case: CaseFacts
    organization_registered: bool
    contract_with_organization: bool
    acceptance_is_open: bool
    signed_by: frozenset[int]
    uncovered: tuple[int, ...]
    unmet: tuple[int, ...]
    deduction_fen: int
    deductible_fen: int
    nothing_to_rectify: bool


def _numbers(positions: tuple[int, ...]) -> str:
    return ", ".join(str(position) for position in positions)


guard(
    "acceptance_is_open", Text("尚未验收", "The contract is not accepted yet"),
    needs=("acceptance_is_open",), reads_input=True,
)(
    unless(
        "acceptance_is_open", "acceptance_taken",
        Text(
            "该合同已有在办或合格的验收；请查看该件。",
            "Acceptance of this contract is under way or done; look at that case.",
        ),
    )
)
guard(
    "nothing_to_rectify", Text("没有未完成的整改", "Nothing is left to be put right"),
    needs=("nothing_to_rectify",),
)(
    unless(
        "nothing_to_rectify", "rectification_open",
        Text(
            "该合同有未完成的整改；请先完成整改。",
            "A rectification order on this contract is open; put it right first.",
        ),
    )
)


@guard("not_the_signer", Text("验收人不是合同签订人", "Who accepts did not sign the contract"), needs=("signed_by",))
def not_the_signer(facts: AcceptanceFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse whoever signed or approved the contract."""
    if acting.person_id not in facts.signed_by:
        return None
    return Reason(
        "signed_it_yourself",
        Text(
            "该合同由您签订或者批准，须由他人验收。",
            "You signed or approved this contract, so somebody else must accept the work.",
        ),
    )


@guard(
    "standards_covered", Text("逐项核对每一项标准", "Every standard is covered"),
    needs=("uncovered",), reads_input=True,
)
def standards_covered(facts: AcceptanceFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an acceptance that leaves a standard out; name all of them."""
    if not facts.uncovered:
        return None
    told = _numbers(facts.uncovered)
    return Reason(
        "standard_left_out",
        Text(f"第 {told} 项标准没有核对结果；请逐项填写。", f"Standard {told} has no result; fill in every one."),
    )


@guard("standards_met", Text("每一项标准都已达到", "Every standard is met"), needs=("unmet",), reads_input=True)
def standards_met(facts: AcceptanceFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to accept in full what is not met in full."""
    if not facts.unmet:
        return None
    told = _numbers(facts.unmet)
    return Reason(
        "standard_not_met",
        Text(
            f"第 {told} 项标准未达到；请扣减后验收、不予验收，或先要求整改。",
            f"Standard {told} is not met; accept with a deduction, reject, or order rectification.",
        ),
    )


@guard(
    "deduction_fits", Text("扣减不超过末期款", "The deduction fits into the last instalment"),
    needs=("deduction_fen", "deductible_fen"), reads_input=True,
)
def deduction_fits(facts: AcceptanceFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a deduction that the last instalment does not hold, or that would leave nothing of it."""
    if facts.deduction_fen < facts.deductible_fen:
        return None
    there = format_yuan(facts.deductible_fen)
    return Reason(
        "deduction_too_large",
        Text(
            f"末期款尚未申请的金额为 {there} 元，扣减须小于此数。",
            f"The last instalment holds {there} yuan that nobody has asked for; deduct less.",
        ),
    )
