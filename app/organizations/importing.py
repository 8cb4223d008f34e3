"""Import a register: read, check every row, take all or nothing, and say what happened."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from app.access.nodes import AnySession
from app.clock import SHANGHAI
from app.organizations.checking import Checker, Entry, Fault, open_register
from app.organizations.intake import Intake, Taken, batches
from app.organizations.layouts import Layout
from app.organizations.reading import SourceRow, encoding_of
from app.organizations.settling import settle


@dataclass
class Report:
    """What an import found and did; `written` says whether the database keeps it."""

    layout: Layout
    encoding: str
    rows: int = 0
    bad_rows: int = 0
    written: bool = False
    taken: Taken = field(default_factory=Taken)
    stands: Counter[str] = field(default_factory=Counter)


def import_register(
    session: AnySession, path: Path, *, now: datetime, dry_run: bool = False, skip_bad: bool = False,
    encoding: str | None = None, on_fault: Callable[[Fault], None] = lambda fault: None,
) -> Report:
    """Take the file into the register and commit, or leave the database as it was.

    Every fault is told as it is found. One bad row and nothing is kept, unless `skip_bad`; a `dry_run`
    does all the work and keeps nothing. Importing again what is there changes nothing. Raises Unreadable.
    """
    encoding = encoding or encoding_of(path)
    layout, rows = open_register(path, encoding)
    report = Report(layout, encoding)
    today = now.astimezone(SHANGHAI).date()
    checker = Checker(layout, today=today)
    try:
        # Two imports at once would open the same organization twice: one at a time.
        session.execute(text("SELECT pg_advisory_xact_lock(hashtext('shuniu.register import'))"))
        intake = Intake(session, source=path.name, today=today, now=now)
        report.taken = intake.taken
        good = _good(checker, rows, report, on_fault)
        for batch in batches(good):
            if skip_bad or not report.bad_rows:  # after a bad row the rest is only looked through
                intake.take(batch)
        report.stands = settle(session, intake.touched, now=now)
        if not dry_run and (skip_bad or not report.bad_rows):
            session.commit()
            report.written = True
    finally:
        session.rollback()
    return report


def _good(
    checker: Checker, rows: Iterable[SourceRow], report: Report, on_fault: Callable[[Fault], None]
) -> Iterator[Entry]:
    for row in rows:
        report.rows += 1
        checked = checker.check(row)
        if isinstance(checked, Entry):
            yield checked
            continue
        report.bad_rows += 1
        for fault in checked:
            on_fault(fault)
