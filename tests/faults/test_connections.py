"""What a pooled connection keeps, and what happens when the other end is gone."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import psycopg
import pytest
from flask import Flask
from psycopg import errors
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.cases.perform import perform
from app.database import connections
from app.database.connections import rows
from app.database.embedded import EmbeddedServer
from app.database.provision import libpq
from app.extensions import db
from tests.builders import make_district
from tests.fourth_kind import loan_kind

ASK = {"purpose": "居民议事会", "day": "2026-03-20", "phone": "13800001234", "deposit_fen": 10000, "documents": []}


def cut(server: EmbeddedServer, database: str) -> None:
    """End every connection of the application to its database, as a restart of the server does."""
    with psycopg.connect(libpq(server.owner_url(database))) as owner, server._connect("postgres") as superuser:
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = 'shuniu_app'",
            (owner.info.dbname,),
        )


def prepared(session: Session) -> set[str]:
    return set(session.scalars(text("SELECT name FROM pg_prepared_statements")))


def test_a_rollback_and_a_savepoint_leave_statements_prepared(session: Session) -> None:
    asked = ("SELECT %(a)s::text || '%%'", {"a": "甲"})
    assert rows(session.connection(), asked) == [("甲%",)]
    known = prepared(session)
    assert known
    session.rollback()
    assert known <= prepared(session)
    for _ in range(8):  # psycopg prepares what it met five times, and forgets all at ROLLBACK TO
        nested = session.begin_nested()
        session.execute(text("SELECT 1"))
        nested.rollback()
    assert rows(session.connection(), asked) == [("甲%",)]


def test_values_of_every_type_come_back_as_they_went(session: Session) -> None:
    for value, kind in (
        (2**40, "bigint"), (-1, "integer"), ("'; DROP TABLE cases; --\\", "text"), (None, "text"), (True, "boolean"),
        (b"\x00\xff'\\", "bytea"), (["甲", "a,b", '"'], "text[]"),
        (datetime.fromisoformat("2026-03-02T01:00:00.123456+00:00"), "timestamptz"),
    ):
        asked = (f"SELECT %(value)s::{kind}", {"value": value})
        assert rows(session.connection(), asked) == [(value,)]
        if not isinstance(value, bytes):
            assert rows(session.connection(), ("SELECT 1", {}), asked) == [(value,)]


def test_an_error_is_sqlalchemys_and_the_transaction_can_be_rolled_back(session: Session) -> None:
    with pytest.raises(IntegrityError) as caught:
        rows(session.connection(), ("INSERT INTO business_clock (one) VALUES (%(one)s) RETURNING one", {"one": True}))
    assert isinstance(caught.value.orig, errors.UniqueViolation)
    with pytest.raises(DBAPIError):
        rows(session.connection(), ("SELECT 1", {}))
    session.rollback()
    assert rows(session.connection(), ("SELECT 1", {}), ("SELECT 2", {})) == [(2,)]


def test_what_is_read_after_a_lock_is_as_new_as_the_lock(app: Flask, session: Session) -> None:
    lock = ("SELECT one FROM business_clock FOR UPDATE", {})
    read = ("SELECT ahead_seconds FROM business_clock", {})
    with db.engine.connect() as other, ThreadPoolExecutor(1) as thread:
        other.execute(text("UPDATE business_clock SET ahead_seconds = 7"))
        found = thread.submit(rows, session.connection(), lock, read)
        while not other.execute(text("SELECT count(*) FROM pg_locks WHERE NOT granted")).scalar():
            time.sleep(0.01)
        assert not found.done()
        other.commit()
        assert found.result(10) == [(7,)]


def test_a_connection_that_died_at_rest_is_replaced_unseen(
    app: Flask, session: Session, server: EmbeddedServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.execute(text("SELECT 1"))
    session.rollback()
    session.remove()  # type: ignore[attr-defined]
    cut(server, database)
    monkeypatch.setattr(connections, "LONG_REST", -1.0)
    assert session.execute(text("SELECT 1")).scalar() == 1


def test_a_connection_that_dies_at_work_is_an_operational_error_and_only_once(
    app: Flask, session: Session, server: EmbeddedServer, database: str
) -> None:
    session.execute(text("SELECT 1"))
    cut(server, database)
    with pytest.raises(OperationalError) as caught:
        rows(session.connection(), ("SELECT 1", {}))
    assert caught.value.connection_invalidated
    session.rollback()
    assert rows(session.connection(), ("SELECT 1", {})) == [(1,)]


def test_a_move_whose_connection_dies_is_made_again(
    app: Flask, session: Session, server: EmbeddedServer, database: str, now: datetime
) -> None:
    with loan_kind():
        district = make_district(session)
        cut(server, database)
        answer = perform(
            session, kind="loan", trigger="ask", actor=district.actors["staff"], data=dict(ASK), key="k", now=now
        )
        cut(server, database)
        moved = perform(
            session, kind="loan", number=answer.number, trigger="lend", actor=district.actors["registrar"], data={},
            revision=1, key="l", now=now,
        )
    assert (answer.revision, moved.revision) == (1, 2)
    assert session.execute(text("SELECT count(*) FROM history")).scalar() == 2
