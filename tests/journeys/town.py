"""The demo's district as a place to tell stories in: everybody has a browser and a program."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.access.grants import grant
from app.access.models import Node
from app.access.sign_in import open_session
from app.clock import business_now, real_now
from app.database.embedded import EmbeddedServer
from app.demo.building import Builder, Member
from app.demo.district import build_district
from app.extensions import db
from tests.browsing import Person
from tests.conftest import TEMPLATE
from tests.seeded import Apart, application, signing

MOVED = ("appropriated", "available", "reserved", "committed", "payable", "transit", "paid")


@dataclass(frozen=True)
class Town:
    """A running application with the demo's people in it."""

    app: Flask
    members: dict[str, Member]
    own_codes: frozenset[str] = frozenset()
    """The codes of the demo's own organizations, taken before anything else is imported."""

    def person(self, login: str) -> Person:
        """Return the browser of somebody who has signed in, and reads English."""
        client = self.app.test_client()
        with self.app.app_context():
            token = open_session(
                db.session, account_id=self.members[login].actor.account_id or 0, user_agent="test", now=real_now()
            )
            db.session.commit()
        client.set_cookie("sid", token)
        client.set_cookie("lang", "en")
        return Person(client)

    def program(self, login: str) -> FlaskClient:
        """Return a client that sends this person's token."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.members[login].token}"
        return client

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Return what the database answers: for what no page needs to show."""
        with self.app.app_context():
            return list(db.session.execute(text(statement), values))

    def one(self, statement: str, **values: Any) -> Any:
        """Return the only value of the only row."""
        ((value,),) = self.rows(statement, **values)
        return value

    def line(self) -> int:
        """Return the budget line that pays the contracts made without a call."""
        return int(self.one("SELECT id FROM budget_lines WHERE code = '2026-YT-001'"))

    def also(self, login: str, role: str) -> None:
        """Give somebody one more role on the node where they hold their first."""
        with self.app.app_context():
            member = self.members[login]
            node = db.session.execute(
                text("SELECT node_id FROM role_grants WHERE person_id = :p ORDER BY id LIMIT 1"),
                {"p": member.actor.person_id},
            ).scalar_one()
            now = business_now(db.session)
            grant(db.session, person_id=member.actor.person_id or 0, role=role, node=db.session.get_one(Node, node),
                  on=(now - timedelta(days=30)).date(), by=None, now=now)
            db.session.commit()


@contextmanager
def a_town(server: EmbeddedServer, factory: pytest.TempPathFactory, name: str) -> Iterator[Town]:
    """Yield the demo's district in a database of its own, with a signer at work."""
    server.create_database(name, TEMPLATE)
    app = application(server, name, factory.mktemp(name) / "instance")
    app.test_client_class = Apart
    try:
        with app.app_context():
            builder = Builder(db.session, app.config["DOCUMENTS"], business_now(db.session))
            build_district(builder)
            db.session.remove()
        with signing(app):
            made = Town(app, {member.login: member for member in builder.members})
            codes = made.rows("SELECT uscc FROM organizations WHERE uscc IS NOT NULL")
            yield replace(made, own_codes=frozenset(row.uscc for row in codes))
    finally:
        with app.app_context():
            db.engine.dispose()
        server.drop_database(name)
