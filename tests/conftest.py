"""What every test stands on: a real PostgreSQL, a database of its own copied from a migrated template, an app."""

import itertools
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Settings
from app.database.embedded import EmbeddedServer
from app.database.migrate import migrate
from app.extensions import db

TEMPLATE = "template_shuniu"
SHARED = Path(__file__).resolve().parents[2] / "shared"
_names = itertools.count(1)


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


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[str]:
    """The name of a fresh database."""
    name = f"t{next(_names)}"
    server.create_database(name, TEMPLATE)
    yield name
    server.drop_database(name)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """A folder for documents, keys and compiled translations."""
    return tmp_path / "instance"


@pytest.fixture
def app(server: EmbeddedServer, database: str, instance: Path) -> Iterator[Flask]:
    """The application on a fresh database, connected as its own unprivileged role."""
    settings = Settings(
        environment="test", instance=instance, database_url=None, host="127.0.0.1", port=0,
        smtp_url=None, mail_from="Shuniu <no-reply@localhost>",
    )
    app = create_app(
        settings, server.url("app", database), TESTING=True, WTF_CSRF_ENABLED=False,
        OWNER_URL=server.url("owner", database), SIGNER_URL=server.url("signer", database),
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
