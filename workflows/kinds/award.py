"""From the ranking to the award: who comes next, who may not win, and what an open objection stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import RESTRICTIONS, guard
from workflows.kinds.case import Acting, CaseFacts, Reason

Data = Mapping[str, Any] | None

BARS: Mapping[str, Text] = {
    "unregistered": Text("没有有效登记", "it has no registration in force"),
    "limit": Text("已达到项目规则规定的每年项目上限", "it has as many projects this year as the programme allows"),
    **RESTRICTIONS,
}
"""Why the first of a ranking may not win."""


@dataclass(frozen=True, slots=True)
class Award:
    """What ranking, register and objections say of a package that was ranked.

    `next_bid` is the first who is not out, `chosen_bid` the one that the buyer names; `barred` is a code of BARS.
    `checked_by` are those who decided on qualification, `confirmed_by` named the candidate who stands.
    """

    next_bid: int | None = None
    chosen_bid: int | None = None
    barred: str = ""
    anybody_out: bool = False
    open_objections: int = 0
    checked_by: frozenset[int] = frozenset()
    confirmed_by: int | None = None


NOT_RANKED = Award()


class _Ranked:
    """The facts of a package as far as these guards read them."""

    case: CaseFacts
    award: Award


@guard(
    "candidate_checked_by_another",
    Text("资格审查人不得定标", "Whoever checked the bidders does not choose among them"),
    needs=("award",),
)
def candidate_checked_by_another(facts: _Ranked, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse whoever opened the way for the bidders: qualified one of them, finished that, or the review."""
    if acting.person_id not in facts.award.checked_by:
        return None
    return Reason(
        "checked_by_yourself",
        Text(
            "您办理过本包的资格审查或者评审组织，不能确定候选人；请由另一位负责人办理。",
            "You checked the bidders or led the review of this package, so another buyer must decide.",
        ),
    )


@guard(
    "candidate_confirmed_by_another",
    Text("确定候选人者不得定标", "Whoever named the candidate does not make the award"),
    needs=("award",),
)
def candidate_confirmed_by_another(facts: _Ranked, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse the person, under whatever account, who named the candidate that is published."""
    if facts.award.confirmed_by is None or acting.person_id != facts.award.confirmed_by:
        return None
    return Reason(
        "confirmed_by_yourself",
        Text(
            "候选人是您确定的，不能再由您定标；请由另一位负责人办理。",
            "You named this candidate, so another buyer must make the award.",
        ),
    )


@guard("first_in_order", Text("按排名顺序确定", "In the order of the ranking"), needs=("award",))
def first_in_order(facts: _Ranked, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse anybody but the first who is not out (Implementing Regulations art. 43)."""
    if facts.award.next_bid is None:
        return Reason(
            "no_candidate_left",
            Text(
                "排名中已没有候选人；请废标并说明理由。",
                "Nobody is left in the ranking; fail the package and say why.",
            ),
        )
    if facts.award.chosen_bid in (None, facts.award.next_bid):
        return None
    return Reason(
        "not_the_first",
        Text(
            "应当按排名顺序确定：请选择排名最前且未失去资格的候选人。",
            "Candidates are taken in order: choose the first of the ranking who is not out.",
        ),
    )


@guard("candidate_may_win", Text("候选人可以成交", "The candidate may win"), needs=("award",))
def candidate_may_win(facts: _Ranked, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a candidate who is frozen, not registered any more, or at the programme's most."""
    if not facts.award.barred:
        return None
    why = BARS[facts.award.barred]
    return Reason(
        f"candidate_{facts.award.barred}",
        Text(
            f"候选人{why.zh}，不能成交；请先跳过该候选人并说明理由，或者等待其恢复。",
            f"The candidate may not win: {why.en}. Pass it over with your reason, or wait.",
        ),
    )


@guard("candidate_is_barred", Text("候选人依法不能成交", "The candidate may not win by law"), needs=("award",))
def candidate_is_barred(facts: _Ranked, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to pass over somebody against whom nothing stands."""
    if facts.award.barred:
        return None
    return Reason(
        "candidate_is_fit",
        Text(
            "排名最前的候选人没有不能成交的情形，不得跳过。",
            "Nothing stands against the first of the ranking, who may not be passed over.",
        ),
    )


@guard("no_objection_open", Text("没有未办结的异议", "No objection is open"), needs=("award",))
def no_objection_open(facts: _Ranked, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an award while anybody waits for an answer."""
    return objected() if facts.award.open_objections else None


def objected() -> Reason:
    """Return why nothing is awarded or signed just now."""
    return Reason(
        "objection_open",
        Text(
            "还有异议没有答复，不能定标或者签订合同（《政府采购法实施条例》第五十四条）；请先办结异议。",
            "An objection is open: nothing is awarded or signed (Implementing Regulations art. 54) before the answer.",
        ),
    )
