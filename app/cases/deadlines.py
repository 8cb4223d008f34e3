"""Which clocks run in the cases that somebody may see? By key and day, from an index; never a whole table.

A deadline ends at 24:00 of its last day, so it belongs to the day before its moment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, Select, bindparam, func, select, table, true, tuple_
from sqlalchemy import column as named

from app.access.models import Node
from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.cases.models import Case, Clock, Moment
from app.cases.queries import Page, waiting_for
from app.clock import SHANGHAI
from workflows.rules.working_days import end_of_day

ONE_DAY = timedelta(hours=24)
COUNTED_TO = 99
# Named, not imported: organizations stand above cases.
_organizations = table("organizations", named("id"), named("name"))


@dataclass(frozen=True)
class OpenClock:
    """A clock that has not stopped, with the case it belongs to and whom that waits for."""

    due_at: datetime
    case_id: int
    name: str
    run: int
    unit: str
    promised: bool
    provisional: bool
    paused_since: datetime | None
    number: str
    kind: str
    subject: str
    policy: str
    organization_name: str | None
    waits_role: str | None
    place_zh: str
    place_en: str | None

    def place(self, locale: str) -> str:
        """Return the name of where the case happens for readers of `locale`."""
        return self.place_zh if locale.startswith("zh") or not self.place_en else self.place_en


@dataclass(frozen=True)
class Choice:
    """What of all open clocks is asked for: of one kind, of the person's own work, statutory or promised."""

    kind: str | None = None
    own: bool = False
    promised: bool | None = None


def _open(held: Sequence[Holding], person_id: int, choice: Choice) -> Select[Any]:
    query: Any = (
        select(
            Clock.due_at, Clock.case_id, Clock.name, Clock.run, Clock.unit, Clock.promised, Clock.provisional,
            Clock.paused_since, Case.number, Case.kind, Case.subject, Case.policy,
            _organizations.c.name.label("organization_name"), Case.waits_role,
            Node.name_zh.label("place_zh"), Node.name_en.label("place_en"),
        )
        .join(Case, Case.id == Clock.case_id)
        .join(Node, Node.id == Case.node_id)
        .outerjoin(_organizations, _organizations.c.id == Case.organization_id)
        .where(Clock.stopped_at.is_(None), *_chosen(held, person_id, choice))
    )
    return query


def _chosen(held: Sequence[Holding], person_id: int, choice: Choice) -> list[ColumnElement[bool]]:
    conditions = [visible_by(held, Case)]
    if choice.kind:
        conditions.append(Case.kind == choice.kind)
    if choice.own:
        mine = (Case.waits_person.is_(None)) | (Case.waits_person == person_id)
        conditions += [waiting_for(held), mine]
    if choice.promised is not None:
        conditions.append(Clock.promised.is_(choice.promised))
    return conditions


def _order() -> tuple[Any, ...]:
    return (Clock.due_at, Clock.case_id, Clock.name, Clock.run)


def open_clocks(
    session: AnySession, held: Iterable[Holding], person_id: int, choice: Choice, *, on: date | None = None,
    after: str | None = None, limit: int = 50,
) -> Page:
    """Return the open clocks of visible cases, what is overdue longest first; of one day if `on`. One query."""
    query = _open(list(held), person_id, choice).order_by(*_order()).limit(limit + 1)
    if on is not None:
        end = end_of_day(on)
        query = query.where(Clock.due_at > end - ONE_DAY, Clock.due_at <= end)
    if key := _key(after):
        query = query.where(tuple_(*_order()) > key)
    rows = [OpenClock(**row) for row in session.execute(query).mappings()]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], f"{last.due_at.isoformat()},{last.case_id},{last.name},{last.run}" if last else None)


def clocks_by_day(
    session: AnySession, held: Iterable[Holding], person_id: int, choice: Choice, *, first: date, days: int, most: int,
) -> dict[date, list[OpenClock]]:
    """Return up to `most` + 1 clocks of each of so many days from `first` on. One query, one index range a day."""
    start = end_of_day(first) - ONE_DAY
    one_day = bindparam("one_day", ONE_DAY, type_=Interval())
    series = func.generate_series(start, start + ONE_DAY * (days - 1), one_day)
    each = series.table_valued(named("starts", Moment)).render_derived(name="each_day")
    of_day = (
        _open(list(held), person_id, choice)
        .where(Clock.due_at > each.c.starts, Clock.due_at <= each.c.starts + one_day)
        .order_by(*_order()).limit(most + 1).lateral("of_day")
    )
    query = select(of_day).select_from(each).join(of_day, true()).order_by(
        of_day.c.due_at, of_day.c.case_id, of_day.c.name, of_day.c.run
    )
    found: dict[date, list[OpenClock]] = {}
    for row in session.execute(query).mappings():
        clock = OpenClock(**row)
        found.setdefault(last_day(clock.due_at), []).append(clock)
    return found


def count_overdue(
    session: AnySession, held: Iterable[Holding], person_id: int, choice: Choice, now: datetime
) -> int:
    """Return how many running clocks are past their time, counted no further than one above COUNTED_TO."""
    late = (
        _open(list(held), person_id, choice).where(Clock.due_at <= now, Clock.paused_since.is_(None))
        .limit(COUNTED_TO + 1).subquery()
    )
    return session.execute(select(func.count()).select_from(late)).scalar_one()


def last_day(due_at: datetime) -> date:
    """Return the last day on which a deadline can be kept, in Shanghai."""
    return (due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()


def _key(after: str | None) -> tuple[datetime, int, str, int] | None:
    parts = (after or "").split(",")
    if len(parts) != 4 or "\x00" in parts[2]:
        return None
    try:
        due, case_id, run = datetime.fromisoformat(parts[0]), int(parts[1]), int(parts[3])
    except ValueError:
        return None
    return (due, case_id, parts[2], run) if due.tzinfo and abs(case_id) < 2**63 and abs(run) < 2**15 else None
