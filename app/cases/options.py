"""What may this person do with this case now, and what not, and why? Asked by every page and by the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from app.access.actor import Actor
from app.access.nodes import AnySession
from app.cases.facts import definition_of, facts_for, reaching_roles
from app.cases.kinds import choices_for_person, example_of, input_of, registered_choices
from app.cases.named import rule_of
from app.cases.snapshot import CaseRow
from workflows.definition import Definition, Transition
from workflows.engine import Acting, Reason, options


@dataclass(frozen=True)
class Option:
    """A trigger that the person may fire now, with the schema of what it takes."""

    transition: Transition
    schema: Schema | None


@dataclass(frozen=True)
class RefusedOption:
    """A trigger that leads on from here but not for this person, or not yet; with all reasons."""

    transition: Transition
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Choices:
    """Everything a person can be told about what happens next."""

    person_id: int | None
    definition: Definition
    roles: frozenset[str]
    allowed: tuple[Option, ...]
    refused: tuple[RefusedOption, ...]


def choices_for(
    session: AnySession, case: CaseRow, actor: Actor, now: datetime
) -> Choices:
    """Return what the actor may and may not do with the case now. Changes nothing."""
    definition = definition_of(case)
    roles = reaching_roles(session, case, actor, now)
    found = options(
        definition, state=case.state, acting=Acting(person_id=actor.person_id, roles=roles),
        facts=facts_for(session, case, None), now=now,
    )
    allowed = []
    for transition in found.allowed:
        schema = input_of(case.kind, transition.trigger, case.legal_class)
        allowed.append(Option(transition, schema() if schema else None))
    refused = [RefusedOption(transition, tuple(reasons)) for transition, reasons in found.refused]
    return Choices(actor.person_id, definition, roles, tuple(allowed), tuple(refused))


def example_for(
    session: AnySession, schema: Schema | None, case: CaseRow | None, person_id: int | None = None
) -> dict[str, Any]:
    """Return data that fits the schema, and this very case: where a field knows how, and where it offers a list."""
    if schema is None:
        return {}
    data: dict[str, Any] = {}
    for name, field in schema.fields.items():
        fitting = field.metadata.get("example_from")
        if case is None:
            value = field.metadata.get("example")
        elif fitting:
            value = example_of(fitting)(session, case)
        else:
            value = _of_the_list(session, field, field.metadata.get("example"), case, person_id)
        if value is None and not field.required:
            continue
        data[name] = value
    return data


def _of_the_list(
    session: AnySession, field: fields.Field, example: Any, case: CaseRow, person_id: int | None, place: int = 0
) -> Any:
    """Return the example, or where a row of a list is named that it does not have, one that it has."""
    rule, row = rule_of(field), field.metadata.get("row")
    if rule in registered_choices():
        offered = [value for value, _label in choices_for_person(
            str(rule), session, case, case.organization_id, person_id
        )]
        return offered[place % len(offered)] if offered and example not in offered[place:] else example
    if row is not None and example:
        inside = row().fields
        return [
            {name: _of_the_list(session, inside[name], value, case, person_id, place) for name, value in each.items()}
            for place, each in enumerate(example)
        ]
    return example
