"""How does a download come to be? One snapshot of the database, its tables or its bundle, piece by piece.

Nothing here holds more than some rows, however many there are.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine, func, select
from sqlalchemy.engine import Connection

from app.audit.bundles import Known, bundle, frozen
from app.audit.exports.csv_files import BOM, table_pieces, zip_pieces
from app.audit.exports.tables import Table, tables_of
from app.audit.exports.xlsx_files import write_xlsx
from app.audit.members import Wanted
from app.audit.scopes import Scope
from app.audit.signing import AskTheWorker
from app.cases.models import Case
from app.clock import SHANGHAI, real_now
from app.documents.folder import documents_folder
from app.language import ENGLISH
from workflows.definition import Text

CHUNK = 1 << 16
EXTENSIONS = {"bundle": "zip", "xlsx": "xlsx", "csv": "zip"}
MEDIA_TYPES = {
    "zip": "application/zip", "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
READ_FIRST = "README.txt"
# Tables are read in the order of an index, so that the first row leaves at once and nothing is sorted aside.
IN_ORDER = ("SET LOCAL enable_sort = off", "SET LOCAL enable_hashjoin = off", "SET LOCAL jit = off")

Seen = Callable[[int], None]


@dataclass(frozen=True)
class Order:
    """What shall be made: a scope, in a format, in a language; `who` asked, `purpose` opens personal values."""

    scope: Scope
    format: str
    locale: str
    who: str
    table: str | None = None
    bom: bool = True
    purpose: str | None = None
    known: Known | None = None

    @property
    def unmasked(self) -> bool:
        """Whether personal values are wanted."""
        return self.purpose is not None

    @property
    def extension(self) -> str:
        """What the file's name ends with."""
        return "csv" if self.table else EXTENSIONS[self.format]

    @property
    def name(self) -> str:
        """What the file is called, in letters that every system takes."""
        told = self.scope.told
        parts = [told["kind"], told.get("number") or "", told.get("from") or "", told.get("to") or "", self.table or ""]
        plain = "-".join(str(part) for part in parts if part)
        return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in plain) + f".{self.extension}"

    def tables(self) -> list[Table]:
        """Return the tables in it."""
        return tables_of(self.table, unmasked=self.unmasked)

    def about(self) -> list[tuple[str, str]]:
        """Return what stands beside the tables: what it is, who took it when and for what, how to read it."""
        english = self.locale == ENGLISH

        def line(zh: str, en: str, value: str) -> tuple[str, str]:
            return (en if english else zh, value)

        nothing = "none: personal values are hidden" if english else "无：个人信息已隐藏"
        made = real_now().astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        rule = Text(
            "以 = + - @、制表符或换行开头的文字在 CSV 中加一个单引号，使表格软件不把它当作公式；"
            "列名括号内为不变的代码；时间为北京时间；“内容”中的个人信息以承诺值（哈希）表示。",
            "In CSV, text that begins with = + - @, a tab or a line break has an apostrophe before it, so that no "
            "spreadsheet takes it for a formula. The code in brackets of a title never changes. Times are Beijing's. "
            "Personal values inside Data are commitments (hashes).",
        )
        return [
            line("范围", "Scope", self.scope.title.localized(self.locale)),
            line("所辖", "Places", "、".join(self.scope.told.get("places", ()))),
            line("下载人", "Taken by", self.who),
            line("用途", "Purpose", self.purpose or nothing),
            line("生成时间", "Made at", made),
            line("说明", "How to read it", rule.localized(self.locale)),
        ]


def count_rows(connection: Connection, order: Order, most: int | None = None) -> list[int]:
    """Return how many rows each table has; with `most` counting ends as soon as there are more than that."""
    counts: list[int] = []
    for table in order.tables():
        rows = table.rows(select(Case.id), order.scope).order_by(None)
        if most is not None:
            rows = rows.limit(max(0, most - sum(counts)) + 1)
        counts.append(connection.execute(select(func.count()).select_from(rows.subquery())).scalar_one())
        if most is not None and sum(counts) > most:
            break
    return counts


def at_once(engine: Engine, order: Order) -> Generator[bytes]:
    """Return the file in pieces, for an answer that is sent while it is made. Close it, or read it to its end."""
    pieces = _at_once(engine, order)
    next(pieces)
    return pieces


def _at_once(engine: Engine, order: Order) -> Generator[bytes]:
    if order.format == "csv":
        with frozen(engine) as connection:
            yield b""
            yield from csv_pieces(connection, order, _nobody)
        return
    if order.format == "bundle":
        pieces = _bundle(engine, order, _nobody, 20.0)
        yield b""
        yield from pieces
        return
    with TemporaryDirectory(prefix="shuniu-export-") as folder:
        path = Path(folder) / "export.xlsx"
        with frozen(engine) as connection:
            _xlsx(connection, order, count_rows(connection, order), path, _nobody)
        yield b""
        with path.open("rb") as file:
            yield from iter(lambda: file.read(CHUNK), b"")


def write_export(
    engine: Engine, order: Order, path: Path, *, total: Seen, seen: Seen, seconds: float = 60.0
) -> None:
    """Write the file into a path that is there and empty; `total` is told how many rows, `seen` how many more.

    A bundle may wait for its signature for so many seconds before TryAgain is raised.
    """
    with frozen(engine) as connection:
        counts = count_rows(connection, order)
        if order.format == "bundle":
            by_code = dict(zip((table.code for table in order.tables()), counts, strict=True))
            # Every move is read for its proof and once more for the readable page.
            total(2 * by_code["history"] + by_code["transfers"] + by_code["attempts"] + by_code.get("personal", 0))
        else:
            total(sum(counts))
            if order.format == "xlsx":
                _xlsx(connection, order, counts, path, seen)
            else:
                _into(path, csv_pieces(connection, order, seen))
            return
    _into(path, _bundle(engine, order, seen, seconds))


def csv_pieces(connection: Connection, order: Order, seen: Seen) -> Iterator[bytes]:
    """Yield one table, or a zip of all tables and of what to know of them."""
    for setting in IN_ORDER:
        connection.exec_driver_sql(setting)

    def rows_of(table: Table) -> Iterator[bytes]:
        return table_pieces(
            connection, table, order.scope, order.locale, unmasked=order.unmasked, bom=order.bom, seen=seen
        )

    if order.table is not None:
        for table in order.tables():
            yield from rows_of(table)
        return
    told = "".join(f"{name}: {value}\n" for name, value in order.about())
    files = ((f"{table.code}.csv", rows_of(table)) for table in order.tables())
    yield from zip_pieces(chain([(READ_FIRST, [BOM + told.encode()])], files))


def _xlsx(connection: Connection, order: Order, counts: list[int], path: Path, seen: Seen) -> None:
    tables = list(zip(order.tables(), counts, strict=True))
    write_xlsx(
        path, connection, tables, order.scope, order.about(), order.locale, unmasked=order.unmasked, seen=seen
    )


def _bundle(engine: Engine, order: Order, seen: Seen, seconds: float) -> Generator[bytes]:
    wanted = Wanted(documents_folder(), personal=order.unmasked)
    signer = AskTheWorker(engine, seconds)
    return bundle(engine, order.scope, wanted, signer, order.known or Known(), purpose=order.purpose, seen=seen)


def _into(path: Path, pieces: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)


def _nobody(_rows: int) -> None:
    return None
