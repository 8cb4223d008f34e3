"""May this organization apply, and why not? The conditions of the opening move, asked before anybody types."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from marshmallow import Schema, ValidationError
from sqlalchemy import Row, text

from app.access.actor import Actor
from app.access.models import Node
from app.access.nodes import AnySession
from app.cases.facts import definition_of, facts_for, reaching_roles
from app.cases.kinds import choices_for_person, opening_node_of, opening_parent_of, schema_of
from app.cases.named import Asker, within_reach
from app.cases.numbers import class_of_opening, definition_in_force
from app.cases.reading import read_case
from app.cases.snapshot import CaseRow, ClockRun
from app.database.one_look import remembered
from app.errors import InvalidInput
from app.language import localized
from workflows.definition import Transition
from workflows.engine import Acting, Reason, Refused, Rule, demand_possible, rules_of

ABOUT = text("""
SELECT o.node_id, n.path, n.parent_id FROM organizations o JOIN nodes n ON n.id = o.node_id
 WHERE o.id = :id
""")
NUMBER = text("SELECT number FROM cases WHERE id = :id")


@dataclass(frozen=True)
class Prospect:
    """What is known before a case is opened: its conditions, and until when it can be (the clock of what is above).

    `barred` is told to whom the opening move does not stand open in any role.
    """

    rules: tuple[Rule, ...]
    until: ClockRun | None
    barred: tuple[Reason, ...] = ()


def obstacles(
    session: AnySession, kind: str, transition: Transition, actor: Actor, now: datetime, *,
    organization_id: int | None, legal_class: str | None = None, chosen: Mapping[str, Any] | None = None,
) -> list[str]:
    """Return in the reader's language why this kind cannot be begun now, before anything is typed; [] if it can.

    `legal_class` is the one that is to be founded, where that can be chosen; `chosen` is what else has been chosen
    already, such as the hub on whose page one stands. Asked are the lists of which something
    must be chosen (an empty one leaves nothing to apply for) and then the conditions that need no input. Changes
    nothing.
    """
    known = {**(chosen or {}), **({"legal_type": legal_class} if legal_class is not None else {})}
    schema = schema_of(kind, transition.trigger, class_of_opening(session, kind, organization_id, known))
    if empty := _empty_lists(session, schema, actor, organization_id):
        return empty
    try:
        found = prospect_of(session, kind, transition, actor, known, now, organization_id=organization_id)
    except InvalidInput as invalid:
        return [str(message) for messages in invalid.errors.values() for message in messages]
    if found is not None and found.barred:
        # An office that has not said what it is about stands nowhere yet: its role there cannot be told.
        return [localized(reason.text) for reason in found.barred] if organization_id is not None else []
    return [localized(rule.reason.text) for rule in found.rules if rule.reason is not None] if found else []


def _empty_lists(
    session: AnySession, schema: Schema | None, actor: Actor, organization_id: int | None
) -> list[str]:
    return [
        str(field.metadata["when_none"]) if field.metadata.get("when_none")
        else _("There is nothing to choose for “%(field)s” now.", field=field.metadata["label"])
        for field in _chosen_rows(schema).values()
        if field.required
        and not choices_for_person(field.metadata["choices_from"], session, None, organization_id, actor.person_id)
    ]


def _chosen_rows(schema: Schema | None) -> dict[str, Any]:
    """Return the fields that take a row of a list."""
    fields = schema.fields if schema is not None else {}
    return {name: field for name, field in fields.items() if field.metadata.get("widget") == "row_choice"}


def prospect_of(
    session: AnySession, kind: str, transition: Transition, actor: Actor, data: dict[str, Any], now: datetime,
    *, organization_id: int | None,
) -> Prospect | None:
    """Return how the opening move of a kind stands for an organization; None while it is not known where it goes.

    `data` is what has been chosen so far, as it was typed. Changes nothing.
    """
    legal_class = class_of_opening(session, kind, organization_id, data)
    schema = schema_of(kind, transition.trigger, legal_class)
    asker = Asker(actor.person_id, organization_id, None)
    chosen = within_reach(session, schema, taken(schema, data), asker)
    case = case_to_be(session, kind, chosen, now, organization_id=organization_id, legal_class=legal_class)
    if case is None:
        return None
    definition = definition_of(case)
    opening = definition.transition(None, transition.trigger)
    assert opening is not None
    acting = Acting(person_id=actor.person_id, roles=reaching_roles(session, case, actor, now))
    try:
        demand_possible(definition, state=None, trigger=transition.trigger, acting=acting)
    except Refused as refused:
        return Prospect((), None, refused.reasons)
    rows = _rows_chosen(schema, chosen)
    facts = facts_for(session, case, rows)
    rules = rules_of(definition, opening, acting=acting, facts=facts, now=now, chosen=rows)
    return Prospect(rules, _until(session, case.parent_id))


def case_to_be(
    session: AnySession, kind: str, chosen: dict[str, Any], now: datetime, *, organization_id: int | None,
    legal_class: str | None,
) -> CaseRow | None:
    """Return the case as it would be opened, without a row; None while it is not known where it goes.

    `chosen` is what the schema took so far. Raises InvalidInput where there are no rules for it.
    """
    about = _about(session, organization_id) if organization_id is not None else None
    parent_id = _place(opening_parent_of(kind), session, chosen)
    placing = opening_node_of(kind)
    node_id = _place(placing, session, organization_id, chosen) if placing else None
    node_id = node_id or (about.parent_id if about is not None else None)
    node = _node(session, node_id) if node_id is not None else None
    if node is None:
        return None
    definition, pins = definition_in_force(session, kind, node.id, legal_class, now)
    return CaseRow(
        id=0, number="", kind=kind, place=definition.place, version=definition.version,
        legal_class=definition.legal_class, policy=pins, state=None, revision=0, subject="",
        organization_id=organization_id, organization_path=about.path if about else None,
        organization_node_id=about.node_id if about else None, node_id=node.id, node_path=node.path,
        parent_id=parent_id, waits_person=None, opened_at=now, head=b"", sealed=bool(definition.sealed_until),
    )


@remembered
def _about(session: AnySession, organization_id: int) -> Row[Any] | None:
    return session.execute(ABOUT, {"id": organization_id}).one_or_none()


@remembered
def _node(session: AnySession, node_id: int) -> Node | None:
    return session.get(Node, node_id)


def _rows_chosen(schema: Schema | None, chosen: dict[str, Any]) -> dict[str, Any] | None:
    """Return what was chosen from lists: the conditions are those of this contract, of this instalment."""
    rows = _chosen_rows(schema)
    return {name: chosen[name] for name in rows if chosen.get(name) is not None} or None


def taken(schema: Schema | None, data: dict[str, Any]) -> dict[str, Any]:
    """Return what the schema takes of what was typed: half a form has fields that do not fit yet."""
    if schema is None or not data:
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
