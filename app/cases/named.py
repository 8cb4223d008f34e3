"""Is what a field names there for whoever asks? What is out of reach is answered as what does not exist.

A plan names a budget line, a bid its package: numbers that anybody can guess. Whether there is such a thing would be
told by any other answer to one that is there but not theirs. So every field that names something is asked here,
before anything is placed, read or decided by it, and the answer is the same either way.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields

from app.access.nodes import AnySession
from app.cases.kinds import choices_for_person, is_list_of_person, reachable_of
from app.cases.snapshot import CaseRow


class Asker(NamedTuple):
    """Who names something: a person, for an organization or none, in a case or (None) while opening one."""

    person_id: int | None
    organization_id: int | None
    case: CaseRow | None


class Naming(NamedTuple):
    """One value that names something: where it stands in the data, and the list or rule that knows it."""

    path: tuple[str | int, ...]
    rule: str
    value: Any


def unreached(session: AnySession, schema: Schema | None, data: dict[str, Any], asker: Asker) -> dict[str, Any]:
    """Return messages for the fields that name what is not there for who asks, as InvalidInput takes them."""
    mistakes: dict[Any, Any] = {}
    known: dict[tuple[str, Any], bool] = {}
    for naming in _namings(schema, data) if schema is not None else ():
        asked = naming.rule, naming.value
        if asked not in known:
            known[asked] = _reaches(session, asker, *asked)
        if not known[asked]:
            _put(mistakes, naming.path, [str(_l("Choose one of the list."))])
    return mistakes


def within_reach(
    session: AnySession, schema: Schema | None, data: dict[str, Any], asker: Asker
) -> dict[str, Any]:
    """Return the data without the fields that name what is not there for who asks: as if not filled in yet."""
    out = unreached(session, schema, data, asker)
    return {name: value for name, value in data.items() if name not in out}


def rule_of(field: fields.Field) -> str | None:
    """Return by which list or rule it is known what a field may name; None for one that names nothing elsewhere."""
    if "names" in field.metadata:
        return str(field.metadata["names"])
    # A row that is called by a word of its own stands in the case itself: its guards know it.
    return field.metadata.get("choices_from") if isinstance(field, fields.Integer) else None


def _namings(schema: Schema, data: dict[str, Any], path: tuple[str | int, ...] = ()) -> Iterator[Naming]:
    for name, field in schema.fields.items():
        value, rule, row = data.get(name), rule_of(field), field.metadata.get("row")
        if rule is not None and value is not None:
            yield Naming((*path, name), rule, value)
        elif row is not None:
            for position, each in enumerate(value or ()):
                yield from _namings(row(), each, (*path, name, position))


def _reaches(session: AnySession, asker: Asker, rule: str, value: Any) -> bool:
    asked = reachable_of(rule)
    if asked is not None:
        return asked(session, asker, value)
    if asker.case is not None and not is_list_of_person(rule):
        return True  # rows of the case itself: its guards know no others, and tell why one of them does not do
    offered = choices_for_person(rule, session, asker.case, asker.organization_id, asker.person_id)
    return any(value == each for each, _label in offered)


def _put(mistakes: dict[Any, Any], path: tuple[str | int, ...], messages: list[str]) -> None:
    *above, last = path
    for step in above:
        mistakes = mistakes.setdefault(step, {})
    mistakes[last] = messages
