"""What does a bundle hold? A case, the cases of an organization, a period, or the whole log: as two conditions.

Everything in a bundle is chosen by them, so what one member leaves out no other member tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, true, union_all
from sqlalchemy.engine import Connection

from app.access.nodes import AnySession
from app.cases.models import Attempt, Case, History, LogLeaf, LogQueue
from app.clock import SHANGHAI
from workflows.definition import Text

Query = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Scope:
    """Which cases, and which of their moves. `told` is what the manifest says of it, `title` what people read."""

    told: dict[str, Any]
    title: Text
    cases: ColumnElement[bool]
    moves: ColumnElement[bool]
    attempts: ColumnElement[bool]

    @property
    def whole(self) -> bool:
        """Whether it is the whole log, in which nothing is missing."""
        return self.told["kind"] == "whole"

    @property
    def named(self) -> bool:
        """Whether the manifest names every case that must be there, from its first move."""
        return self.told["kind"] not in ("whole", "period")

    def telling(self, **more: Any) -> "Scope":
        """Return the same scope of which the manifest says more."""
        return replace(self, told={**self.told, **more})


def of_case(case_ids: Sequence[int], number: str) -> Scope:
    """Return the scope of a case and those of its descendants that the reader may see."""
    return Scope(
        {"kind": "case", "number": number}, Text(f"办件 {number}", f"Case {number}"),
        Case.id.in_(case_ids), true(), true(),
    )


def family_of(session: AnySession, number: str, visible: ColumnElement[bool]) -> list[int]:
    """Return the ids of a case and of its descendants, those that are visible; empty without such a case."""
    family = select(Case.id).where(Case.number == number, visible).cte("family", recursive=True)
    below = select(Case.id).join(family, Case.parent_id == family.c.id).where(visible)
    return list(session.scalars(select(family.union(below).c.id)))


def of_project(case_ids: Sequence[int], number: str) -> Scope:
    """Return the scope of a project: a case or contract with everything that belongs to it, all of it visible."""
    return Scope(
        {"kind": "project", "number": number}, Text(f"{number} 及其下全部办件", f"{number} with everything under it"),
        Case.id.in_(case_ids), true(), true(),
    )


def of_organization(organization_id: int, name: str, visible: ColumnElement[bool]) -> Scope:
    """Return the scope of all visible cases of an organization."""
    return Scope(
        {"kind": "organization", "organization": name}, Text(f"{name} 的全部办件", f"All cases of {name}"),
        and_(Case.organization_id == organization_id, visible), true(), true(),
    )


def of_period(
    first: date, last: date, visible: ColumnElement[bool], *, organization: tuple[int, str] | None = None
) -> Scope:
    """Return the scope of what happened from the first day to the last, both in, in visible cases."""
    start, end = midnight(first), midnight(last + timedelta(days=1))
    told = {"kind": "period", "from": first.isoformat(), "to": last.isoformat()}
    cases, whose_zh, whose_en = visible, "", ""
    if organization is not None:
        told["organization"] = organization[1]
        cases = and_(visible, Case.organization_id == organization[0])
        whose_zh, whose_en = f"（{organization[1]}）", f" ({organization[1]})"
    return Scope(
        told, Text(f"{first} 至 {last}{whose_zh}", f"{first} to {last}{whose_en}"), cases,
        and_(History.at >= start, History.at < end), and_(Attempt.at >= start, Attempt.at < end),
    )


def of_everything() -> Scope:
    """Return the scope of the whole log."""
    return Scope({"kind": "whole"}, Text("全部历史", "The whole log"), true(), true(), true())


def midnight(day: date) -> datetime:
    """Return the first moment of a day in China."""
    return datetime.combine(day, time(), SHANGHAI)


def covered_moves(scope: Scope, size: int) -> Query:
    """Return the query of the scope's moves that a checkpoint of this size covers: position, case_id, sequence."""
    columns: Query = select(LogLeaf.position, History.case_id, History.sequence)
    return (
        columns
        .select_from(LogLeaf)
        .join(History, and_(History.case_id == LogLeaf.case_id, History.sequence == LogLeaf.sequence))
        .join(Case, Case.id == History.case_id)
        .where(LogLeaf.position < size, scope.cases, scope.moves)
    )


def uncovered_moves(connection: Connection, scope: Scope, size: int) -> set[tuple[int, int]]:
    """Return the (case_id, sequence) of the scope's moves that no checkpoint of this size covers yet.

    There are never many: what came since the last checkpoint.
    """
    late = union_all(
        select(LogLeaf.case_id, LogLeaf.sequence).where(LogLeaf.position >= size),
        select(LogQueue.case_id, LogQueue.sequence),
    ).subquery()
    query = (
        select(late.c.case_id, late.c.sequence)
        .join(History, and_(History.case_id == late.c.case_id, History.sequence == late.c.sequence))
        .join(Case, Case.id == History.case_id)
        .where(scope.cases, scope.moves)
    )
    return {(row.case_id, row.sequence) for row in connection.execute(query)}
