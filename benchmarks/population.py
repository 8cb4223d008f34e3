"""A city's worth of rows to measure on: 100,000 organizations, 300,000 open cases, a million moves.

Filled by COPY into a database of its own and kept in a folder, so that the second run begins at once. The same
seed invents the same organizations and cases; their dates are counted back from the day of the filling.
"""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from app import create_app
from app.audit.signing import OwnKey
from app.config import settings_from
from app.database.embedded import EmbeddedServer
from app.database.migrate import migrate
from app.extensions import db
from benchmarks.filling import fill

ORGANIZATIONS = 100_000


@dataclass(frozen=True)
class Size:
    """How much is invented; `times` 1 gives 100,000 organizations and a million history rows."""

    times: float = 1.0
    seed: int = 1

    @property
    def organizations(self) -> int:
        """How many organizations there are to be."""
        return max(int(ORGANIZATIONS * self.times), 60)

    def folder(self, above: Path) -> Path:
        """Where this population is kept: another one for another size, seed, schema or way of inventing."""
        root = Path(__file__).resolve().parent
        migrations = sorted((root.parent / "migrations" / "versions").glob("*.py"))
        made_of = b"".join(path.read_bytes() for path in (root / "invented.py", root / "filling.py", *migrations))
        digest = hashlib.sha256(made_of).hexdigest()[:10]
        return above / f"shuniu-population-{self.times:g}-{self.seed}-{digest}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say how large a population a measure stands on, and where it is kept."""
    parser.add_argument("--times", type=float, default=1.0, help="1: 100,000 organizations, a million moves")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=Path, default=Path(tempfile.gettempdir()), help="where populations are kept")


@contextmanager
def population(times: float = 1.0, seed: int = 1, kept: Path | None = None) -> Iterator[tuple[EmbeddedServer, Flask]]:
    """A server with fsync on, and the application on the populated database in it.

    The database is kept for the next run: a measure leaves there what it found. Sign in as the demo's people
    (Xicheng's, `app/demo/district.py`); each of the 16 districts has as much to do as Xicheng.
    """
    size = Size(times, seed)
    folder = size.folder(kept or Path(tempfile.gettempdir()))
    _make_once(size, folder)
    server = EmbeddedServer(folder / "instance")
    server.start()
    try:
        with application(server) as app:
            yield server, app
    finally:
        server.stop()


@contextmanager
def application(server: EmbeddedServer) -> Iterator[Flask]:
    """The application on the populated database, as its own unprivileged role."""
    settings = settings_from({"SHUNIU_ENV": "test", "SHUNIU_INSTANCE": str(server.instance)})
    app = create_app(settings, server.app_url(), OWNER_URL=server.owner_url(), SIGNER_URL=server.url("signer"),
                     SIGNING_KEY=str(server.instance / "keys" / "signing"))
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()


def superuser(server: EmbeddedServer) -> psycopg.Connection:
    """A connection past every right and trigger: only for filling, and for taking an index away in a rollback."""
    password = json.loads((server.instance / "database.json").read_text())["superuser"]
    url = make_url(server.owner_url()).set(drivername="postgresql", username="postgres", password=password)
    return psycopg.connect(url.render_as_string(hide_password=False))


def _make_once(size: Size, folder: Path) -> None:
    """Fill the folder unless it is whole; two who ask at once wait for each other."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(folder.name + ".lock"), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "whole").exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o755)
        began = time.monotonic()
        _make(size, folder)
        (folder / "whole").touch()
        print(f"The population took {time.monotonic() - began:.0f} s and stays in {folder}", flush=True)


def _make(size: Size, folder: Path) -> None:
    # Without fsync: if the machine dies meanwhile, the folder is not whole and is made again.
    server = EmbeddedServer(folder / "instance", fsync=False)
    server.start()
    try:
        server.ensure_database()
        migrate(server.owner_url())
        with application(server), superuser(server) as connection:
            fill(connection, size.organizations, size.seed)
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")
        signer = create_engine(server.url("signer"))
        OwnKey(signer, server.instance / "keys" / "signing").cover()
        signer.dispose()
    finally:
        server.stop()
    os.sync()


def main() -> None:
    """Make a population and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    given = parser.parse_args()
    with population(given.times, given.seed, given.kept) as (server, _app), superuser(server) as connection:
        for table in ("organizations", "cases", "history", "contracts", "deliveries", "log_leaves"):
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            print(f"{table:>15} {row[0] if row else 0:>10,}")

if __name__ == "__main__":
    main()
