"""What does a connection of the application keep, and how is a statement sent without any detour?

PostgreSQL plans a prepared statement once per connection, which is worth two thirds of a short statement's
time. Three things here see to it that this holds: ROLLBACK, with which every request that only read ends,
forgets nothing; integers have one type, so that a statement is the same whatever its numbers; and a connection
is asked whether it still lives only after it has rested. And `rows()` sends the few statements of which every
move consists with libpq's own calls, which costs a client a fifth of what they cost through a cursor, and several
of them in one message.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any, NamedTuple

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg.types.json import set_json_loads
from psycopg.types.numeric import Int8Dumper
from sqlalchemy import ClauseElement, Connection, Engine, event
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import Session, scoped_session

LONG_REST = 1.0
DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
# Bytes go as they are, all else as text. They keep the types they have met, so that a look-up is all it takes.
FORMAT_OF: dict[type, PyFormat] = defaultdict(lambda: PyFormat.TEXT, {bytes: PyFormat.BINARY})
IS_BINARY: dict[type, bool] = defaultdict(bool, {bytes: True})
DECODER = json.JSONDecoder()
PLACE = re.compile(r"%(?:\((\w+)\)s|%)")
Row = tuple[Any, ...]
Asked = tuple[str, Mapping[str, Any]]
Ready = tuple[bytes, Sequence[Any], list[bool]]


@dataclass
class Adapted:
    """What psycopg has found out about the types of a statement's parameters and answers: kept, for it takes long."""

    writer: Any
    reader: Any
    reads: bool = False


class Statement(NamedTuple):
    """A statement as PostgreSQL prepares it, and the parameters it takes in this order."""

    key: bytes
    text: bytes
    names: tuple[str, ...]


BEGIN, COMMIT = Statement(b"shuniu_begin", b"BEGIN", ()), Statement(b"shuniu_commit", b"COMMIT", ())


class Kept(psycopg.Connection[Row]):
    """A connection that keeps its prepared statements over a rollback.

    psycopg drops them for the sake of programs that make tables in a transaction and roll it back.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.direct = Direct(self)

    def rollback(self) -> None:
        """Roll back whatever is open; fine if nothing is."""
        self.direct.end(b"ROLLBACK")

    def commit(self) -> None:
        """Commit whatever is open; fine if nothing is."""
        self.direct.end(b"COMMIT")

    def _deallocate(self, name: bytes | None) -> Any:
        """psycopg forgets all when it sees a rollback to a savepoint, and ours with it."""
        if name is None:
            self.direct.known.clear()
        yield from super()._deallocate(name)


class Direct:
    """The same connection by libpq's own calls: whatever is asked for together goes in one message."""

    def __init__(self, connection: Kept) -> None:
        self.connection = connection
        self.pgconn = connection.pgconn
        self.known: dict[bytes, Adapted] = {}
        self.wire = poll()
        self.wire.register(self.pgconn.socket, POLLIN)

    def end(self, how: bytes) -> None:
        """End the open transaction, if there is one."""
        with self.connection.lock:
            if self.pgconn.transaction_status != TransactionStatus.IDLE:
                self._checked(self.pgconn.exec_(how))

    def ask(
        self, asked: list[tuple[Statement, Mapping[str, Any]]], *, last: int, commit: bool
    ) -> list[list[Row]]:
        """Send statements in one message; return what each of the `last` ones answers.

        BEGIN goes before them if need be, COMMIT behind them if wanted. Each sees what was committed before it
        began, as if they were sent one by one (READ COMMITTED). After one that fails the server does no more, so
        nothing is committed. A statement is prepared when it is met first.
        """
        with self.connection.lock:
            message = [self._ready(statement, parameters) for statement, parameters in asked]
            if self.pgconn.transaction_status == TransactionStatus.IDLE and not self.connection.autocommit:
                message.insert(0, self._ready(BEGIN, {}))
            if commit:
                message.append(self._ready(COMMIT, {}))
            answers = self._exchanged(message)
            for answer in answers:
                self._checked(answer)
            if commit:
                answers.pop()
            wanted = zip(answers[-last:], asked[-last:], strict=True)
            return [self._rows(answer, self.known[statement.key]) for answer, (statement, _parameters) in wanted]

    def _ready(self, statement: Statement, parameters: Mapping[str, Any]) -> Ready:
        adapted = self.known.get(statement.key)
        if adapted is None:
            self._checked(self.pgconn.prepare(statement.key, statement.text))
            adapted = self.known[statement.key] = Adapted(Transformer(self.connection), Transformer(self.connection))
        if not statement.names:
            return statement.key, (), []
        values = [*map(parameters.__getitem__, statement.names)]
        types = [*map(type, values)]
        dumped = adapted.writer.dump_sequence(values, [*map(FORMAT_OF.__getitem__, types)])
        return statement.key, dumped, [*map(IS_BINARY.__getitem__, types)]

    def _exchanged(self, message: list[Ready]) -> list[PGresult]:
        """Send it as one pipeline and wait for all answers, without the interpreter's lock."""
        pgconn, answers = self.pgconn, []
        try:
            pgconn.enter_pipeline_mode()
            for key, values, binary in message:
                pgconn.send_query_prepared(key, values, binary)
            pgconn.pipeline_sync()
            while pgconn.flush():
                self._wait(POLLIN | POLLOUT)
            while True:
                while pgconn.is_busy():
                    self._wait(POLLIN)
                answer = pgconn.get_result()
                if answer is None:
                    self._refuse_lost()
                elif answer.status == ExecStatus.PIPELINE_SYNC:
                    break
                else:
                    answers.append(answer)
            pgconn.exit_pipeline_mode()
        except BaseException:
            self.connection.close()  # what it was asked may still be under way
            raise
        return answers

    def _wait(self, events: int) -> None:
        self.wire.modify(self.pgconn.socket, events)
        self.wire.poll()
        self.pgconn.consume_input()

    def _refuse_lost(self) -> None:
        if self.pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError(self.pgconn.get_error_message())

    def _rows(self, answer: PGresult, adapted: Adapted) -> list[Row]:
        if answer.status != ExecStatus.TUPLES_OK:
            return []
        adapted.reader.set_pgresult(answer, set_loaders=not adapted.reads)
        adapted.reads = True
        found = adapted.reader.load_rows(0, answer.ntuples, tuple)
        adapted.reader.set_pgresult(None, set_loaders=False)
        return found

    def _checked(self, answer: PGresult) -> None:
        if answer.status not in DONE:
            error = psycopg.errors.error_from_result(answer, self.connection.info.encoding)
            if self.pgconn.status != ConnStatus.OK:
                raise psycopg.OperationalError(str(error)) from error
            raise error


