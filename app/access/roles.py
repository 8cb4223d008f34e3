"""Which roles are there, how far does each reach, and which are never held by the same person?"""

from dataclasses import dataclass
from typing import Literal

from workflows.definition import ROLE_TITLES, Text

Reach = Literal["organization", "place", "case", "nothing"]


@dataclass(frozen=True)
class Role:
    """A role a person can hold on a node, or on one case.

    `reach` says which cases a grant on a node opens: those of that 'organization', those in that 'place' and
    below, or none ('case': only a grant on the case itself counts; 'nothing': it opens no case at all).
    `business` is false for the administrators, who never take part in a case.
    """

    code: str
    title: Text
    reach: Reach
    business: bool = True


_REACH: dict[str, Reach] = {
    "staff": "organization",
    "legal_representative": "organization",
    "hub_officer": "place",
    "incubator_operator": "place",
    "mentor": "case",
    "community_reviewer": "place",
    "registrar": "place",
    "sponsor_reviewer": "place",
    "buyer": "place",
    "project_officer": "place",
    "expert": "case",
    "evaluator": "case",
    "finance_officer": "place",
    "finance_approver": "place",
    "cashier": "place",
    "procurement_supervisor": "place",
    "auditor": "place",
    "resident": "nothing",
    "system_admin": "nothing",
    "security_admin": "nothing",
    "audit_admin": "nothing",
}

ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")
ROLES: dict[str, Role] = {
    # A role that the definitions know and this table does not stops the start: reach is never guessed.
    code: Role(code, title, _REACH[code], business=code not in ADMINISTRATORS)
    for code, title in ROLE_TITLES.items()
}

ORGANIZATION_ROLES = tuple(role.code for role in ROLES.values() if role.reach == "organization")
PLACE_ROLES = tuple(role.code for role in ROLES.values() if role.reach == "place")
CASE_ROLES = tuple(role.code for role in ROLES.values() if role.business and role.reach != "nothing")


class UnknownRole(KeyError):
    """No role has this code."""


def role_of(code: str) -> Role:
    """Return the role with this code, or raise UnknownRole."""
    try:
        return ROLES[code]
    except KeyError:
        raise UnknownRole(code) from None


def may_be_held_together(codes: set[str]) -> bool:
    """Tell whether one person may hold all these roles.

    The three administrators are three people, and none of them takes part in business (三员分立).
    """
    return len(codes) <= 1 or not codes.intersection(ADMINISTRATORS)
