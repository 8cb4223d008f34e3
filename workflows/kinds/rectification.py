"""Rectification: who may order it, and who may say that it is done?"""

from __future__ import annotations

from dataclasses import dataclass

from workflows.definition import Text
from workflows.guards import guard, once, performed_by, unless
from workflows.kinds.case import CaseFacts


@dataclass(frozen=True, slots=True)
class RectificationFacts:
    """What is known of the contract."""

    case: CaseFacts
    contract_found: bool
    contract_not_closed: bool


guard(
    "contract_not_closed", Text("合同尚未结项", "The contract is not closed"),
    needs=("contract_not_closed",), reads_input=True,
)(
    unless(
        "contract_not_closed", "contract_closed",
        Text("该合同已经结项，不能再办理。", "This contract is closed; nothing more can be done with it."),
    )
)
guard("inspected_by_another", Text("由整改发出人以外的人复查", "Another than who ordered it inspects"))(
    performed_by(
        "order", "ordered_it_yourself",
        Text("整改通知由您发出，须由他人复查。", "You ordered it, so somebody else must inspect."),
    )
)
guard("first_send_back", Text("只能退回一次", "It is sent back once"))(
    once(
        "send_back", "sent_back_before",
        Text(
            "已经退回过一次；请确认完成，或由购买主体负责人处理。",
            "It was sent back once; confirm that it is done, or let the buyer decide.",
        ),
    )
)
