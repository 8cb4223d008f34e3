"""Is a row of a register good, and if not: which column, and why?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.organizations import printed
from app.organizations.layouts import HEADER_WITHIN, Layout, layout_of, no_layout
from app.organizations.printed import Unclear
from app.organizations.reading import SourceRow, rows_of
from workflows.definition import Text
from workflows.rules.uscc import UsccError, parse

LEGAL_TYPE_OF = {"51": "association", "52": "social_service", "53": "foundation", "59": "other"}
TYPE_CODE_OF = {legal_type: code for code, legal_type in LEGAL_TYPE_OF.items()}


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell of one row, and what to do."""

    line: int
    column: str
    value: str
    text: Text


@dataclass(frozen=True)
class Entry:
    """A good row: an organization and what the row says of it."""

    line: int
    name: str
    uscc: str
    division: str
    legal_type: str
    doc_no: str = ""
    doc_no_printed: str = ""
    decided_on: date | None = None
    authority: str = ""
    category: str = ""
    grade: str | None = None


@dataclass(frozen=True)
class Code:
    """A checked 统一社会信用代码 of a social organization."""

    uscc: str
    division: str
    legal_type: str


EMPTY = Text(zh="此列为空。请补充。", en="This cell is empty. Fill it in.")
TOO_WIDE = Text(
    zh="本行的单元格多于表头。多半是名称里有分隔符而没有加引号，请改正。",
    en="This row has more cells than the header, most likely a separator in a name without quotes. Mend it.",
)
NOT_A_SOCIAL_ORGANIZATION = Text(
    zh="这不是社会组织的代码（应以 51、52、53 或 59 开头）。请核对，或删去本行。",
    en="This is no social organization's code (51, 52, 53 or 59 at the start). Check it, or remove the row.",
)


def social_organization_code(value: str) -> Code:
    """Return the code in its one spelling, both check digits proven, or raise Unclear."""
    try:
        code = parse(value)
    except UsccError as error:
        raise Unclear(Text(
            zh=error.text.zh + "请与登记证书核对。", en=f"{error.text.en} Compare it with the certificate."
        )) from error
    if code.type_code not in LEGAL_TYPE_OF or code.division.startswith("0"):
        raise Unclear(NOT_A_SOCIAL_ORGANIZATION)
    return Code(code.code, code.division, LEGAL_TYPE_OF[code.type_code])


class Checker:
    """Turns rows of one layout into entries, or into the faults of the row; remembers no row."""

    def __init__(self, layout: Layout, *, today: date) -> None:
        self.layout = layout
        self.today = today

    def check(self, row: SourceRow) -> Entry | list[Fault]:
        """Return the entry, or every fault that the row has."""
        if any(cell.strip() for cell in row.cells[self.layout.width:]):
            return [Fault(row.line, "", row.cells[self.layout.width], TOO_WIDE)]
        faults: list[Fault] = []
        values: dict[str, Any] = {
            field: self._value(row, field, position, faults)
            for field, position in self.layout.columns.items()
        }
        if faults:
            return faults
        code: Code = values["uscc"]
        if self.layout.kind == "list":
            return Entry(row.line, values["name"], code.uscc, code.division, code.legal_type,
                         grade=values.get("grade"))
        doc_no = printed.document_number(values["doc_no"])
        return Entry(
            row.line, values["name"], code.uscc, code.division, code.legal_type,
            doc_no=doc_no, doc_no_printed=values["doc_no"], category=printed.category_of(doc_no),
            decided_on=values["decision_date"], authority=values["authority"],
        )

    def _value(self, row: SourceRow, field: str, position: int, faults: list[Fault]) -> Any:
        cell = row.cells[position].strip() if position < len(row.cells) else ""
        try:
            if not cell:
                raise Unclear(EMPTY)
            return self._read(field, cell)
        except Unclear as error:
            faults.append(Fault(row.line, self.layout.headers[field], cell, error.text))
            return None

    def _read(self, field: str, cell: str) -> Any:
        if field == "uscc":
            return social_organization_code(cell)
        if field == "decision_date":
            return printed.date_of(cell, today=self.today)
        if field == "grade":
            return printed.grade_of(cell)
        if field == "doc_no":
            return printed.readable(cell)
        return printed.organization_name(cell)


def open_register(path: Path, encoding: str) -> tuple[Layout, Iterator[SourceRow]]:
    """Return the layout and the rows below the header, or raise Unreadable."""
    rows = rows_of(path, encoding)
    for position, row in enumerate(rows):
        if position == HEADER_WITHIN:
            break
        if layout := layout_of(row):
            return layout, rows
    raise no_layout()
