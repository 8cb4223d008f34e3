"""Downloads that a worker makes: asked for once, made whole or not at all, whoever is killed on the way."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from app.access.grants import revoke
from app.access.models import Account, RoleGrant
from app.audit.exports import csv_files, jobs, xlsx_files
from app.audit.exports.asking import MOST_OPEN, cancel_export, queue_lost
from app.audit.exports.folder import exports_folder
from app.audit.exports.jobs import run_export, tend_exports
from app.clock import real_now
from app.extensions import db
from app.worker import make_worker
from tests.builders import grant_role, make_district
from tests.builders_access import apart, token_of
from tests.builders_audit import a_loan, a_signer, client_of, verified
from tests.features.audit.scene import a_scene
from tests.features.audit.test_exports import MARCH, code, rows_of, sheets, tables, take
from tests.fourth_kind import loan_kind
from tests.queries import counted, rows_in
from workflows.rules.working_days import local_day

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal, sys
from pathlib import Path
from app import create_app
from app.config import settings_from
from app.audit.exports import jobs
from tests.fourth_kind import loan_kind
app = create_app(settings_from({"SHUNIU_ENV": "test", "SHUNIU_INSTANCE": sys.argv[2]}), sys.argv[1])
jobs.Hand.saw = lambda self, rows: rows and os.kill(os.getpid(), signal.SIGKILL)
with app.app_context(), loan_kind():
    jobs.run_export(int(sys.argv[3]))
"""


@pytest.fixture
def scene(session, now):
    with loan_kind():
        yield a_scene(session, now)


@pytest.fixture
def auditor(app, session, scene):
    return client_of(app, session, scene.district.actors["auditor"])


@pytest.fixture
def program(app, session, scene, client):
    return Program(client, token_of(session, session.get(Account, scene.district.actors["auditor"].account_id).person))


class Program:
    """An auditor's program."""

    def __init__(self, client: Any, headers: dict[str, str]) -> None:
        self.client, self.headers, self.sent = client, headers, 0

    def ask(self, key: str | None = None, **asked: Any) -> Any:
        self.sent += 1
        headers = {**self.headers, "Idempotency-Key": key or f"key {self.sent}"}
        return apart(self.client.post, "/api/v1/exports", json={**MARCH, "format": "csv", **asked}, headers=headers)

    def get(self, path: str) -> Any:
        return apart(self.client.get, f"/api/v1/exports{path}", headers=self.headers)

    def cancel(self, export_id: int) -> Any:
        self.sent += 1
        headers = {**self.headers, "Idempotency-Key": f"key {self.sent}"}
        return apart(self.client.post, f"/api/v1/exports/{export_id}/cancel", headers=headers)


def later(session: Any, export_id: int) -> None:
    """Let so much time pass that a silent worker is taken for dead."""
    session.execute(text("UPDATE exports SET beat_at = beat_at - interval '1 hour' WHERE id = :id"), {"id": export_id})
    session.commit()


def parts() -> list[str]:
    return sorted(path.name for path in exports_folder().iterdir())


@pytest.mark.parametrize("format", ["csv", "xlsx", "bundle"])
def test_a_program_asks_and_gets_the_very_file_that_a_page_sends(app, session, auditor, program, format, tmp_path):
    with a_signer(app):
        asked = program.ask(format=format)
        assert (asked.status_code, asked.json["status"], asked.json["file"]) == (201, "waiting", None)
        export_id = asked.json["id"]
        assert program.get(f"/{export_id}/file").status_code == 409
        run_export(export_id)
        told = program.get(f"/{export_id}").json
        made = program.get(f"/{export_id}/file")
        direct = take(auditor, **MARCH, format=format)

    assert told["status"] == "ready"
    assert told["rows_done"] == told["rows_total"] > 0
    assert made.status_code == 200
    assert told["size"] == len(made.data)
    assert made.headers["Cache-Control"] == "private, no-store"
    if format == "csv":
        assert tables(made.data) == tables(direct.data)
    elif format == "xlsx":
        made_of, direct_of = sheets(made.data), sheets(direct.data)
        assert [made_of[name] for name in list(made_of)[1:]] == [direct_of[name] for name in list(direct_of)[1:]]
    else:
        assert verified(tmp_path, made.data)[0] == 0
    (file,) = exports_folder().iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == (told["sha256"], 0o600)
    assert exports_folder().stat().st_mode & 0o777 == 0o700
    taken = session.execute(text("SELECT subject, what FROM reads ORDER BY id")).first()
    assert tuple(taken) == (f"export {export_id}", f"{format}: 2026-03-01 至 2026-03-31")
    assert program.get(f"/{export_id}").json["taken"] == 1


