"""Open a case and move it. The only code that writes a case's state.

The path of every move (design.md section 2): lock, earlier answer, due moves, stale revision, input, facts,
decide, effect, one closing statement, follow-on moves, commit. Nothing of a refused move stays but its refusal.
An opening has no case to lock: earlier answer, input, and only then its place (what places it reads what the schema
took), facts, decide and so on.
"""

import random
import time
from datetime import datetime
from typing import Any

from marshmallow import Schema
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import scoped_session

from app.access.actor import Actor
from app.access.nodes import AnySession
from app.cases.attempts import record_attempt
from app.cases.facts import Seen, definition_of, facts_for, reaching_roles
from app.cases.incomplete import with_papers
from app.cases.kinds import effect_of, facts_asked_of, schema_of
from app.cases.move import FollowOn, Move
from app.cases.named import Asker, unreached
from app.cases.numbers import class_of_reading, open_row
from app.cases.orders import Order, fingerprint_of, load, read_input
from app.cases.papers import attach_documents
from app.cases.reading import Reading, lock_and_read, lock_case, read_case
from app.cases.snapshot import CaseRow, ClockRun
from app.cases.writing import Request, write_move
from app.clock import SHANGHAI, real_now
from app.database.connections import Asked, Row, rows
from app.errors import Answer, CaseNotFound, InvalidInput, KeyReused, MoveRefused, StaleRevision, TryAgain
from workflows.engine import Acting, Refused, decide, demand_possible

RETRIES = 5
RETRIED = (pg.SerializationFailure, pg.DeadlockDetected, pg.InvalidSqlStatementName)
EARLIER = "SELECT fingerprint, answer FROM idempotency_keys WHERE account_id = %(account)s AND key = %(key)s"


def perform(
    session: AnySession,
    *,
    kind: str,
    trigger: str,
    actor: Actor,
    data: dict[str, Any],
    now: datetime,
    number: str | None = None,
    revision: int | None = None,
    key: str | None = None,
    request_id: str = "",
    began: datetime | None = None,
) -> Answer:
    """Make one move, or open a case, and commit it with everything that belongs to it.

    `began` is the real time at which `now` was read: what passed since then counts for a deadline.

    Returns where the case stands and the receipt; the same key with the same request returns the first answer.
    Raises CaseNotFound, KeyReused, StaleRevision, InvalidInput or MoveRefused, and then has changed nothing
    but the record of the refused attempt (and moves that were due anyway). Raises TryAgain when the database
    kept refusing; then the same call may be made again.
    """
    if isinstance(session, scoped_session):
        session = session()  # asking the registry for each call costs more than some of the calls
    began = began or real_now()
    legal_class = class_of_reading(session, kind, number, trigger, actor, data, now)
    order = Order(
        kind, number, trigger, actor, data, revision, key, now, request_id, began,
        loaded=read_input(kind, trigger, legal_class, data),
        fingerprint=fingerprint_of(kind, number, trigger, revision, data) if key is not None else None,
    )
    for attempt in range(RETRIES):
        try:
            return _once(session, order)
        except DBAPIError as error:
            session.rollback()
            if not _may_be_retried(error):
                raise
            time.sleep(random.uniform(0, 0.02) * (attempt + 1))  # noqa: S311 - spreads retries, guards nothing
        except Exception:
            session.rollback()
            raise
        finally:
            session.info.pop("move", None)
    raise TryAgain()


def _may_be_retried(error: DBAPIError) -> bool:
    if isinstance(error.orig, RETRIED):
        return True
    if isinstance(error, IntegrityError) and isinstance(error.orig, pg.UniqueViolation):
        return error.orig.diag.constraint_name in ("pk_idempotency_keys", "uq_cases_number", "pk_cases", "pk_history")
    return isinstance(error, OperationalError) and error.connection_invalidated


