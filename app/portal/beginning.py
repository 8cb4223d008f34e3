"""What can the reader begin now, and why not the rest? The same answer for start page, guide and organization."""

from collections.abc import Sequence

from flask import g
from flask_babel import gettext as _

from app.access.api_auth import current_roles
from app.access.roles import ORGANIZATION_ROLES
from app.cases.applying import obstacles
from app.cases.kinds import opening_classes_of
from app.cases.numbers import class_of_opening, own_organizations
from app.clock import business_now
from app.extensions import db
from workflows.definition import Definition
from workflows.loader import library

MOST = 6
"""How many of somebody's organizations are asked for: nobody waits for a start page."""


def concerned(definition: Definition) -> bool:
    """Tell whether a definition of a legal class is one that the caller's organizations can meet.

    Where the class is chosen with the form, and where there is one definition for all, everybody can; so can an office.
    """
    others = {
        known.legal_class for known in library().definitions
        if known.kind == definition.kind and known.legal_class is not None
    }
    if not others or opening_classes_of(definition.kind) is not None:
        return True
    now = business_now(db.session)
    own = own_organizations(db.session, g.actor.person_id, now)[:MOST]
    classes = {class_of_opening(db.session, definition.kind, id_, {}) for id_ in own}
    return not own or any((each if each in others else None) == definition.legal_class for each in classes)


def hindrances(definition: Definition) -> list[str]:
    """Return in words why the caller cannot begin this kind now; [] where one of their organizations can, or they can.

    Each reason stands once, however many organizations it is about.
    """
    transition, actor, now = definition.opening_transitions()[0], g.actor, business_now(db.session)
    organizations: Sequence[int | None] = [None]
    if set(transition.roles) & set(ORGANIZATION_ROLES):
        organizations = own_organizations(db.session, actor.person_id, now)[:MOST]
    if not organizations or not current_roles() & set(transition.roles):
        return [_("Your roles do not include applying for this.")]
    if not concerned(definition):
        return [_("Your organization is of another legal class; see the guide of its own.")]
    told: dict[str, None] = {}
    for organization_id in organizations:
        words = obstacles(
            db.session, definition.kind, transition, actor, now, organization_id=organization_id,
            legal_class=definition.legal_class,
        )
        if not words:
            return []
        told |= dict.fromkeys(words)
    return list(told)
