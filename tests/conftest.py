"""What every test stands on: a real PostgreSQL, a database of its own copied from a migrated template, an app."""

import json
import os
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from psycopg import sql
from sqlalchemy.engine import make_url

from app import create_app
from app.config import Settings
from app.database.embedded import EmbeddedServer
from app.database.migrate import migrate
from app.extensions import db

TEMPLATE = "template_shuniu"
SHARED = Path(__file__).resolve().parents[2] / "shared"
KEPT = {"alembic_version"}
SEED = 1

# How long something takes is never asserted; `CI=true` makes Hypothesis try the same examples each time.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("untimed")


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of a test that leaves things to chance: SHUNIU_SEED, else a new one at length, else always the same."""
    at_length = request.node.get_closest_marker("long") is not None
    chosen = int(os.environ.get("SHUNIU_SEED") or (random.randrange(2, 10**6) if at_length else SEED))
    print(f"SHUNIU_SEED={chosen}")
    return chosen


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    """A PostgreSQL server for this test run, with a migrated template database."""
    with tempfile.TemporaryDirectory(prefix="shuniu-test-") as folder:
        server = EmbeddedServer(Path(folder), fsync=False)
        server.start()
        try:
            server.create_database(TEMPLATE)
            migrate(server.url("owner", TEMPLATE))
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def common_database(server: EmbeddedServer) -> Iterator[tuple[str, psycopg.Connection]]:
    """One database for all tests, and a superuser's connection that can empty it past every trigger."""
    server.create_database("common", TEMPLATE)
    password = json.loads((server.instance / "database.json").read_text())["superuser"]
    url = make_url(server.url("owner", "common")).set(
        drivername="postgresql", username="postgres", password=password
    )
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        yield "common", superuser


@pytest.fixture
def database(common_database: tuple[str, psycopg.Connection]) -> Iterator[str]:
    """The name of a database that holds what a fresh migration leaves, and nothing else."""
    name, superuser = common_database
    _empty(superuser)
    yield name


def _empty(superuser: psycopg.Connection) -> None:
    """Take all rows away, and put back the one that a migration makes."""
    names = [
        row[0]
        for row in superuser.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_relation_size(c.oid) > 0"
        )
    ]
    for name in names:
        if name not in KEPT:
            superuser.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
    superuser.execute("INSERT INTO business_clock DEFAULT VALUES ON CONFLICT DO NOTHING")


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A folder for documents, keys and compiled translations."""
    return tmp_path / "instance"


@pytest.fixture
def app(server: EmbeddedServer, database: str, instance: Path) -> Iterator[Flask]:
    """The application on a fresh database, connected as its own unprivileged role."""
    settings = Settings(
        environment="test", instance=instance, database_url=None, host="127.0.0.1", port=0,
        smtp_url=None, mail_from="Shuniu <no-reply@localhost>", public_url="http://127.0.0.1:5000",
    )
    app = create_app(
        settings, server.url("app", database), TESTING=True, WTF_CSRF_ENABLED=False,
        OWNER_URL=server.url("owner", database), SIGNER_URL=server.url("signer", database),
        SIGNING_KEY=str(instance / "keys" / "signing"),
    )
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask):
    """The session of the application; tests commit what they set up."""
    return db.session


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client without a browser's CSRF token; tests of CSRF switch it on."""
    return app.test_client()


@pytest.fixture
def now() -> datetime:
    """Monday, 2 March 2026, 09:00 in Shanghai."""
    return datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party data beside the project; tests that need it skip where it is absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"needs third-party data in {SHARED / 'data'}, which is not here")
    return SHARED / "data"