def _once(session: AnySession, order: Order) -> Answer:
    session.rollback()  # facts never come from objects that were read before the lock
    if order.number is None:
        earlier = _earlier_answer(session, order)
        if earlier is not None:
            return earlier
        found = None
    else:
        locked = _locked_case(session, order, order.number)
        if isinstance(locked, Answer):
            return locked
        found = locked
    try:
        reading = found or _opened(session, order)
        answer, follow_ons = _move(session, reading, order)
        _follow(session, order, follow_ons, reading.case)
    except (Refused, StaleRevision) as refusal:
        session.rollback()
        reasons = refusal.reasons if isinstance(refusal, Refused) else ()
        known = found.case if found is not None else None
        told = record_attempt(
            session, kind=order.kind, trigger=order.trigger, case=known, actor=order.actor,
            reasons=reasons, now=order.now, request_id=order.request_id,
        )
        raise MoveRefused(told) if isinstance(refusal, Refused) else refusal from refusal
    session.commit()
    return answer


def _opened(session: AnySession, order: Order) -> Reading:
    """Return the case that is being opened, in its place and without a state."""
    handed_in = _whole(session, order, None)
    case = open_row(session, order.kind, order.actor, handed_in, order.now, trigger=order.trigger)
    return Reading(case, reaching_roles(session, case, order.actor, order.now), True, None, None, None)


def _whole(session: AnySession, order: Order, case: CaseRow | None) -> dict[str, Any]:
    """Return what was handed in; raise InvalidInput with all that is wrong with it, and the papers that are missing."""
    try:
        return order.handed_in()
    except InvalidInput as invalid:
        raise with_papers(
            session, invalid, case, kind=order.kind, trigger=order.trigger, actor=order.actor, data=order.data,
            now=order.now,
        ) from None


def _locked_case(session: AnySession, order: Order, number: str) -> Reading | Answer:
    """Lock and read the case, replay an earlier answer, fire what is due; raise CaseNotFound out of reach."""
    reading = _lock_and_read(session, order, number)
    earlier = _replayed(order, reading.fingerprint, reading.answer)
    if reading.case.kind != order.kind:
        raise CaseNotFound
    if earlier is not None:
        return earlier
    case, fired = reading.case, False
    while (due := due_clock(case, order.now)) is not None:
        fire_clock(session, case, due, order.request_id)
        fired = True
        read = read_case(session.connection(), number)
        assert read is not None
        case = read
    if not fired:
        return reading
    session.commit()  # what was due has happened, whatever becomes of this move
    return _lock_and_read(session, order, number)


def _lock_and_read(session: AnySession, order: Order, number: str) -> Reading:
    reading = lock_and_read(
        session, number, person_id=order.actor.person_id, account_id=order.actor.account_id,
        key=order.key, trigger=order.trigger, on=order.now.astimezone(SHANGHAI).date(),
        beside=_facts_asked(order, number),
    )
    if reading is None:
        raise CaseNotFound
    return reading


def _facts_asked(order: Order, number: str) -> Asked | None:
    asked = facts_asked_of(order.kind)
    if asked is None or isinstance(order.loaded, InvalidInput):
        return None
    return asked(number, None, order.loaded)


def _earlier_answer(session: AnySession, order: Order) -> Answer | None:
    if order.key is None or order.actor.account_id is None:
        return None
    found = rows(session, (EARLIER, {"account": order.actor.account_id, "key": order.key}))
    return _replayed(order, *found[0]) if found else None


def _replayed(order: Order, fingerprint: bytes | None, answer: dict[str, Any] | None) -> Answer | None:
    """Return the answer that the key got before, if it did; raise KeyReused if it stands for another request."""
    if fingerprint is None or answer is None:
        return None
    if fingerprint != order.fingerprint:
        raise KeyReused
    return Answer(**answer, replayed=True)


def due_clock(case: CaseRow, now: datetime) -> ClockRun | None:
    """Return the clock that is due first and has a move of its own, or None."""
    due = [
        run
        for run in case.clocks
        if run.fires and run.stopped_at is None and run.paused_since is None and run.due_at <= now
    ]
    return min(due, key=lambda run: (run.due_at, run.name), default=None)


def fire_clock(session: AnySession, case: CaseRow, run: ClockRun, request_id: str) -> Answer:
    """Perform the move of a due clock as of the due time, in the caller's transaction and under its lock."""
    assert run.fires is not None
    seen = Seen(case=case, acting=Acting(person_id=None, roles=frozenset(), system=True), roles=frozenset())
    request = Request(run.fires, None, None, None, None, None, run.due_at, request_id)
    answer, follow_ons = _apply(session, seen, request, data={}, schema=None, last=False)
    assert not follow_ons, "a clock's move opens nothing"
    return answer


