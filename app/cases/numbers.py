"""How does a new case begin? Its place, its definition and numbers for life, and a number that tells nothing."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.access.actor import Actor
from app.access.nodes import AnySession
from app.access.reach import roles_held
from app.cases.hidden import hidden_id
from app.cases.kinds import (
    differs_by_class,
    opening_classes_of,
    opening_node_of,
    opening_organization_of,
    opening_parent_of,
    schema_of,
)
from app.cases.models import Case
from app.cases.named import Asker, unreached
from app.cases.reading import lock_by_id, read_case
from app.cases.snapshot import CaseRow
from app.clock import SHANGHAI
from app.database.one_look import remembered
from app.errors import CaseNotFound, InvalidInput
from workflows.definition import Definition
from workflows.engine import Acting, demand_possible
from workflows.loader import NoDefinition, library, place_chain
from workflows.rules.working_days import local_day

OWN = text("""
SELECT o.id FROM organizations o
  JOIN role_grants g ON g.node_id = o.node_id
 WHERE g.person_id = :person AND g.role IN ('staff', 'legal_representative') AND g.case_id IS NULL
   AND g.valid_from <= :today AND (g.valid_to IS NULL OR g.valid_to > :today)
 GROUP BY o.id ORDER BY o.id
""")
CLASS_OF_CASE = text("SELECT legal_class FROM cases WHERE number = :number")
TERRITORIES = text("""
SELECT t.code FROM nodes n JOIN nodes t ON n.path LIKE t.path || '%' AND t.kind = 'territory'
 WHERE n.id = :node AND t.code IS NOT NULL ORDER BY length(t.path) DESC LIMIT 1
