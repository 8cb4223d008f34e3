"""Builders of people and places: what matters in a test stands in the test, the rest comes from here."""

import itertools
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, date, datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from app.access.models import Account, Node, Person, RoleGrant
from app.access.nodes import create_node, ensure_root, find_by_code
from app.access.passwords import hash_password
from app.access.sign_in import open_session
from app.access.tokens import issue_token
from app.clock import real_now

LONG_AGO = date(2020, 1, 1)
PASSWORD = "three-lanterns-by-the-lake"
_numbers = itertools.count(1)


def a_place(
    session: Any, code: str, name: str = "某区", *, parent: Node | None = None, kind: str = "territory"
) -> Node:
    """Return the node with this code, made below `parent` (the whole country) if it is not there."""
    return find_by_code(session, code) or create_node(
        session, parent=parent or ensure_root(session), kind=kind, code=code, name_zh=name
    )


def a_person(
    session: Any, name: str = "林小溪", *, login: str | None = None, password: str | None = None
) -> Person:
    """Return a person with one account; without `password` only tokens and ready sessions let them in."""
    person = Person(name=name)
    session.add(person)
    an_account(session, person, login=login, password=password)
    return person


def an_account(
    session: Any, person: Person, *, login: str | None = None, password: str | None = None
) -> Account:
    """Return one more account of the person."""
    account = Account(
        person=person,
        login=login or f"person{next(_numbers)}",
        password_hash=hash_password(password) if password else None,
    )
    session.add(account)
    session.flush()
    return account


def holds(
    session: Any,
    person: Person,
    role: str,
    node: Node,
    *,
    since: date = LONG_AGO,
    until: date | None = None,
    case_id: int | None = None,
) -> RoleGrant:
    """Let the person hold the role on the node, and return the grant."""
    given = RoleGrant(
        person_id=person.id, role=role, node_id=node.id, case_id=case_id, valid_from=since, valid_to=until
    )
    session.add(given)
    session.flush()
    return given


def somebody(session: Any, role: str, node: Node, **named: Any) -> Person:
    """Return a new person who holds the role on the node."""
    person = a_person(session, **named)
    holds(session, person, role, node)
    return person


def browser_of(app: Flask, session: Any, person: Person, *, now: datetime | None = None) -> FlaskClient:
    """Return a client that is signed in as the person. Commits."""
    token = open_session(session, account_id=person.accounts[0].id, user_agent="test", now=now or real_now())
    session.commit()
    client = app.test_client()
    client.set_cookie("sid", token)
    return client


def token_of(session: Any, person: Person) -> dict[str, str]:
    """Return the headers of a program that acts for the person. Commits."""
    token = issue_token(session, account_id=person.accounts[0].id, name="test", now=real_now())
    session.commit()
    return {"Authorization": f"Bearer {token}"}


def apart(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """Make a request as a server does: in a context of its own, not in the one the test stands in."""
    return Context().run(call, *args, **named)


def a_bare_organization(session: Any, node: Node, name: str = "某社会工作事务所") -> int:
    """Return the id of an organization on this node: for tests that need nothing else of it."""
    return session.execute(
        text(
            "INSERT INTO organizations (node_id, name, legal_type, known_from, created_at)"
            " VALUES (:node, :name, 'social_service', 'self', :at) RETURNING id"
        ),
        {"node": node.id, "name": name, "at": datetime(2026, 3, 1, tzinfo=UTC)},
    ).scalar_one()


def a_bare_case(session: Any, number: str, node: Node, organization_id: int | None = None) -> int:
    """Return the id of a case that only lies somewhere: for tests of who sees it."""
    return session.execute(
        text(
            "INSERT INTO cases"
            " (number, kind, place, version, policy, state, node_id, organization_id, opened_at)"
            " VALUES (:number, 'payment', 'base', 1, 'base:1', 'applied', :node, :organization, :at)"
            " RETURNING id"
        ),
        {
            "number": number,
            "node": node.id,
            "organization": organization_id,
            "at": datetime(2026, 3, 1, tzinfo=UTC),
        },
    ).scalar_one()
