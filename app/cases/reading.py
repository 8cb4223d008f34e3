"""Lock a case, then read it: the lock is a statement of its own, because what one statement reads beside a
row it had to wait for is older than that row (READ COMMITTED)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from app.cases.snapshot import CaseRow, ClockRun
from workflows.kinds.case import Step

LOCK = """
SELECT id FROM cases
 WHERE id = (SELECT id FROM cases WHERE number = %(number)s)
    OR id = (SELECT parent_id FROM cases WHERE number = %(number)s)
 ORDER BY id FOR NO KEY UPDATE
"""

READ = """
SELECT c.id, c.number, c.kind, c.place, c.version, c.legal_class, c.policy, c.state, c.revision, c.subject,
       c.organization_id, own.path AS organization_path, own.id AS organization_node_id,
       c.node_id, at.path AS node_path, c.parent_id, c.waits_person, c.opened_at, c.head, c.sealed,
       (SELECT jsonb_agg(jsonb_build_array(h.sequence, h.trigger, h.person_id, h.role, h.at,
                                           h.from_state, h.to_state) ORDER BY h.sequence)
          FROM history h WHERE h.case_id = c.id) AS steps,
       (SELECT jsonb_agg(to_jsonb(k)) FROM clocks k WHERE k.case_id = c.id) AS clocks
  FROM cases c
  JOIN nodes at ON at.id = c.node_id
  LEFT JOIN organizations o ON o.id = c.organization_id
  LEFT JOIN nodes own ON own.id = o.node_id
 WHERE c.number = %(number)s
"""


def lock_case(connection: Connection, number: str) -> bool:
    """Lock the case and its parent in id order; return whether there is such a case."""
    return bool(connection.exec_driver_sql(LOCK, {"number": number}).fetchall())


def lock_by_id(connection: Connection, case_id: int | None) -> None:
    """Lock the case above one that is being opened; what it waits for is then decided before the opening is."""
    connection.exec_driver_sql("SELECT id FROM cases WHERE id = %(id)s FOR NO KEY UPDATE", {"id": case_id})


def read_case(connection: Connection, number: str) -> CaseRow | None:
    """Return the case as it is now, with its steps and all its clocks, in one statement."""
    row = connection.exec_driver_sql(READ, {"number": number}).mappings().one_or_none()
    if row is None:
        return None
    values = dict(row)
    steps = tuple(_step(item) for item in values.pop("steps") or ())
    clocks = tuple(_clock(item) for item in values.pop("clocks") or ())
    return CaseRow(
        **{**values, "head": bytes(values["head"])},
        steps=steps, clocks=clocks, last_at=steps[-1].at if steps else None,
    )


def _step(item: Sequence[Any]) -> Step:
    sequence, trigger, person_id, role, at, from_state, to_state = item
    return Step(
        sequence=sequence, trigger=trigger, person_id=person_id, role=role,
        at=datetime.fromisoformat(at), from_state=from_state, to_state=to_state,
    )


def _clock(item: dict[str, Any]) -> ClockRun:
    def at(name: str) -> datetime | None:
        return datetime.fromisoformat(item[name]) if item[name] else None

    return ClockRun(
        name=item["name"], run=item["run"], started_at=datetime.fromisoformat(item["started_at"]),
        number=item["number"], unit=item["unit"], extended_by=item["extended_by"],
        pauses=tuple((datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in item["pauses"]),
        paused_since=at("paused_since"), paused_for=item["paused_for"],
        due_at=datetime.fromisoformat(item["due_at"]), provisional=item["provisional"],
        promised=item["promised"], fires=item["fires"], stopped_at=at("stopped_at"),
    )
