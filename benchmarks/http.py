"""What do moves and pages cost over HTTP, by the product's own web server? Signed in, with the form's token.

B3: moves per second over four connections beside the bare psycopg floor over four. B12: the worklist beside an
application that answers with nothing, both under the same server. The clients share the machine with the server.
"""

import argparse
import http.client
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import psycopg

from app.config import ROOT
from app.database.embedded import EmbeddedServer
from app.database.provision import libpq
from app.demo.district import PASSWORD
from benchmarks import population
from benchmarks.floor import Floor
from benchmarks.moves import STEPS, FullMoves, Standing, tidy, turns
from benchmarks.server import product

CONNECTIONS = 4
PROCESSES = "2"
READY_SECONDS = 60
B3_GOAL, B3_FLOOR = 0.35, 0.20
B12_GOAL, B12_FLOOR = 0.07, 0.04
FORM_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


class Client:
    """One kept connection that sends requests as bytes and reads as much of each answer as its length says."""

    def __init__(self, port: int, head: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")
        self.head = f"Host: 127.0.0.1:{port}\r\n{head}"

    def ask(self, method: str, path: str, body: bytes = b"", head: str = "") -> tuple[int, bytes]:
        """Send one request; return the status and the body of its answer."""
        self.socket.sendall(
            f"{method} {path} HTTP/1.1\r\n{self.head}{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )
        status = int(self.reader.readline().split()[1])
        length = 0
        while (line := self.reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self.reader.read(length)


@contextmanager
def web(module: str, server: EmbeddedServer) -> Iterator[int]:
    """The product's web server with this module's application on a port of its own, as the supervisor starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "SHUNIU_ENV": "test", "SHUNIU_INSTANCE": str(server.instance), "HOST": "127.0.0.1", "PORT": str(port),
        "SHUNIU_PARENT": str(os.getpid()), "SHUNIU_APP_DATABASE_URL": server.app_url(),
        "SHUNIU_WEB_PROCESSES": PROCESSES,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", module], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + READY_SECONDS
        while True:
            try:
                Client(port).ask("GET", "/healthz")
                break
            except (OSError, IndexError):
                if time.monotonic() > until or process.poll() is not None:
                    raise SystemExit(f"{module} does not serve") from None
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def signed_in(port: int, login: str, password: str) -> str:
    """Sign in through the form as a browser does; return the cookies and the form's token as request headers."""
    jar: dict[str, str] = {}

    def ask(method: str, path: str, body: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
        cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
        connection.request(
            method, path, body, {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        )
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                jar[cookie] = content
        return answer.status, answer.read().decode()

    form = _token(ask("GET", "/sign-in")[1])
    status, _page = ask("POST", "/sign-in", urlencode({"login": login, "password": password, "csrf_token": form}))
    if status != 303:
        raise SystemExit(f"{login} cannot sign in: {status}")
    token = _token(ask("GET", "/")[1])
    cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
    return f"Cookie: {cookies}\r\nX-CSRFToken: {token}\r\n"


def _token(page: str) -> str:
    found = FORM_TOKEN.search(page)
    if found is None:
        raise SystemExit("a page without its form's token")
    return found[1]


def per_second(jobs: list[Callable[[], None]], times: int) -> float:
    """Let each job run so many times, all at once; return how many were done in a second."""
    start = threading.Barrier(len(jobs) + 1)
    failed: list[BaseException] = []

    def work(job: Callable[[], None]) -> None:
        start.wait()
        try:
            for _ in range(times):
                job()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return len(jobs) * times / (time.perf_counter() - began)


def mover(client: Client, cases: Iterator[Standing]) -> Callable[[], None]:
    """Return a job that moves the next case over the API, as a page in a session does."""

    def move() -> None:
        case = next(cases)
        trigger, data = STEPS[case.state]
        status, told = client.ask(
            "POST", f"/api/v1/cases/registration/{case.number}/{trigger}",
            json.dumps({"revision": case.revision, "data": data}).encode(),
            f"Content-Type: application/json\r\nIdempotency-Key: {secrets.token_hex(16)}\r\n",
        )
        if status != 200:
            raise SystemExit(f"the move was answered with {status}: {told.decode()}")
        answer = json.loads(told)
        case.state, case.revision = answer["state"], answer["revision"]

    return move


def moves_over_http(rounds: int, moves: int, folder: Path | None) -> float:
    """B3: print the rounds and return the median ratio."""
    cases = (rounds + 1) * moves * CONNECTIONS // 6
    with product(folder) as (server, _app):
        server.create_database("floor")
        connections = [psycopg.connect(libpq(server.owner_url("floor"))) for _ in range(CONNECTIONS)]
        shared = iter(range(1, 10**9))
        first = Floor.on_new_tables(connections[0], shared, (rounds + 1) * moves * CONNECTIONS)
        below = [first, *(Floor(connection, shared) for connection in connections[1:])]
        full = FullMoves(cases)
        for url in (server.owner_url("floor"), server.owner_url()):
            tidy(libpq(url))
        with web("app.web", server) as port:
            head = signed_in(port, "registrar", PASSWORD)
            share = len(full.cases) // CONNECTIONS
            movers = [
                mover(Client(port, head), turns(full.cases[n * share : (n + 1) * share])) for n in range(CONNECTIONS)
            ]
            ratios = []
            for number in range(rounds + 1):
                floor, above = per_second([one.move for one in below], moves), per_second(movers, moves)
                if number:  # the first round warms both up
                    ratios.append(above / floor)
                    print(f"round {number}: floor {floor:5.0f}/s, HTTP {above:5.0f}/s, {ratios[-1]:.2f}", flush=True)
        for connection in connections:
            connection.close()
    return median(ratios)


def pages_over_http(rounds: int, pages: int, times: float, seed: int, kept: Path) -> float:
    """B12: print the rounds and return the median ratio."""
    with population.population(times, seed, kept) as (server, _app), web("app.web", server) as port:
        head = signed_in(port, "registrar", PASSWORD)
        first = Client(port, head).ask("GET", "/worklist")
        if first[0] != 200 or first[1].count(b"data-row") != 50:
            raise SystemExit(f"the worklist was answered with {first[0]} and {first[1].count(b'data-row')} rows")
        with web("benchmarks.empty", server) as beside:
            above = [_getter(Client(port, head), "/worklist") for _ in range(CONNECTIONS)]
            below = [_getter(Client(beside), "/") for _ in range(CONNECTIONS)]
            ratios = []
            for number in range(rounds + 1):
                page, nothing = per_second(above, pages), per_second(below, pages * 10)
                if number:
                    ratios.append(page / nothing)
                    words = f"worklist {page:5.0f}/s, nothing {nothing:6.0f}/s, {ratios[-1]:.3f}"
                    print(f"round {number}: {words}", flush=True)
    return median(ratios)


def _getter(client: Client, path: str) -> Callable[[], None]:
    def get() -> None:
        status, _body = client.ask("GET", path)
        if status != 200:
            raise SystemExit(f"{path} was answered with {status}")

    return get


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the measure can be told."""
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--moves", type=int, default=300, help="over each connection, in each round")
    parser.add_argument("--pages", type=int, default=100, help="over each connection, in each round")
    parser.add_argument("--folder", type=Path, help="where the database of the moves stands")
    parser.add_argument("--only", choices=("moves", "pages"))
    population.add_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Measure and print."""
    if arguments.only != "pages":
        ratio = moves_over_http(arguments.rounds, arguments.moves, arguments.folder)
        print(_line("B3  moves over HTTP beside the floor", ratio, B3_GOAL, B3_FLOOR))
    if arguments.only != "moves":
        ratio = pages_over_http(arguments.rounds, arguments.pages, arguments.times, arguments.seed, arguments.kept)
        print(_line("B12 worklist beside an empty answer", ratio, B12_GOAL, B12_FLOOR))


def _line(name: str, ratio: float, goal: float, floor: float) -> str:
    met = "yes" if ratio >= goal else "within the floor" if ratio >= floor else "NO"
    return f"{name:<38} {ratio:.3f}  goal {goal:.2f}  floor {floor:.2f}  {met}"
