"""How does a bundle read for people? One page with every move, and a text on how to check and what it proves."""

import json
from collections.abc import Iterator
from itertools import chain, groupby
from typing import Any

from flask import current_app

from app.access.roles import ROLES
from app.cases.notes import Checkpoint
from app.cases.words import shown_data, shown_tables
from app.clock import SHANGHAI
from workflows.definition import Definition, Text
from workflows.loader import NoDefinition, library

SYSTEM = Text("系统", "System")


def rendered_history(rows: Iterator[Any], title: Text, checkpoint: Checkpoint) -> Iterator[str]:
    """Yield history.html in pieces; `rows` come case by case. Nothing in it points outside of itself."""
    template = current_app.jinja_env.get_template("bundle/history.html")
    yield from template.generate(title=title, checkpoint=checkpoint, cases=_cases(rows))


def rendered_readme(title: Text, checkpoint: Checkpoint, personal: bool) -> str:
    """Return README.txt."""
    template = current_app.jinja_env.get_template("bundle/readme.txt")
    return template.render(title=title, checkpoint=checkpoint, personal=personal)


def titles_of(kind: str, place: str, version: int, legal_class: str | None) -> Definition | None:
    """Return the definition that a case pinned, or None where this release does not know it any more."""
    try:
        return library().exact(kind, place, version, legal_class)
    except NoDefinition:
        return None


def state_title(definition: Definition | None, state: str | None) -> Text | None:
    """Return the title of a state; its name where it has none."""
    if state is None:
        return None
    known = definition.states.get(state) if definition else None
    return known.title if known else Text(state, state)


def move_title(definition: Definition | None, from_state: str | None, trigger: str) -> Text:
    """Return the title of a move; its name where it has none."""
    transition = definition.transition(from_state, trigger) if definition else None
    return transition.title if transition else Text(trigger, trigger)


def role_title(role: str) -> Text:
    """Return the title of the role that was used; the system's for none."""
    return ROLES[role].title if role in ROLES else SYSTEM


def _cases(rows: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for number, moves in groupby(rows, key=lambda row: row.number):
        first = next(moves)
        definition = titles_of(first.kind, first.place, first.version, first.legal_class)
        yield {
            "number": number, "subject": first.subject, "organization": first.organization,
            "kind": definition.title if definition else Text(first.kind, first.kind),
            "moves": (_move(definition, row) for row in chain([first], moves)),
        }


def _move(definition: Definition | None, row: Any) -> dict[str, Any]:
    body = json.loads(bytes(row.body))
    return {
        "sequence": row.sequence, "at": row.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        "who": row.who, "behalf": row.behalf, "role": role_title(row.role),
        "title": move_title(definition, row.from_state, row.trigger),
        "from": state_title(definition, row.from_state), "to": state_title(definition, row.to_state),
        "data": shown_data(row.kind, row.trigger, body["data"], legal_class=row.legal_class),
        "tables": shown_tables(row.kind, row.trigger, body["data"], legal_class=row.legal_class),
        "files": body["files"], "definition": body["definition"], "policy": body["policy"],
        "receipt": f"{row.number}:{row.sequence}:{bytes(row.hash).hex()}",
    }

