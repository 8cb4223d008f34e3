"""Affiliation: what decides whether an organization may join a hub?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason


@dataclass(frozen=True, slots=True)
class AffiliationFacts:
    """What the register says of the applicant and of the hub it wants to join."""

    case: CaseFacts
    organization_registered: bool
    hub_in_force: bool
    has_primary_hub: bool
    is_the_hub_itself: bool
    wants_primary: bool
    is_member: bool = False
    dissolving: bool = False


@guard(
    "hub_in_force",
    Text("枢纽组织的认定有效", "The hub's recognition is in force"),
    needs=("hub_in_force",),
    reads=("hub",),
)
def hub_in_force(
    facts: AffiliationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a hub whose recognition has not begun or has ended."""
    if facts.hub_in_force:
        return None
    return Reason(
        "hub_not_in_force",
        Text(
            "该枢纽组织目前没有有效认定；请选择其他枢纽组织。",
            "This hub is not in force now; choose another hub.",
        ),
    )


@guard(
    "no_primary_hub",
    Text("同一时间只有一个主联系枢纽", "One primary hub at a time"),
    needs=("has_primary_hub", "wants_primary"),
    reads_input=True,
)
def no_primary_hub(
    facts: AffiliationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a second primary hub; any number of secondary links is free."""
    if not (facts.wants_primary and facts.has_primary_hub):
        return None
    return Reason(
        "has_primary_hub",
        Text(
            "该单位已有主联系枢纽；请先退出，或者改为申请一般联系。",
            "The organization has a primary hub; leave it first, or apply for a secondary link.",
        ),
    )


@guard(
    "not_the_hub_itself",
    Text("枢纽组织不加入自己", "A hub does not join itself"),
    needs=("is_the_hub_itself",),
    reads=("hub",),
)
def not_the_hub_itself(
    facts: AffiliationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse the hub as its own member."""
    if not facts.is_the_hub_itself:
        return None
    return Reason(
        "is_the_hub_itself",
        Text(
            "申请单位就是该枢纽组织本身；请选择其他枢纽组织。",
            "The applicant is this hub; choose another hub.",
        ),
    )


@guard(
    "not_a_member_yet",
    Text("还不是该枢纽组织的成员", "Not a member of the hub yet"),
    needs=("is_member",),
    reads=("hub",),
)
def not_a_member_yet(
    facts: AffiliationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a hub that the organization belongs to already."""
    if not facts.is_member:
        return None
    return Reason(
        "member_already",
        Text(
            "该单位已经是该枢纽组织的成员；要改变联系方式的，请先办理退出。",
            "The organization is a member of this hub already; to change its kind of membership, leave it first.",
        ),
    )
