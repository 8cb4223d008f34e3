"""Incubation: what decides who moves in, who judges, and who may graduate?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard, once
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.rules.conflicts import Tie, wall
from workflows.rules.working_days import local_day

GATES = ("early_stage", "grassroots", "operating", "public_benefit")


@dataclass(frozen=True, slots=True)
class IncubationFacts:
    """What incubator, panel, logs and register say of the application and of the organization in incubation."""

    case: CaseFacts
    organization_registered: bool
    incubator_in_force: bool
    is_the_operator: bool
    other_incubation_open: bool
    takes_a_place: bool
    places_free: int
    capacity_free: int
    pool: frozenset[int]
    walled: tuple[tuple[int, Text], ...]
    panel: tuple[int, ...]
    ever_seated: frozenset[int]
    seats_open: int
    all_scores_in: bool
    recommended: bool
    since: date | None
    logged: frozenset[date]
    dissolving: bool = False
    organization_ended: bool = False
    # The newest year whose annual report is known to be overdue.
    unreported_year: int | None = None


@dataclass(frozen=True, slots=True)
class IncubationReviewFacts:
    """What binds the expert of one review to the applicant."""

    case: CaseFacts
    ties: tuple[Tie, ...]


Given = Mapping[str, Any] | None


@guard(
    "incubator_in_force",
    Text("孵化基地的认定有效", "The incubator's recognition is in force"),
    needs=("incubator_in_force",),
    reads=("incubator",),
)
def incubator_in_force(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse an incubator whose recognition has not begun or has ended."""
    if facts.incubator_in_force:
        return None
    return Reason(
        "incubator_not_in_force",
        Text(
            "该孵化基地目前没有有效认定；请选择其他孵化基地。",
            "This incubator is not in force now; choose another one.",
        ),
    )


