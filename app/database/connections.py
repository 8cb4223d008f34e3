"""What does a connection of the application keep, and how is a statement sent without any detour?

PostgreSQL plans a prepared statement once per connection, which is worth two thirds of a short statement's
time; psycopg prepares what it sees often. Three things here see to it that this holds: ROLLBACK, with which
every request that only read ends, forgets nothing; integers have one type, so that a statement is the same
whatever its numbers; and a connection is asked whether it still lives only after it has rested.
"""

import time
from collections.abc import Mapping
from typing import Any, cast

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError

LONG_REST = 1.0


class Kept(psycopg.Connection[tuple[Any, ...]]):
    """A connection that keeps its prepared statements over a rollback.

    psycopg drops them for the sake of programs that make tables in a transaction and roll it back.
    """

    def rollback(self) -> None:
        """Roll back whatever is open; fine if nothing is."""
        with self.lock:
            if self.pgconn.transaction_status == TransactionStatus.IDLE:
                return
            answer = self.pgconn.exec_(b"ROLLBACK")
            if answer.status != ExecStatus.COMMAND_OK:
                raise psycopg.OperationalError("the connection was lost before the rollback")


def tend(engine: Engine) -> None:
    """Let the engine's connections be as this module says."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _wake)


def _connect(_dialect: Any, _record: Any, given: Any, named: Any) -> Kept:
    connection = Kept.connect(*given, **named)
    connection.adapters.register_dumper(int, Int8Dumper)
    return connection


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _wake(connection: psycopg.Connection, record: Any, _proxy: Any) -> None:
    rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
    if rested > LONG_REST and not _lives(connection):
        # The others of the pool have rested as long or longer; none of them is tried.
        raise InvalidatePoolError


def _lives(connection: psycopg.Connection) -> bool:
    try:
        return connection.pgconn.exec_(b"").status == ExecStatus.EMPTY_QUERY
    except psycopg.OperationalError:
        return False


def rows(connection: Connection, statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return what one statement answers, sent by the driver itself within the connection's transaction.

    For the few statements of every move: SQLAlchemy's own way costs a client several times as much. Errors
    are SQLAlchemy's, as everywhere.
    """
    driver = cast(psycopg.Connection[tuple[Any, ...]], connection.connection.driver_connection)
    try:
        return driver.execute(statement.encode(), parameters).fetchall()
    except psycopg.Error as error:
        lost = driver.closed
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from error