def test_the_real_worker_takes_it_from_the_queue(app, session, server, database, program):
    export_id = program.ask().json["id"]
    session.rollback()
    worker = make_worker(app, server.url("app", database), None)
    with worker.open():
        worker.run_worker(wait=False, install_signal_handlers=False, listen_notify=False, concurrency=1)

    assert program.get(f"/{export_id}").json["status"] == "ready"


def test_row_and_job_come_together_or_not_at_all(session, program, monkeypatch):
    # Everything is written, and then it fails before the commit.
    monkeypatch.setattr("app.doors.export_asking.once", lambda _actor, _key, _told, write: (write(), 1 / 0))
    assert program.ask().status_code == 500
    assert (rows_in(session, "exports"), rows_in(session, "procrastinate_jobs")) == (0, 0)

    monkeypatch.undo()
    program.ask()
    assert (rows_in(session, "exports"), rows_in(session, "procrastinate_jobs")) == (1, 1)


def test_the_same_key_asks_once_and_another_body_under_it_is_refused(session, program):
    first, again = program.ask("one"), program.ask("one")

    assert first.json["id"] == again.json["id"]
    assert again.headers["Idempotent-Replay"] == "true"
    assert program.ask("one", format="xlsx").json["code"] == "key_reused"
    assert program.client.post("/api/v1/exports", json=MARCH, headers=program.headers).json["code"] == "key_missing"
    assert rows_in(session, "exports") == 1


def test_a_page_sends_small_ones_at_once_and_lets_larger_ones_be_made(app, session, auditor):
    assert take(auditor, **MARCH).status_code == 200
    app.config["EXPORT_ROWS_AT_ONCE"] = 2
    answer = take(auditor, **MARCH, purpose="抽查")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/audit/exports")
    assert rows_in(session, "exports") == 1
    page = auditor.get("/audit/exports?lang=en").text
    assert "data-poll" in page
    assert "waiting" in page
    (export_id,) = session.execute(text("SELECT id FROM exports")).scalars()
    run_export(export_id)
    page = auditor.get("/audit/exports?lang=en").text
    assert "data-poll" not in page
    assert f"/audit/exports/{export_id}/file" in page
    file = auditor.get(f"/audit/exports/{export_id}/file").data
    assert {row["path"] for row in tables(file)["personal"]} == {"phone"}
    assert session.execute(text("SELECT what FROM reads ORDER BY id DESC LIMIT 1")).scalar_one().endswith("(抽查)")


def test_a_worker_killed_half_way_leaves_nothing_to_take_and_another_finishes(
    app, session, server, database, instance, program, auditor
):
    export_id = program.ask().json["id"]
    session.rollback()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, server.url("app", database), str(instance), str(export_id)], cwd=ROOT,
        capture_output=True, timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert parts() == [f"{export_id}.1.part"]
    assert program.get(f"/{export_id}").json["status"] == "running"
    assert program.get(f"/{export_id}/file").status_code == 409
    run_export(export_id)  # too early: the other one may still live
    assert program.get(f"/{export_id}").json["status"] == "running"

    later(session, export_id)
    session.execute(text("DELETE FROM procrastinate_jobs"))
    session.commit()
    assert queue_lost(db.session, real_now()) == [export_id]
    assert queue_lost(db.session, real_now()) == []
    assert rows_in(session, "procrastinate_jobs") == 1
    run_export(export_id)

    assert tables(program.get(f"/{export_id}/file").data) == tables(take(auditor, **MARCH).data)
    os.utime(exports_folder() / f"{export_id}.1.part", (0, 0))
    tend_exports()
    assert parts() == [program.get(f"/{export_id}").json["sha256"]]


