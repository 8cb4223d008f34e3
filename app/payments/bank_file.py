"""What does a bank's statement file say? Bytes in, lines out, or every defect with its place."""

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from workflows.definition import Text
from workflows.rules.money import MoneyError, format_yuan, parse_yuan

MOST_LINES = 20_000
LONGEST_TEXT = 500

# Each column under the titles that banks print; what is compared has no spaces and one width.
COLUMNS: dict[str, tuple[str, ...]] = {
    "serial": (
        "流水号", "交易流水号", "银行流水号", "交易流水", "业务流水号", "核心流水号", "serial", "bankserial",
    ),
    "booked_on": (
        "交易日期", "记账日期", "入账日期", "日期", "交易时间", "交易日", "date", "bookedon", "bookingdate",
    ),
    "debit": (
        "借方发生额", "借方金额", "借方", "支出", "支出金额", "付款金额", "转出金额", "debit", "paidout",
    ),
    "credit": (
        "贷方发生额", "贷方金额", "贷方", "收入", "收入金额", "收款金额", "转入金额", "credit", "paidin",
    ),
    "amount": ("金额", "发生额", "交易金额", "amount"),
    "direction": ("借贷标志", "借贷", "收支", "收支标志", "借贷方向", "direction"),
    "balance": ("余额", "账户余额", "本次余额", "balance"),
    "counterparty": (
        "对方户名", "对方单位", "对方名称", "对方单位名称", "对手户名", "收款人名称", "counterparty", "name",
    ),
    "counterparty_account": (
        "对方账号", "对方帐号", "对方账户", "对手账号", "收款人账号", "counterpartyaccount",
    ),
    "remark": ("摘要", "附言", "用途", "备注", "交易附言", "摘要附言", "remark", "purpose", "summary"),
}  # fmt: skip
ACCOUNT = ("账号", "帐号", "账户", "本方账号", "查询账号", "账户号码", "account", "accountno")
OPENING = ("期初余额", "上期余额", "承前余额", "openingbalance", "opening")
CLOSING = ("期末余额", "本期余额", "结存余额", "closingbalance", "closing")
OUTGOING = frozenset({"借", "借方", "支", "支出", "付", "d", "debit", "dr", "-"})
INCOMING = frozenset({"贷", "贷方", "收", "收入", "c", "credit", "cr", "+"})
DAYS = (
    re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[ T].*)?"),
    re.compile(r"(\d{4})(年)(\d{1,2})月(\d{1,2})日?(?: .*)?"),
    re.compile(r"(\d{4})()(\d{2})(\d{2})(?:[ T].*)?"),
)
TOTALS = frozenset({"合计", "总计", "小计", "本页合计", "total"})
NAMES = {
    "serial": "流水号", "booked_on": "交易日期", "debit": "借方金额", "credit": "贷方金额", "amount": "金额",
    "direction": "借贷标志", "balance": "余额",
}  # fmt: skip


@dataclass(frozen=True)
class Defect:
    """One thing in a file that cannot be read: its row (from 1; 0: the file itself), column, and why."""

    row: int
    column: str
    code: str
    text: Text


class StatementUnreadable(Exception):
    """The file is not taken, not even in part; `defects` lists everything that is wrong with it."""

    def __init__(self, defects: list[Defect]) -> None:
        super().__init__(f"{len(defects)} defects")
        self.defects = defects


@dataclass(frozen=True)
class StatedLine:
    """One booking as the file states it; `amount_fen` below zero left the account."""

    row: int
    serial: str
    booked_on: date
    amount_fen: int
    counterparty: str
    counterparty_account: str
    remark: str


@dataclass(frozen=True)
class Statement:
    """A file that holds: `opening_fen` plus its lines is `closing_fen`, and no serial stands twice."""

    account_no: str
    opening_fen: int
    closing_fen: int
    lines: tuple[StatedLine, ...]


def read_statement(data: bytes) -> Statement:
    """Return what the file states, or raise StatementUnreadable with all defects found."""
    return _Reader(_rows(data)).read()


