"""Restriction: on which grounds is an organization listed, who may decide, and from when can it be removed?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import RESTRICTIONS, guard, unless
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.rules.working_days import local_day, months_on

Data = Mapping[str, Any] | None


LISTS: Mapping[str, Text] = {
    "abnormal": Text("活动异常名录", "List of abnormal activity"),
    "dishonest": Text("严重违法失信名单", "List of grave dishonesty"),
    "dissolving": Text("清算冻结", "Frozen in liquidation"),
}
assert set(LISTS) == set(RESTRICTIONS)


@dataclass(frozen=True, slots=True)
class Ground:
    """What an organization is listed for: the list (a key of RESTRICTIONS), and whether it is heard before."""

    kind: str
    text: Text
    heard: bool = True


def _unverified(zh: str, en: str) -> Text:
    return Text(f"{zh}（未核实）", f"{en} (unverified)")


GROUNDS: Mapping[str, Ground] = {
    "no_report": Ground("abnormal", Text("未按规定报送年度工作报告", "the annual report was not filed")),
    "no_party_organization": Ground("abnormal", Text("未按规定设立党组织", "no party organization as required")),
    "not_put_right": Ground("abnormal", Text("未按期完成整改", "what was ordered was not put right in time")),
    "unreachable": Ground(
        "abnormal", Text("通过登记的住所无法联系", "it cannot be reached at its registered address")
    ),
    "small_penalty": Ground(
        "abnormal", _unverified("受到警告或者较小数额罚款", "it was warned or fined a small sum")
    ),
    "two_years": Ground(
        "dishonest", Text("列入活动异常名录满二年", "it stood on the list of abnormal activity for two years")
    ),
    "fraudulent_change": Ground(
        "dishonest", Text("弄虚作假办理变更登记被撤销", "a change registered by fraud was revoked")
    ),
    "judgment_defaulter": Ground(
        "dishonest", Text("被列为失信被执行人", "a court lists it as defaulting on a judgment")
    ),
    "suspension": Ground(
        "dishonest", _unverified("受到限期停止活动处罚", "its activity was suspended as a penalty")
    ),
    "large_fine": Ground("dishonest", _unverified("受到较大数额罚款", "it was fined a large sum")),
    "repeated_penalties": Ground(
        "dishonest", _unverified("三年内两次以上受到警告或者罚款", "it was warned or fined twice within three years")
    ),
    "revoked": Ground(
        "dishonest", _unverified("被吊销证书或者撤销登记", "its certificate or registration was revoked")
    ),
    # Its own decision: the resolution with the sponsor's consent is the evidence, and it is not heard about it.
    "liquidation": Ground(
        "dissolving", Text("决议终止，进入清算", "it resolved to end and is in liquidation"), heard=False
    ),
}
"""MCA Order 60 as far as it is known: grounds that stand in the draft of 2016 only are shown as unverified."""

LIFTED_FOR: Mapping[str, Text] = {
    "put_right": Text("已履行义务或者完成整改", "the duty is done or the matter put right"),
    "nothing_to_do": Text("没有需要整改的事项", "there is nothing to put right"),
    "mistaken": Text("列入有误", "the listing was mistaken"),
    "deregistered": Text("已完成注销登记", "it is deregistered"),
}
"""Why an organization leaves a list. A mistake and a deregistration wait for no term."""


@dataclass(frozen=True, slots=True)
class RestrictionFacts:
    """What is known of the listing. `lifting_from`: before this day it cannot be removed for the reason given."""

    case: CaseFacts
    # No other case is under way or in force for this organization on this ground.
    ground_is_free: bool = True
    heard_first: bool = True
    lifting_from: date | None = None
    missing_documents: tuple[str, ...] = ()


def title_of(ground: str) -> Text:
    """Return list and ground as one line."""
    found = GROUNDS[ground]
    kind = LISTS[found.kind]
    return Text(f"{kind.zh}：{found.text.zh}", f"{kind.en}: {found.text.en}")


def removable_from(kind: str, reason: str | None, since: date, months: Mapping[str, int]) -> date | None:
    """Return the first day on which an organization listed `since` can be removed for this reason; None: any day.

    `months` are the terms by name: `abnormal_term` where there is nothing to put right, `dishonest_term` always.
    """
    if reason in ("mistaken", "deregistered", None):
        return None
    if kind == "dishonest":
        return months_on(since, months["dishonest_term"])
    if kind == "abnormal" and reason == "nothing_to_do":
        return months_on(since, months["abnormal_term"])
    return None


guard(
    "ground_not_under_way", Text("该单位没有同一情形的在办件", "No case on the same ground is under way"),
    needs=("ground_is_free",), reads_input=True,
)(
    unless(
        "ground_is_free", "ground_under_way",
        Text(
            "该单位已因同一情形在办或者已被列入；请查看该件。",
            "A case on the same ground is under way or in force for this organization; look at that one.",
        ),
    )
)


@guard("organization_heard", Text("已经听取陈述申辩", "The organization was heard"), needs=("heard_first",))
def organization_heard(facts: RestrictionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to list before the organization has stated its case or its time for that is over."""
    if not facts.heard_first or facts.case.state != "announced":
        return None
    return Reason(
        "not_heard_yet",
        Text(
            "陈述申辩期限未满，该单位也还没有陈述；请等到其陈述或者期满。",
            "The organization has not been heard and its time is not over; wait for either.",
        ),
    )


@guard(
    "removal_by_another",
    Text("移出由未经手本次申请的人办理", "Removal is handled by somebody who did not apply for or propose it"),
)
def removal_by_another(facts: RestrictionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse whoever applied for this removal or proposed it; an earlier, refused one does not count."""
    for step in reversed(facts.case.steps):
        if step.trigger in ("impose", "refuse_lifting"):
            break
        if step.person_id is not None and step.person_id == acting.person_id:
            return Reason(
                "removal_was_yours",
                Text(
                    "本次移出由您申请或者提请，须由另一名工作人员办理。",
                    "You applied for this removal or proposed it, so another registrar must go on.",
                ),
            )
    return None


@guard(
    "lifting_term_over", Text("已满移出期限", "The term before removal is over"),
    needs=("lifting_from",), reads_input=True,
)
def lifting_term_over(facts: RestrictionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a removal before its first day."""
    first = facts.lifting_from
    if first is None or local_day(now) >= first:
        return None
    return Reason(
        "lifting_too_early",
        Text(
            f"按此理由最早 {first.isoformat()} 才能移出；列入有误的，请选择“列入有误”并附证明。",
            f"For this reason it can be removed on {first.isoformat()} at the earliest;"
            " if the listing was mistaken, say so and prove it.",
        ),
    )
