"""The one statement that closes a move: state and revision, history, log queue, clocks, notices, documents,
personal values and the key with its answer. Either all of it is written or nothing."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from psycopg.errors import DivisionByZero
from psycopg.types.json import Jsonb
from sqlalchemy.exc import DBAPIError

from app.access.nodes import AnySession
from app.cases.chain import Personal
from app.cases.snapshot import ClockRun
from app.database.connections import rows
from app.errors import StaleRevision

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
){more}
SELECT 1 / count(*) FROM moved
"""
# The division fails where no case was moved: COMMIT, which may be on its way behind the statement, is then not done.

QUEUED = """, queued AS (
  INSERT INTO log_queue (case_id, sequence) SELECT id, %(sequence)s FROM moved
)"""
# What was sealed until now enters the log together.
UNSEALED = """, queued AS (
  INSERT INTO log_queue (case_id, sequence)
  SELECT id, s FROM moved, generate_series(1, %(sequence)s::int) AS s
)"""

ANSWERED = """, answered AS (
  INSERT INTO idempotency_keys (account_id, key, fingerprint, answer)
  SELECT %(account_id)s::bigint, %(key)s, %(fingerprint)s, %(answer)s FROM moved
)"""

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


class Closing(NamedTuple):
    """What a move leaves behind in the row of its case, in history and under its key: parameters of CLOSE."""

    case_id: int
    revision: int
    subject: str
    kind: str
    sequence: int
    at: datetime
    trigger: str
    from_state: str | None
    to_state: str
    person_id: int | None
    on_behalf_of: int | None
    role: str
    request_id: str
    prev: bytes
    hash: bytes
    body: bytes
    waits_role: str | None
    waits_node: int | None
    waits_person: int | None
    due_at: datetime | None
    closed_at: datetime | None
    sealed: bool
    draft_holder: int | None
    account_id: int | None
    key: str | None
    fingerprint: bytes | None
    answer: Jsonb


class Beside(NamedTuple):
    """What it leaves behind in tables where most moves write nothing or a row or two."""

    clocks: list[ClockRun]
    notices: list[tuple[str, int, str]]
    personal: list[Personal]
    documents: list[tuple[str, int]]
    drafted: bool
    unsealed: bool


def close(session: AnySession, closing: Closing, beside: Beside, *, commit: bool) -> None:
    """Write it all in one statement, and commit with the same message if this is the end of the transaction.

    Raises StaleRevision, and has then committed nothing, if the case was not at the revision it was read at.
    """
    more = ""
    parameters = closing._asdict()
    if not closing.sealed:
        more += UNSEALED if beside.unsealed else QUEUED
    if closing.key is not None:
        more += ANSWERED
    if beside.drafted:
        more += UNDRAFTED
    if beside.clocks:
        more += _with_rows(CLOCKS, "clock", CLOCK, len(beside.clocks))
        parameters |= _numbered("clock", CLOCK, [_clock(run) for run in beside.clocks])
    if beside.notices:
        more += _with_rows(NOTICES, "notice", NOTICE, len(beside.notices))
        parameters |= _numbered("notice", NOTICE, beside.notices)
    if beside.personal:
        more += PERSONAL
        parameters["personal"] = Jsonb(
            [{"path": p.path, "salt": p.salt.hex(), "value": p.value} for p in beside.personal]
        )
    if beside.documents:
        more += DOCUMENTS
        parameters["documents"] = Jsonb(
            [{"slot": slot, "document_id": document} for slot, document in beside.documents]
        )
    try:
        rows(session, (CLOSE.replace("{more}", more), parameters), commit=commit)
    except DBAPIError as error:
        if isinstance(error.orig, DivisionByZero):
            raise StaleRevision(closing.revision, closing.from_state) from error
        raise


@lru_cache(maxsize=256)
def _with_rows(part: str, name: str, columns: Columns, count: int) -> str:
    """Return the part of the statement with so many rows of parameters, called as `_numbered` calls them."""
    values = ", ".join(
        "(" + ", ".join(f"%({name}{number}_{column})s::{kind}" for column, kind in columns) + ")"
        for number in range(count)
    )
    return part.replace("{columns}", ", ".join(column for column, _kind in columns)).replace("{rows}", values)


def _numbered(name: str, columns: Columns, told: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return dict(zip(_numbered_names(name, columns, len(told)), chain.from_iterable(told), strict=True))


@lru_cache(maxsize=256)
def _numbered_names(name: str, columns: Columns, count: int) -> list[str]:
    return [f"{name}{number}_{column}" for number in range(count) for column, _kind in columns]


def _clock(run: ClockRun) -> tuple[Any, ...]:
    """The clock in the order of CLOCK."""
    pauses = [[begun.isoformat(), ended.isoformat()] for begun, ended in run.pauses]
    return (
        run.name, run.run, run.started_at, run.number, run.unit, run.extended_by, Jsonb(pauses), run.paused_since,
        run.paused_for, run.due_at, run.provisional, run.promised, run.fires, run.stopped_at,
    )
