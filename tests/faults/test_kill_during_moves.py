"""SIGKILL in the middle of moves: nothing that was acknowledged is lost, and nothing is done twice.

Programs keep the key of each move until it is acknowledged, as a client should. Each run prints its seed;
SHUNIU_SEED=N repeats one.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.client import HTTPException
from uuid import uuid4

import psycopg
import pytest

from tests.product import Product, Program, Seed, own_product

PATIENCE = 240.0
ROUNDTRIPS = {
    "accepted": ("start_expert_review", {"reason": "涉及专业。", "expected_days": 10}),
    "expert_review": ("finish_expert_review", {"opinion": "可以登记。"}),
    "approved": ("suspend", {"reason": "等待核实账户。"}),
    "suspended": ("resume", {}),
}
WHO = {"registration": "registrar", "payment": "finance_officer"}


@dataclass
class Mover:
    """One program that moves one case to and fro, and remembers every receipt it was given."""

    program: Program
    number: str
    kind: str
    state: str
    revision: int
    receipts: dict[str, str] = field(default_factory=dict)
    replays: int = 0
    wrong: str = ""

    def make(self, moves: int, until: float) -> None:
        """Make so many moves, each sent again with the same key until it is acknowledged."""
        for _ in range(moves):
            trigger, data = ROUNDTRIPS[self.state]
            key = uuid4().hex
            path, body = f"/api/v1/cases/{self.kind}/{self.number}/{trigger}", {"revision": self.revision, "data": data}
            while not self._acknowledged(path, body, key):
                if self.wrong or time.monotonic() > until:
                    self.wrong = self.wrong or "not acknowledged in time"
                    return
                time.sleep(0.05)

    def _acknowledged(self, path: str, body: dict[str, object], key: str) -> bool:
        try:
            reply = self.program.post(path, body, key)
        except (OSError, HTTPException):
            return False
        if reply.status == 503:
            return False
        if reply.status != 200:
            self.wrong = f"{reply.status} {reply.body}"
            return False
        self.receipts[key] = reply.body["receipt"]
        self.replays += reply.replayed
        self.state, self.revision = reply.body["state"], reply.body["revision"]
        return True


@pytest.fixture
def product() -> Iterator[Product]:
    with own_product(SHUNIU_ENV="test") as product:
        yield product


def movers_of(product: Product, seed: Seed) -> list[Mover]:
    """Eight programs, each with a case of its own."""
    movers = []
    for kind, states in (("registration", ("accepted", "expert_review")), ("payment", ("approved", "suspended"))):
        for state in states:
            for city in ("bj", "gy"):
                program = Program(product.port, seed.token(f"{city}-{WHO[kind]}"), seconds=10)
                found = ((each, program.get(f"/api/v1/cases/{each}").body) for each in seed.cases(kind, state))
                number, revision = next((each, case["revision"]) for each, case in found if "revision" in case)
                movers.append(Mover(program, number, kind, state, revision))
    return movers


def kill(product: Product, how: str) -> None:
    """SIGKILL to what `how` says: the supervisor alone, with web and worker, or the database's processes as well."""
    for pid, command in product.processes().items():
        supervisor = command.rstrip().endswith("-m app.serve")
        database = "postgres" in command or "keeper" in command
        if supervisor or how == "everything" or (how == "our processes" and not database):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert product.process is not None
    product.process.wait(10)


def kill_now_and_then(product: Product, movers: list[Mover], moves: int, kills: int, chance: random.Random) -> int:
    """Kill when so many moves were acknowledged and a random moment more has passed; start again each time."""
    done = 0
    for count in sorted(chance.sample(range(moves // 20, moves * 9 // 10), kills)):
        while sum(len(mover.receipts) for mover in movers) < count:
            if any(mover.wrong for mover in movers):
                return done
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.05))
        kill(product, chance.choice(("supervisor", "our processes", "everything")))
        product.start()
        done += 1
    return done


@pytest.mark.parametrize(
    ("moves", "kills"),
    [
        pytest.param(200, 7, marks=pytest.mark.timeout(PATIENCE + 120)),
        # A limit of the function would go before the one that stands here.
        pytest.param(2000, 60, marks=[pytest.mark.long, pytest.mark.timeout(10 * PATIENCE + 120)]),
    ],
)
def test_nothing_acknowledged_is_lost_or_doubled(product: Product, seed: int, moves: int, kills: int) -> None:
    chance = random.Random(seed)
    city = product.seed()
    product.start()
    movers = movers_of(product, city)
    before = recorded(product)
    until = time.monotonic() + PATIENCE * moves / 200
    threads = [threading.Thread(target=mover.make, args=(moves // len(movers), until)) for mover in movers]
    for thread in threads:
        thread.start()
    killed = kill_now_and_then(product, movers, moves, kills, chance)
    for thread in threads:
        thread.join()

    assert [mover.wrong for mover in movers] == [""] * len(movers)
    assert killed == kills
    print(f"{killed} kills, {sum(mover.replays for mover in movers)} answers that were lost and replayed")
    after = recorded(product)
    receipts = {receipt for mover in movers for receipt in mover.receipts.values()}
    assert len(receipts) == moves
    assert after - before == receipts, "receipts and history differ"
    for mover in movers:
        check_case(product, mover)
    answer = product.flask("history", "verify")
    assert answer.returncode == 0, answer.stdout + answer.stderr


def recorded(product: Product) -> set[str]:
    """Every row of history as the receipt that was given for it; recomputed from the text."""
    with psycopg.connect(product.address()) as connection:
        found = connection.execute(
            "SELECT c.number, h.sequence, h.body FROM history h JOIN cases c ON c.id = h.case_id"
        ).fetchall()
        rows = [f"{number}:{sequence}:{sha256(bytes([0]) + body).hexdigest()}" for number, sequence, body in found]
    assert len(set(rows)) == len(rows)
    return set(rows)


def check_case(product: Product, mover: Mover) -> None:
    """One history row for each key, in a chain without a gap, that ends where the case stands."""
    with psycopg.connect(product.address()) as connection:
        [case] = connection.execute(
            "SELECT id, state, revision, head FROM cases WHERE number = %s", (mover.number,)
        ).fetchall()
        history = connection.execute(
            "SELECT sequence, prev, hash, to_state FROM history WHERE case_id = %s ORDER BY sequence", (case[0],)
        ).fetchall()
        keys = dict(connection.execute(
            "SELECT key, answer ->> 'receipt' FROM idempotency_keys WHERE answer ->> 'number' = %s AND key = ANY(%s)",
            (mover.number, list(mover.receipts)),
        ).fetchall())
    assert [row[0] for row in history] == list(range(1, len(history) + 1))
    assert [row[1] for row in history] == [b"", *(row[2] for row in history[:-1])]
    assert (case[1], case[2], case[3]) == (history[-1][3], len(history), history[-1][2])
    assert (mover.state, mover.revision) == (case[1], case[2])
    assert keys == mover.receipts
