"""How do tables become a spreadsheet? Row by row from a cursor into the file; text is text, whatever it begins with."""

from collections.abc import Callable, Iterator
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any

from rustpy_xlsxwriter import write_worksheets
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from app.audit.exports.tables import MOMENT, Column, Table
from app.audit.scopes import Query, Scope

ROWS_OF_A_SHEET = 1_048_576 - 1
"""Excel's limit, less the line of titles."""
LONGEST_TEXT = 32_000
"""Excel takes 32,767 units of UTF-16 in a cell."""
CUT = "……[cut: the CSV and the bundle hold it whole 已截断，完整内容见 CSV 或证据包]"
ROWS_AT_ONCE = 1000
WIDTH = 20.0

Seen = Callable[[int], None]


def xlsx_query(table: Table, scope: Scope, locale: str, *, unmasked: bool) -> Query:
    """Return the query whose rows are the lines of the sheet."""
    return table.rows(select(*(_cell(column) for column in table.columns(locale, unmasked))), scope)


def _cell(column: Column) -> Any:
    if column.form == MOMENT:
        # Whole seconds, as in CSV: a fraction could be rounded to the second after.
        return func.date_trunc("second", func.timezone("Asia/Shanghai", column.value)).label(column.code)
    return column.value.label(column.code)


def write_xlsx(
    path: Path, connection: Connection, tables: list[tuple[Table, int]], scope: Scope, about: list[tuple[str, str]],
    locale: str, *, unmasked: bool, seen: Seen, rows_of_a_sheet: int = ROWS_OF_A_SHEET,
) -> None:
    """Write the tables, each with the number of its rows; those that are too long go on in further sheets.

    What `seen` raises ends the writing; the file is then no spreadsheet.
    """
    sheets: list[tuple[str, Any]] = [("说明 About", iter([dict(zip(("", " "), line, strict=True)) for line in about]))]
    for table, count in tables:
        columns = table.columns(locale, unmasked)
        query = xlsx_query(table, scope, locale, unmasked=unmasked)
        rows = _rows(connection, query, [column.header(locale) for column in columns], seen)
        name = table.title.localized(locale)
        for part in range(1, max(1, ceil(count / rows_of_a_sheet)) + 1):
            sheets.append((name if part == 1 else f"{name} ({part})", _part(rows, columns, locale, rows_of_a_sheet)))
    write_sheets(path, sheets)


def write_sheets(path: Path, sheets: list[tuple[str, Any]]) -> None:
    """Write sheets of rows, each row by the titles of its columns; nothing is kept of a row that was written."""
    write_worksheets(
        sheets, str(path), freeze_panes={"general": {"row": 1, "col": 0}}, column_width={"general": WIDTH},
        datetime_format="yyyy-mm-dd hh:mm:ss",
    )


def _rows(connection: Connection, query: Query, titles: list[str], seen: Seen) -> Iterator[dict[str, Any]]:
    for some in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query).partitions():
        for row in some:
            yield {title: _fitting(value) for title, value in zip(titles, row, strict=True)}
        seen(len(some))


def _part(
    rows: Iterator[dict[str, Any]], columns: list[Column], locale: str, most: int
) -> Iterator[dict[str, Any]]:
    empty = True
    for row in islice(rows, most):
        empty = False
        yield row
    if empty:  # the titles come with the first row
        yield {column.header(locale): None for column in columns}


def _fitting(value: Any) -> Any:
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT // 2 and len(value.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            return value[: LONGEST_TEXT // 2] + CUT
        return value
    return float(value) if hasattr(value, "as_tuple") else value  # a Decimal