""")


@remembered
def own_organizations(session: AnySession, person_id: int | None, now: datetime) -> list[int]:
    """Return the organizations for which the person may open cases today."""
    today = now.astimezone(SHANGHAI).date()
    return list(session.execute(OWN, {"person": person_id, "today": today}).scalars())


@remembered
def places_of(session: AnySession, node_id: int) -> tuple[str, ...]:
    """Return the places whose files matter at a node, the most specific first."""
    division = session.execute(TERRITORIES, {"node": node_id}).scalar()
    return place_chain(division) if division else ("base",)


def definition_in_force(
    session: AnySession, kind: str, node_id: int, legal_class: str | None, now: datetime
) -> tuple[Definition, str]:
    """Return the definition and the pins of the policy that a case opened here and now takes for life."""
    places = places_of(session, node_id)
    today = now.astimezone(SHANGHAI).date()
    try:
        definition = library().in_force(kind, places, legal_class, today)
    except NoDefinition:
        raise InvalidInput({"organization": [
            str(_l("There are no rules here yet for this kind of organization; ask the office."))
        ]}) from None
    return definition, library().policy(places, today).pins


def class_of_opening(session: AnySession, kind: str, organization_id: int | None, data: Any) -> str | None:
    """Return the legal class of the case that is opened for the organization: its own, or what `data` chooses."""
    wanted = data.get("legal_type") if isinstance(data, Mapping) else None
    if wanted is not None and wanted in classes_to_choose(session, kind, organization_id):
        return str(wanted)
    return _organization_place(session, organization_id)[0]


def classes_to_choose(session: AnySession, kind: str, organization_id: int | None) -> Sequence[str]:
    """Return the legal classes of which a case may be that is opened for this organization; () without a choice."""
    listing = opening_classes_of(kind)
    return listing(session, organization_id) if listing is not None and organization_id is not None else ()


def class_of_reading(
    session: AnySession, kind: str, number: str | None, trigger: str, actor: Actor, data: Any, now: datetime
) -> str | None:
    """Return the legal class whose schema reads what is handed in; None where one schema is for all classes.

    Asked before the lock: the class of a case is pinned for life.
    """
    if not differs_by_class(kind, trigger):
        return None
    if number is not None:
        return session.execute(CLASS_OF_CASE, {"number": number}).scalar()
    own = own_organizations(session, actor.person_id, now)
    wanted = data.get("organization") if isinstance(data, Mapping) else None
    organization_id = wanted if wanted in own else own[0] if len(own) == 1 else None
    return class_of_opening(session, kind, organization_id, data)


def open_row(
    session: AnySession, kind: str, actor: Actor, data: dict[str, Any], now: datetime,
    *, trigger: str | None = None, organization_id: int | None = None, node_id: int | None = None,
    parent_id: int | None = None,
) -> CaseRow:
    """Insert the row of a case that is being opened, without a state, and return it as read.

    `data` is what its schema took; a person opens it by `trigger`, the system by none. Raises InvalidInput if it
    names no place or what is not there for the actor, Refused if the actor opens nothing of the kind anywhere, and
    CaseNotFound for an organization that is not the actor's.
    """
    if trigger is not None:
        about = opening_organization_of(kind)
        if about is None:
            organization_id = _organization_of(session, actor, data, now)
        _demand_reach(session, kind, trigger, actor, organization_id, data, now)
        if about is not None:
            organization_id = about(session, data)
    above = opening_parent_of(kind)
    if parent_id is None and above is not None:
        parent_id = above(session, data)
        if parent_id is not None:
            lock_by_id(session.connection(), parent_id)
    place = _organization_place(session, organization_id)[1]
    legal_class = class_of_opening(session, kind, organization_id, data)
    if node_id is None:
        placing = opening_node_of(kind)
        node_id = placing(session, organization_id, data) if placing else place
    if node_id is None:
        raise InvalidInput({"organization": [str(_l("Choose for which organization you apply."))]})
    definition, pins = definition_in_force(session, kind, node_id, legal_class, now)
    case = Case(
        id=hidden_id(session, Case) if definition.sealed_until else None,
        number=new_number(definition.number_prefix, now), kind=kind, place=definition.place,
        version=definition.version, legal_class=definition.legal_class, policy=pins, state=None,
        organization_id=organization_id, node_id=node_id, parent_id=parent_id, opened_at=now,
        sealed=bool(definition.sealed_until),
    )
    session.add(case)
    session.flush()
    number = case.number
    session.expire_all()
    read = read_case(session.connection(), number)
    assert read is not None
    return read


def _demand_reach(
    session: AnySession, kind: str, trigger: str, actor: Actor, organization_id: int | None, data: dict[str, Any],
    now: datetime,
) -> None:
    schema = schema_of(kind, trigger, class_of_opening(session, kind, organization_id, data))
    mistakes = unreached(session, schema, data, Asker(actor.person_id, organization_id, None))
    if not mistakes:
        return
    roles = roles_held(session, actor.person_id, local_day(now)) if actor.person_id is not None else frozenset()
    # Whoever opens nothing of the kind anywhere is told so, whatever the fields name.
    demand_possible(
        next(each for each in library().definitions if each.kind == kind), state=None, trigger=trigger,
        acting=Acting(person_id=actor.person_id, roles=roles),
    )
    raise InvalidInput(mistakes)


def new_number(prefix: str, now: datetime) -> str:
    """Return a number that people can read aloud and that tells neither order nor count."""
    digits = f"{secrets.randbelow(10**8):08d}"
    return f"{prefix}{now.astimezone(SHANGHAI):%y}-{digits[:4]}-{digits[4:]}"


def _organization_of(session: AnySession, actor: Actor, data: dict[str, Any], now: datetime) -> int | None:
    own = own_organizations(session, actor.person_id, now)
    wanted = data.get("organization")
    if wanted is None:
        if len(own) > 1:
            raise InvalidInput({"organization": [str(_l("Choose for which organization you apply."))]})
        return own[0] if own else None
    if wanted not in own:
        raise CaseNotFound
    return wanted


@remembered
def _organization_place(session: AnySession, organization_id: int | None) -> tuple[str | None, int | None]:
    """Return the legal type of the organization and the node above it: where its registrar sits."""
    if organization_id is None:
        return None, None
    row = session.execute(
        text("SELECT o.legal_type, n.parent_id FROM organizations o JOIN nodes n ON n.id = o.node_id WHERE o.id = :id"),
        {"id": organization_id},
    ).one()
    return row.legal_type, row.parent_id
