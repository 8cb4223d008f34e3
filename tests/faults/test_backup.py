"""A backup taken while moves go on, restored elsewhere: nothing acknowledged is missing, nothing changed is taken."""

import io
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine

from app.audit.checking import check_everything
from app.backup import programs, restoring, writing
from app.backup.files import PART
from app.backup.manifest import DATABASE, FILES, backups_in, file_of
from app.backup.refusal import BackupRefused
from app.backup.restoring import checked_backup, refuse_used_folder, restore
from app.backup.writing import Made, Source, make_backup
from app.cases.log import begin_epoch, raw_public_key, signing_key
from app.cases.signed import LogWasChanged, NothingWasLost
from app.database.embedded import EmbeddedServer
from app.database.migrate import head
from app.database.provision import Urls, libpq, provision
from app.database.self_check import NotAsExpected
from app.documents.folder import documents_folder
from app.documents.sealed import receive_sealed
from app.documents.store import path_of
from app.extensions import db
from app.worker import Signer
from tests.builders import District, make_district
from tests.builders_audit import a_loan, a_paper, a_signer, lend
from tests.builders_papers import a_pdf, with_another_byte
from tests.fourth_kind import loan_kind

ROOT = Path(__file__).resolve().parents[2]
RESTORED = "restored"
LEFT = """
SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
"""


def urls_of(server: EmbeddedServer, database: str) -> Urls:
    return Urls(*(server.url(role, database) for role in ("owner", "app", "signer")))


@pytest.fixture
def source(server, database, app, instance) -> Source:
    return Source(urls_of(server, database), instance)


@pytest.fixture
def elsewhere(server, tmp_path) -> Iterator[Source]:
    """Another instance: an empty database and a folder that is not there yet."""
    server.create_database(RESTORED)
    yield Source(urls_of(server, RESTORED), tmp_path / "elsewhere")
    server.drop_database(RESTORED)


@pytest.fixture
def shelf(tmp_path) -> Path:
    """The folder that backups are written to."""
    return tmp_path / "shelf"


@pytest.fixture
def district(session, now) -> Iterator[District]:
    with loan_kind():
        yield make_district(session)


def restored(made: Made | Path, elsewhere: Source) -> list[str]:
    """Restore as the command does; return what it says."""
    backup = checked_backup(made if isinstance(made, Path) else made.folder)
    refuse_used_folder(elsewhere.instance, backup)
    return restore(elsewhere, backup, durable=False).lines()


def rows_of(source: Source, query: str) -> list[Any]:
    with psycopg.connect(libpq(source.urls.owner)) as connection:
        return [row[0] for row in connection.execute(query.encode())]


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass
class Moves:
    """Loans that are asked for and lent, one after the other; what was acknowledged is remembered."""

    receipts: list[str] = field(default_factory=list)
    wrong: list[BaseException] = field(default_factory=list)
    end: threading.Event = field(default_factory=threading.Event)

    def make(self, app, district: District, now) -> None:
        with app.app_context():
            try:
                while not self.end.is_set():
                    number = a_loan(db.session, district, now)
                    self.receipts.append(lend(db.session, district, number, now + timedelta(hours=1)).receipt)
            except BaseException as error:
                self.wrong.append(error)
            finally:
                db.session.remove()

    def reach(self, count: int) -> list[str]:
        until = time.monotonic() + 30
        while len(self.receipts) < count and not self.wrong and time.monotonic() < until:
            time.sleep(0.01)
        assert self.wrong == [] and len(self.receipts) >= count
        return list(self.receipts)


@contextmanager
def moves(app, district: District, now) -> Iterator[Moves]:
    going = Moves()
    thread = threading.Thread(target=going.make, args=(app, district, now))
    thread.start()
    try:
        yield going
    finally:
        going.end.set()
        thread.join()


def test_a_backup_under_moves_restored_elsewhere_holds_and_lacks_nothing_acknowledged_before(
    app, source, elsewhere, shelf, district, now
):
    with a_signer(app) as signer, moves(app, district, now) as going:
        before = going.reach(5)
        signer.sign()
        made = make_backup(source, shelf)
        after = going.reach(len(going.receipts) + 3)
    assert len(after) > len(before)

    told = restored(made, elsewhere)

    assert told[-1] == "成立 OK"
    receipts = receipts_of(elsewhere)
    assert set(before) - receipts == set()
    manifest = made.manifest
    assert manifest.moves == len(receipts) and manifest.migration == head() and manifest.flaws == []
    assert rows_of(elsewhere, "SELECT count(*) FROM log_leaves") == [manifest.log_size]
    papers = set(rows_of(elsewhere, "SELECT sha256 FROM documents"))
    assert {Path(name).name for name in files_in(elsewhere.instance / "documents")} == papers != set()
    with psycopg.connect(libpq(elsewhere.urls.app)) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
        application.execute("UPDATE history SET body = body")


