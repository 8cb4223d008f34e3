"""What does a full move cost beside the floor? One client; the ratio of moves per second, and the client's CPU.

A case goes on for as many moves as real ones do and then leaves its place to a fresh one, here and in the floor.
In a round each of the two works alone for a few seconds, as the floor was measured (performance.md section 1: cells
of 2 to 3 seconds); who begins changes with the round. Shorter turns do not measure the same: with fifty moves each the
kernel pulls the floor's backend to the client's processor and away again, two migrations a move, and the floor gains
by it what it has not when it works by itself (`--moves 50 --rounds 60` shows it).
"""

import argparse
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import psycopg
from flask import current_app

from app.access.grants import grant
from app.cases.perform import perform
from app.clock import real_now
from app.database.provision import libpq
from app.demo.building import Builder
from app.demo.district import PASSWORD
from app.demo.founding import registration_data
from app.extensions import db
from benchmarks.breakdown import breakdown
from benchmarks.floor import Floor
from benchmarks.server import product

MUST, GOAL = 0.45, 0.60
WARM_UP = 250
# Opened and accepted it has two moves behind it; with these a case comes to fourteen, a long one.
LENGTH = 12
SIDE_BY_SIDE = 25
T = TypeVar("T")
STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "accepted": ("start_expert_review", {"reason": "业务范围涉及专业。", "expected_days": 15}),
    "expert_review": ("finish_expert_review", {"opinion": "专家认为可以登记。"}),
}


@dataclass
class Standing:
    """A case and where it stands."""

    number: str
    state: str
    revision: int


class FullMoves:
    """Registrations that go to the experts and come back.

    Each move is what a request makes of it: lock, role, earlier key, facts, guards, history, two clocks that
    stop or run on, a notice, the log's queue and the key with its answer, through perform() and nothing else.
    """

    def __init__(self, cases: int) -> None:
        builder = Builder(db.session, Path(current_app.config["DOCUMENTS"]), real_now())
        district = builder.place("110102")
        builder.codes("110102", 1)
        self.registrar = builder.person("示例登记员", "registrar", [("registrar", district)], password=PASSWORD).actor
        # Each has its own organization: one that has applied is not let to apply again.
        staff = builder.person("示例经办人", "staff", [])
        self.cases: list[Standing] = []
        for n in range(1, cases + 1):
            organization = builder.founders("110102", f"西城区示例{n}号社会工作服务中心")
            grant(
                db.session, person_id=staff.actor.person_id or 0, role="staff",
                node=builder.node(organization.node_id), on=builder.today, by=None, now=builder.now,
            )
            data = registration_data(builder, staff, organization, organization.name)
            number = builder.open(staff, "registration", "apply", data).number
            answer = perform(
                db.session, kind="registration", number=number, trigger="accept", actor=self.registrar, data={},
                revision=1, now=builder.now,
            )
            self.cases.append(Standing(number, answer.state, answer.revision))
        self._turns = turns(self.cases)

    def move(self) -> None:
        """Move the next case."""
        case = next(self._turns)
        trigger, data = STEPS[case.state]
        answer = perform(
            db.session, kind="registration", number=case.number, trigger=trigger, actor=self.registrar,
            data=dict(data), revision=case.revision, key=secrets.token_hex(16), now=real_now(),
            request_id="bench",
        )
        case.state, case.revision = answer.state, answer.revision


@dataclass
class Tally:
    """How many moves took how long, on the clock and on the client's processor."""

    moves: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    def run(self, move: Callable[[], None], times: int) -> None:
        """Move so many times."""
        began, began_cpu = time.perf_counter(), time.thread_time()
        for _ in range(times):
            move()
        self.moves += times
        self.seconds += time.perf_counter() - began
        self.cpu += time.thread_time() - began_cpu

    @property
    def rate(self) -> float:
        """Moves per second."""
        return self.moves / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the client's processor per move."""
        return self.cpu / self.moves * 1e6


def turns(cases: Sequence[T]) -> Iterator[T]:
    """Return whose move it is: some go on side by side until each has made its moves, then the next ones."""
    for first in range(0, len(cases), SIDE_BY_SIDE):
        for _ in range(LENGTH):
            yield from cases[first : first + SIDE_BY_SIDE]


def one_round(
    floor: Callable[[], None], full: Callable[[], None], moves: int, floor_begins: bool
) -> tuple[Tally, Tally]:
    """Let both make so many moves, one after the other."""
    below, above = Tally(), Tally()
    pairs = [(below, floor), (above, full)]
    for tally, move in pairs if floor_begins else reversed(pairs):
        tally.run(move, moves)
    return below, above


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the measure can be told."""
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--moves", type=int, default=2000, help="for each of the two, in each round")
    parser.add_argument("--breakdown", action="store_true", help="say where the time of a move goes, instead")
    parser.add_argument("--folder", type=Path, help="where the database stands; its disk decides a commit's cost")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    cases = ceil((arguments.rounds * arguments.moves + WARM_UP) / LENGTH / SIDE_BY_SIDE) * SIDE_BY_SIDE
    with product(arguments.folder) as (server, _app):
        server.create_database("floor")
        with psycopg.connect(libpq(server.owner_url("floor"))) as connection:
            floor = Floor.on_new_tables(connection, turns(range(1, cases + 1)), cases)
            print(f"Preparing {cases} registrations, for {LENGTH} moves each after two of opening ...", flush=True)
            full = FullMoves(cases)
            for url in (server.owner_url("floor"), server.owner_url()):
                tidy(libpq(url))
            for warm_up in (floor.move, full.move):
                Tally().run(warm_up, WARM_UP)
            if arguments.breakdown:
                print(breakdown(connection, floor.move, full.move, arguments.moves))
                return
            rounds = []
            for number in range(1, arguments.rounds + 1):
                below, above = one_round(floor.move, full.move, arguments.moves, floor_begins=number % 2 == 1)
                rounds.append((below, above))
                print(
                    f"round {number}: floor {below.rate:6.0f}/s {below.cpu_us:5.0f} us CPU,"
                    f" full move {above.rate:6.0f}/s {above.cpu_us:5.0f} us CPU, ratio {above.rate / below.rate:.2f}",
                    flush=True,
                )
    print(verdict(rounds))


def tidy(database: str) -> None:
    """Let the server know its tables, as it does of itself within a minute in any database that is in use."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def verdict(rounds: list[tuple[Tally, Tally]]) -> str:
    """Say what the rounds come to."""
    ratio = median(above.rate / below.rate for below, above in rounds)
    cpu = median(above.cpu_us for _below, above in rounds)
    times = median(above.cpu_us / below.cpu_us for below, above in rounds)
    lines = [
        f"median ratio {ratio:.2f} of the floor; client CPU {cpu:.0f} us a move, {times:.1f} times the floor's",
        f"at least {MUST:.2f}: {'yes' if ratio >= MUST else 'NO'}; goal {GOAL:.2f}: {'yes' if ratio >= GOAL else 'no'}",
    ]
    return "\n".join(lines)
