"""`flask history`: what an operator checks, signs and takes away, with exit statuses that scripts can trust."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.audit.bundles import frozen
from app.audit.checking import check_everything
from app.audit.commands import group
from app.cases.log import LAST, ORIGIN, raw_public_key, sequence_rows, sign_checkpoint, signing_key
from app.cases.notes import make_checkpoint, parse_checkpoint, sign_note, verify_note
from app.cases.signed import KeyNotHere, LogWasChanged
from app.documents.folder import documents_folder
from app.documents.store import path_of
from app.extensions import db
from app.worker import Signer
from tests.builders_audit import a_loan, flipped, lend, member, members, verified
from tests.builders_payments import a_payment, a_project
from tests.features.audit.scene import a_scene
from tests.fourth_kind import loan_kind


@pytest.fixture
def scene(session, now):
    with loan_kind():
        yield a_scene(session, now)


@pytest.fixture
def history(app):
    """Run `flask history ...` and return its result."""
    app.cli.add_command(group)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["history", *map(str, words)])


@pytest.fixture
def past_all_triggers(common_database):
    return common_database[1].execute


def key_of(app):
    return raw_public_key(signing_key(Path(app.config["SIGNING_KEY"])))


def problems(app, store=True):
    with frozen(db.engine) as connection:
        found = check_everything(
            connection, public_key=key_of(app), store=documents_folder() if store else None
        )
    return found.problems


def test_a_checkpoint_is_the_signed_note_of_all_that_is_there(app, scene, history):
    answer = history("checkpoint")

    assert answer.exit_code == 0
    told = parse_checkpoint(verify_note(answer.stdout, ORIGIN, key_of(app)))
    assert (told.origin, told.size) == (ORIGIN, 2)


def test_without_any_move_there_is_no_checkpoint_and_the_database_holds(app, history):
    assert history("checkpoint").exit_code == 1

    answer = history("verify")
    assert (answer.exit_code, answer.stdout.splitlines()[-1]) == (0, "成立 OK")


def test_an_honest_database_holds_before_and_after_it_is_signed(app, session, scene, history):
    before = history("verify")
    history("checkpoint")
    after = history("verify")

    assert before.exit_code == after.exit_code == 0
    assert "2 moves of 1 cases" in after.stdout
    assert "WARNING" in before.stdout
    assert "WARNING" not in after.stdout
    assert problems(app) == []


def test_money_that_walked_holds_too(app, session, history):
    a_payment(session, a_project(session), until="in_transit")
    session.commit()

    assert problems(app, store=False) == []


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE history SET role = 'auditor' WHERE sequence = 2", "{n}:2: role 列与正文不符 / the column role is"),
        ("UPDATE history SET prev = '' WHERE sequence = 2", "{n}:2: 未含上一步的哈希 / does not hold"),
        ("DELETE FROM history WHERE sequence = 1", "{n}:2: 不接上一步 / does not follow move 0"),
        ("DELETE FROM history WHERE sequence = 2", "{n}:1: 办件现状与最后一步不符 / the case does not"),
        ("UPDATE cases SET state = 'returned'", "{n}:2: 办件现状与最后一步不符 / the case does not"),
        ("DELETE FROM log_leaves WHERE position = 0", "log 0: the leaf is missing"),
        ("DELETE FROM log_leaves WHERE position = 1", "checkpoint 2: signed more moves than there are"),
        ("UPDATE log_leaves SET hash = sha256('x') WHERE position = 1", "log 1: is not move {n}:2 of history"),
        ("UPDATE checkpoints SET root = sha256('x')", "checkpoint 2: is not of the log that is there"),
        ("UPDATE checkpoints SET note = replace(note, E'/1\\n2', E'/1\\n3')", "checkpoint 2: the signature of"),
        ("UPDATE personal_values SET value = '\"139\"'", "{n}:1 phone: is not the value that was committed to"),
        ("UPDATE personal_values SET salt = 'x'", "{n}:1 phone: is not the value that was committed to"),
    ],
)
def test_each_kind_of_tampering_is_named_with_its_place(
    app, scene, history, past_all_triggers, tampering, told
):
    history("checkpoint")
    past_all_triggers(tampering)

    answer = history("verify")

    assert answer.exit_code == 1
    assert f"PROBLEM: {told.format(n=scene.number)}" in answer.stdout


def test_a_balance_that_no_transfer_made_is_found(app, session, past_all_triggers):
    a_payment(session, a_project(session), until="in_transit")
    session.commit()
    past_all_triggers("UPDATE ledger_accounts SET credits = credits + 1 WHERE name = 'transit'")

    assert "ledger: account" in "\n".join(problems(app, store=False))


def test_a_move_that_was_taken_out_of_log_and_queue_is_found(app, scene, past_all_triggers):
    past_all_triggers("DELETE FROM log_queue WHERE sequence = 2")

    assert problems(app) == [f"{scene.number}:2: stands neither in the log nor in its queue"]


def test_papers_that_changed_or_vanished_are_found(app, session, scene, history):
    sha = session.execute(text("SELECT sha256 FROM documents")).scalar_one()
    path = path_of(documents_folder(), sha)
    path.chmod(0o600)
    path.write_bytes(b"other")
    assert problems(app) == [f"document {sha}: its bytes have changed"]

    path.unlink()
    assert problems(app) == [f"document {sha}: is missing from the store"]
    assert history("verify", "--skip-papers").exit_code == 0


def test_a_case_is_exported_and_verified_here_and_anywhere(scene, history, tmp_path):
    file = tmp_path / "case.zip"

    made = history("export", "--case", scene.number.lower().replace("-", ""), file)
    assert (made.exit_code, made.stdout) == (0, f"{file} {file.stat().st_size}\n")
    assert "personal.jsonl" not in members(file.read_bytes())

    assert history("verify", file).exit_code == 0
    assert verified(tmp_path / "anywhere", file.read_bytes())[0] == 0


def test_a_changed_bundle_is_refused_with_its_place(scene, history, tmp_path):
    file = tmp_path / "case.zip"
    history("export", "--case", scene.number, file)
    file.write_bytes(flipped(file.read_bytes(), "history.jsonl"))

    answer = history("verify", file)

    assert (answer.exit_code, "history.jsonl" in answer.stdout) == (1, True)


def test_a_period_and_everything_are_exported(session, scene, history, now, tmp_path):
    later = a_loan(session, scene.district, now)
    lend(session, scene.district, later, now + timedelta(days=3))
    period, whole = tmp_path / "period.zip", tmp_path / "whole.zip"

    assert history("export", "--from", "2026-03-05", "--to", "2026-03-05", period).exit_code == 0
    assert history("export", "--whole", "--purpose", "专项审计", whole).exit_code == 0

    assert len(member(period.read_bytes(), "history.jsonl").splitlines()) == 1
    assert len(member(whole.read_bytes(), "history.jsonl").splitlines()) == 4
    assert len(member(whole.read_bytes(), "personal.jsonl").splitlines()) == 2
    assert history("verify", period).exit_code == history("verify", whole).exit_code == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [((), 2), (("--whole", "--case", "JY26-0000-0001"), 2), (("--from", "2026-03-05"), 2),
     (("--from", "2026-03-05", "--to", "2026-03-04"), 2), (("--case", "JY26-0000-0001"), 1)],
)
def test_an_export_of_nothing_in_particular_is_refused_and_leaves_no_file(scene, history, tmp_path, words, status):
    answer = history("export", *words, tmp_path / "x.zip")

    assert (answer.exit_code, list(tmp_path.glob("*.zip"))) == (status, [])


def test_a_second_key_is_never_made_for_a_log_that_was_signed(app, scene, history, tmp_path):
    history("checkpoint")
    Path(app.config["SIGNING_KEY"]).rename(tmp_path / "key")

    assert history("checkpoint").exit_code == 1
    assert history("export", "--whole", tmp_path / "x.zip").exit_code == 1
    assert not Path(app.config["SIGNING_KEY"]).exists()
    assert not (tmp_path / "x.zip").exists()


def test_a_case_whose_history_row_was_replaced_whole_does_not_match_the_signed_log(
    app, session, scene, history, past_all_triggers
):
    history("checkpoint")
    engine = create_engine(app.config["OWNER_URL"])
    with engine.connect() as connection:
        body = connection.execute(text("SELECT body FROM history WHERE sequence = 2")).scalar_one()
    engine.dispose()
    forged = bytes(body).replace("请保持整洁".encode(), "不必打扫了".encode())
    replace = "UPDATE history SET body = %s, hash = sha256('\\x00'::bytea || %s) WHERE sequence = 2"
    past_all_triggers(replace, (forged, forged))
    past_all_triggers("UPDATE cases SET head = (SELECT hash FROM history WHERE sequence = 2)")

    assert problems(app) == [f"log 1: is not move {scene.number}:2 of history"]


def test_what_was_signed_is_remembered_beside_the_key_and_outlives_the_database(
    app, scene, history, past_all_triggers
):
    last = history("checkpoint").stdout
    keys = Path(app.config["SIGNING_KEY"]).parent
    assert (keys / "signed").read_text() == last and (keys / "signed").stat().st_mode & 0o777 == 0o600
    assert history("epoch").exit_code == 1
    for table in ("checkpoints", "log_leaves"):
        past_all_triggers(f"DELETE FROM {table}")

    refused = history("checkpoint")
    assert refused.exit_code == 1 and "history epoch" in refused.stderr
    assert history("export", keys / "bundle.zip", "--whole").exit_code == 1
    assert (keys / "signed").read_text() == last
    begun = history("epoch")
    assert begun.exit_code == 0 and begun.stdout.startswith(f"{last}\nshuniu/2\n0\n")
    assert (keys / "signed.before-2").read_text() == last


def test_a_bundle_of_a_later_epoch_holds(app, session, scene, now, history, past_all_triggers, tmp_path):
    history("checkpoint")
    past_all_triggers("DELETE FROM checkpoints")
    (Path(app.config["SIGNING_KEY"]).parent / "signed").write_text(a_note(app, 7))
    assert history("epoch").exit_code == 0
    lend(session, scene.district, a_loan(session, scene.district, now), now + timedelta(hours=1))

    assert history("export", tmp_path / "bundle.zip", "--whole").exit_code == 0
    bundle = (tmp_path / "bundle.zip").read_bytes()
    assert member(bundle, "checkpoint.txt").startswith(b"shuniu/2\n4\n")
    assert verified(tmp_path / "elsewhere", bundle)[0] == 0
    assert problems(app) == []


def a_note(app, size: int) -> str:
    """Return a checkpoint of moves that this database never had, signed with its key."""
    key = signing_key(Path(app.config["SIGNING_KEY"]))
    return sign_note(make_checkpoint(ORIGIN, size, bytes(32)), ORIGIN, key)


def test_a_checkpoint_that_was_signed_and_not_committed_does_no_harm(app, scene):
    engine, key = create_engine(app.config["SIGNER_URL"]), Path(app.config["SIGNING_KEY"])
    with engine.begin() as connection:
        sequence_rows(connection)
    with engine.connect() as connection:
        assert sign_checkpoint(connection, key) == 2
        connection.rollback()
    with engine.begin() as connection:
        assert connection.execute(LAST).first() is None
        assert sign_checkpoint(connection, key) == 2
    engine.dispose()
    assert problems(app) == []


def test_no_second_key_is_made_for_a_log_that_was_signed(app, scene, history):
    history("checkpoint")
    key = Path(app.config["SIGNING_KEY"])
    key.unlink()
    engine = create_engine(app.config["SIGNER_URL"])
    with pytest.raises(KeyNotHere):
        Signer(engine, key).sign()
    assert not key.exists()
    signing_key(key)
    with pytest.raises(LogWasChanged, match="no checkpoint that the key"):
        Signer(engine, key).sign()
    (key.parent / "signed").unlink()
    with pytest.raises(KeyNotHere, match="has not signed"):
        Signer(engine, key).sign()
    engine.dispose()
