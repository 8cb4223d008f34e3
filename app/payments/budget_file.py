"""Which budget lines does a file bring? Every row is checked; a line is opened and its sum appropriated in one step.

预算指标 are decided by the finance bureau; its document is the reference of the transfer that appropriates them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, text

from app.access.models import Node
from app.access.nodes import AnySession
from app.ledger.models import BudgetLine, LedgerAccount, Transfer
from app.ledger.queries import budget_position
from app.ledger.steps import Because, appropriate, open_budget_line
from app.organizations.checking import Fault
from app.organizations.reading import SourceRow, Unreadable, encoding_of, rows_of
from workflows.definition import Text
from workflows.rules.money import MoneyError, parse_yuan

# Each column under the titles that it may have.
COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("code", "指标编号", "指标文号编码", "编号"),
    "name": ("name", "指标名称", "项目名称", "名称"),
    "year": ("year", "年度", "预算年度"),
    "office": ("office", "单位编号", "预算单位编号"),
    "amount": ("amount", "金额", "指标金额", "金额（元）", "金额(元)"),
    "reference": ("reference", "文号", "批复文号"),
}
LONGEST = {"code": 60, "name": 200, "reference": 200}
YEARS = range(2000, 2101)
_NO_YEAR = Text("应为四位年度，如 2026。", "Write the year with four digits, such as 2026.")
_NO_OFFICE = Text(
    "没有此编号的购买主体；可用 offices list 查看，用 offices buyer 新建。",
    "No buyer has this code; see `offices list`, open one with `offices buyer`.",
)
_NOTHING = Text("金额须大于零。", "The amount must be more than zero.")
_OTHERWISE = Text(
    "此编号已有，但名称、年度、单位或金额不同；调整金额请用 budget change。",
    "This code is there with another name, year, office or sum; `budget change` raises or lowers a sum.",
)


@dataclass(frozen=True)
class Line:
    """A good row; `amount_fen` is what is appropriated on the word of `reference`."""

    code: str
    name: str
    year: int
    node_id: int
    amount_fen: int
    reference: str


@dataclass
class Report:
    """What an import found and did; `written` says whether the database keeps it."""

    rows: int = 0
    bad_rows: int = 0
    opened: int = 0
    unchanged: int = 0
    written: bool = False


def import_budget(
    session: AnySession, path: Path, *, now: datetime, dry_run: bool = False, skip_bad: bool = False,
    on_fault: Callable[[Fault], None] = lambda fault: None,
) -> Report:
    """Open the lines of the file and appropriate their sums, and commit, or leave the database as it was.

    Every fault is told as it is found; one bad row and nothing is kept, unless `skip_bad`. A line that is there
    with the same name, year, office and sum stays as it is; with others it is a fault. Raises Unreadable.
    """
    report = Report()
    try:
        one_at_a_time(session)
        checker = _Checker(session)
        for row in checker.rows(path):
            report.rows += 1
            found = checker.check(row)
            if isinstance(found, Line):
                known = _known(session, found)
                if known is None:
                    open_line(session, found, now)
                    report.opened += 1
                    continue
                if known == found:
                    report.unchanged += 1
                    continue
                found = [checker.fault(row, "code", _OTHERWISE)]
            report.bad_rows += 1
            for fault in found:
                on_fault(fault)
        if not dry_run and (skip_bad or not report.bad_rows):
            session.commit()
            report.written = True
    finally:
        session.rollback()
    return report


def one_at_a_time(session: AnySession) -> None:
    """Let nobody else enter budgets until the caller's transaction ends: what is looked for could be just arriving."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('shuniu.budget import'))"))


def is_entered(session: AnySession, line_id: int, amount_fen: int, reference: str, *, lower: bool) -> bool:
    """Return whether this paper raised (or lowered) the line by this very sum before."""
    changed = LedgerAccount.name == ("available" if lower else "source")
    found = session.execute(
        select(Transfer.id)
        .join(LedgerAccount, LedgerAccount.id == Transfer.debit_id)
        .where(
            Transfer.budget_line_id == line_id, Transfer.code == "APPROPRIATE", Transfer.amount == amount_fen,
            Transfer.reference == reference, changed,
        )
    )
    return found.first() is not None


