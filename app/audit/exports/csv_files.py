"""How does a table become CSV? PostgreSQL writes it (COPY) and we pass it on, so no row is held here.

A cell of text that a spreadsheet could take for a formula gets an apostrophe before it. One table is one file;
several are a zip of them, written while it is sent.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Connection

from app.audit.exports.tables import FREE, MOMENT, Column, Table
from app.audit.scopes import Query, Scope

PIECE = 1 << 16
BOM = b"\xef\xbb\xbf"
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""With what a formula begins for some spreadsheet, full-width forms included."""

Seen = Callable[[int], None]


def safe(value: str) -> str:
    """Return text as a CSV cell holds it: an apostrophe first where a formula could begin."""
    return "'" + value if value.startswith(STARTS_FORMULA) else value


def _safe(value: Any) -> ColumnElement[Any]:
    # A list of constants in the statement: a parameter of each row's test would be compared as text of its own.
    # Ours, and none holds a quote.
    starts: Any = literal_column("(" + ", ".join(f"U&'\\{ord(start):04x}'" for start in STARTS_FORMULA) + ")")
    return case((func.left(value, 1).op("IN")(starts), func.concat("'", value)), else_=value)


def _cell(column: Column) -> Any:
    if column.form == FREE:
        return _safe(column.value).label(column.code)
    if column.form == MOMENT:
        local = func.timezone("Asia/Shanghai", column.value)
        return func.to_char(local, "YYYY-MM-DD HH24:MI:SS").label(column.code)
    return column.value.label(column.code)


def csv_query(table: Table, scope: Scope, locale: str, *, unmasked: bool) -> Query:
    """Return the query whose rows are the lines of the file."""
    return table.rows(select(*(_cell(column) for column in table.columns(locale, unmasked))), scope)


def copy_of(query: Query) -> tuple[str, dict[str, Any]]:
    """Return the statement that sends a query's rows as CSV, and its parameters, as psycopg takes them."""
    compiled = query.compile(dialect=psycopg.dialect())
    state = compiled.construct_expanded_state()
    return f"COPY ({state.statement}) TO STDOUT (FORMAT csv)", dict(state.parameters)


def table_pieces(
    connection: Connection, table: Table, scope: Scope, locale: str, *, unmasked: bool, bom: bool, seen: Seen
) -> Iterator[bytes]:
    """Yield one table as CSV in pieces; `seen` is told how many rows each piece holds."""
    titles = (column.header(locale) for column in table.columns(locale, unmasked))
    piece = bytearray((BOM if bom else b"") + ",".join(titles).encode() + b"\n")
    statement, values = copy_of(csv_query(table, scope, locale, unmasked=unmasked))
    raw: Any = connection.connection.driver_connection
    rows = 0
    with raw.cursor() as cursor, cursor.copy(statement, values) as copy:
        while row := copy.read():
            piece += row
            rows += 1
            if len(piece) >= PIECE:
                seen(rows)
                yield bytes(piece)
                piece.clear()
                rows = 0
    seen(rows)
    yield bytes(piece)


def zip_pieces(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Yield a zip of files that are read while it is written; nothing of them is kept."""
    out = _Sink()
    target: Any = out
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, pieces in files:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            with archive.open(info, "w", force_zip64=True) as member:
                for piece in pieces:
                    member.write(piece)
                    if len(out.kept) >= PIECE:
                        yield out.taken()
    yield out.taken()


class _Sink:
    """A file that cannot go back: what is written waits until it is taken."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def write(self, data: bytes) -> int:
        """Keep it."""
        self.kept += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits elsewhere."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        data = bytes(self.kept)
        self.kept.clear()
        return data
