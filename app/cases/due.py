"""What became due? The worker asks every few seconds; a demo that moves its clock stops at each due date in order."""

from datetime import datetime
from math import ceil

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.perform import due_clock, fire_clock
from app.cases.reading import lock_case, read_case
from app.clock import business_now, real_now
from app.errors import Problem

# The bound time keeps the partial index in use; a volatile clock in the condition would read every future timer.
DUE = text("""
SELECT k.due_at, c.number FROM clocks k JOIN cases c ON c.id = k.case_id
 WHERE k.stopped_at IS NULL AND k.paused_since IS NULL AND k.fires IS NOT NULL AND k.due_at <= :now
 ORDER BY k.due_at, c.id LIMIT :most
""")


class ClockMayNotMove(Problem):
    """The business clock moves only in a demo or test, and only forward."""

    status = 403
    code = "clock_may_not_move"
    title = _l("The clock cannot be moved")


def fire_due(session: AnySession, now: datetime, request_id: str = "clock", most: int = 500) -> int:
    """Perform the moves of clocks that are due at `now`, each in a transaction of its own; return how many."""
    session.rollback()
    due = [row.number for row in session.execute(DUE, {"now": now, "most": most})]
    session.rollback()
    return sum(_fire_case(session, number, now, request_id) for number in dict.fromkeys(due))


def _fire_case(session: AnySession, number: str, now: datetime, request_id: str) -> int:
    fired = 0
    try:
        lock_case(session, number)
        case = read_case(session.connection(), number)
        while case is not None and (run := due_clock(case, now)) is not None:
            fire_clock(session, case, run, request_id)
            fired += 1
            case = read_case(session.connection(), number)
        session.commit()
    except Exception:
        session.rollback()
        raise
    return fired


def move_clock(session: AnySession, *, to: datetime, environment: str, request_id: str = "clock") -> int:
    """Move the business clock forward to `to`, stopping at every due date on the way; return the moves made.

    Raises ClockMayNotMove in production, or when `to` lies in the past of the business clock.
    """
    if environment not in ("demo", "test"):
        raise ClockMayNotMove(_l("Only a demo has a clock that can be moved."))
    if to <= business_now(session):
        raise ClockMayNotMove(_l("Choose a time after the present time of the demo."))
    fired = 0
    while True:
        session.rollback()
        first = session.execute(DUE, {"now": to, "most": 1}).first()
        if first is None:
            break
        if first.due_at > business_now(session):
            _set_ahead(session, first.due_at)
        fired += fire_due(session, first.due_at, request_id)
    _set_ahead(session, to)
    return fired


def _set_ahead(session: AnySession, to: datetime) -> None:
    seconds = ceil((to - real_now()).total_seconds())  # not before `to`: what is due then is due
    session.execute(text("UPDATE business_clock SET ahead_seconds = :seconds"), {"seconds": seconds})
    session.commit()