def open_line(session: AnySession, line: Line, now: datetime) -> BudgetLine:
    """Open the line with its accounts and appropriate its sum; flushed."""
    opened = open_budget_line(session, code=line.code, name=line.name, year=line.year, node_id=line.node_id)
    appropriate(session, opened.id, line.amount_fen, Because(now=now, reference=line.reference))
    return opened


class _Checker:
    """Reads the file's head, then says of each row what it brings or what is wrong with it."""

    def __init__(self, session: AnySession) -> None:
        buyers = session.execute(select(Node.code, Node.id).where(Node.kind == "buyer", Node.code.is_not(None)))
        self._offices: dict[str, int] = {code: id_ for code, id_ in buyers if code is not None}
        self._titles: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    def rows(self, path: Path) -> list[SourceRow]:
        """Return the rows below the head; raise Unreadable if a column is missing or stands twice."""
        head, *rows = list(rows_of(path, encoding_of(path))) or [SourceRow(1, ())]
        for number, title in enumerate(cell.strip() for cell in head.cells):
            name = next((name for name, titles in COLUMNS.items() if title.lower() in titles), None)
            if name in self._places:
                raise Unreadable(Text(f"“{title}”列重复。", f"The column {title} stands twice."))
            if name is not None:
                self._places[name], self._titles[name] = number, title
        missing = [titles for name, titles in COLUMNS.items() if name not in self._places]
        if missing:
            raise Unreadable(Text(
                "缺少列：" + "、".join(titles[1] for titles in missing) + "。",
                "Columns are missing: " + ", ".join(titles[0] for titles in missing) + ".",
            ))
        return rows

    def check(self, row: SourceRow) -> Line | list[Fault]:
        """Return the line that the row brings, or all that is wrong with it."""
        told = {name: self._cell(row, name) for name in COLUMNS}
        wrong: list[tuple[str, Text]] = [
            (name, Text(f"应为 1 至 {most} 个字。", f"Write 1 to {most} signs."))
            for name, most in LONGEST.items()
            if not told[name] or len(told[name]) > most or "\ufffd" in told[name]
        ]
        year = int(told["year"]) if told["year"].isascii() and told["year"].isdigit() else 0
        if year not in YEARS:
            wrong.append(("year", _NO_YEAR))
        office = self._offices.get(told["office"])
        if office is None:
            wrong.append(("office", _NO_OFFICE))
        try:
            amount = parse_yuan(told["amount"])
        except MoneyError as error:
            amount = 0
            wrong.append(("amount", error.text))
        else:
            if amount <= 0:
                wrong.append(("amount", _NOTHING))
        if (first := self._seen.setdefault(told["code"], row.line)) != row.line:
            wrong.append(("code", Text(f"与第 {first} 行重复。", f"Stands in line {first} already.")))
        if wrong or office is None:
            return [self.fault(row, name, text) for name, text in wrong]
        return Line(told["code"], told["name"], year, office, amount, told["reference"])

    def fault(self, row: SourceRow, name: str, words: Text) -> Fault:
        """Return what is wrong with one cell of the row."""
        return Fault(row.line, self._titles[name], self._cell(row, name), words)

    def _cell(self, row: SourceRow, name: str) -> str:
        place = self._places[name]
        return row.cells[place].strip() if place < len(row.cells) else ""


def _known(session: AnySession, line: Line) -> Line | None:
    """Return what stands under the line's code, told as a file would; a paper is not compared."""
    found = session.execute(select(BudgetLine).where(BudgetLine.code == line.code)).scalar_one_or_none()
    position = budget_position(session, found.id) if found is not None else None
    if found is None or position is None:
        return None
    return Line(found.code, found.name, found.year, found.node_id, position.appropriated_fen, line.reference)
