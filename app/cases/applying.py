"""May this organization apply, and why not? The conditions of the opening move, asked before anybody types."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy import text

from app.access.actor import Actor
from app.access.models import Node
from app.access.nodes import AnySession
from app.cases.facts import facts_for, reaching_roles
from app.cases.kinds import opening_node_of, opening_parent_of, schema_of
from app.cases.named import Asker, within_reach
from app.cases.numbers import class_of_opening, definition_in_force
from app.cases.reading import read_case
from app.cases.snapshot import CaseRow, ClockRun
from app.errors import InvalidInput
from workflows.definition import Transition
from workflows.engine import Acting, Rule, rules_of

ABOUT = text("""
SELECT o.node_id, n.path, n.parent_id FROM organizations o JOIN nodes n ON n.id = o.node_id
 WHERE o.id = :id
""")
NUMBER = text("SELECT number FROM cases WHERE id = :id")


@dataclass(frozen=True)
class Prospect:
    """What is known before a case is opened: its conditions, and until when it can be (the clock of what is above)."""

    rules: tuple[Rule, ...]
    until: ClockRun | None


def prospect_of(
    session: AnySession, kind: str, transition: Transition, actor: Actor, data: dict[str, Any], now: datetime,
    *, organization_id: int | None,
) -> Prospect | None:
    """Return how the opening move of a kind stands for an organization; None while it is not known where it goes.

    `data` is what has been chosen so far, as it was typed. Changes nothing.
    """
    legal_class = class_of_opening(session, kind, organization_id, data)
    schema = schema_of(kind, transition.trigger, legal_class)
    chosen = within_reach(session, schema, _taken(schema, data), Asker(actor.person_id, organization_id, None))
    about = session.execute(ABOUT, {"id": organization_id}).one_or_none() if organization_id is not None else None
    parent_id = _place(opening_parent_of(kind), session, chosen)
    placing = opening_node_of(kind)
    node_id = _place(placing, session, organization_id, chosen) if placing else None
    node_id = node_id or (about.parent_id if about is not None else None)
    node = session.get(Node, node_id) if node_id is not None else None
    if node is None:
        return None
    definition, pins = definition_in_force(session, kind, node.id, legal_class, now)
    opening = definition.transition(None, transition.trigger)
    assert opening is not None
    case = CaseRow(
        id=0, number="", kind=kind, place=definition.place, version=definition.version,
        legal_class=definition.legal_class, policy=pins, state=None, revision=0, subject="",
        organization_id=organization_id, organization_path=about.path if about else None,
        organization_node_id=about.node_id if about else None, node_id=node.id, node_path=node.path,
        parent_id=parent_id, waits_person=None, opened_at=now, head=b"", sealed=bool(definition.sealed_until),
    )
    acting = Acting(person_id=actor.person_id, roles=reaching_roles(session, case, actor, now))
    rules = rules_of(definition, opening, acting=acting, facts=facts_for(session, case, None), now=now)
    return Prospect(rules, _until(session, parent_id))


def _taken(schema: Schema | None, data: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema takes of what was typed: half a form has fields that do not fit yet."""
    if schema is None:
        return {}
    try:
        loaded: dict[str, Any] = schema.load(data)
        return loaded
    except ValidationError as error:
        return dict(error.valid_data or {})


def _place(asked: Any, *known: Any) -> int | None:
    if asked is None:
        return None
    try:
        found: int | None = asked(*known)
    except InvalidInput:
        return None  # not chosen yet
    return found


def _until(session: AnySession, parent_id: int | None) -> ClockRun | None:
    number = session.execute(NUMBER, {"id": parent_id}).scalar() if parent_id is not None else None
    above = read_case(session.connection(), number) if number is not None else None
    running = [run for run in above.clocks if run.stopped_at is None] if above is not None else []
    return min(running, key=lambda run: run.due_at, default=None)
