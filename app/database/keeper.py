"""Keeps one PostgreSQL server: starts it, starts it again after a crash, stops it when nobody uses it.

Run as a program of its own (`python -I -S keeper.py PLAN`), so it needs nothing but the standard library.
Users of the server hold a shared lock on the users file, which the kernel releases however they end.
The keeper stops the server once it gets that lock alone, and holds it while stopping: whoever comes
meanwhile waits, then finds no server and starts a new one.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

BEAT = 0.05
# After a user died without saying goodbye, another one is probably about to come back.
GRACE = 3.0
# The children of a killed postmaster need a while to notice, and until then the data is taken.
PATIENCE = 30.0
WORTH_RETRYING = (b"pre-existing shared memory block", b'lock file "')


class Keeper:
    """One server under one plan (a JSON object: command, data, log, users, lock, user, group, socket)."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.data = Path(plan["data"])
        self.users = open(plan["users"], "a+b")  # noqa: SIM115 (held for life)
        self.child: subprocess.Popen[bytes] | None = None
        self.asked_to_stop = False
        self.alone_since: float | None = None
        self.log_size = 0

    def ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Signal handler: stop without grace as soon as the last user has gone."""
        self.asked_to_stop = True

    def run(self) -> int:
        """Keep the server until nobody uses it; the exit code is 1 if it could not be started."""
        if postmaster(self.data) is None and not self.start():
            return 1
        while not self.must_stop():
            if not self.alive() and not self.start():
                return 1
            time.sleep(BEAT)
        self.stop()
        return 0

    def must_stop(self) -> bool:
        """Whether the last user has gone; on True the users lock is ours alone."""
        if self.instance_is_gone():
            return True
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.alone_since = None
            return False
        now = time.monotonic()
        self.alone_since = self.alone_since or now
        if self.asked_to_stop or now - self.alone_since > GRACE:
            return True
        fcntl.flock(self.users, fcntl.LOCK_UN)
        return False

    def instance_is_gone(self) -> bool:
        """Whether somebody removed the folder under us."""
        try:
            return os.stat(self.plan["users"]).st_ino != os.fstat(self.users.fileno()).st_ino
        except OSError:
            return True

    def alive(self) -> bool:
        """Whether the server runs, ours or one that we found running."""
        if self.child is not None:
            return self.child.poll() is None
        return postmaster(self.data) is not None

    def start(self) -> bool:
        """Start the server, waiting for what an earlier one left behind; whether it came up at all."""
        until = time.monotonic() + PATIENCE
        while True:
            remove_foreign_pid_file(self.data)
            self.child = self.spawn()
            if self.stays_up(self.child):
                return True
            if not self.worth_retrying() or time.monotonic() > until:
                return False
            time.sleep(0.2)

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the program as its user, away from our terminal."""
        as_user: dict[str, Any] = {}
        if self.plan["user"] is not None:
            as_user = {"user": self.plan["user"], "group": self.plan["group"], "extra_groups": []}
        with open(self.plan["log"], "ab") as log:
            self.log_size = os.fstat(log.fileno()).st_size
            return subprocess.Popen(  # noqa: S603 (the plan is our starter's)
                self.plan["command"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                umask=0o077,
                start_new_session=True,
                **as_user,
            )

    def stays_up(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether the server got as far as owning its data; recovery may go on after that."""
        while child.poll() is None:
            if postmaster(self.data) == child.pid:
                return True
            time.sleep(0.02)
        return False

    def worth_retrying(self) -> bool:
        """Whether the server failed only because the remains of an earlier one are still there."""
        with open(self.plan["log"], "rb") as log:
            log.seek(self.log_size)
            said = log.read()
        return any(words in said for words in WORTH_RETRYING)

    def stop(self) -> None:
        """Fast shutdown, then harder if that takes too long."""
        gentle = not self.instance_is_gone()
        for number, patience in ((signal.SIGINT, 9.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 1.0)):
            if not gentle and number == signal.SIGINT:
                continue
            pid = self.child.pid if self.child is not None else postmaster(self.data)
            if pid is None or not self.alive():
                break
            os.kill(pid, number)
            if self.gone_within(patience):
                break
        if self.plan["remove_socket_folder"]:
            with contextlib.suppress(OSError):
                os.rmdir(self.plan["socket"])

    def gone_within(self, seconds: float) -> bool:
        """Wait for the server's end."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not self.alive():
                return True
            time.sleep(0.02)
        return False


def postmaster(data: Path) -> int | None:
    """The process id of the server that owns `data` now, if one does."""
    try:
        lines = (data / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if f"/postgres -D {data} " in command_of(pid) else None


def remove_foreign_pid_file(data: Path) -> None:
    """Remove a pid file whose number now belongs to some other program, which PostgreSQL would wait for."""
    path = data / "postmaster.pid"
    try:
        pid = int(path.read_text(errors="replace").splitlines()[0])
    except (OSError, ValueError, IndexError):
        return
    if command_of(pid) and postmaster(data) is None:
        path.unlink(missing_ok=True)


def command_of(pid: int) -> str:
    """The command line of a living process, empty for one that is gone or dead."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
    command = ["/bin/ps", "-p", str(pid), "-o", "command="]
    answer = subprocess.run(command, capture_output=True, text=True)  # noqa: S603 (a number and constants)
    return answer.stdout.strip()


def main() -> int:
    """Hold the keeper's lock for life, so that everybody sees that there is one."""
    plan = json.loads(sys.argv[1])
    lock = open(plan["lock"], "a+b")  # noqa: SIM115 (held for life)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 0
    lock.truncate(0)
    lock.write(str(os.getpid()).encode())
    lock.flush()
    keeper = Keeper(plan)
    signal.signal(signal.SIGTERM, keeper.ask_to_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return keeper.run()


if __name__ == "__main__":
    sys.exit(main())
