"""Where does the time of a move go? Client and server by their processors' time, and each message by itself.

Processor time hardly depends on what else the machine does; the server must stand on this machine (/proc).
"""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.database import connections
from app.extensions import db


@dataclass
class Spent:
    """Seconds on the clock and on the two processors."""

    wall: float = 0.0
    client: float = 0.0
    server: float = 0.0

    def line(self, name: str, moves: int) -> str:
        """Return a line of the table, in microseconds a move."""
        told = "".join(f"{seconds / moves * 1e6:9.0f}" for seconds in (self.wall, self.client, self.server))
        return f"{name:42}{told}"


class Watch:
    """Counts what passes while it is open."""

    def __init__(self, backend: int, spent: Spent) -> None:
        self.backend, self.spent = backend, spent

    def _now(self) -> tuple[float, float, float]:
        server = int(Path(f"/proc/{self.backend}/schedstat").read_text().split()[0]) / 1e9
        return time.perf_counter(), time.thread_time(), server

    def __enter__(self) -> None:
        self.began = self._now()

    def __exit__(self, *_: object) -> None:
        wall, client, server = (after - before for after, before in zip(self._now(), self.began, strict=True))
        self.spent.wall += wall
        self.spent.client += client
        self.spent.server += server


def breakdown(
    below: psycopg.Connection, floor: Callable[[], None], full: Callable[[], None], moves: int
) -> str:
    """Return a table: the floor, the full move, its messages, and what lies between them."""
    driver: Any = db.session.connection().connection.driver_connection
    backend = driver.info.backend_pid
    db.session.rollback()
    lowest, whole, between, messages = Spent(), Spent(), Spent(), defaultdict[str, Spent](Spent)
    with Watch(below.info.backend_pid, lowest):
        for _ in range(moves):
            floor()
    with Watch(backend, whole):
        for _ in range(moves):
            full()
    asked = connections.Direct.ask

    def watched(direct: Any, statements: list[Any], *, last: int, commit: bool) -> Any:
        words = " ".join(statements[-1][0].text.decode().split())[:26]
        name = f"{len(statements)} to {words}{' + COMMIT' if commit else ''}"
        with Watch(backend, messages[name]):
            return asked(direct, statements, last=last, commit=commit)

    connections.Direct.ask = watched  # type: ignore[method-assign, assignment]
    try:
        with Watch(backend, between):
            for _ in range(moves):
                full()
    finally:
        connections.Direct.ask = asked  # type: ignore[method-assign]
    for spent in messages.values():
        between.wall -= spent.wall
        between.client -= spent.client
        between.server -= spent.server
    return "\n".join([
        f"{'microseconds a move':42}{'clock':>9}{'client':>9}{'server':>9}",
        lowest.line("floor", moves), whole.line("full move", moves),
        *(spent.line("  " + name, moves) for name, spent in messages.items()),
        between.line("  between the messages", moves),
    ])
