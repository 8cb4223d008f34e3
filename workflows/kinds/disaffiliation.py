"""Disaffiliation: what decides whether an organization may leave a hub?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason


@dataclass(frozen=True, slots=True)
class DisaffiliationFacts:
    """What the hub's list of members says of who wants to leave."""

    case: CaseFacts
    is_member: bool
    is_leaving: bool


@guard(
    "member_of_the_hub",
    Text("现在是该枢纽组织的成员", "It is a member of the hub now"),
    needs=("is_member",),
    reads=("hub",),
)
def member_of_the_hub(
    facts: DisaffiliationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse to leave what one does not belong to."""
    if facts.is_member:
        return None
    return Reason(
        "not_a_member",
        Text(
            "本单位现在不是该枢纽组织的成员，不需要办理退出。",
            "Your organization is no member of this hub now; there is nothing to leave.",
        ),
    )


@guard(
    "not_leaving_already",
    Text("没有正在办理的退出", "No notice of leaving is open"),
    needs=("is_leaving",),
    reads=("hub",),
)
def not_leaving_already(
    facts: DisaffiliationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a second notice to the same hub while one is open."""
    if not facts.is_leaving:
        return None
    return Reason(
        "leaving_already",
        Text(
            "已经告知该枢纽组织退出，正在等待确认；请查看该件。",
            "The hub has been told already and is to confirm; look at that case.",
        ),
    )
