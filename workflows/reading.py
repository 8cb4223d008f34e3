"""How is one TOML file read? Every mistake of shape is written down; none stops the reading."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from workflows.definition import Definition, DocumentSlot, Notice, State, Text, Transition
from workflows.policy import UNITS, PolicyFile, PolicyNumber

VERSIONED = re.compile(r"(?P<kind>[a-z][a-z0-9_]*)\.v(?P<version>[1-9][0-9]*)\.toml")
_EMPTY = Text("", "")


@dataclass
class Table:
    """One TOML table being read: takes each key once, in a wanted type, and notes what is left over."""

    values: dict[str, Any]
    where: str
    problems: list[str] = field(default_factory=list)

    def note(self, problem: str) -> None:
        """Write a mistake down with its place."""
        self.problems.append(f"{self.where}: {problem}")

    def take(self, key: str, kind: type, default: Any) -> Any:
        """Return the value of `key` when it has the wanted type, else the default and a note."""
        value = self.values.pop(key, default)
        # bool is an int for Python, but a number written `true` is a mistake.
        if value is not default and (
            not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        ):
            self.note(f"{key} must be {kind.__name__}, not {value!r}")
            return default
        return value

    def need(self, key: str, kind: type, default: Any) -> Any:
        """Like take, but a missing key is a mistake."""
        if key not in self.values:
            self.note(f"{key} is missing")
            return default
        return self.take(key, kind, default)

    def names(self, key: str) -> tuple[str, ...]:
        """Return a list of strings."""
        values = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            self.note(f"{key} must be a list of names")
            return ()
        return tuple(values)

    def text(self, key: str) -> Text:
        """Return a sentence in both languages; one left out is empty and found by the checks."""
        return self.as_text(key, self.take(key, dict, {}))

    def texts(self, key: str) -> tuple[Text, ...]:
        """Return a list of sentences."""
        return tuple(self.as_text(key, value) for value in self.take(key, list, []))

    def as_text(self, key: str, value: Any) -> Text:
        """Return a Text from {zh, en}, noting anything else."""
        if not isinstance(value, dict) or not set(value) <= {"zh", "en"}:
            self.note(f"{key} must be {{ zh = …, en = … }}")
            return _EMPTY
        return Text(str(value.get("zh", "")).strip(), str(value.get("en", "")).strip())

    def tables(self, key: str) -> dict[str, Table]:
        """Return the named sub-tables, sharing this list of mistakes."""
        found = self.take(key, dict, {})
        return {name: self.within(f"{key}.{name}", value) for name, value in found.items()}

    def rows(self, key: str) -> list[Table]:
        """Return the repeated sub-tables, sharing this list of mistakes."""
        found = self.take(key, list, [])
        return [self.within(f"{key} {number}", value) for number, value in enumerate(found, start=1)]

    def within(self, name: str, value: Any) -> Table:
        """Return a sub-table, or an empty one and a note when it is none."""
        if not isinstance(value, dict):
            self.note(f"{name} must be a table")
            value = {}
        return Table(dict(value), f"{self.where} [{name}]", self.problems)

    def nothing_left(self) -> None:
        """Note every key nobody asked for: a typo must not pass as a wish."""
        for key in self.values:
            self.note(f"unknown key {key}")


@dataclass(frozen=True, slots=True)
class DatedName:
    """What something is called in a place, from `since` on when that is known."""

    key: str
    title: Text
    since: date | None
    cite: Text


@dataclass(frozen=True)
class Place:
    """A jurisdiction: its levels from top to bottom, and the local names of things."""

    code: str
    title: Text
    levels: tuple[Text, ...]
    local_names: tuple[DatedName, ...] = ()

    def local_name(self, key: str, on: date | None = None) -> Text | None:
        """Return what `key` is called here (on that day), or None when the place has no own word for it."""
        dated = [
            name
            for name in self.local_names
            if name.key == key and (on is None or name.since is None or name.since <= on)
        ]
        return max(dated, key=lambda name: name.since or date.min).title if dated else None


def open_table(path: Path, root: Path) -> tuple[Table, bytes]:
    """Return the file as a table, empty with a note when it is no TOML, and its exact bytes."""
    content = path.read_bytes()
    where = path.relative_to(root).as_posix()
    try:
        return Table(tomllib.loads(content.decode("utf-8")), where), content
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        return Table({}, where, [f"{where}: no valid TOML: {error}"]), content


def read_place(table: Table, code: str) -> Place:
    """Return the place that place.toml describes."""
    names = []
    for row in table.rows("local_names"):
        names.append(
            DatedName(
                key=row.need("key", str, ""),
                title=row.text("title"),
                since=row.take("since", date, None),
                cite=row.text("cite"),
            )
        )
        row.nothing_left()
    place = Place(code, table.text("title"), table.texts("levels"), tuple(names))
    table.nothing_left()
    return place


def read_policy(table: Table, place: str, version: int) -> PolicyFile:
    """Return the numbers of a policy file."""
    effective_from = table.need("effective_from", date, date.max)
    numbers = {}
    for name in list(table.values):
        row = table.within(name, table.values.pop(name))
        numbers[name] = _number(row, name, place, version)
        row.nothing_left()
    return PolicyFile(place, version, effective_from, numbers)


def _number(row: Table, name: str, place: str, version: int) -> PolicyNumber:
    units = [unit for unit in UNITS if unit in row.values]
    if len(units) != 1:
        row.note(f"needs exactly one of {', '.join(UNITS)}")
    value = row.take(units[0], int, 0) if units else 0
    return PolicyNumber(
        name=name,
        title=row.text("title"),
        value=value,
        unit=units[0] if units else "count",
        cite=row.text("cite"),
        verified=row.need("verified", bool, False),
        place=place,
        version=version,
    )


def read_definition(table: Table, content: bytes, place: str, kind: str, version: int) -> Definition:
    """Return the procedure of a definition file."""
    if table.need("kind", str, kind) != kind:
        table.note(f"kind is not {kind}, as the file name says")
    definition = Definition(
        kind=kind,
        place=place,
        version=version,
        effective_from=table.need("effective_from", date, date.max),
        legal_class=table.take("class", str, None),
        title=table.text("title"),
        kind_title=table.text("kind_title"),
        summary=table.text("summary"),
        who_may_apply=table.text("who_may_apply"),
        legal_basis=table.texts("legal_basis"),
        number_prefix=table.need("number_prefix", str, ""),
        spine=table.names("spine"),
        sealed_until=table.names("sealed_until"),
        documents={name: _slot(row, name) for name, row in table.tables("documents").items()},
        states={name: _state(row, name) for name, row in table.tables("states").items()},
        transitions=tuple(_transition(row) for row in table.rows("transitions")),
        digest=hashlib.sha256(content).hexdigest(),
    )
    table.nothing_left()
    return definition


def _slot(row: Table, name: str) -> DocumentSlot:
    slot = DocumentSlot(
        name=name,
        title=row.text("title"),
        help=row.text("help"),
        required=row.take("required", bool, False),
        needed_with=row.names("needed_with"),
        media=row.names("media"),
        issued=row.take("issued", bool, False),
    )
    row.nothing_left()
    return slot


def _state(row: Table, name: str) -> State:
    state = State(
        name=name,
        title=row.text("title"),
        waits_for=row.take("waits_for", str, None),
        clocks=row.names("clocks"),
        paused=row.names("paused"),
        clock_until=tuple((clock, str(field)) for clock, field in row.take("clock_until", dict, {}).items()),
        outcome=row.take("outcome", str, None),
        applicant_says=row.text("applicant_says"),
    )
    row.nothing_left()
    return state


def _transition(row: Table) -> Transition:
    trigger = row.need("trigger", str, "")
    row.where = f"{row.where} {trigger}"
    transition = Transition(
        trigger=trigger,
        title=row.text("title"),
        from_=row.names("from") if "from" in row.values else _from_missing(row),
        to=row.need("to", str, ""),
        roles=row.names("roles"),
        guards=row.names("guards"),
        on_due=row.take("on_due", str, None),
        documents=row.names("documents"),
        notices=tuple(_notice(row, value) for value in row.take("notices", list, [])),
        control=row.take("control", str, None),
        extends=row.take("extends", str, None),
        consequence=row.text("consequence") if "consequence" in row.values else None,
        danger=row.take("danger", bool, False),
        cite=row.text("cite") if "cite" in row.values else None,
    )
    row.nothing_left()
    return transition


def _from_missing(row: Table) -> tuple[str, ...]:
    # An opening is said aloud, with from = []: leaving the line out must not open cases.
    row.note("from is missing (an opening says from = [])")
    return ()


def _notice(row: Table, value: Mapping[str, Any]) -> Notice:
    if not isinstance(value, dict) or set(value) != {"to", "template"}:
        row.note("a notice is { to = role, template = name }")
        return Notice("", "")
    return Notice(str(value["to"]), str(value["template"]))
