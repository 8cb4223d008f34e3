"""Do lists stay as fast as their first page, and worklists as fast as their index? On the population, by the product's
own queries: pages at depth, the worklist of three roles, the search for two Chinese characters, a verified history.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import event, select, text, true

from app.access.models import Account, Node
from app.access.reach import Holding, holdings
from app.audit.queries import Search, found_moves
from app.cases.models import Case
from app.cases.queries import Page, find_cases, history_of, worklist
from app.clock import real_now
from app.database.patterns import containing
from app.extensions import db
from app.organizations.queries import organizations_page
from benchmarks import population

ROUNDS = 7
CALLS = 15
OLDEST = "SELECT at, case_id, sequence FROM history ORDER BY 1, 2, 3 OFFSET 2000 LIMIT 1"


@dataclass(frozen=True)
class Verdict:
    """One line of the table: what was measured, beside what, and what it must come to."""

    name: str
    ratio: float
    goal: float
    floor: float
    words: str

    def __str__(self) -> str:
        met = "yes" if self.ratio <= self.goal else "within the floor" if self.ratio <= self.floor else "NO"
        return (f"{self.name:<34} {self.ratio:8.4f}  goal {self.goal:.4g}  floor {self.floor:.4g}  {met:<16}"
                f" {self.words}")


def milliseconds(ask: Callable[[], Any], calls: int = CALLS) -> float:
    """Return the median time of a call."""
    spent = []
    for _ in range(calls):
        began = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - began) * 1000)
    return median(spent)


def beside(
    name: str, above: Callable[[], Any], below: Callable[[], Any], *, goal: float, floor: float, rounds: int,
    calls: tuple[int, int] = (CALLS, CALLS),
) -> Verdict:
    """Let both have their turn in each round and return the median of the rounds' ratios."""
    for ask in (above, below):
        milliseconds(ask, 7)  # prepared statements get their general plan with the sixth call
    pairs = [(milliseconds(above, calls[0]), milliseconds(below, calls[1])) for _ in range(rounds)]
    words = f"{median(a for a, _ in pairs):.2f} ms beside {median(b for _, b in pairs):.2f} ms"
    verdict = Verdict(name, median(a / b for a, b in pairs), goal, floor, words)
    print(verdict, flush=True)
    return verdict


def held_by(login: str) -> tuple[int, tuple[Holding, ...]]:
    """Return a person of the demo and what they hold today."""
    person = db.session.scalars(select(Account.person_id).where(Account.login == login)).one()
    return person, holdings(db.session, person, real_now().date())


def depth(rounds: int) -> list[Verdict]:
    """B7: the last pages of a list beside its first."""
    person, mine = held_by("finance")
    _auditor, all_ = held_by("auditor")
    long = db.session.scalars(select(Case.id).order_by(Case.revision.desc()).limit(1)).one()
    last = db.session.execute(text(OLDEST)).one()
    lists: dict[str, tuple[Callable[[Any], Any], Any]] = {
        "worklist": (lambda after: worklist(db.session, mine, person, after=after),
                     _deep(lambda after: worklist(db.session, mine, person, after=after, limit=500), 7)),
        "cases": (lambda after: find_cases(db.session, all_, after=after), "60000"),
        "register": (lambda after: organizations_page(db.session, after=after), "2000"),
        "audit": (lambda after: found_moves(db.session, true(), Search(), after=after, limit=50),
                  f"{last.at.isoformat()},{last.case_id},{last.sequence}"),
        "history of a case": (lambda after: history_of(db.session, long, after=int(after or 0), limit=50), "9900"),
    }
    return [
        beside(f"B7 {name} at depth / first page", lambda p=page, k=key: p(k), lambda p=page: p(None),  # type: ignore[misc]
               goal=1.5, floor=3, rounds=rounds)
        for name, (page, key) in lists.items()
    ]


def _deep(page: Callable[[str | None], Page], pages: int) -> str | None:
    key = None
    for _ in range(pages):
        key = page(key).after or key
    return key


def waiting(rounds: int, connection: psycopg.Connection) -> list[Verdict]:
    """B8: the worklist of three roles beside the same SELECT without the indexes of open cases."""
    person, _held = held_by("finance")
    statement, values = _sent(lambda: worklist(db.session, _three_roles(), person))

    def with_indexes() -> None:
        connection.execute(statement, values, prepare=True)

    def without() -> None:
        connection.execute(statement, values)

    milliseconds(with_indexes, 7)
    fast = median(milliseconds(with_indexes) for _ in range(rounds))
    spent = Verdict("B8 worklist of 3 roles, ms", fast, 1, 2, "milliseconds, not a ratio")
    print(spent, flush=True)
    connection.rollback()
    with _indexes_gone(connection):
        slow = milliseconds(without, 3)
    words = f"{fast:.2f} ms beside {slow:.0f} ms"
    ratio = Verdict("B8 worklist / without its index", fast / slow, 1 / 300, 1 / 100, words)
    print(ratio, flush=True)
    return [spent, ratio]


