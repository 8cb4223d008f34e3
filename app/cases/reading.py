"""Lock a case, then read it: the lock is a statement of its own, because what one statement reads beside a
row it had to wait for is older than that row (READ COMMITTED)."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from app.access.nodes import AnySession
from app.access.reach import roles_of_row
from app.access.roles import ORGANIZATION_ROLES
from app.cases.snapshot import CaseRow, ClockRun
from app.database.connections import Asked, Row, rows, rows_of_each
from workflows.kinds.case import Step

LOCK = """
SELECT c.id FROM cases named JOIN cases c ON c.id = ANY (ARRAY[named.id, named.parent_id])
 WHERE named.number = %(number)s
 ORDER BY c.id FOR NO KEY UPDATE OF c
"""

# In the order of the fields of CaseRow.
COLUMNS = """
       c.id, c.number, c.kind, c.place, c.version, c.legal_class, c.policy, c.state, c.revision, c.subject,
       c.organization_id, own.path, own.id, c.node_id, at.path, c.parent_id, c.waits_person, c.opened_at, c.head,
       c.sealed,
       (SELECT json_agg(json_build_array(h.sequence, h.trigger, h.person_id, h.role, h.at,
                                         h.from_state, h.to_state) ORDER BY h.sequence)
          FROM history h WHERE h.case_id = c.id),
       (SELECT json_agg(json_build_array(k.name, k.run, k.started_at, k.number, k.unit, k.extended_by, k.pauses,
                                         k.paused_since, k.paused_for, k.due_at, k.provisional, k.promised, k.fires,
                                         k.stopped_at))
          FROM clocks k WHERE k.case_id = c.id)
"""
TABLES = """
  FROM cases c
  JOIN nodes at ON at.id = c.node_id
  LEFT JOIN organizations o ON o.id = c.organization_id
  LEFT JOIN nodes own ON own.id = o.node_id
"""
READ = "SELECT {columns} {tables} WHERE c.number = %(number)s"
READ_FOR_MOVE = """
SELECT {columns}, ARRAY({roles}),
       EXISTS (SELECT FROM drafts d WHERE d.case_id = c.id AND d.kind = c.kind AND d.trigger = %(trigger)s),
       i.fingerprint, i.answer {tables}
  LEFT JOIN idempotency_keys i ON i.account_id = %(account)s AND i.key = %(key)s
 WHERE c.number = %(number)s
"""


def _filled(statement: str) -> str:
    parts = {"columns": COLUMNS, "tables": TABLES, "roles": roles_of_row("c.id", "own.id", "at.path")}
    for name, part in parts.items():
        statement = statement.replace(f"{{{name}}}", part)
    return statement


READ, READ_FOR_MOVE = _filled(READ), _filled(READ_FOR_MOVE)


class Reading(NamedTuple):
    """A case under its lock, the roles with which the actor reaches it, whether somebody drafted this move, what
    the key was answered before, and what the statement that was sent along answered."""

    case: CaseRow
    roles: frozenset[str]
    drafted: bool
    fingerprint: bytes | None
    answer: dict[str, Any] | None
    beside: list[Row] | None


def lock_case(session: AnySession, number: str) -> bool:
    """Lock the case and its parent in id order; return whether there is such a case."""
    return bool(rows(session, (LOCK, {"number": number})))


def lock_by_id(connection: Connection, case_id: int) -> None:
    """Lock the case above one that is being opened; what it waits for is then decided before the opening is."""
    connection.exec_driver_sql("SELECT id FROM cases WHERE id = %(id)s FOR NO KEY UPDATE", {"id": case_id})


def read_case(connection: Connection, number: str) -> CaseRow | None:
    """Return the case as it is now, with its steps and all its clocks, in one statement."""
    row = connection.exec_driver_sql(READ, {"number": number}).one_or_none()
    return _case(row) if row is not None else None


def lock_and_read(
    session: AnySession, number: str, *, person_id: int | None, account_id: int | None, key: str | None,
    trigger: str, on: date, beside: Asked | None = None,
) -> Reading | None:
    """Lock the case and its parent, then read it with all else that a move of this actor on this day begins with.

    Two statements in one message, and the one `beside` them if there is one; None if there is no such case.
    """
    values = {
        "number": number, "person_id": person_id, "account": account_id, "key": key, "trigger": trigger, "on": on,
    }
    more = (beside,) if beside is not None else ()
    found, *told = rows_of_each(session, (LOCK, values), (READ_FOR_MOVE, values), *more, last=1 + len(more))
    if not found:
        return None
    *columns, roles, drafted, fingerprint, answer = found[0]
    case = _case(columns)
    let = let_in(frozenset(roles), sealed=case.sealed)
    return Reading(case, let, drafted, fingerprint, answer, told[0] if told else None)


def let_in(roles: frozenset[str], *, sealed: bool) -> frozenset[str]:
    """Return those of the roles that a case lets in: a sealed one only its own organization's."""
    return roles.intersection(ORGANIZATION_ROLES) if sealed else roles


def _case(row: Sequence[Any]) -> CaseRow:
    steps = tuple(_step(item) for item in row[20] or ())
    clocks = tuple(_clock(item) for item in row[21] or ())
    return CaseRow(*(*row[:20], steps[-1].at if steps else None, steps, clocks))


def _step(item: Sequence[Any]) -> Step:
    sequence, trigger, person_id, role, at, from_state, to_state = item
    return Step(sequence, trigger, person_id, role, datetime.fromisoformat(at), from_state, to_state)


def _clock(item: Sequence[Any]) -> ClockRun:
    (name, run, started_at, number, unit, extended_by, pauses, paused_since, paused_for, due_at, provisional,
     promised, fires, stopped_at) = item
    return ClockRun(
        name, run, datetime.fromisoformat(started_at), number, unit, extended_by,
        tuple((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in pauses) if pauses else (),
        _at(paused_since), paused_for, datetime.fromisoformat(due_at), provisional, promised, fires, _at(stopped_at),
    )


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
