"""What can the reader begin now, and why not the rest? The same answer for start page, guide and organization."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import g
from flask_babel import gettext as _

from app.access.api_auth import current_roles
from app.access.roles import ORGANIZATION_ROLES
from app.cases.applying import obstacles
from app.cases.numbers import own_organizations
from app.clock import business_now
from app.extensions import db
from workflows.definition import Definition

MOST = 6
"""How many of somebody's organizations are asked for: nobody waits for a start page."""


def hindrances(definition: Definition, chosen: Mapping[str, Any] | None = None) -> list[str]:
    """Return in words why the caller cannot begin this kind now; [] where one of their organizations can, or they can.

    Each reason stands once, however many organizations it is about. `chosen` is what has been chosen already.
    """
    transition, actor, now = definition.opening_transitions()[0], g.actor, business_now(db.session)
    organizations: Sequence[int | None] = [None]
    if set(transition.roles) & set(ORGANIZATION_ROLES):
        organizations = own_organizations(db.session, actor.person_id, now)[:MOST]
    if not organizations or not current_roles() & set(transition.roles):
        return [_("Your roles do not include applying for this.")]
    told: dict[str, None] = {}
    for organization_id in organizations:
        words = obstacles(
            db.session, definition.kind, transition, actor, now, organization_id=organization_id,
            legal_class=definition.legal_class, chosen=chosen,
        )
        if not words:
            return []
        told |= dict.fromkeys(words)
    return list(told)