def _three_roles() -> tuple[Holding, ...]:
    """What somebody would hold who registers, checks payments and receives members for one district."""
    district = db.session.scalars(select(Node).where(Node.code == "110102")).one()
    _person, (registrar, *_) = held_by("registrar")
    assert registrar.node_id == district.id
    return tuple(replace(registrar, role=role) for role in ("registrar", "finance_officer", "hub_officer"))


@contextmanager
def _indexes_gone(connection: psycopg.Connection) -> Iterator[None]:
    """Take away, until the rollback, every index that only open cases are in."""
    names = [row[0] for row in connection.execute(
        "SELECT indexname FROM pg_indexes WHERE tablename = 'cases' AND indexdef LIKE '%closed_at IS NULL%'"
    )]
    for name in names:
        connection.execute(f"DROP INDEX {name}".encode())
    try:
        yield
    finally:
        connection.rollback()


def _sent(ask: Callable[[], Any]) -> tuple[bytes, Any]:
    """Return the statement that a query of the product sends, with its values."""
    caught: list[tuple[bytes, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        caught.append((statement.encode(), values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
        db.session.rollback()  # whoever asked holds no lock on what is taken away next
    return caught[-1]


def searching(rounds: int, connection: psycopg.Connection) -> list[Verdict]:
    """B9: two rare characters beside LIKE over all names; the same names for 200 patterns of 1 to 6 characters."""
    names = [row[0] for row in connection.execute("SELECT name FROM organizations WHERE uscc IS NOT NULL")]
    rare = _rare_pair(names)
    plain = "SELECT id, name FROM organizations WHERE name LIKE %s ORDER BY id DESC LIMIT 51"
    found = beside(
        "B9 two rare characters / LIKE", lambda: organizations_page(db.session, search=rare),
        lambda: connection.execute(plain, (containing(rare),)).fetchall(), goal=1 / 100, floor=1 / 10, rounds=rounds,
        calls=(CALLS, 3),
    )
    statement, values = _sent(lambda: organizations_page(db.session, search=rare))
    alone = beside(
        "B9 the same, statement beside LIKE", lambda: connection.execute(statement, values).fetchall(),
        lambda: connection.execute(plain, (containing(rare),)).fetchall(), goal=1 / 100, floor=1 / 10, rounds=rounds,
        calls=(CALLS, 3),
    )
    return [found, alone, _same_names(names)]


def _rare_pair(names: list[str]) -> str:
    counts: dict[str, int] = {}
    for name in names:
        for pair in {name[i:i + 2] for i in range(len(name) - 1)}:
            counts[pair] = counts.get(pair, 0) + 1
    return min((pair for pair, count in counts.items() if count >= 5), key=lambda pair: (counts[pair], pair))


def _same_names(names: list[str]) -> Verdict:
    chance = random.Random(9)
    wrong = 0
    for _ in range(200):
        name, length = chance.choice(names), chance.randrange(1, 7)
        start = chance.randrange(len(name) - length)
        pattern = name[start:start + length]
        told: set[int] = set()
        page = organizations_page(db.session, search=pattern, limit=20_000)
        told |= {row.id for row in page.rows}
        wanted = db.session.scalars(text(
            "SELECT o.id FROM organizations o WHERE o.name LIKE :pattern AND (o.known_from IN ('decision', 'list')"
            " OR EXISTS (SELECT FROM registrations r WHERE r.organization_id = o.id)) ORDER BY o.id DESC LIMIT 20000"
        ), {"pattern": containing(pattern)})
        wrong += told != set(wanted)
    verdict = Verdict("B9 patterns with other results", wrong, 0, 0, "of 200 patterns of 1 to 6 characters")
    print(verdict, flush=True)
    return verdict


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the measure can be told."""
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    population.add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> list[Verdict]:
    """Measure and print; return the verdicts."""
    with (
        population.population(arguments.times, arguments.seed, arguments.kept) as (server, _app),
        population.superuser(server) as connection,
    ):
        verdicts = depth(arguments.rounds)
        verdicts += waiting(arguments.rounds, connection)
        verdicts += searching(arguments.rounds, connection)
        connection.rollback()
    return verdicts


