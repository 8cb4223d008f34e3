"""The worker's part of a download: it is taken up, written, and kept; or it is given back, and done again.

A job may run more than once (a worker is killed, another takes over). Whoever takes it up counts `attempt`
higher and writes into a file of its own; every later word of the one before is refused by that number. Each try
begins anew in a snapshot of its own: the file is of one moment, never of two.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import Engine, select, text, update

from app.access.models import Person
from app.audit.bundles import Known
from app.audit.exports.asked import auditing_of, reach_of, scope_asked
from app.audit.exports.asking import SILENT_AFTER, queue_lost
from app.audit.exports.folder import draft_of, exports_folder, keep
from app.audit.exports.models import Export
from app.audit.exports.writing import Order, write_export
from app.clock import SHANGHAI, business_now, real_now
from app.errors import CaseNotFound, Problem, TryAgain
from app.extensions import db

ROWS_BETWEEN = 5000
SECONDS_BETWEEN = 2.0
MOST_ATTEMPTS = 5
GRACE_SECONDS = 600.0
KNOWN = Known()

TAKE_UP = text("""
UPDATE exports SET attempt = attempt + 1, started_at = coalesce(started_at, :now), beat_at = :now, rows_done = 0,
                   rows_total = NULL
 WHERE id = :id AND finished_at IS NULL AND failed_at IS NULL AND cancelled_at IS NULL
   AND (beat_at IS NULL OR beat_at < :silent) RETURNING attempt
""")
# What is written of a download by the one who has it: nothing, if it was called off or another took over.
MINE = "WHERE id = :id AND attempt = :attempt AND finished_at IS NULL AND failed_at IS NULL AND cancelled_at IS NULL"
SAY = text(f"UPDATE exports SET beat_at = :now, rows_done = :rows_done, rows_total = :rows_total {MINE}")  # noqa: S608
GIVE_BACK = text(f"UPDATE exports SET beat_at = NULL {MINE}")  # noqa: S608
FAIL = text(f"UPDATE exports SET failed_at = :now, failure = :failure {MINE}")  # noqa: S608
FINISH = text(f"""
UPDATE exports SET finished_at = :now, expires_at = :expires, sha256 = :sha256, size = :size,
                   rows_done = :rows_done, rows_total = :rows_done {MINE}
""")  # noqa: S608

log = logging.getLogger("shuniu.exports")


class NotMine(Exception):
    """It was called off, or another worker took it up: stop, and leave nothing."""


class Ending(Exception):
    """This worker is asked to end: give it back."""


class Hand:
    """One worker's hold on one download: every word of it is a transaction of its own, with its number."""

    def __init__(self, engine: Engine, export_id: int, attempt: int, ending: Callable[[], bool]) -> None:
        self.engine, self.ending = engine, ending
        self.key: dict[str, Any] = {"id": export_id, "attempt": attempt}
        self.rows, self.said_rows, self.said_at = 0, 0, time.monotonic()
        self.total: int | None = None

    def expect(self, rows: int) -> None:
        """Say how many rows there will be."""
        self.total = rows
        self._say()

    def saw(self, rows: int) -> None:
        """Count rows, and say so now and then; raise NotMine or Ending where the work must stop."""
        self.rows += rows
        now = time.monotonic()
        if self.rows - self.said_rows >= ROWS_BETWEEN or now - self.said_at >= SECONDS_BETWEEN:
            self._say()

    def _say(self) -> None:
        if self.ending():
            raise Ending
        if not self.write(SAY, rows_done=self.rows, rows_total=self.total):
            raise NotMine
        self.said_rows, self.said_at = self.rows, time.monotonic()

    def write(self, statement: Any, **values: Any) -> bool:
        """Write it down and commit; return whether it is still ours."""
        with self.engine.begin() as connection:
            return bool(connection.execute(statement, {**self.key, "now": real_now(), **values}).rowcount)


def run_export(export_id: int, ending: Callable[[], bool] = lambda: False) -> None:
    """Make one download, if it is still wanted and nobody is at it."""
    now = real_now()
    values = {"id": export_id, "now": now, "silent": now - SILENT_AFTER}
    attempt = db.session.execute(TAKE_UP, values).scalar_one_or_none()
    db.session.commit()
    if attempt is None:
        return
    hand = Hand(db.engine, export_id, attempt, ending)
    draft = draft_of(export_id, attempt)
    try:
        _make(hand, export_id, draft)
    except NotMine:
        log.info("export %s was called off or taken over", export_id)
    except (Ending, TryAgain):
        hand.write(GIVE_BACK)
    except Problem as problem:
        hand.write(FAIL, failure=problem.code)
    except Exception:
        if attempt >= MOST_ATTEMPTS:
            hand.write(FAIL, failure="gave_up")
        else:
            hand.write(GIVE_BACK)
        raise
    finally:
        draft.unlink(missing_ok=True)
        db.session.remove()


def _make(hand: Hand, export_id: int, draft: Path) -> None:
    export = db.session.get_one(Export, export_id)
    if export.attempt > MOST_ATTEMPTS:
        hand.write(FAIL, failure="gave_up")
        return
    order = order_of(export)
    db.session.rollback()
    write_export(db.engine, order, draft, total=hand.expect, seen=hand.saw)
    sha256, size = keep(draft)
    expires = real_now() + timedelta(days=current_app.config["EXPORT_DAYS"])
    if not hand.write(FINISH, sha256=sha256, size=size, rows_done=hand.rows, expires=expires):
        raise NotMine  # the file that nobody knows of is swept away


def order_of(export: Export) -> Order:
    """Return what is to be made, as far as the person reaches it now; raise CaseNotFound if that has changed."""
    on = business_now(db.session).astimezone(SHANGHAI).date()
    held = auditing_of(db.session, export.person_id, on)
    if not held or reach_of(held) != export.reach:
        raise CaseNotFound
    scope = scope_asked(db.session, export.asked, held)
    person = db.session.get_one(Person, export.person_id)
    return Order(
        scope=scope, format=export.format, locale=export.locale, who=person.name, table=export.asked.get("table"),
        bom=export.asked.get("bom", True), purpose=export.purpose, known=KNOWN,
    )


def tend_exports() -> None:
    """Queue again what was lost, and take away files whose time is over or which nobody knows of."""
    now = real_now()
    queue_lost(db.session, now)
    over = update(Export).where(Export.expires_at < now, Export.removed_at.is_(None)).values(removed_at=now)
    db.session.execute(over)
    db.session.commit()
    known = select(Export.sha256).where(Export.finished_at.is_not(None), Export.removed_at.is_(None))
    wanted = set(db.session.scalars(known))
    db.session.rollback()
    for path in exports_folder().iterdir():
        # A fresh one may be kept and about to be written down, or still be in the making.
        if path.name not in wanted and path.stat().st_mtime < real_now().timestamp() - GRACE_SECONDS:
            path.unlink(missing_ok=True)
