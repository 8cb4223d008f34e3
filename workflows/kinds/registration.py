"""Registration: what decides whether an organization may enter the register?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason


@dataclass(frozen=True, slots=True)
class RegistrationFacts:
    """What the register and the application say. `name_conflict` is the name that stands in the way."""

    case: CaseFacts
    organization_registered: bool
    name_is_free: bool
    name_conflict: str | None
    missing_documents: tuple[str, ...]
    has_code_allotment: bool
    # It was registered and is so no more: what has ended does not begin again.
    organization_ended: bool = False


@guard(
    "not_registered_yet",
    Text("申请单位尚未登记", "The organization is not registered yet"),
    needs=("organization_registered", "organization_ended"),
)
def not_registered_yet(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse an organization that stands in the register already."""
    if facts.organization_ended:
        return Reason(
            "registration_ended",
            Text(
                "该单位的登记已经终止，不能重新申请；另行成立的，请先在登记管理机关建档。",
                "The registration of this organization has ended and does not begin again; a new organization is opened"
                " by the registrar first.",
            ),
        )
    if not facts.organization_registered:
        return None
    return Reason(
        "already_registered",
        Text(
            "该单位已经登记；改变登记事项请办理变更登记。",
            "This organization is registered already; to change an entry, apply for a change.",
        ),
    )


@guard(
    "name_is_free",
    Text("名称不与已登记单位重复", "No registered organization has the name"),
    needs=("name_is_free", "name_conflict"),
    reads_input=True,
)
def name_is_free(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse a name that another organization of the area holds, and say which."""
    if facts.name_is_free:
        return None
    other = facts.name_conflict or ""
    return Reason(
        "name_taken",
        Text(
            f"名称与“{other}”重复；请另取名称。" if other else "名称已被使用；请另取名称。",
            f"The name clashes with “{other}”; choose another."
            if other
            else "The name is taken; choose another.",
        ),
    )


@guard(
    "code_can_be_allotted",
    Text("本机关有可用的统一社会信用代码", "The authority has a unified social credit code to give"),
    needs=("has_code_allotment",),
)
def code_can_be_allotted(
    facts: RegistrationFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse to decide for an organization that could then get no code."""
    if facts.has_code_allotment:
        return None
    return Reason(
        "no_code_allotment",
        Text(
            "本机关的统一社会信用代码号段已用完或者尚未配置；请系统管理员补充号段。",
            "No range of unified social credit codes is left here; ask the administrator to add one.",
        ),
    )