def receipts_of(source: Source) -> set[str]:
    return set(rows_of(source, "SELECT c.number || ':' || h.sequence || ':' || encode(h.hash, 'hex')"
                               " FROM history h JOIN cases c ON c.id = h.case_id"))


def test_the_second_backup_copies_only_what_is_new(session, source, shelf, district, now):
    a_loan(session, district, now)
    a_sealed_paper(session, district, now)
    first = make_backup(source, shelf)
    stored = {path.name: path.stat().st_mtime_ns for path in (shelf / FILES).iterdir()}

    again = make_backup(source, shelf)
    assert (first.new, again.new) == (2, 0)
    a_paper(session, district, now, b"another\n")
    third = make_backup(source, shelf)

    assert third.new == 1 and len(third.manifest.papers) == 3
    assert {path.name: path.stat().st_mtime_ns for path in (shelf / FILES).iterdir() if path.name in stored} == stored
    assert backups_in(shelf) == [first.folder, again.folder, third.folder]


def a_sealed_paper(session, district: District, now) -> None:
    staff = district.actors["staff"]
    receive_sealed(
        session, io.BytesIO(a_pdf()), folder=documents_folder(), filename="方案.pdf",
        organization_id=district.organization.id, person_id=staff.person_id or 0, now=now,
    )
    session.commit()


