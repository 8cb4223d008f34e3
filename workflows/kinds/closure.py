"""Closure: may a contract be closed and its rest go back to the budget?"""

from __future__ import annotations

from dataclasses import dataclass

from workflows.definition import Text
from workflows.guards import guard, unless
from workflows.kinds.case import CaseFacts


@dataclass(frozen=True, slots=True)
class ClosureFacts:
    """What contract, acceptance, payments and rectifications say."""

    case: CaseFacts
    contract_found: bool
    contract_not_closed: bool
    project_accepted: bool
    nothing_under_way: bool
    nothing_to_rectify: bool


guard(
    "project_accepted", Text("项目已验收合格", "The project is accepted"),
    needs=("project_accepted",), reads_input=True,
)(
    unless(
        "project_accepted", "not_accepted_yet",
        Text("项目尚未验收合格；请先办理验收。", "The project is not accepted yet; accept it first."),
    )
)
guard(
    "nothing_under_way", Text("没有在途的拨付", "No payment is under way"),
    needs=("nothing_under_way",), reads_input=True,
)(
    unless(
        "nothing_under_way", "payment_under_way",
        Text(
            "该合同还有在办的拨付；请等待其到账或者办结。",
            "A payment on this contract is under way; wait until it is settled or ended.",
        ),
    )
)
