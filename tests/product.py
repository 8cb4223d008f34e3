"""The whole product as processes: `./run serve` on an instance of its own, and programs that send to it."""

import contextlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.database.embedded import EmbeddedServer

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 60
PATIENCE_SECONDS = 300
SEED_SECONDS = 900


def free_port() -> int:
    """A free port that the system gives to no outgoing connection, so that it is still free after a restart."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(15_000, 32_000)))
            return int(probe.getsockname()[1])


class Product:
    """`./run serve` on an instance of its own."""

    def __init__(self, instance: Path, **environment: str) -> None:
        self.instance = instance
        self.port = free_port()
        self.said = instance.parent / "said.txt"
        self.process: subprocess.Popen[bytes] | None = None
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "SHUNIU_ENV", "HOST")
        }
        self.environment = clean | {"SHUNIU_INSTANCE": str(instance), "PORT": str(self.port), **environment}

    def start(self) -> None:
        with self.said.open("wb") as output:
            self.process = subprocess.Popen(
                [str(ROOT / "run"), "serve"], env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
        eventually(lambda: "Shuniu is ready" in self.said.read_text() or self.ended(), START_SECONDS)
        assert not self.ended(), self.said.read_text()
        assert self.answers()

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def send(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def flask(self, *words: str, seconds: int = PATIENCE_SECONDS) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(ROOT / "run"), "flask", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def seed(self) -> "Seed":
        """Fill the empty database with the two cities; only with SHUNIU_ENV=test."""
        answer = self.flask("seed", "check", "--seed", "1", seconds=SEED_SECONDS)
        assert answer.returncode == 0, answer.stderr
        return Seed(json.loads(answer.stdout))

    def address(self, role: str = "owner") -> str:
        """The address of the database as psycopg takes it."""
        return EmbeddedServer(self.instance).url(role).replace("postgresql+psycopg://", "postgresql://", 1)

    def processes(self) -> dict[int, str]:
        """The processes of this instance by id, with their command lines."""
        found = {}
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    environment = (folder / "environ").read_bytes()
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                except OSError:
                    continue
                ours = f"SHUNIU_INSTANCE={self.instance}".encode() in environment.split(b"\0")
                if command and (ours or f"-D {self.instance}/" in command or f'"{self.instance}/' in command):
                    found[int(folder.name)] = command
        return found

    def kill_all(self) -> None:
        """SIGKILL to every process of this instance."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def child(self, name: str) -> int:
        found = [
            pid for pid, command in self.processes().items() if command.rstrip().endswith(f"-m app.{name}")
        ]
        return min(found)


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@contextlib.contextmanager
def own_product(**environment: str) -> Iterator[Product]:
    """A product that is not started yet; at the end nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="shuniu-test-") as folder:
        product = Product(Path(folder) / "instance", **environment)
        Path(folder).chmod(0o755)
        try:
            yield product
        finally:
            product.kill_all()


@dataclass(frozen=True)
class Seed:
    """What `seed check` said."""

    told: dict[str, Any]

    def token(self, name: str) -> str:
        """The API token of the user who signs in with this name."""
        return next(str(user["token"]) for user in self.told["users"] if user["name"] == name)

    def cases(self, kind: str, state: str) -> list[str]:
        """The numbers of the cases of this kind that stand in this state: first city, then second."""
        return [case["number"] for case in self.told["cases"] if (case["kind"], case["state"]) == (kind, state)]


@dataclass(frozen=True)
class Reply:
    """What the API answered."""

    status: int
    body: dict[str, Any]
    replayed: bool


@dataclass
class Program:
    """A program that uses the API with somebody's token; each thread has a connection of its own."""

    port: int
    token: str
    seconds: float = 60.0
    _own: threading.local = field(default_factory=threading.local)

    def get(self, path: str) -> Reply:
        """Ask for something."""
        return self._send("GET", path, None, {})

    def post(self, path: str, body: Any, key: str) -> Reply:
        """Send something under an idempotency key."""
        return self._send("POST", path, json.dumps(body), {"Idempotency-Key": key})

    def offered(self, number: str, trigger: str) -> tuple[int, dict[str, Any]]:
        """The case's revision, and the example that it offers for this move."""
        case = self.get(f"/api/v1/cases/{number}").body
        return case["revision"], next(m["example"] for m in case["allowed"] if m["trigger"] == trigger)

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Reply:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.seconds)
            self._own.connection = connection
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self._own.connection = None
            connection.close()
            raise
        told = json.loads(content) if "json" in answer.headers.get("Content-Type", "") else {}
        return Reply(answer.status, told, answer.headers.get("Idempotent-Replay") == "true")


def at_once(count: int, job: Callable[[int], Any]) -> list[Any]:
    """Run the job for 0 .. count-1, each in a thread of its own, as close together as threads can."""
    start = threading.Barrier(count)
    answers: list[Any] = [None] * count

    def run(number: int) -> None:
        start.wait()
        try:
            answers[number] = job(number)
        except Exception as error:
            answers[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers
