"""What does checking all that is recorded cost beside reading it? (B13) `history verify` and COPY, on a city."""

import argparse
import time
from statistics import median

import psycopg

from app.audit.bundles import frozen
from app.audit.checking import check_everything
from app.extensions import db
from benchmarks import population
from benchmarks.lists import Verdict

GOAL, FLOOR = 1.5, 3


def verified() -> float:
    """Return the seconds that everything takes but signatures and the files of papers."""
    began = time.perf_counter()
    with frozen(db.engine) as connection:
        found = check_everything(connection, public_key=None, store=None)
    if found.problems:
        raise SystemExit("\n".join(found.problems[:20]))
    return time.perf_counter() - began


def read_alone(connection: psycopg.Connection) -> float:
    """Return the seconds in which COPY gives out the recorded texts and their hashes."""
    began = time.perf_counter()
    with connection.cursor() as cursor, cursor.copy(
        "COPY (SELECT case_id, sequence, hash, body FROM history ORDER BY case_id, sequence) TO STDOUT (FORMAT binary)"
    ) as copy:
        for _block in copy:
            pass
    spent = time.perf_counter() - began
    connection.rollback()
    return spent


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the measure can be told."""
    parser.add_argument("--rounds", type=int, default=3)
    population.add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> list[Verdict]:
    """Measure and print; return the verdict."""
    with (
        population.population(arguments.times, arguments.seed, arguments.kept) as (server, _app),
        population.superuser(server) as connection,
    ):
        pairs = [(verified(), read_alone(connection)) for _ in range(arguments.rounds)]
    words = f"{median(a for a, _ in pairs):.2f} s beside {median(b for _, b in pairs):.2f} s"
    verdict = Verdict("B13 verify history / read it", median(a / b for a, b in pairs), GOAL, FLOOR, words)
    print(verdict, flush=True)
    return [verdict]
