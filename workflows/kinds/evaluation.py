"""Evaluation: what decides whether a third party may score a project, and whether its result stands?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard, once, performed_by, unless
from workflows.kinds.case import Acting, CaseFacts, Reason


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """What contract, people and earlier evaluations say.

    `evaluator_conflict` says why the evaluator is out: employed, consulted, related, works_for_buyer, or '' for none.
    """

    case: CaseFacts
    contract_found: bool
    stage_is_open: bool
    evaluator_found: bool
    evaluator_conflict: str


CONFLICTS = {
    "employed": Text(
        "该评估人三年内在承接单位任职；请另行委托。",
        "The evaluator worked for the contractor within three years; name somebody else.",
    ),
    "consulted": Text(
        "该评估人三年内为承接单位提供过辅导或咨询；请另行委托。",
        "The evaluator consulted or mentored the contractor within three years; name somebody else.",
    ),
    "related": Text(
        "该评估人与承接单位负责人有近亲属关系；请另行委托。",
        "The evaluator is a close relative of somebody in charge of the contractor; name somebody else.",
    ),
    "works_for_buyer": Text(
        "该评估人在购买主体任职，不是第三方；请另行委托。",
        "The evaluator works for the buyer and is no third party; name somebody else.",
    ),
}

guard(
    "contract_found", Text("合同已签订且属于本单位", "The contract is signed, and one of this office"),
    needs=("contract_found",), reads_input=True,
)(
    unless(
        "contract_found", "no_such_contract",
        Text("没有这份合同；请核对合同编号。", "There is no such contract; check its number."),
    )
)
guard(
    "stage_is_open", Text("该阶段尚未评估", "The stage has not been evaluated"),
    needs=("stage_is_open",), reads_input=True,
)(
    unless(
        "stage_is_open", "stage_taken",
        Text(
            "该合同这一阶段已有在办或合格的评估；请查看该件。",
            "This stage of the contract is being evaluated or has passed; look at that case.",
        ),
    )
)
guard(
    "evaluator_found", Text("评估人有账号", "The evaluator has an account"),
    needs=("evaluator_found",), reads_input=True,
)(
    unless(
        "evaluator_found", "no_such_evaluator",
        Text(
            "没有这个登录名；请核对，或先邀请评估人。",
            "Nobody signs in by this name; check it, or invite them first.",
        ),
    )
)


@guard(
    "evaluator_is_free", Text("评估人与承接单位、购买主体无利害关系", "The evaluator has no tie to either side"),
    needs=("evaluator_conflict",), reads_input=True,
)
def evaluator_is_free(
    facts: EvaluationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an evaluator who works or worked for one side, or consulted the contractor."""
    if not facts.evaluator_conflict:
        return None
    return Reason(f"evaluator_{facts.evaluator_conflict}", CONFLICTS[facts.evaluator_conflict])


guard("codes_not_set", Text("评价码数量只设定一次", "The number of codes is set once"))(
    once(
        "hand_out_codes", "codes_set_before",
        Text(
            "评价码数量已经设定，不能更改，否则回收率无法核对。",
            "The number of codes is set and stays, or no response rate could be checked.",
        ),
    )
)
guard("not_the_evaluator", Text("公布人不是评分人", "Who publishes did not score"))(
    performed_by(
        "score", "scored_it_yourself",
        Text("评分由您作出，须由他人公布。", "You scored it, so somebody else must publish the result."),
    )
)
guard("first_objection", Text("异议只能提出一次", "An objection is made once"))(
    once(
        "object", "objected_before",
        Text("已经提出过一次异议，不能再提。", "You have objected once, which is all there is."),
    )
)
guard("answered_by_another", Text("异议由公布人以外的人处理", "Another than who published answers"))(
    performed_by(
        "publish_result", "published_it_yourself",
        Text("结果由您公布，异议须由他人处理。", "You published the result, so somebody else must answer."),
    )
)
