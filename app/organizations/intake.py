"""Take checked rows of a register into the database: many at a time, each organization and decision once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import text

from app.access.nodes import AnySession
from app.organizations.checking import Entry
from app.organizations.divisions import division
from app.organizations.places import territory

T = TypeVar("T")
BATCH = 5_000

EXISTING = text("SELECT id, uscc, name FROM organizations WHERE uscc = ANY(:codes)")
DECISIONS = text(
    "SELECT id, organization_id, doc_no, decided_on FROM register_decisions WHERE organization_id = ANY(:ids)"
)
GRADES = text(
    "SELECT organization_id, grade FROM assessments WHERE source = :source AND organization_id = ANY(:ids)"
)
LAST_DECISION = text("SELECT coalesce(max(id), 0) FROM register_decisions")
NEXT_IDS = "SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, :count)"


@dataclass
class Taken:
    """What the rows so far came to."""

    organizations: int = 0
    decisions: int = 0
    grades: int = 0
    already_known: int = 0
    repeated: list[int] = field(default_factory=list)
    other_names: list[tuple[int, str, str]] = field(default_factory=list)
    other_grades: list[int] = field(default_factory=list)
    unknown_divisions: dict[str, int] = field(default_factory=dict)


class Intake:
    """One import's way into the tables; `touched` holds the organizations whose decisions grew."""

    def __init__(self, session: AnySession, *, source: str, today: date, now: datetime) -> None:
        self.session = session
        self.source = source
        self.today = today
        self.now = now
        self.taken = Taken()
        self.touched: set[int] = set()
        self._places: dict[str, tuple[int, str]] = {}
        self._listed: dict[str, str | None] = {}
        self._last_known_decision: int = session.execute(LAST_DECISION).scalar_one()

    def take(self, entries: Sequence[Entry]) -> None:
        """Add what these rows tell and the database does not know yet."""
        ids = self._organizations(entries)
        if any(entry.doc_no for entry in entries):
            self._decisions(entries, ids)
        else:
            self._grades(self._listed_once(entries), ids)

    def _listed_once(self, entries: Sequence[Entry]) -> list[Entry]:
        once = []
        for entry in entries:
            if entry.uscc not in self._listed or self._listed[entry.uscc] != entry.grade:
                once.append(entry)
                if entry.uscc in self._listed:
                    self.taken.other_grades.append(entry.line)
            else:
                self.taken.repeated.append(entry.line)
            self._listed[entry.uscc] = entry.grade
        return once

    def _organizations(self, entries: Sequence[Entry]) -> dict[str, int]:
        codes = list({entry.uscc for entry in entries})
        found = {row.uscc: row for row in self.session.execute(EXISTING, {"codes": codes})}
        ids = {code: row.id for code, row in found.items()}
        new: dict[str, Entry] = {}
        for entry in entries:
            if entry.uscc not in found:
                new.setdefault(entry.uscc, entry)
            elif not entry.doc_no and entry.name != found[entry.uscc].name:
                self.taken.other_names.append((entry.line, entry.name, found[entry.uscc].name))
        return ids | self._open(list(new.values()))

    def _open(self, entries: Sequence[Entry]) -> dict[str, int]:
        nodes = self._next_ids("nodes", len(entries))
        ids = self._next_ids("organizations", len(entries))
        places = [self._place(entry.division) for entry in entries]
        self._copy(
            "nodes", "id, parent_id, path, kind, name_zh, valid_from",
            (
                (node, parent, f"{path}{node}/", "organization", entry.name, self.today)
                for node, (parent, path), entry in zip(nodes, places, entries, strict=True)
            ),
        )
        self._copy(
            "organizations", "id, node_id, name, legal_type, uscc, known_from, created_at",
            (
                (id_, node, entry.name, entry.legal_type, entry.uscc,
                 "decision" if entry.doc_no else "list", self.now)
                for id_, node, entry in zip(ids, nodes, entries, strict=True)
            ),
        )
        self.taken.organizations += len(entries)
        return {entry.uscc: id_ for entry, id_ in zip(entries, ids, strict=True)}

    def _place(self, code: str) -> tuple[int, str]:
        if code not in self._places:
            node = territory(self.session, code)
            self._places[code] = (node.id, node.path)
        if not division(code).known:
            self.taken.unknown_divisions[code] = self.taken.unknown_divisions.get(code, 0) + 1
        return self._places[code]

    def _decisions(self, entries: Sequence[Entry], ids: dict[str, int]) -> None:
        rows = self.session.execute(DECISIONS, {"ids": list(ids.values())})
        known = {(row.organization_id, row.doc_no, row.decided_on): row.id for row in rows}
        new: dict[tuple[int, str, date | None], Entry] = {}
        for entry in entries:
            key = (ids[entry.uscc], entry.doc_no, entry.decided_on)
            if key in new or known.get(key, 0) > self._last_known_decision:
                self.taken.repeated.append(entry.line)
            elif key in known:
                self.taken.already_known += 1
            else:
                new[key] = entry
        self._copy(
            "register_decisions",
            "organization_id, doc_no, doc_no_printed, decided_on, authority, category, name_printed",
            (
                (organization, entry.doc_no, entry.doc_no_printed, entry.decided_on, entry.authority,
                 entry.category, entry.name)
                for (organization, _, _), entry in new.items()
            ),
        )
        self.taken.decisions += len(new)
        self.touched |= {organization for organization, _, _ in new}

    def _grades(self, entries: Sequence[Entry], ids: dict[str, int]) -> None:
        """Add the grades that this list did not tell before; a list without grades tells none."""
        rows = self.session.execute(GRADES, {"source": self.source, "ids": list(ids.values())})
        known = {(row.organization_id, row.grade) for row in rows}
        new: dict[tuple[int, str], None] = {}
        for entry in entries:
            if entry.grade is None:
                continue
            key = (ids[entry.uscc], entry.grade)
            if key in known or key in new:
                self.taken.already_known += 1
            else:
                new[key] = None
        self._copy(
            "assessments", "organization_id, grade, source, known_on",
            ((organization, grade, self.source, self.today) for organization, grade in new),
        )
        self.taken.grades += len(new)

    def _next_ids(self, table: str, count: int) -> list[int]:
        return list(self.session.execute(text(NEXT_IDS.format(table=table)), {"count": count}).scalars())

    def _copy(self, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
        copy_rows(self.session, table, columns, rows)


def copy_rows(session: AnySession, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows by COPY in the session's transaction."""
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield the items, so many at a time as one statement should take."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch
