"""What does a full move cost beside the floor? One client; the ratio of moves per second, and the client's CPU."""

import argparse
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

import psycopg
from flask import current_app

from app.cases.perform import perform
from app.clock import real_now
from app.database.provision import libpq
from app.demo.building import Builder, registration_data
from app.extensions import db
from benchmarks.floor import Floor
from benchmarks.server import product

MUST, GOAL = 0.45, 0.60
# Short turns, so that a busy moment of the machine meets both.
TURNS = 6
STEPS = {
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
        self.registrar = builder.person("示例登记员", "registrar", [("registrar", district)]).actor
        organization = builder.founders("110102", "西城区示例社会工作服务中心")
        staff = builder.person("示例经办人", "staff", [("staff", builder.node(organization.node_id))])
        data = registration_data(builder, staff, organization, organization.name)
        self.cases: list[Standing] = []
        for _ in range(cases):
            number = builder.open(staff, "registration", "apply", data).number
            answer = perform(
                db.session, kind="registration", number=number, trigger="accept", actor=self.registrar, data={},
                revision=1, now=builder.now,
            )
            self.cases.append(Standing(number, answer.state, answer.revision))
        self._turns = cycle(self.cases)

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

    def run(self, move: Callable[[], None], seconds: float) -> None:
        """Move again and again for so long."""
        began, began_cpu = time.perf_counter(), time.process_time()
        until = began + seconds
        while time.perf_counter() < until:
            move()
            self.moves += 1
        self.seconds += time.perf_counter() - began
        self.cpu += time.process_time() - began_cpu

    @property
    def rate(self) -> float:
        """Moves per second."""
        return self.moves / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of the client's processor per move."""
        return self.cpu / self.moves * 1e6


def one_round(floor: Callable[[], None], full: Callable[[], None], seconds: float) -> tuple[Tally, Tally]:
    """Let both have so many seconds, in short turns."""
    below, above = Tally(), Tally()
    for _ in range(TURNS):
        below.run(floor, seconds / TURNS)
        above.run(full, seconds / TURNS)
    return below, above


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the measure can be told."""
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each of the two, in each round")
    parser.add_argument("--cases", type=int, default=600, help="cases that take turns")
    parser.add_argument("--folder", type=Path, help="where the database stands; its disk decides a commit's cost")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    with product(arguments.folder) as (server, _app):
        server.create_database("floor")
        with psycopg.connect(libpq(server.owner_url("floor"))) as connection:
            floor = Floor(connection, arguments.cases)
            print(f"Preparing {arguments.cases} registrations ...", flush=True)
            full = FullMoves(arguments.cases)
            for warm_up in (floor.move, full.move):
                Tally().run(warm_up, 0.5)
            rounds = []
            for number in range(1, arguments.rounds + 1):
                below, above = one_round(floor.move, full.move, arguments.seconds)
                rounds.append((below, above))
                print(
                    f"round {number}: floor {below.rate:6.0f}/s {below.cpu_us:5.0f} us CPU,"
                    f" full move {above.rate:6.0f}/s {above.cpu_us:5.0f} us CPU, ratio {above.rate / below.rate:.2f}",
                    flush=True,
                )
    print(verdict(rounds))


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