@guard(
    "not_the_operator_itself",
    Text("运营单位不孵化自己", "An operator does not incubate itself"),
    needs=("is_the_operator",),
    reads=("incubator",),
)
def not_the_operator_itself(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse the organization that runs the incubator."""
    if not facts.is_the_operator:
        return None
    return Reason(
        "is_the_operator",
        Text(
            "申请单位就是该孵化基地的运营单位；请选择其他孵化基地。",
            "The applicant runs this incubator; choose another one.",
        ),
    )


@guard(
    "no_other_incubation",
    Text("同一时间只在一处申请或孵化", "One incubation at a time"),
    needs=("other_incubation_open",),
)
def no_other_incubation(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse an organization with another application or incubation that is not closed."""
    if not facts.other_incubation_open:
        return None
    return Reason(
        "other_incubation_open",
        Text(
            "该单位已有未办结的孵化申请或正在孵化；请先办结或撤回。",
            "The organization has another application or incubation; close or withdraw that first.",
        ),
    )


@guard("gates_met", Text("初创期、草根性、操作型、公益性", "Young, grassroots, operating, of public benefit"))
def gates_met(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse to pass an application of which any of the four questions was answered with no."""
    if not data or all(data.get(gate) for gate in GATES):
        return None
    return Reason(
        "gates_not_met",
        Text(
            "四项初审条件未全部满足，不能通过初审；请退回修改，或请登记管理机关不予入驻。",
            "Not all four conditions are met; return it for changes, or ask the registrar not to admit.",
        ),
    )


@guard("panel_fits", Text("评审组人数为单数且无人需要回避", "An odd panel, nobody tied to the applicant"),
       needs=("pool", "walled"))
def panel_fits(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse a panel that is too small, even, or has somebody who must not judge."""
    if not data:
        return None
    least, named = facts.case.policy.number("panel_size").value, _named(data)
    if len(named) < least or len(named) % 2 == 0:
        return Reason(
            "panel_size",
            Text(
                f"评审组至少{least}人，且为单数；现有{len(named)}人。",
                f"A panel has at least {least} experts and an odd number; these are {len(named)}.",
            ),
        )
    return _unfit(facts, named)


@guard("replacement_fits", Text("补选人数与空缺一致", "As many experts as seats are open"),
       needs=("pool", "walled", "seats_open", "ever_seated"))
def replacement_fits(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse more or fewer experts than there are open seats, and whoever sat on this panel before."""
    if not data:
        return None
    named = _named(data)
    if len(named) != facts.seats_open:
        return Reason(
            "seats_open",
            Text(
                f"空缺{facts.seats_open}席，请补选{facts.seats_open}人。",
                f"Open seats: {facts.seats_open}. Name as many experts.",
            ),
        )
    if facts.ever_seated.intersection(named):
        return Reason(
            "seated_before",
            Text("有专家已在或曾在本评审组；请另选。", "Somebody sits or sat on this panel; name others."),
        )
    return _unfit(facts, named)


def _named(data: Mapping[str, Any]) -> list[int]:
    return [row["person"] for row in data.get("experts") or ()]


def _unfit(facts: IncubationFacts, named: list[int]) -> Reason | None:
    if len(set(named)) != len(named):
        return Reason("named_twice", Text("同一专家只能选一次。", "Name every expert once."))
    if not facts.pool.issuperset(named):
        return Reason(
            "not_in_the_pool",
            Text("有人不在专家库中；请从列表中选择。", "Somebody is not in the pool of experts; choose from the list."),
        )
    for person, words in facts.walled:
        if person in named:
            return Reason(
                "expert_walled",
                Text(f"有专家须回避：{words.zh}。请另选。", f"An expert must not judge: {words.en}. Name another."),
            )
    return None


@guard("expert_is_seated", Text("该专家在评审组且未提交评分", "The expert sits and has not scored"),
       needs=("panel",))
def expert_is_seated(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse to relieve somebody who does not sit, or who has handed in scores already."""
    if not data or data.get("expert") in facts.panel:
        return None
    return Reason(
        "expert_not_seated",
        Text("该专家不在评审组，或已提交评分。", "This expert does not sit on the panel, or has scored already."),
    )


@guard("all_scores_in", Text("全部专家已评分", "All experts have scored"), needs=("all_scores_in",))
def all_scores_in(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse to finish a panel while scores are missing."""
    if facts.all_scores_in:
        return None
    return Reason("scores_missing", Text("还有专家没有提交评分。", "Not all experts have handed in their scores."))


@guard("recommended_by_panel", Text("专家评审建议入驻", "The panel recommends it"), needs=("recommended",))
def recommended_by_panel(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse to admit whom the panel's mean does not recommend."""
    if facts.recommended:
        return None
    return Reason(
        "not_recommended",
        Text(
            "评审平均分未达到“建议入驻”；请作出不予入驻的决定。",
            "The panel's mean does not recommend admission; decide not to admit.",
        ),
    )


@guard("decided_by_another", Text("运营方和申请方经手人不作决定", "Nobody of operator or applicant decides"))
def decided_by_another(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse whoever acted on this case for the incubator or for the applicant: civil affairs decides."""
    ours = any(
        step.person_id == acting.person_id and step.role in ("staff", "incubator_operator")
        for step in facts.case.steps
        if step.person_id is not None
    )
    if not ours:
        return None
    return Reason(
        "acted_before",
        Text(
            "您曾代表孵化基地或申请单位经手本件，不能作决定；请由其他工作人员办理。",
            "You acted on this case for the incubator or the applicant; somebody else must decide.",
        ),
    )


@guard("place_is_free", Text("有空余名额", "There is a free place"),
       needs=("takes_a_place", "places_free", "capacity_free"), reads_input=True)
def place_is_free(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse to move in where no place is free; who works from outside takes no place, but counts."""
    if facts.capacity_free > 0 and (facts.places_free > 0 or not facts.takes_a_place):
        return None
    return Reason(
        "no_place_free",
        Text(
            "孵化基地名额已满；请与孵化基地商定，等待名额空出。",
            "All places are taken; agree with the incubator, and wait for a place.",
        ),
    )


@guard("month_is_open", Text("每月一份日志", "One log for each month"), needs=("since", "logged"))
def month_is_open(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse a month that lies outside the incubation, or whose log is there."""
    if not data or not data.get("month"):
        return None
    month = data["month"].replace(day=1)
    if facts.since is None or not facts.since.replace(day=1) <= month <= local_day(now):
        return Reason(
            "month_outside",
            Text("该月份不在孵化期内；请选择入驻以来的月份。", "Choose a month since you moved in, up to this one."),
        )
    if month in facts.logged:
        return Reason("month_logged", Text("该月日志已经提交。", "The log of this month is there already."))
    return None


@guard("logs_complete", Text("月度日志齐全", "Every month has its log"), needs=("since", "logged"))
def logs_complete(facts: IncubationFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse to graduate while the log of a month that is over is missing; name the months."""
    missing = months_missing(facts.since, facts.logged, local_day(now))
    if not missing:
        return None
    zh, en = "、".join(f"{m:%Y-%m}" for m in missing), ", ".join(f"{m:%Y-%m}" for m in missing)
    words = Text(f"还缺月度日志：{zh}。请先补交。", f"Logs are missing: {en}. Hand them in first.")
    return Reason("logs_missing", words)


def months_missing(since: date | None, logged: frozenset[date], today: date) -> tuple[date, ...]:
    """Return the first days of the months that are over and have no log, from the month of moving in on."""
    missing: list[date] = []
    month = since.replace(day=1) if since else today.replace(day=1)
    while month < today.replace(day=1):
        if month not in logged:
            missing.append(month)
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    return tuple(missing)


@guard("no_wall", Text("与申请单位没有利害关系", "Nothing ties the expert to the applicant"), needs=("ties",))
def no_wall(facts: IncubationReviewFacts, acting: Acting, data: Given, now: datetime) -> Reason | None:
    """Refuse an expert whom a known tie bars, and say which."""
    months = facts.case.policy.number("conflict_wall").value
    found = wall(facts.ties, on=local_day(now), months=months)
    if found is None:
        return None
    words = found.reason()
    return Reason(
        "conflict",
        Text(
            f"系统记录您{words.zh}，不能评审本件；请申请回避。",
            f"The record says that you are {words.en}; please recuse yourself.",
        ),
    )


guard("first_term_extension", Text("孵化期只能延长一次", "The term is extended once"))(
    once(
        "extend_term",
        "extended_before",
        Text("孵化期已经延长过一次，不能再延长。", "The term has been extended once already."),
    )
)
