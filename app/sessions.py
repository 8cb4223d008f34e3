"""The session of the product: it keeps one connection from its first statement until it is closed.

What a session of SQLAlchemy does around each transaction (take a connection from the pool, begin, give it back)
costs a move a fifth of its time, and a move asks its few statements of the connection itself (`connections.rows`).
The session joins in where an effect or a page works with objects: same connection, same transaction.
"""

from typing import Any

import psycopg
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine


class KeepingSession(FlaskSession):
    """A session that keeps its connection; close() gives it back to the pool.

    A statement sent straight on the connection opens a transaction of which SQLAlchemy does not know; commit() and
    rollback() end it all the same.
    """

    kept: Connection | None = None

    def get_bind(self, mapper: Any = None, clause: Any = None, bind: Any = None, **given: Any) -> Engine | Connection:
        """Return the kept connection, whatever it is for: there is one database."""
        if bind is not None:
            return super().get_bind(mapper, clause=clause, bind=bind, **given)
        return self.keep()

    def keep(self) -> Connection:
        """Return the connection, taken from the pool if there is none yet."""
        if self.kept is None or self.kept.closed:
            engine = super().get_bind()
            assert isinstance(engine, Engine)
            self.kept = engine.connect()
        return self.kept

    def commit(self) -> None:
        """Commit what SQLAlchemy knows of and what it does not."""
        if self.in_transaction() or self.new or self.deleted or self.dirty:
            super().commit()
        if (driver := self._driver()) is not None:
            driver.commit()

    def rollback(self) -> None:
        """Roll back what SQLAlchemy knows of and what it does not."""
        super().rollback()
        if (driver := self._driver()) is not None:
            driver.rollback()

    def close(self) -> None:
        """Give the connection back; what was not committed is rolled back."""
        try:
            super().close()
        finally:
            if self.kept is not None:
                self.kept.close()
                self.kept = None

    def _driver(self) -> psycopg.Connection | None:
        """The connection below, unless there is none or it was lost."""
        if self.kept is None or self.kept.closed or self.kept.invalidated:
            return None
        driver = self.kept.connection.driver_connection
        return driver if isinstance(driver, psycopg.Connection) and not driver.closed else None
