"""A download that takes long is asked for here, and can be called off; a worker makes it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import procrastinate
from flask_babel import lazy_gettext as _l
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import func, select, text, update

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.audit.exports.asked import reach_of
from app.audit.exports.models import Export
from app.errors import Problem
from workflows.definition import Text

TASK = "export"
MOST_OPEN = 5
LOST_AFTER = timedelta(seconds=60)
SILENT_AFTER = timedelta(minutes=2)
"""A worker that told nothing for so long is taken for dead."""

_jobs = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

# Open, nobody is at it, and no job for it waits in the queue.
LOST = text("""
SELECT e.id FROM exports e
 WHERE e.finished_at IS NULL AND e.failed_at IS NULL AND e.cancelled_at IS NULL
   AND (e.beat_at < :silent OR (e.beat_at IS NULL AND (e.attempt > 0 OR e.asked_at < :lost)))
   AND NOT EXISTS (SELECT FROM procrastinate_jobs j WHERE j.queueing_lock = 'export ' || e.id AND j.status = 'todo')
 ORDER BY e.id
""")


class TooManyExports(Problem):
    """The person has as many downloads in the making as one may have."""

    status = 409
    code = "too_many_exports"
    title: Any = _l("Too many downloads at once")

    def __init__(self) -> None:
        super().__init__(_l("Wait until one of yours is ready, or cancel one."))


def ask_for_export(
    session: AnySession, *, person_id: int, asked: dict[str, Any], title: Text, held: Sequence[Holding],
    locale: str, now: datetime,
) -> Export:
    """Write down what is wanted and queue the job for it in the same transaction; the caller commits.

    `asked` is what ExportInput loaded, as JSON. Raises TooManyExports.
    """
    unfinished = select(func.count()).where(
        Export.person_id == person_id, Export.finished_at.is_(None), Export.failed_at.is_(None),
        Export.cancelled_at.is_(None),
    )
    if (session.scalar(unfinished) or 0) >= MOST_OPEN:
        raise TooManyExports
    export = Export(
        person_id=person_id, asked_at=now, asked=asked, format=asked["format"], purpose=asked["purpose"],
        locale=locale, reach=reach_of(held), title_zh=title.zh, title_en=title.en,
    )
    session.add(export)
    session.flush()
    queue_export(session, export.id)
    return export


def queue_export(session: AnySession, export_id: int) -> None:
    """Queue the job. One is made at a time: the others of the worker's hands stay free for clocks and the log."""
    raw: Any = session.connection().connection.driver_connection
    job = _jobs.configure_task(TASK, lock="exports", queueing_lock=f"export {export_id}", connection=raw)
    job.defer(export_id=export_id)


def queue_lost(session: AnySession, now: datetime) -> list[int]:
    """Queue again what a killed worker left behind; return the ids. Commits after each."""
    values = {"silent": now - SILENT_AFTER, "lost": now - LOST_AFTER}
    lost = list(session.execute(LOST, values).scalars())
    for export_id in lost:
        try:
            queue_export(session, export_id)
            session.commit()
        except AlreadyEnqueued:  # another worker was first
            session.rollback()
    return lost


def cancel_export(session: AnySession, export_id: int, person_id: int, now: datetime) -> bool:
    """Call off what is not finished; return whether it was. The worker notices at its next rows. Does not commit."""
    called_off = session.execute(
        update(Export)
        .where(
            Export.id == export_id, Export.person_id == person_id, Export.finished_at.is_(None),
            Export.failed_at.is_(None), Export.cancelled_at.is_(None),
        )
        .values(cancelled_at=now)
    )
    return bool(called_off.rowcount)  # type: ignore[attr-defined]