def test_who_was_taken_for_dead_and_lives_can_write_nothing_more(session, program, monkeypatch):
    export_id = program.ask().json["id"]
    first = jobs.Hand.saw

    def overtaken(hand: Any, rows: int) -> None:
        monkeypatch.setattr(jobs.Hand, "saw", first)
        with db.engine.begin() as other:
            other.execute(text("UPDATE exports SET attempt = attempt + 1, beat_at = now()"))
        hand.said_at -= 60
        hand.saw(rows)

    monkeypatch.setattr(jobs.Hand, "saw", overtaken)
    run_export(export_id)

    assert program.get(f"/{export_id}").json["status"] == "running"
    assert parts() == []
    later(session, export_id)
    run_export(export_id)
    assert program.get(f"/{export_id}").json["status"] == "ready"
    assert session.execute(text("SELECT attempt FROM exports")).scalar_one() == 3


def test_called_off_half_way_it_leaves_no_file_and_stays_called_off(session, program, monkeypatch):
    export_id = program.ask().json["id"]
    person = session.execute(text("SELECT person_id FROM exports")).scalar_one()
    saw = jobs.Hand.saw

    def called_off(hand: Any, rows: int) -> None:
        cancel_export(db.session, export_id, person, real_now())
        db.session.commit()
        hand.said_at -= 60
        saw(hand, rows)

    monkeypatch.setattr(jobs.Hand, "saw", called_off)
    run_export(export_id)

    assert program.get(f"/{export_id}").json["status"] == "cancelled"
    assert parts() == []
    run_export(export_id)
    assert program.get(f"/{export_id}").json["status"] == "cancelled"


def test_a_worker_that_is_asked_to_end_gives_it_back(session, program):
    export_id = program.ask().json["id"]
    run_export(export_id, ending=lambda: True)

    assert program.get(f"/{export_id}").json["status"] == "waiting"
    assert parts() == []
    run_export(export_id)
    assert program.get(f"/{export_id}").json["status"] == "ready"


def test_a_failure_half_way_leaves_nothing_and_after_five_it_is_given_up(session, program, monkeypatch):
    export_id = program.ask().json["id"]
    monkeypatch.setattr(jobs, "write_export", lambda *_given, **_named: 1 / 0)
    for _ in range(jobs.MOST_ATTEMPTS):
        with pytest.raises(ZeroDivisionError):
            run_export(export_id)

    told = program.get(f"/{export_id}").json
    assert (told["status"], told["failure"]) == ("failed", "gave_up")
    assert parts() == []


def test_only_the_asker_sees_takes_and_cancels_it(app, session, scene, program, auditor):
    export_id = program.ask().json["id"]
    other = client_of(app, session, make_district(session, "520102").actors["auditor"])
    for action in (
        lambda id_: other.get(f"/api/v1/exports/{id_}"), lambda id_: other.get(f"/audit/exports/{id_}/file"),
        lambda id_: other.post(f"/audit/exports/{id_}/cancel"),
    ):
        assert action(export_id).status_code == action(10**9).status_code == action(10**30).status_code == 404
    assert auditor.post(f"/audit/exports/{export_id}/cancel").status_code == 303
    assert program.get(f"/{export_id}").json["status"] == "cancelled"
    assert program.cancel(export_id).json["status"] == "cancelled"


def test_an_auditor_whose_reach_has_changed_gets_nothing_of_what_they_asked_before(session, scene, program):
    elsewhere = scene.district.buyer.id
    made, waiting = program.ask().json["id"], program.ask(format="xlsx").json["id"]
    run_export(made)
    person = scene.district.actors["auditor"].person_id
    given = session.scalars(select(RoleGrant).where(RoleGrant.person_id == person)).one()
    revoke(session, given, on=local_day(real_now()), by=None, now=real_now())
    grant_role(session, person, "auditor", elsewhere)
    session.commit()
    run_export(waiting)

    assert program.get(f"/{made}/file").status_code == 409
    told = program.get(f"/{waiting}").json
    assert (told["status"], told["failure"]) == ("failed", "not_found")


def test_a_file_is_gone_after_its_time_and_its_bytes_with_it(session, program):
    export_id = program.ask().json["id"]
    run_export(export_id)
    session.execute(text("UPDATE exports SET expires_at = now() - interval '1 minute'"))
    session.commit()

    assert program.get(f"/{export_id}/file").status_code == 409
    assert program.get(f"/{export_id}").json["status"] == "expired"
    (file,) = exports_folder().iterdir()
    tend_exports()
    assert file.exists()  # so fresh that another may be about to be written down under the same hash
    os.utime(file, (0, 0))
    tend_exports()
    assert parts() == []


