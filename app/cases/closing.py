"""The one statement that closes a move: state and revision, history, log queue, clocks, notices, documents,
personal values and the key with its answer. Either all of it is written or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.engine import Connection

from app.cases.chain import Link, Personal
from app.cases.snapshot import CaseRow, ClockRun
from app.database.connections import rows

Columns = tuple[tuple[str, str], ...]

CLOSE = """
WITH moved AS (
  UPDATE cases SET state = %(to_state)s, revision = revision + 1, head = %(hash)s, subject = %(subject)s,
         sealed = %(sealed)s, waits_role = %(waits_role)s, waits_node = %(waits_node)s, waits_person = %(waits_person)s,
         due_at = %(due_at)s, closed_at = %(closed_at)s
   WHERE id = %(case_id)s AND revision = %(revision)s
  RETURNING id
), told AS (
  INSERT INTO history (case_id, sequence, at, person_id, on_behalf_of, role, trigger, from_state, to_state,
                       request_id, prev, hash, body)
  SELECT id, %(sequence)s, %(at)s, %(person_id)s, %(on_behalf_of)s, %(role)s, %(trigger)s, %(from_state)s,
         %(to_state)s, %(request_id)s, %(prev)s, %(hash)s, %(body)s FROM moved
), queued AS (
  INSERT INTO log_queue (case_id, sequence)
  SELECT id, s FROM moved, generate_series(%(queue_from)s::int, %(sequence)s::int) AS s
), answered AS (
  INSERT INTO idempotency_keys (account_id, key, fingerprint, answer)
  SELECT %(account_id)s::bigint, %(key)s, %(fingerprint)s, %(answer)s FROM moved WHERE %(key)s::text IS NOT NULL
){more}
SELECT count(*) FROM moved
"""

UNDRAFTED = """, undrafted AS (
  DELETE FROM drafts USING moved
   WHERE drafts.kind = %(kind)s AND drafts.trigger = %(trigger)s
     AND (drafts.case_id = moved.id
          OR (drafts.case_id IS NULL AND %(sequence)s = 1 AND drafts.holder_node_id = %(draft_holder)s))
)"""

CLOCKS = """, counted AS (
  INSERT INTO clocks AS k (case_id, {columns})
  SELECT moved.id, {columns} FROM moved, (VALUES {rows}) AS r({columns})
  ON CONFLICT (case_id, name, run) DO UPDATE SET extended_by = excluded.extended_by,
     pauses = excluded.pauses, paused_since = excluded.paused_since, paused_for = excluded.paused_for,
     due_at = excluded.due_at, provisional = excluded.provisional, fires = excluded.fires,
     stopped_at = excluded.stopped_at
)"""
CLOCK = (
    ("name", "text"), ("run", "smallint"), ("started_at", "timestamptz"), ("number", "int"), ("unit", "text"),
    ("extended_by", "int"), ("pauses", "jsonb"), ("paused_since", "timestamptz"), ("paused_for", "text"),
    ("due_at", "timestamptz"), ("provisional", "boolean"), ("promised", "boolean"), ("fires", "text"),
    ("stopped_at", "timestamptz"),
)

NOTICES = """, noticed AS (
  INSERT INTO notices (case_id, sequence, audience_role, audience_node_id, template, created_at)
  SELECT moved.id, %(sequence)s, {columns}, %(at)s FROM moved, (VALUES {rows}) AS r({columns})
)"""
NOTICE = (("role", "text"), ("node", "bigint"), ("template", "text"))

PERSONAL = """, hidden AS (
  INSERT INTO personal_values (case_id, sequence, path, salt, value)
  SELECT moved.id, %(sequence)s, r.path, decode(r.salt, 'hex'), r.value
    FROM moved, jsonb_to_recordset(%(personal)s) AS r(path text, salt text, value jsonb)
)"""

DOCUMENTS = """, attached AS (
  INSERT INTO case_documents (case_id, slot, document_id, sequence)
  SELECT moved.id, r.slot, r.document_id, %(sequence)s
    FROM moved, jsonb_to_recordset(%(documents)s) AS r(slot text, document_id bigint)
  ON CONFLICT DO NOTHING
)"""


@dataclass(frozen=True)
class Closing:
    """Everything a move leaves behind in the frame's own tables."""

    case: CaseRow
    sequence: int
    at: datetime
    trigger: str
    to_state: str
    person_id: int | None
    on_behalf_of: int | None
    role: str
    request_id: str
    link: Link
    waits_role: str | None
    waits_node: int | None
    waits_person: int | None
    due_at: datetime | None
    closed_at: datetime | None
    clocks: list[ClockRun]
    notices: list[tuple[str, int, str]]
    personal: list[Personal]
    documents: list[tuple[str, int]]
    drafted: bool
    draft_holder: int | None
    account_id: int | None
    key: str | None
    fingerprint: bytes | None
    answer: dict[str, Any]
    sealed: bool
    queue_from: int