def _rows(data: bytes) -> list[list[str]]:
    text = _decoded(data)
    first = text[:4000]
    delimiter = max(",\t;", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise StatementUnreadable([Defect(0, "", "not_csv", NOT_CSV)]) from None
    if len(rows) > MOST_LINES:
        raise StatementUnreadable([Defect(0, "", "too_long", TOO_LONG)])
    return [[_cell(cell) for cell in row] for row in rows]


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise StatementUnreadable([Defect(0, "", "encoding", ENCODING)])


def _cell(text: str) -> str:
    # Banks keep long numbers from Excel by ="…", a leading apostrophe or a tab.
    plain = text.strip()
    if plain.startswith('="') and plain.endswith('"'):
        plain = plain[2:-1]
    return plain.removeprefix("'").strip()


def _title(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\s_:/\-]|\(.*?\)", "", plain)


class _Reader:
    """Reads one file from top to bottom and remembers every defect."""

    def __init__(self, rows: list[list[str]]) -> None:
        self.rows = rows
        self.defects: list[Defect] = []
        self.stated: dict[str, tuple[int, str]] = {}
        self.columns: dict[str, list[int]] = {}

    def read(self) -> Statement:
        start = self._find_table()
        lines = self._lines(start)
        account_no = self._account_no()
        opening = self._balance("opening", "期初余额")
        closing = self._balance("closing", "期末余额")
        self._check_serials(lines)
        if not self.defects:
            self._check_sum(opening, closing, lines)
        if self.defects:
            raise StatementUnreadable(self.defects)
        return Statement(account_no, opening, closing, tuple(lines))

    def _find_table(self) -> int:
        for index, row in enumerate(self.rows):
            columns = _columns(row)
            if "serial" in columns and "booked_on" in columns and _has_amount(columns):
                self.columns = columns
                return index + 1
            self._take_stated(index, row)
        self._defect(0, "", "no_table", NO_TABLE)
        raise StatementUnreadable(self.defects)

    def _take_stated(self, index: int, row: list[str]) -> None:
        """Remember account and balances, which stand as 'title, value' or 'title:value' around the table."""
        cells = [cell for cell in row if cell]
        for position, cell in enumerate(cells):
            before, colon, after = cell.replace("：", ":").partition(":")
            name = _stated_name(before)
            following = cells[position + 1] if position + 1 < len(cells) else ""
            value = after.strip() if colon and after.strip() else following
            if name and value and name not in self.stated:
                self.stated[name] = (index + 1, value)

    def _lines(self, start: int) -> list[StatedLine]:
        lines = []
        for index in range(start, len(self.rows)):
            row = self.rows[index]
            if not any(row) or _title(next(filter(None, row))) in TOTALS:
                continue
            if _stated_name(row[0].replace("：", ":").partition(":")[0]):
                self._take_stated(index, row)
                continue
            line = self._line(index + 1, row)
            if line is not None:
                lines.append(line)
        return lines

    def _line(self, number: int, row: list[str]) -> StatedLine | None:
        serial = unicodedata.normalize("NFKC", self._at(row, "serial"))
        booked_on = _day(self._at(row, "booked_on"))
        if not serial:
            self._defect(number, "serial", "serial_missing", SERIAL_MISSING)
        if booked_on is None:
            self._defect(number, "booked_on", "date", DATE)
        amount = self._amount(number, row)
        texts = {name: self._at(row, name) for name in ("counterparty", "counterparty_account", "remark")}
        if any(len(text) > LONGEST_TEXT for text in (serial, *texts.values())):
            self._defect(number, "", "text_too_long", TEXT_TOO_LONG)
        if not serial or booked_on is None or amount is None:
            return None
        return StatedLine(row=number, serial=serial, booked_on=booked_on, amount_fen=amount, **texts)

    def _amount(self, number: int, row: list[str]) -> int | None:
        """Return what the line moved, below zero when it left; None after a defect."""
        if "amount" in self.columns:
            amount = self._money(number, row, "amount")
            return None if amount is None else self._directed(number, row, amount)
        debit = self._money(number, row, "debit")
        credit = self._money(number, row, "credit")
        if debit is None or credit is None:
            return None
        if (debit == 0) == (credit == 0):
            self._defect(number, "debit", "debit_or_credit", DEBIT_OR_CREDIT)
            return None
        return credit - debit

    def _directed(self, number: int, row: list[str], amount: int) -> int | None:
        word = _title(self._at(row, "direction")) or self._at(row, "direction").strip()
        if amount == 0:
            self._defect(number, "amount", "amount_zero", AMOUNT_ZERO)
            return None
        if "direction" not in self.columns:
            return amount
        if word in OUTGOING:
            return -abs(amount)
        if word in INCOMING:
            return abs(amount)
        self._defect(number, "direction", "direction", DIRECTION)
        return None

    def _money(self, number: int, row: list[str], column: str) -> int | None:
        text = self._at(row, column)
        if column != "amount" and text in ("", "-", "--"):
            return 0
        try:
            return _signed_fen(text)
        except MoneyError as error:
            self._defect(number, column, error.code, error.text)
            return None

    def _balance(self, name: str, title: str) -> int:
        number, text = self.stated.get(name, (0, ""))
        if not text:
            self._defect(0, title, f"{name}_missing", BALANCE_MISSING)
            return 0
        try:
            return _signed_fen(text)
        except MoneyError as error:
            self._defect(number, title, error.code, error.text)
            return 0

    def _account_no(self) -> str:
        number, text = self.stated.get("account", (0, ""))
        plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
        if not re.fullmatch(r"[0-9]{8,32}", plain):
            self._defect(number, "账号", "account", ACCOUNT_MISSING)
        return plain

    def _check_serials(self, lines: list[StatedLine]) -> None:
        first: dict[str, int] = {}
        for line in lines:
            if line.serial in first:
                self._defect(line.row, "serial", "serial_twice", _twice(first[line.serial]))
            first.setdefault(line.serial, line.row)

    def _check_sum(self, opening: int, closing: int, lines: list[StatedLine]) -> None:
        reached = opening + sum(line.amount_fen for line in lines)
        if reached != closing:
            self._defect(0, "期末余额", "sum", _sum_differs(reached, closing))

    def _at(self, row: list[str], column: str) -> str:
        cells = [row[index] for index in self.columns.get(column, ()) if index < len(row) and row[index]]
        return " ".join(cells)

    def _defect(self, row: int, column: str, code: str, text: Text) -> None:
        self.defects.append(Defect(row, NAMES.get(column, column), code, text))


def _columns(row: list[str]) -> dict[str, list[int]]:
    """Return where each column stands; several may be remarks, of any other the first counts."""
    found: dict[str, list[int]] = {}
    for index, cell in enumerate(row):
        for name, titles in COLUMNS.items():
            if _title(cell) in titles and (name == "remark" or name not in found):
                found.setdefault(name, []).append(index)
    return found


def _has_amount(columns: dict[str, list[int]]) -> bool:
    return "amount" in columns or ("debit" in columns and "credit" in columns)


def _stated_name(text: str) -> str | None:
    title = _title(text)
    for name, titles in (("account", ACCOUNT), ("opening", OPENING), ("closing", CLOSING)):
        if title in titles:
            return name
    return None


def _signed_fen(text: str) -> int:
    plain = unicodedata.normalize("NFKC", text).strip()
    negative = plain.startswith("-")
    fen = parse_yuan(plain.removeprefix("-") if negative else plain.removeprefix("+"))
    return -fen if negative else fen


def _day(text: str) -> date | None:
    plain = unicodedata.normalize("NFKC", text).strip()
    found = next((match for spelling in DAYS if (match := spelling.fullmatch(plain))), None)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None


def _twice(first: int) -> Text:
    return Text(f"与第 {first} 行流水号相同。", f"Row {first} has the same serial number.")


def _sum_differs(reached: int, closing: int) -> Text:
    reached_yuan, closing_yuan = format_yuan(reached), format_yuan(closing)
    return Text(
        f"期初余额加各笔发生额为 {reached_yuan}，与期末余额 {closing_yuan} 不符；文件可能缺行，请重新导出。",
        f"Opening and lines make {reached_yuan}, closing is {closing_yuan}: lines may be lost; export again.",
    )


NOT_CSV = Text("文件不是 CSV；请从网银导出 CSV 格式。", "This is not CSV; export the statement as CSV.")
TOO_LONG = Text("文件超过两万行；请按月导出。", "More than 20,000 rows; export month by month.")
ENCODING = Text(
    "文件既不是 UTF-8 也不是 GB18030；请从网银重新导出。", "Neither UTF-8 nor GB18030; export the file again."
)
NO_TABLE = Text(
    "找不到表头；需要流水号、交易日期和借方、贷方金额（或金额）各列。",
    "No header row found; it needs serial number, date, and debit and credit (or amount).",
)
SERIAL_MISSING = Text("缺少流水号。", "The serial number is missing.")
DATE = Text("日期无法识别，请写成 2026-03-02。", "This is not a date; write 2026-03-02.")
DEBIT_OR_CREDIT = Text("借方与贷方金额必须恰有一个。", "Exactly one of debit and credit must stand here.")
AMOUNT_ZERO = Text("金额为零。", "The amount is zero.")
DIRECTION = Text("借贷标志无法识别，请写借或贷。", "The direction is not known; write 借 or 贷.")
BALANCE_MISSING = Text(
    "缺少期初余额或期末余额，无法核对是否缺行。", "A balance is missing: lost lines could not be noticed."
)
ACCOUNT_MISSING = Text("缺少本方账号。", "The number of the account itself is missing.")
TEXT_TOO_LONG = Text("文字过长。", "A text is too long.")
