"""The whole product as processes: started, stopped in order, killed, started again on what is there."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.database.embedded import EmbeddedServer
from app.database.provision import libpq

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Product:
    """`./run serve` on an instance of its own."""

    def __init__(self, instance: Path) -> None:
        self.instance = instance
        self.port = free_port()
        self.said = instance.parent / "said.txt"
        self.process: subprocess.Popen[bytes] | None = None
        clean = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "SHUNIU_ENV", "HOST")
        }
        self.environment = clean | {"SHUNIU_INSTANCE": str(instance), "PORT": str(self.port)}

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

    def flask(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [str(ROOT / "run"), "flask", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=90,
        )

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


@pytest.fixture
def product() -> Iterator[Product]:
    with tempfile.TemporaryDirectory(prefix="shuniu-test-") as folder:
        product = Product(Path(folder) / "instance")
        Path(folder).chmod(0o755)
        yield product
        for pid in product.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def test_it_starts_answers_ends_on_sigterm_and_starts_again(product: Product) -> None:
    product.start()
    began = time.monotonic()
    assert product.send(signal.SIGTERM) == 0
    assert time.monotonic() - began < 20
    assert product.processes() == {}
    log = (product.instance / "log" / "postgresql.log").read_text()
    assert log.rstrip().endswith("database system is shut down")
    product.start()
    assert product.send(signal.SIGINT) == 0
    assert product.processes() == {}


def test_a_command_joins_the_running_server_and_leaves_it_running(product: Product) -> None:
    alone = product.flask("database", "check")
    assert alone.returncode == 69, "an empty database is not one that may be served from"
    assert product.processes() == {}
    product.start()
    before = set(product.processes())
    answer = product.flask("access", "routes", "--json")
    assert answer.returncode == 0, answer.stderr
    assert isinstance(json.loads(answer.stdout), list), "stdout holds something else than the answer"
    assert set(product.processes()) == before
    assert product.answers()


def test_each_process_is_given_only_what_it_needs(product: Product) -> None:
    product.start()
    passwords = json.loads((product.instance / "database.json").read_text())

    def given(name: str) -> set[str]:
        environment = Path(f"/proc/{product.child(name)}/environ").read_text()
        known = {role for role, password in passwords.items() if password in environment}
        return known | ({"key"} if "SHUNIU_SIGNING_KEY" in environment else set())

    assert given("web") == {"app"}
    assert given("worker") == {"app", "signer", "key"}


def test_killed_it_leaves_nothing_behind_and_starts_again(product: Product) -> None:
    product.start()
    assert product.process is not None
    product.send(signal.SIGKILL)
    assert eventually(lambda: product.processes() == {}, 25), product.processes()
    product.start()
    product.send(signal.SIGKILL)
    product.start()
    assert product.send(signal.SIGTERM) == 0


@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_killed_child_is_started_again(product: Product, name: str) -> None:
    product.start()
    old = product.child(name)
    os.kill(old, signal.SIGKILL)
    assert eventually(lambda: old not in product.processes())
    assert eventually(lambda: any(c.rstrip().endswith(f"app.{name}") for c in product.processes().values()))
    assert eventually(product.answers)
    assert product.send(signal.SIGTERM) == 0


def test_it_refuses_to_serve_without_a_trigger_and_names_it(product: Product) -> None:
    product.start()
    server = EmbeddedServer(product.instance)
    with psycopg.connect(libpq(server.url("owner"))) as owner:
        owner.execute("DROP TRIGGER history_keeps ON history")
    assert product.send(signal.SIGTERM) == 0
    with pytest.raises(AssertionError, match="trigger history_keeps on table history is missing"):
        product.start()
    assert product.process is not None and product.process.returncode == 78
    assert product.flask("access", "routes").returncode == 78
    assert product.processes() == {}


def test_a_taken_port_is_said_before_anything_is_started(product: Product) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", product.port))
        taken.listen()
        with pytest.raises(AssertionError, match="Choose another"):
            product.start()
    assert product.processes() == {}
