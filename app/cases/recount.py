"""Which due dates were provisional and are not any more? Counted anew when a year's holidays have been published."""


from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.clocks import earliest_due, merged, recounted
from app.cases.reading import lock_case, read_case
from app.cases.snapshot import CaseRow, ClockRun

PROVISIONAL = text("""
SELECT DISTINCT c.number FROM clocks k JOIN cases c ON c.id = k.case_id
 WHERE k.provisional AND k.stopped_at IS NULL AND c.closed_at IS NULL ORDER BY c.number LIMIT :most
""")
CHANGE = text("""
UPDATE clocks SET due_at = :due_at, provisional = :provisional
 WHERE case_id = :case_id AND name = :name AND run = :run
""")
DUE = text("UPDATE cases SET due_at = :due_at WHERE id = :case_id")


def recount_provisional(session: AnySession, most: int = 10_000) -> int:
    """Count provisional due dates with the calendar of today, each case in a transaction; return how many changed.

    What was counted before stays in the case's history and letters; only the clock moves.
    """
    numbers = list(session.execute(PROVISIONAL, {"most": most}).scalars())
    session.rollback()
    return sum(_recount_case(session, number) for number in numbers)


def _recount_case(session: AnySession, number: str) -> int:
    lock_case(session, number)
    case = read_case(session.connection(), number)
    assert case is not None
    changed = [new for old in case.clocks if (new := _anew(old)) != old]
    for run in changed:
        session.execute(CHANGE, {**run._asdict(), "case_id": case.id})
    if changed:
        session.execute(DUE, {"due_at": _due(case, changed), "case_id": case.id})
    session.commit()
    return len(changed)


def _anew(run: ClockRun) -> ClockRun:
    return recounted(run) if run.provisional and run.stopped_at is None else run


def _due(case: CaseRow, changed: list[ClockRun]) -> object:
    return earliest_due(merged(case.clocks, changed))