def close(connection: Connection, closing: Closing) -> bool:
    """Write it all in one statement; return False if the case was not at the revision it was read at."""
    more = ""
    parameters: dict[str, Any] = {
        "case_id": closing.case.id, "revision": closing.case.revision, "subject": closing.case.subject,
        "sequence": closing.sequence, "at": closing.at, "trigger": closing.trigger,
        "from_state": closing.case.state, "to_state": closing.to_state, "kind": closing.case.kind,
        "draft_holder": closing.draft_holder, "person_id": closing.person_id,
        "on_behalf_of": closing.on_behalf_of, "role": closing.role, "request_id": closing.request_id,
        "prev": closing.case.head, "hash": closing.link.hash, "body": closing.link.body,
        "waits_role": closing.waits_role, "waits_node": closing.waits_node,
        "waits_person": closing.waits_person, "due_at": closing.due_at, "closed_at": closing.closed_at,
        "account_id": closing.account_id, "key": closing.key, "fingerprint": closing.fingerprint,
        "answer": Jsonb(closing.answer), "sealed": closing.sealed, "queue_from": closing.queue_from,
    }
    if closing.drafted:
        more += UNDRAFTED
    if closing.clocks:
        more += _with_rows(CLOCKS, "clock", CLOCK, len(closing.clocks))
        parameters |= _numbered("clock", CLOCK, [_clock(run) for run in closing.clocks])
    if closing.notices:
        more += _with_rows(NOTICES, "notice", NOTICE, len(closing.notices))
        parameters |= _numbered("notice", NOTICE, closing.notices)
    if closing.personal:
        more += PERSONAL
        parameters["personal"] = Jsonb(
            [{"path": p.path, "salt": p.salt.hex(), "value": p.value} for p in closing.personal]
        )
    if closing.documents:
        more += DOCUMENTS
        parameters["documents"] = Jsonb(
            [{"slot": slot, "document_id": document} for slot, document in closing.documents]
        )
    return rows(connection, (CLOSE.replace("{more}", more), parameters)) == [(1,)]


@lru_cache(maxsize=256)
def _with_rows(part: str, name: str, columns: Columns, count: int) -> str:
    """Return the part of the statement with so many rows of parameters, called as `_numbered` calls them."""
    values = ", ".join(
        "(" + ", ".join(f"%({name}{number}_{column})s::{kind}" for column, kind in columns) + ")"
        for number in range(count)
    )
    return part.replace("{columns}", ", ".join(column for column, _kind in columns)).replace("{rows}", values)


def _numbered(name: str, columns: Columns, told: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {
        f"{name}{number}_{column}": value
        for number, row in enumerate(told)
        for (column, _kind), value in zip(columns, row, strict=True)
    }


def _clock(run: ClockRun) -> tuple[Any, ...]:
    """The clock in the order of CLOCK."""
    pauses = [[begun.isoformat(), ended.isoformat()] for begun, ended in run.pauses]
    return (
        run.name, run.run, run.started_at, run.number, run.unit, run.extended_by, Jsonb(pauses), run.paused_since,
        run.paused_for, run.due_at, run.provisional, run.promised, run.fires, run.stopped_at,
    )