def test_a_file_that_lost_bytes_is_never_served(program):
    export_id = program.ask().json["id"]
    run_export(export_id)
    (file,) = exports_folder().iterdir()
    file.write_bytes(file.read_bytes()[:-1])

    assert program.get(f"/{export_id}/file").status_code == 409


def test_nobody_has_more_than_a_few_in_the_making(session, program):
    for _ in range(MOST_OPEN):
        assert program.ask().status_code == 201
    assert program.ask().json["code"] == "too_many_exports"
    assert rows_in(session, "exports") == MOST_OPEN


def test_what_was_asked_for_cannot_be_changed_by_the_application(session, program):
    program.ask()
    for change in ("asked = '{}'", "purpose = 'x'", "person_id = 1", "reach = ''", "asked_at = now()"):
        with pytest.raises(Exception, match="permission denied"):
            session.execute(text(f"UPDATE exports SET {change}"))
        session.rollback()
    with pytest.raises(Exception, match="permission denied"):
        session.execute(text("DELETE FROM exports"))
    session.rollback()


def test_whoever_reads_a_piece_holds_no_more_for_many_rows_than_for_few(session, scene, auditor, program, monkeypatch):
    session.execute(text(
        "INSERT INTO attempts (at, case_id, kind, trigger, code, reasons, request_id)"
        " SELECT :at, (SELECT min(id) FROM cases), 'loan', 'lend', 'refused', '[]', md5(n::text)"
        " FROM generate_series(1, 20000) n"), {"at": datetime(2026, 3, 2, 2, tzinfo=UTC)})
    session.commit()
    app_config = auditor.client.application.config
    app_config["EXPORT_ROWS_AT_ONCE"] = None
    pieces: list[int] = []
    told: list[int] = []
    kept = csv_files.zip_pieces

    def measured(files: Any) -> Any:
        for piece in kept(files):
            pieces.append(len(piece))
            yield piece

    monkeypatch.setattr("app.audit.exports.writing.zip_pieces", measured)
    assert len(tables(take(auditor, **MARCH).data)["attempts"]) == 20001
    saw = jobs.Hand.saw
    monkeypatch.setattr(jobs.Hand, "saw", lambda hand, rows: (told.append(rows), saw(hand, rows))[1])
    export_id = program.ask(format="xlsx").json["id"]
    run_export(export_id)

    assert len(pieces) > 3
    assert max(pieces) <= 2 * csv_files.PIECE
    assert max(told) == xlsx_files.ROWS_AT_ONCE
    assert len(told) > 20
    one_table = list(rows_of(take(auditor, **MARCH, table="attempts").data))
    assert len(one_table) == 20001
    assert code("尝试 (attempt)") in one_table[0]


def test_the_page_costs_the_same_however_many_downloads_there_are(session, program, auditor):
    def cost() -> int:
        auditor.get("/audit/exports")
        with counted() as statements:
            assert auditor.get("/audit/exports").status_code == 200
        return len(statements)

    program.ask()
    one = cost()
    session.execute(text(
        "INSERT INTO exports (person_id, asked_at, asked, format, locale, reach, title_zh, title_en)"
        " SELECT person_id, asked_at, asked, format, locale, reach, title_zh, title_en"
        " FROM exports, generate_series(1, 30)"))
    session.commit()

    assert cost() == one <= 20


def test_progress_is_told_while_it_is_made(session, scene, program, auditor, now, monkeypatch):
    for n in range(6):
        a_loan(session, scene.district, now + timedelta(seconds=n))
    monkeypatch.setattr(jobs, "ROWS_BETWEEN", 1)
    seen = []
    saw = jobs.Hand.saw

    def looked_at(hand: Any, rows: int) -> None:
        saw(hand, rows)
        seen.append(program.get(f"/{hand.key['id']}").json)

    monkeypatch.setattr(jobs.Hand, "saw", looked_at)
    export_id = program.ask().json["id"]
    run_export(export_id)

    done = [told["rows_done"] for told in seen]
    assert done == sorted(done)
    assert done[0] < done[-1] == seen[0]["rows_total"]
    assert {told["status"] for told in seen} == {"running"}
