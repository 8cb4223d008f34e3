"""Two seeded cities to look at: made once for a run, copied for each module that wants them.

What stands here is read by tests over all routes, roles and cases. A test that changes something says so by
asking for `seeded`, whose copy belongs to its module alone.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, select, text

from app import create_app
from app.access.models import Account
from app.access.sign_in import open_session
from app.clock import real_now
from app.config import Settings
from app.database.embedded import EmbeddedServer
from app.extensions import db
from app.notices.jobs import tell
from app.seed.commands import group
from app.worker import Signer
from tests.conftest import TEMPLATE

SEED = "1"
_made: dict[Path, tuple[str, Path, dict[str, Any]]] = {}
_copies = iter(range(1, 10_000))


class Apart(FlaskClient):
    """A client whose requests each have a context of their own, as on a server, wherever the test stands."""

    def open(self, *args: Any, **named: Any) -> Any:
        """Send a request."""
        return Context().run(super().open, *args, **named)


@dataclass(frozen=True)
class User:
    """Somebody of the seed."""

    name: str
    password: str
    token: str
    roles: tuple[str, ...]
    organization: int | None
    display_name: str


@dataclass(frozen=True, eq=False)
class Seeded:
    """An application on a copy of the seeded database, and what the seed said of itself."""

    app: Flask
    owner_url: str
    told: dict[str, Any]

    @property
    def users(self) -> list[User]:
        """Everybody, the auditor of all first."""
        return [User(**{**user, "roles": tuple(user["roles"])}) for user in self.told["users"]]

    def user(self, name: str) -> User:
        """Return the user who signs in with this name."""
        return next(user for user in self.users if user.name == name)

    def one_per_role(self) -> dict[str, User]:
        """Return the first user of every role, the first city's where there are two."""
        found: dict[str, User] = {}
        for user in self.users:
            for role in user.roles:
                found.setdefault(role, user)
        return found

    def cases(self, kind: str | None = None, state: str | None = None) -> list[str]:
        """Return the numbers of the seeded cases of this kind that stood in this state."""
        return [
            case["number"] for case in self.told["cases"]
            if kind in (None, case["kind"]) and state in (None, case["state"])
        ]

    def browser(self, user: User | None) -> FlaskClient:
        """Return a client that is signed in as the user; None is anybody."""
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        if user is not None:
            with self.app.app_context():
                account = db.session.scalars(select(Account.id).where(Account.login == user.name)).one()
                token = open_session(db.session, account_id=account, user_agent="test", now=real_now())
                db.session.commit()
            client.set_cookie("sid", token)
        client.set_cookie("lang", "en")
        return client

    def program(self, user: User) -> FlaskClient:
        """Return a client that sends the user's token."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {user.token}"
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        return client

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Return what the database answers."""
        with self.app.app_context():
            return list(db.session.execute(text(statement), values))


def application(server: EmbeddedServer, database: str, instance: Path, **config: Any) -> Flask:
    """Return an application on a database of the test server."""
    settings = Settings(
        environment="test", instance=instance, database_url=None, host="127.0.0.1", port=0,
        smtp_url=None, mail_from="Shuniu <no-reply@localhost>", public_url="http://127.0.0.1:5000",
    )
    return create_app(
        settings, server.url("app", database),
        **{"TESTING": True, "WTF_CSRF_ENABLED": False, "PROPAGATE_EXCEPTIONS": False,
           "OWNER_URL": server.url("owner", database), "SIGNER_URL": server.url("signer", database),
           "SIGNING_KEY": str(instance / "keys" / "signing"), **config},
    )


def _seed_once(server: EmbeddedServer, folder: Path) -> tuple[str, Path, dict[str, Any]]:
    if server.instance not in _made:
        server.create_database("seeded_template", TEMPLATE)
        app = application(server, "seeded_template", folder / "instance")
        result = app.test_cli_runner().invoke(group, ["check", "--seed", SEED])
        if result.exception is not None:
            raise result.exception
        _do_the_workers_jobs(app)
        _made[server.instance] = ("seeded_template", folder / "instance", json.loads(result.stdout))
    return _made[server.instance]


def signer_of(app: Flask) -> Signer:
    """Return the worker's signer of the application."""
    url = app.config["SIGNER_URL"].replace("postgresql://", "postgresql+psycopg://")
    return Signer(create_engine(url), Path(app.config["SIGNING_KEY"]))


def sign_now(app: Flask) -> None:
    """Let the signer cover all there is, as the worker does every minute."""
    signer = signer_of(app)
    signer.empty_queue()
    signer.sign()
    signer.engine.dispose()


def _do_the_workers_jobs(app: Flask) -> None:
    """Tell everybody, put every row into the log and sign it, as the worker does within a minute."""
    signer = signer_of(app)
    with app.app_context():
        tell()
        signer.empty_queue()
        signer.sign()
        db.session.remove()
        db.engine.dispose()
    signer.engine.dispose()


@contextmanager
def signing(app: Flask) -> Iterator[None]:
    """Answer requests for signatures while this lasts, as the worker does once a second."""
    signer, over = signer_of(app), Event()

    def work() -> None:
        while not over.wait(0.05):
            signer.empty_queue()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        signer.engine.dispose()


@contextmanager
def seeded_copy(server: EmbeddedServer, factory: pytest.TempPathFactory, **config: Any) -> Iterator[Seeded]:
    """Yield the two cities in a database and a folder of their own."""
    template, folder, told = _seed_once(server, factory.mktemp("seed"))
    name = f"seeded_{next(_copies)}"
    server.create_database(name, template)
    instance = factory.mktemp(name) / "instance"
    shutil.copytree(folder, instance)
    app = application(server, name, instance, **config)
    app.test_client_class = Apart
    try:
        with signing(app):
            yield Seeded(app, server.url("owner", name), told)
    finally:
        with app.app_context():
            db.engine.dispose()
        server.drop_database(name)


@pytest.fixture(scope="module")
def seeded(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    """Two seeded cities for the tests of one module."""
    with seeded_copy(server, tmp_path_factory) as made:
        yield made
