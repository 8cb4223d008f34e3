"""Which rows does a file of unknown make hold? UTF-8 or GB18030; comma, tab or semicolon; streamed."""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from workflows.definition import Text

BLOCK = 1 << 20
SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
ENCODINGS = ("utf-8-sig", "gb18030", "utf-16")


class Unreadable(Exception):
    """The file as a whole cannot be read as a register; `text` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True)
class SourceRow:
    """One row as it stands in the file; `line` is where it begins, the first line is 1."""

    line: int
    cells: tuple[str, ...]


def encoding_of(path: Path) -> str:
    """Return the encoding in which the file has fewer unreadable places; a mark at its start decides."""
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(SPREADSHEETS):
        raise Unreadable(Text(
            zh="这是一个电子表格文件（不论扩展名是什么）。请在表格软件中另存为 CSV（UTF-8）后再导入。",
            en="This is a spreadsheet, whatever its name says. Save it as CSV (UTF-8) and import that.",
        ))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    unreadable = _unreadable_places(path, "utf-8")
    if unreadable and _unreadable_places(path, "gb18030") < unreadable:
        return "gb18030"
    return "utf-8-sig"


def _unreadable_places(path: Path, encoding: str) -> int:
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(BLOCK), b"")
        found = sum(decoder.decode(block).count("\ufffd") for block in blocks)
    return found + decoder.decode(b"", final=True).count("\ufffd")


def rows_of(path: Path, encoding: str) -> Iterator[SourceRow]:
    """Yield the rows that hold anything. Bytes that are no text arrive as U+FFFD, for the checks to find."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=_delimiter(file))
        line = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield SourceRow(line, tuple(cells))
                line = reader.line_num + 1
        except csv.Error as error:
            raise Unreadable(Text(
                zh=f"第 {line} 行起无法读取（{error}）：多半是引号没有成对。请改正后重新导入。",
                en=f"Unreadable from line {line} on ({error}): most likely a quote that is not closed.",
            )) from error


def _delimiter(file: io.TextIOWrapper) -> str:
    start = "".join(islice(file, 10))
    file.seek(0)
    return max(",\t;", key=start.count)
