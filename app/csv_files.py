"""How is a long table sent as a CSV file? Line by line into a file of its own: it arrives complete or not at all."""

import csv
import io
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Response, send_file

BOM = "\ufeff"
"""What tells a spreadsheet that the file is UTF-8."""
A_MEGABYTE = 2**20


def csv_line(values: list[Any]) -> str:
    """Return one row as a line of the file."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([_plain(value) for value in values])
    return line.getvalue()


def csv_file(lines: Iterable[str], name: str) -> Response:
    """Send the lines as a file of this name; past a megabyte they are kept on disk meanwhile."""
    file = SpooledTemporaryFile(max_size=A_MEGABYTE)  # noqa: SIM115  closed when it was sent
    for line in lines:
        file.write(line.encode())
    file.seek(0)
    answer = send_file(file, mimetype="text/csv", as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _plain(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula; an amount below zero stays a number."""
    text = str(value)
    number = text.lstrip("-").replace(".", "", 1).isdigit()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not number else value
