"""What does a checked import of a register cost beside COPY? (B11) By the command itself, one row in a hundred bad.

The import opens organizations, registrations and decisions, checks every row against all that is there and reports
each bad one with line, column and reason. The floor is COPY of the clean rows into one bare table.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import psycopg
from flask import Flask

from app.database.provision import libpq
from app.organizations.commands import registry
from benchmarks.lists import Verdict
from benchmarks.server import product
from workflows.rules.uscc import issue

GOAL, FLOOR = 9, 12
HEADER = "name,uscc,doc_no,decision_date,authority"
BAD_EACH = 100
BARE = "CREATE TABLE bare (name text, uscc text PRIMARY KEY, doc_no text, day date, authority text)"


def row_of(number: int, *, good: bool) -> str:
    """Return one invented decision; a bad one has no date that could be read."""
    day = "2017-10-13" if good else "某日"
    code = issue("52", "110102", f"MJ{number:06d}")
    return f"示例区第{number}社会工作服务中心,{code},示民民许准登字〔2017〕{number}号,{day},示例市民政局"


def files(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write the register with its bad rows, and its good rows alone; return both."""
    lines = [(n % BAD_EACH != 0, row_of(n, good=n % BAD_EACH != 0)) for n in range(1, rows + 1)]
    register, clean = folder / "register.csv", folder / "clean.csv"
    register.write_text("\n".join([HEADER, *(line for _good, line in lines), ""]), encoding="utf-8")
    clean.write_text("\n".join([*(line for good, line in lines if good), ""]), encoding="utf-8")
    return register, clean


def checked_import(app: Flask, register: Path, rows: int) -> float:
    """Return the seconds of `registry import`, all of it but the commit: the next round begins where this one did."""
    began = time.perf_counter()
    answer = app.test_cli_runner().invoke(registry, ["import", str(register), "--dry-run", "--skip-bad"])
    spent = time.perf_counter() - began
    if answer.exit_code or f"rows {rows} bad {rows // BAD_EACH}" not in answer.output:
        raise SystemExit(f"the import did not do its work:\n{answer.output[-2000:]}")
    return spent


def copied(connection: psycopg.Connection, clean: Path) -> float:
    """Return the seconds of COPY into an empty table, with its commit."""
    connection.execute("TRUNCATE bare")
    connection.commit()
    began = time.perf_counter()
    with (
        clean.open("rb") as file,
        connection.cursor() as cursor,
        cursor.copy("COPY bare FROM STDIN (FORMAT csv)") as copy,
    ):
        while block := file.read(1 << 16):
            copy.write(block)
    connection.commit()
    return time.perf_counter() - began


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the measure can be told."""
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the database stands")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> list[Verdict]:
    """Measure and print; return the verdict."""
    with tempfile.TemporaryDirectory() as folder, product(arguments.folder) as (server, app):
        register, clean = files(Path(folder), arguments.rows)
        server.create_database("floor")
        with psycopg.connect(libpq(server.owner_url("floor"))) as connection:
            connection.execute(BARE)
            pairs = [(checked_import(app, register, arguments.rows), copied(connection, clean))
                     for _ in range(arguments.rounds)]
    words = f"{median(a for a, _ in pairs):.2f} s beside {median(b for _, b in pairs):.2f} s, {arguments.rows:,} rows"
    verdict = Verdict("B11 checked import / COPY", median(a / b for a, b in pairs), GOAL, FLOOR, words)
    print(verdict, flush=True)
    return [verdict]