def _move(session: AnySession, reading: Reading, order: Order) -> tuple[Answer, list[FollowOn]]:
    case, roles = reading.case, reading.roles
    if case.state is not None:
        if not roles:
            raise CaseNotFound
        if order.revision != case.revision:
            raise StaleRevision(case.revision, case.state, _moves_since(case, order.revision))
    loaded = _whole(session, order, case)
    seen = Seen(case=case, acting=Acting(person_id=order.actor.person_id, roles=roles), roles=roles)
    request = Request(
        order.trigger, order.actor.person_id, None, order.actor.account_id, order.key,
        order.fingerprint, order.now, order.request_id, reading.drafted, order.decided_at(),
    )
    schema = schema_of(case.kind, order.trigger, case.legal_class)
    return _apply(session, seen, request, data=loaded, schema=schema, last=True, read=reading.beside)


def _moves_since(case: CaseRow, revision: int | None) -> list[dict[str, Any]]:
    return [
        {"sequence": step.sequence, "trigger": step.trigger, "to": step.to_state, "at": step.at.isoformat()}
        for step in case.steps
        if revision is None or step.sequence > revision
    ][-20:]


def _apply(
    session: AnySession, seen: Seen, request: Request, *, data: dict[str, Any], schema: Any, last: bool,
    read: list[Row] | None = None,
) -> tuple[Answer, list[FollowOn]]:
    """Facts, decide, effect, closing statement: the middle of the path, for people and for the system.

    A move that is the `last` of its transaction and has no follow-on moves is committed with the closing statement.
    """
    case = seen.case
    definition = definition_of(case)
    demand_possible(definition, state=case.state, trigger=request.trigger, acting=seen.acting)
    if request.person_id is not None and case.state is not None:
        _demand_reach(session, case, request.person_id, schema, data)
    facts = facts_for(session, case, data, read)
    decision = decide(
        definition, state=case.state, trigger=request.trigger, acting=seen.acting, facts=facts,
        data=data, now=request.decided_at or request.now,
    )
    move = Move(
        session=session, case=case, trigger=request.trigger, data=data, facts=facts,
        person_id=request.person_id, role=decision.role, now=request.now, sequence=case.revision + 1,
    )
    session.info["move"] = move
    attach_documents(move, definition, decision.transition)
    effect = effect_of(case.kind, request.trigger)
    follow_ons = (effect(move) if effect else None) or []
    session.flush()
    session.info.pop("move", None)
    answer = write_move(session, move, definition, decision, request, schema, commit=last and not follow_ons)
    session.expire_all()
    return answer, follow_ons


def _demand_reach(
    session: AnySession, case: CaseRow, person_id: int, schema: Schema | None, data: dict[str, Any]
) -> None:
    mistakes = unreached(session, schema, data, Asker(person_id, case.organization_id, case))
    if mistakes:
        raise InvalidInput(mistakes)


def _follow(session: AnySession, order: Order, follow_ons: list[FollowOn], parent: CaseRow) -> None:
    """Make the moves that belong to a move: by the system, on behalf of whoever made it.

    One that is refused refuses the whole: its reasons become those of the move that it belongs to.
    """
    for step in follow_ons:
        schema = schema_of(step.kind, step.trigger)
        loaded = load(schema, step.data)
        if step.number is None:
            case = open_row(
                session, step.kind, order.actor, loaded, order.now,
                organization_id=step.organization_id, node_id=step.node_id, parent_id=step.parent_id or parent.id,
            )
        else:
            lock_case(session, step.number)
            read = read_case(session.connection(), step.number)
            assert read is not None, f"follow-on of a case that is not there: {step.number}"
            case = read
        seen = Seen(case=case, acting=Acting(person_id=None, roles=frozenset(), system=True), roles=frozenset())
        request = Request(
            step.trigger, None, order.actor.person_id, None, None, None, order.now, order.request_id
        )
        _answer, more = _apply(session, seen, request, data=loaded, schema=schema, last=False)
        _follow(session, order, more, case)
