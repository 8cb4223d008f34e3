"""Exclusion: what decides whether a hub may exclude a member, and who of the hub decides?"""

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
class ExclusionFacts:
    """What the hub's list says of the member. `ending` is another open case that ends the membership.

    `officers` are the people who could decide for the hub today.
    """

    case: CaseFacts
    is_member: bool = True
    ending: str | None = None
    officers: frozenset[int] = frozenset()


@guard(
    "belongs_to_the_hub", Text("该单位现在是本枢纽组织的成员", "The organization is a member of the hub now"),
    needs=("is_member",), reads=("membership",),
)
def belongs_to_the_hub(facts: ExclusionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to exclude who is no member (any more)."""
    if facts.is_member:
        return None
    return Reason("not_a_member", Text(
        "该单位现在不是本枢纽组织的成员，不需要除名；请不予除名并办结本件。",
        "The organization is no member of this hub now; there is nobody to exclude, close the case instead.",
    ))


@guard(
    "no_ending_under_way", Text("没有正在办理的退出或者除名", "No leaving and no exclusion is under way"),
    needs=("ending",), reads=("membership",),
)
def no_ending_under_way(facts: ExclusionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a second case that is to end the same membership, and say which is open."""
    if facts.ending is None:
        return None
    return Reason("ending_under_way", Text(
        f"该单位已有在办的退出或者除名（{facts.ending}）；请先办结该件。",
        f"A case that ends this membership is under way already ({facts.ending}); bring that one to its end first.",
    ))


@guard(
    "decided_by_another_officer",
    Text("由提出人以外的人决定（枢纽只有一人的除外）", "Decided by another than who proposed it, if the hub has one"),
    needs=("officers",),
)
def decided_by_another_officer(facts: ExclusionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse whoever proposed the exclusion while the hub has somebody else to decide."""
    others = facts.officers - {acting.person_id}
    if not others or not facts.case.performed(acting.person_id, "propose"):
        return None
    return Reason("proposed_it_yourself", Text(
        "除名由您提出，须由本枢纽组织的另一名工作人员决定。",
        "You proposed the exclusion, so another officer of the hub must decide.",
    ))
