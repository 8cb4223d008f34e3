"""The worker: what happens without anybody asking. Due clocks, the log and its signature, notices and mail.

Jobs are procrastinate's, rows in the same PostgreSQL, so any number of workers on any number of machines may
run. Periodic jobs poll (a move that queued a job would NOTIFY, which makes commits wait for each other), and
each is written so that two of them at once do no harm.
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import procrastinate
from flask import Flask
from sqlalchemy import Engine, create_engine, text

from app import create_app
from app.audit.exports.asking import TASK
from app.audit.exports.jobs import run_export, tend_exports
from app.cases.due import fire_due
from app.cases.log import sequence_rows, sign_checkpoint, sign_requests
from app.cases.recount import recount_provisional
from app.clock import business_now
from app.config import settings_from
from app.database.provision import libpq
from app.deathwatch import end_with_parent
from app.documents.jobs import sweep_store
from app.extensions import db
from app.notices.jobs import tell

SECONDS_TO_FINISH = 5.0
OLD_FAILURES = """
DELETE FROM procrastinate_jobs WHERE status = 'failed' AND scheduled_at < now() - interval '30 days'
"""

log = logging.getLogger("shuniu.worker")


@dataclass(frozen=True)
class Signer:
    """The one holder of the key: the signer's database role and the path of the key file."""

    engine: Engine
    key: Path

    def empty_queue(self) -> None:
        """Put all committed rows into the log, and sign what the web process asked for."""
        while True:
            with self.engine.begin() as connection:
                if not sequence_rows(connection):
                    break
        with self.engine.begin() as connection:
            sign_requests(connection, self.key)

    def sign(self) -> None:
        """Sign the log as it is, if it has grown."""
        with self.engine.begin() as connection:
            sign_checkpoint(connection, self.key)


def fire_clocks() -> None:
    """Perform the moves that clocks fire by now."""
    fire_due(db.session(), business_now(db.session()))


def recount() -> None:
    """Count provisional due dates anew: a release may have brought a year's holidays."""
    recount_provisional(db.session())


def forget_dead_jobs() -> None:
    """Remove what killed workers left behind: periodic jobs come again anyway. Failures stay a month."""
    db.session.execute(text("DELETE FROM procrastinate_jobs WHERE status = 'doing' AND worker_id IS NULL"))
    db.session.execute(text(OLD_FAILURES))
    db.session.commit()


# Name, when (cron, with seconds as a sixth field), what to call inside the app's context.
JOBS: tuple[tuple[str, str, Callable[[], None]], ...] = (
    ("clocks", "* * * * * */5", fire_clocks),
    ("notices", "* * * * * */5", tell),
    ("dead_jobs", "* * * * *", forget_dead_jobs),
    ("papers", "*/30 * * * *", sweep_store),
    ("recount", "15 * * * *", recount),
    ("exports", "* * * * *", tend_exports),
)


def make_worker(app: Flask, database_url: str, signer: Signer | None) -> procrastinate.App:
    """Procrastinate with every periodic job; those of the log only where there is a signer."""
    worker = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=libpq(database_url), min_size=1, max_size=4)
    )
    for name, cron, run in JOBS:
        _add(worker, name, cron, _in_app(app, run))
    _add_exports(worker, app)
    if signer is not None:
        _add(worker, "log", "* * * * * */1", signer.empty_queue)
        _add(worker, "checkpoint", "* * * * * */5", signer.sign)
    return worker


def _add(worker: procrastinate.App, name: str, cron: str, run: Callable[[], None]) -> None:
    # No `lock`, though it would keep two from running at once: a killed worker would hold it for ever.
    @worker.periodic(cron=cron, periodic_id=name)
    @worker.task(name=name, queueing_lock=name)
    def task(timestamp: int) -> None:
        run()


def _add_exports(worker: procrastinate.App, app: Flask) -> None:
    @worker.task(name=TASK, pass_context=True)
    def export(context: procrastinate.JobContext, export_id: int) -> None:
        with app.app_context():
            run_export(export_id, ending=context.should_abort)


def _in_app(app: Flask, run: Callable[[], None]) -> Callable[[], None]:
    def in_app() -> None:
        with app.app_context():
            run()

    return in_app


def signer_from(environ: "os._Environ[str]") -> Signer | None:
    """The signer of this process, if it was handed the signer's address and key path."""
    url, key = environ.get("SHUNIU_SIGNER_DATABASE_URL"), environ.get("SHUNIU_SIGNING_KEY")
    if not url or not key:
        return None
    return Signer(create_engine(url, pool_size=2, pool_pre_ping=True), Path(key))


def main() -> None:
    """Work until SIGTERM; jobs that run are finished first."""
    end_with_parent()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # It warns of applications made in a main module, whose tasks have no name; ours have names of their own.
    logging.getLogger("procrastinate.blueprints").setLevel(logging.ERROR)
    address = os.environ["SHUNIU_APP_DATABASE_URL"]
    app = create_app(settings_from(os.environ), address)
    worker = make_worker(app, address, signer_from(os.environ))
    with worker.open():
        worker.run_worker(
            name="worker",
            # One may be making a download for minutes, which itself waits for the log to be signed.
            concurrency=3,
            delete_jobs="successful",
            fetch_job_polling_interval=1.0,
            shutdown_graceful_timeout=SECONDS_TO_FINISH,
        )


if __name__ == "__main__":
    main()