class Written(NamedTuple):
    """A query of SQLAlchemy's as text for `rows()`: put together once, asked with every request."""

    text: str
    fixed: Mapping[str, Any]

    @classmethod
    def once(cls, query: ClauseElement) -> "Written":
        """Write the query down; what differs from time to time is a `bindparam()` in it, called by its name."""
        compiled = query.compile(dialect=psycopg_dialect(), compile_kwargs={"render_postcompile": True})
        return cls(str(compiled), {name: value for name, value in compiled.params.items() if value is not None})

    def asked(self, **values: Any) -> Asked:
        """Return it with its parameters."""
        return self.text, {**self.fixed, **values}


_statements: dict[str, Statement] = {}
_numbers = count(1)


def _statement(text: str) -> Statement:
    """The statement with its %(name)s made $1, $2 ...; its key is never given to another one."""
    known = _statements.get(text)
    if known is not None:
        return known
    names: dict[str, int] = {}

    def place(match: re.Match[str]) -> str:
        name = match[1]
        return "%" if name is None else f"${names.setdefault(name, len(names) + 1)}"

    numbered = PLACE.sub(place, text).encode()
    return _statements.setdefault(text, Statement(b"shuniu_%d" % next(_numbers), numbered, tuple(names)))


def tend(engine: Engine) -> None:
    """Let the engine's connections be as this module says."""
    event.listen(engine, "do_connect", _connect)
    event.listen(engine, "checkin", _note_rest)
    event.listen(engine, "checkout", _wake)


def _connect(_dialect: Any, _record: Any, given: Any, named: Any) -> Kept:
    connection = Kept.connect(*given, **named)
    connection.adapters.register_dumper(int, Int8Dumper)
    set_json_loads(_from_json, connection)
    return connection


def _from_json(told: str | bytes) -> Any:
    """The server speaks UTF-8; json.loads would look at the first bytes of each value to find that out."""
    return DECODER.decode(told if isinstance(told, str) else told.decode())


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


def rows(within: Connection | Session | scoped_session[Session], *asked: Asked, commit: bool = False) -> list[Row]:
    """Return what the last of these (statement, parameters) answers, within the session's transaction.

    Several go in one message, and each sees what was committed before it began. With `commit` so does COMMIT; it
    is done if nothing before it failed. Parameters stand in a statement as %(name)s. Errors are SQLAlchemy's.
    """
    return rows_of_each(within, *asked, last=1, commit=commit)[0]


def rows_of_each(
    within: Connection | Session | scoped_session[Session], *asked: Asked, last: int, commit: bool = False
) -> list[list[Row]]:
    """Return what each of the `last` statements answers; else as `rows()`."""
    # Its bind is the connection that it keeps (app/sessions.py); SQLAlchemy need not begin anything for us.
    connection = within if isinstance(within, Connection) else within.get_bind()
    assert isinstance(connection, Connection)
    driver = connection.connection.driver_connection
    assert isinstance(driver, Kept), "tend() the engine first"
    statements = [(_statement(text), parameters) for text, parameters in asked]
    try:
        return driver.direct.ask(statements, last=last, commit=commit)
    except psycopg.Error as error:
        lost = driver.closed
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            asked[-1][0], None, error, psycopg.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from error