def test_a_backup_is_for_its_owner_alone_and_holds_no_key_unless_asked_for(session, source, shelf, district, now):
    a_loan(session, district, now)
    keys = files_in(source.instance / "keys")
    (source.instance / "keys" / "signing").write_bytes(bytes(32))
    without, with_keys = make_backup(source, shelf), make_backup(source, shelf, with_keys=True)

    assert sorted(files_in(without.folder)) == [DATABASE, "manifest.json", "manifest.sha256"]
    assert not any(keys["secret"] in content for content in files_in(without.folder).values())
    assert {name for name in files_in(with_keys.folder) if "/" in name} == {"keys/secret", "keys/signing"}
    modes = {path.stat().st_mode & 0o777 for path in shelf.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in [shelf, *shelf.rglob("*")] if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def test_a_log_that_lost_what_was_signed_is_refused_until_a_new_epoch_begins(
    app, session, source, elsewhere, shelf, district, now
):
    a_loan(session, district, now)
    with a_signer(app) as signer:
        covered(signer)
        number = a_loan(session, district, now)
        made = make_backup(source, shelf)
        lend(session, district, number, now + timedelta(hours=1))
        covered(signer)
    shutil.copytree(source.instance / "keys", elsewhere.instance / "keys")
    told = restored(made, elsewhere)
    assert told[-1] == "成立 OK" and "3 moves were signed" in told[-2]

    engine = create_engine(elsewhere.urls.signer)
    again = Signer(engine, elsewhere.instance / "keys" / "signing")
    with pytest.raises(LogWasChanged, match="history epoch"):
        again.sign()
    again.empty_queue()
    with pytest.raises(LogWasChanged, match="history epoch"):
        again.sign()
    with engine.begin() as connection:
        before, first = begin_epoch(connection, again.key)
    assert (before.splitlines()[:2], first.splitlines()[:2]) == (["shuniu/1", "3"], ["shuniu/2", "2"])
    assert (again.key.parent / "signed.before-2").read_text() == before
    again.sign()
    with engine.begin() as connection, pytest.raises(NothingWasLost):
        begin_epoch(connection, again.key)
    assert rows_of(elsewhere, "SELECT note FROM checkpoints WHERE size = 2")[0].startswith("shuniu/2\n2\n")

    # A machine that remembers the epoch before takes the new one, for its own key has begun it.
    (again.key.parent / "signed").write_text(before)
    again.sign()
    engine.dispose()
    owner = create_engine(elsewhere.urls.owner)
    with owner.connect() as connection:
        key = raw_public_key(signing_key(again.key))
        assert check_everything(connection, public_key=key, store=elsewhere.instance / "documents").problems == []
    owner.dispose()


def covered(signer: Signer) -> None:
    signer.empty_queue()
    signer.sign()


def test_one_changed_byte_is_refused_by_the_name_of_its_file(session, source, elsewhere, shelf, district, now):
    a_loan(session, district, now)
    made = make_backup(source, shelf)
    (paper,) = (file_of(shelf / FILES, stored.sha256) for stored in made.manifest.papers.values())
    for path in (made.folder / DATABASE, paper, made.folder / "manifest.json"):
        whole = path.read_bytes()
        path.write_bytes(with_another_byte(whole, at=len(whole) // 2))
        with pytest.raises(BackupRefused, match=str(path)):
            restored(shelf, elsewhere)
        path.write_bytes(whole)
    paper.rename(paper.with_name("away"))
    with pytest.raises(BackupRefused, match=f"{paper} 缺失"):
        restored(shelf, elsewhere)

    assert not elsewhere.instance.exists() and rows_of(elsewhere, LEFT) == []


def test_nothing_is_restored_over_data(session, source, shelf, district, now, elsewhere):
    a_loan(session, district, now)
    made = make_backup(source, shelf)
    with pytest.raises(BackupRefused, match="has tables already"):
        restored(made, Source(source.urls, elsewhere.instance))
    assert not elsewhere.instance.exists()

    foreign = elsewhere.instance / "documents" / "ab" / "cd" / "somebody's"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("paper")
    with pytest.raises(BackupRefused, match="SHUNIU_INSTANCE"):
        restored(made, elsewhere)
    assert rows_of(elsewhere, LEFT) == [] and files_in(elsewhere.instance) == {"documents/ab/cd/somebody's": b"paper"}


@pytest.mark.parametrize("step", ["load", "check_everything"])
def test_a_restore_that_fails_leaves_nothing_and_can_be_begun_again(
    session, source, elsewhere, shelf, district, now, monkeypatch, step
):
    a_loan(session, district, now)
    made = make_backup(source, shelf)

    def fails(*_words: Any, **_more: Any) -> None:
        raise NotAsExpected(["this fails"])

    with monkeypatch.context() as patched:
        patched.setattr(programs if step == "load" else restoring, step, fails)
        with pytest.raises(NotAsExpected):
            restored(made, elsewhere)
    assert rows_of(elsewhere, LEFT) == [] and files_in(elsewhere.instance) == {}
    # One that was killed leaves what it had copied.
    half = elsewhere.instance / "documents" / "sealed" / f"half{PART}"
    half.parent.mkdir(parents=True)
    half.touch()
    assert restored(made, elsewhere)[-1] == "成立 OK"


def test_a_dump_that_breaks_off_loads_nothing(session, source, elsewhere, shelf, district, now):
    a_loan(session, district, now)
    dump = make_backup(source, shelf).folder / DATABASE
    whole = dump.read_bytes()
    dump.write_bytes(whole[: len(whole) * 9 // 10])

    with pytest.raises(BackupRefused, match="could not be loaded"):
        programs.load(elsewhere.urls.owner, dump)
    assert rows_of(elsewhere, LEFT) == []


def test_a_paper_that_the_store_lost_is_named_and_the_rest_is_backed_up(
    session, source, shelf, district, now, elsewhere
):
    a_loan(session, district, now)
    (sha256,) = rows_of(source, "SELECT sha256 FROM documents")
    path_of(documents_folder(), sha256).unlink()
    made = make_backup(source, shelf)

    assert len(made.manifest.flaws) == 1 and sha256 in made.manifest.flaws[0]
    told = restored(made, elsewhere)
    assert told[-1] == "不成立 1 PROBLEM(S)" and f"document {sha256}: is missing" in told[-2]


def test_the_programs_refuse_a_server_that_is_newer_than_they_are(source, shelf, monkeypatch):
    monkeypatch.setattr(writing.programs, "version_of", lambda _name: "14.2")

    with pytest.raises(BackupRefused, match=r"pg_dump is 14\.2"):
        make_backup(source, shelf)
    assert backups_in(shelf) == [] and not list(shelf.glob(".*part"))


def test_an_empty_database_is_not_backed_up(elsewhere, shelf):
    with pytest.raises(BackupRefused, match="nothing to back up"):
        make_backup(elsewhere, shelf)


def test_postgresql_15_is_backed_up_and_restored_too(debian_15, session, source, shelf, district, now, tmp_path):
    a_loan(session, district, now)
    for name in ("from_15", "to_15"):
        debian_15.create_database(name)
    old, new = (provision(tmp_path / name, libpq(debian_15.url("owner", name))) for name in ("from_15", "to_15"))
    made = make_backup(source, shelf)
    with pytest.raises(BackupRefused, match="which is older"):
        restored(made, Source(new, tmp_path / "to_15"))

    restoring.migrate(old.owner, old.roles())
    (tmp_path / "from_15").mkdir(exist_ok=True)
    of_15 = make_backup(Source(old, tmp_path / "from_15"), shelf)
    assert of_15.manifest.server.startswith("15.")
    assert restored(of_15, Source(new, tmp_path / "to_15"))[-1] == "成立 OK"


# -- the commands


def flask(instance: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    command = [str(ROOT / "run"), "flask", *words]
    return subprocess.run(command, env=environment(instance, **more), capture_output=True, text=True, timeout=100)


def environment(instance: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SHUNIU_ENV")}
    return clean | {"SHUNIU_INSTANCE": str(instance), "SHUNIU_ENV": "test"} | more


def test_the_commands_carry_an_instance_to_another_server_and_say_one_line(
    app, session, source, shelf, district, now
):
    number = a_loan(session, district, now)
    with a_signer(app) as signer:
        covered(signer)
    ours = {"DATABASE_URL": libpq(source.urls.owner)}
    backed_up = flask(source.instance, "backup", str(shelf), "--with-keys", **ours)
    (folder,) = backups_in(shelf)
    size = json.loads((folder / "manifest.json").read_text())["database"]["size"]
    assert (backed_up.returncode, backed_up.stderr) == (0, "")
    assert backed_up.stdout == (
        f"{folder}: 1 moves, a log of 1, 1 papers (1 new), database {size} bytes, with keys/ 含密钥\n"
    )
    with tempfile.TemporaryDirectory(prefix="shuniu-test-") as place:
        Path(place).chmod(0o755)
        instance = Path(place) / "instance"
        brought = flask(instance, "restore", str(shelf))
        assert brought.returncode == 0, brought.stderr
        lines = brought.stdout.splitlines()
        assert [line.partition(" ")[0] for line in lines] == ["checked:"] * 5 + ["成立", "已恢复"]
        assert str(folder) in lines[-1] and brought.stderr == ""
        assert files_in(instance / "keys") == files_in(source.instance / "keys")

        again = flask(instance, "restore", str(shelf))
        assert (again.returncode, again.stdout) == (1, "") and "has tables already" in again.stderr
        assert flask(instance, "history", "verify").stdout.splitlines()[-1] == "成立 OK"
        server = EmbeddedServer(instance)
        server.start()
        try:
            assert rows_of(Source(urls_of(server, "shuniu"), instance), "SELECT number FROM cases") == [number]
        finally:
            server.stop()


def test_a_backup_that_is_killed_is_never_taken_for_one(session, source, shelf, district, now):
    a_loan(session, district, now)
    command = [str(ROOT / "run"), "flask", "backup", str(shelf)]
    ours = environment(source.instance, DATABASE_URL=libpq(source.urls.owner))
    with psycopg.connect(libpq(source.urls.owner)) as blocker:
        # pg_dump waits for this table, so we know where the backup is when it is killed.
        blocker.execute("LOCK TABLE history IN ACCESS EXCLUSIVE MODE")
        with subprocess.Popen(command, env=ours, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            until = time.monotonic() + 60
            while not list(shelf.glob(f".*/{DATABASE}")) and process.poll() is None and time.monotonic() < until:
                time.sleep(0.02)
            with pytest.raises(BackupRefused, match="another backup"):
                make_backup(source, shelf)
            process.send_signal(signal.SIGKILL)
    assert len(list(shelf.glob(".*part"))) == 1

    with pytest.raises(BackupRefused, match="no whole backup"):
        checked_backup(shelf)
    with pytest.raises(BackupRefused, match="no whole backup"):
        checked_backup(next(shelf.glob(".*part")))
    made = make_backup(source, shelf)
    assert list(shelf.glob(".*part")) == [] and checked_backup(shelf).folder == made.folder
