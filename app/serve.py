"""The supervisor of `./run` and `./run serve`: database first, then web and worker; at the end the reverse.

Each child knows only what it needs: the web the application's address, the worker also the signer's and the
path of the key. A child that ends unasked is started again; if the supervisor is killed, children end by
themselves and the database's keeper ends the database.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from types import FrameType

import click

from app.commands import EX_CONFIG, EX_UNAVAILABLE, key_of
from app.config import ROOT, BadSetting, Settings, settings_from
from app.database.places import DatabaseError
from app.database.prepare import Database, open_database
from app.database.self_check import NotAsExpected

READY_SECONDS = 60.0
PORT_SECONDS = 8.0
# Children finish what they do in 5 s; with the database's 13 s that stays within the promised 20.
CHILD_SECONDS = 6.5
BEAT = 0.2
LONGEST_PAUSE = 5.0
SECRETS = ("DATABASE_URL", "SHUNIU_SIGNER_DATABASE_URL", "SHUNIU_SIGNING_KEY")


class Stopped(BaseException):
    """Somebody asked us to end."""


class CannotServe(RuntimeError):
    """Serving is not possible; the message says why."""


@dataclass
class Child:
    """A process of ours that is started again, after growing pauses, when it ends unasked."""

    name: str
    module: str
    environment: dict[str, str]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = field(default=0.5)

    def start(self) -> None:
        """Start it in a session of its own: Ctrl-C reaches us alone, and we end it in order."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, "-m", self.module],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def revive(self) -> None:
        """Start it again if it ended and its pause is over."""
        if self.process is None or self.process.poll() is None:
            return
        lived = time.monotonic() - self.started
        if lived > 30:
            self.pause = 0.5
        if lived > self.pause:
            _say(f"{self.name} ended with code {self.process.returncode}; starting it again", err=True)
            self._end_group(signal.SIGKILL)
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
            self.start()

    def ask_to_end(self) -> None:
        """SIGTERM to the child alone; it ends its own processes."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def end(self, until: float) -> None:
        """Wait for it until then, and kill it and all its processes after that."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._end_group(signal.SIGKILL)
            self.process.wait()
        self._end_group(signal.SIGKILL)

    def _end_group(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


class Supervisor:
    """One run of the whole product on one instance."""

    def __init__(self, settings: Settings, demo: bool) -> None:
        self.settings = settings
        self.demo = demo
        self.database: Database | None = None
        self.children: list[Child] = []
        self.stopping = False

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """The first SIGTERM or Ctrl-C ends us in order; more of them change nothing."""
        if not self.stopping:
            self.stopping = True
            raise Stopped

    def run(self) -> None:
        """Serve until a signal comes."""
        signal.signal(signal.SIGTERM, self.on_signal)
        signal.signal(signal.SIGINT, self.on_signal)
        try:
            self._check_port()
            self.database = open_database(self.settings.instance, self.settings.database_url)
            if self.demo:
                self._load_demo()
            self.children = self._make_children(self.database)
            for child in self.children:
                child.start()
            self._wait_until_ready()
            while True:
                time.sleep(BEAT)
                self.database.keep()
                for child in self.children:
                    child.revive()
        except Stopped:
            pass
        finally:
            self.stopping = True
            self._end()

    def _end(self) -> None:
        for child in self.children:
            child.ask_to_end()
        until = time.monotonic() + CHILD_SECONDS
        for child in self.children:
            child.end(until)
        if self.database is not None:
            self.database.leave()

    def _check_port(self) -> None:
        """Say that the port is taken before everything is started.

        The web server of a supervisor that was killed needs a moment to notice, so we wait for that long.
        """
        until = time.monotonic() + PORT_SECONDS
        while (taken := self._bind_once()) is not None:
            if time.monotonic() > until:
                port = self.settings.port
                raise CannotServe(
                    f"Cannot serve on {self.settings.host}:{port}: {taken.strerror}."
                    f" Choose another port: PORT={port + 1} ./run"
                )
            time.sleep(BEAT)

    def _bind_once(self) -> OSError | None:
        host, port = self.settings.host, self.settings.port
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                return error
        return None

    def _load_demo(self) -> None:
        """Fill an empty database; the command itself leaves a filled one alone and prints the accounts."""
        environment = os.environ | self._common()
        command = [sys.executable, "-m", "app.commands", "demo", "load"]
        answer = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603
        if answer.returncode:
            raise CannotServe("The demo could not be loaded.")

    def _common(self) -> dict[str, str]:
        return {
            "SHUNIU_ENV": self.settings.environment,
            "SHUNIU_INSTANCE": str(self.settings.instance),
            "HOST": self.settings.host,
            "PORT": str(self.settings.port),
        }

    def _make_children(self, database: Database) -> list[Child]:
        common = {name: value for name, value in os.environ.items() if name not in SECRETS}
        common |= self._common()
        common |= {"SHUNIU_PARENT": str(os.getpid()), "SHUNIU_APP_DATABASE_URL": database.urls.app}
        for_signer = {
            "SHUNIU_SIGNER_DATABASE_URL": database.urls.signer,
            "SHUNIU_SIGNING_KEY": key_of(self.settings),
        }
        processes = 2 if self.demo else max(2, os.cpu_count() or 2)
        return [
            Child("web", "app.web", common | {"SHUNIU_WEB_PROCESSES": str(processes)}),
            Child("worker", "app.worker", common | for_signer),
        ]

    def _wait_until_ready(self) -> None:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.settings.host, self.settings.host)  # noqa: S104
        address = f"http://{host}:{self.settings.port}"
        until = time.monotonic() + READY_SECONDS
        while not _answers(f"{address}/healthz"):
            for child in self.children:
                if child.process is not None and child.process.poll() not in (None, 0):
                    raise CannotServe(
                        f"{child.name} ended with code {child.process.returncode} while starting."
                    )
            if time.monotonic() > until:
                raise CannotServe(f"The web server did not answer within {READY_SECONDS:.0f} s.")
            time.sleep(0.1)
        _say(f"Shuniu is ready: {address}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 (our own http address)
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _say(words: str, err: bool = False) -> None:
    click.echo(words, err=err)
    (sys.stderr if err else sys.stdout).flush()


def main() -> None:
    """Serve; the exit code is 0 after a signal, 78 if the database or a setting forbids serving."""
    os.umask(0o077)
    try:
        settings, demo = settings_from(os.environ), "--demo" in sys.argv[1:]
        if demo and settings.environment == "production":
            raise BadSetting("./run loads a demo, which production must not have; use ./run serve")
        Supervisor(settings, demo).run()
    except (BadSetting, NotAsExpected) as error:
        _say(str(error), err=True)
        sys.exit(EX_CONFIG)
    except DatabaseError as error:
        _say(str(error), err=True)
        sys.exit(EX_UNAVAILABLE)
    except CannotServe as error:
        _say(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
