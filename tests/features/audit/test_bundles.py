"""Bundles of real moves: they verify without us, say where they were changed, and hide what must be hidden."""

import json
import tempfile
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text, true

from app.audit.bundles import Known, bundle, frozen
from app.audit.members import Wanted
from app.audit.scopes import family_of, of_case, of_everything, of_organization, of_period, uncovered_moves
from app.audit.signing import AskTheWorker, OwnKey
from app.audit.tree import BLOCK, LogTree, Proofs, unproven
from app.cases.log import LAST, sequence_rows
from app.cases.models import Case
from app.documents.folder import documents_folder
from app.documents.store import path_of
from app.errors import TryAgain
from app.extensions import db
from app.ledger.queries import ledger_mistakes
from tests.builders_audit import a_loan, a_signer, flipped, lend, member, members, verified
from tests.builders_payments import a_payment, a_project
from tests.features.audit.scene import a_scene
from tests.fourth_kind import loan_kind
from workflows.rules.merkle import leaf_hash, root

FILL = text("""
INSERT INTO log_leaves SELECT n - 1, n, 1, hash FROM unnest(CAST(:hashes AS bytea[])) WITH ORDINALITY AS t(hash, n)
""")


@pytest.fixture
def kind():
    with loan_kind():
        yield


@pytest.fixture
def scene(session, kind, now):
    return a_scene(session, now)


@pytest.fixture
def signer(app):
    engine = create_engine(app.config["SIGNER_URL"])
    yield lambda: OwnKey(engine, Path(app.config["SIGNING_KEY"]), 5)
    engine.dispose()


def made(scope, signer, *, known=None, purpose=None, **wanted):
    pieces = bundle(
        db.engine, scope, Wanted(documents_folder(), personal=purpose is not None, **wanted), signer,
        known or Known(), purpose=purpose,
    )
    return b"".join(pieces)


def of_number(session, number):
    return of_case(family_of(session, number, true()), number)


def lines(data, name):
    return [json.loads(line) for line in member(data, name).splitlines()]


def test_a_bundle_of_a_case_verifies_without_us_and_warns_that_no_key_was_given(session, scene, signer, tmp_path):
    data = made(of_number(session, scene.number), signer())

    status, words = verified(tmp_path, data)

    assert (status, words.splitlines()[-1]) == (0, "成立 OK")
    assert "no --key given" in words
    sha = session.execute(text("SELECT sha256 FROM documents")).scalar_one()
    assert sorted(members(data)) == sorted([
        "README.txt", "attempts.jsonl", "checkpoint.txt", f"documents/{sha}.pdf", "history.html", "history.jsonl",
        "manifest.json", "manifest.sig", "transfers.jsonl", "verify.py",
    ])


def test_with_the_key_that_was_told_there_is_no_warning_and_another_key_is_refused(session, scene, signer, tmp_path):
    data = made(of_number(session, scene.number), signer())
    key = json.loads(member(data, "manifest.json"))["public_key"]

    assert "WARNING" not in verified(tmp_path, data, "--key", key)[1]
    assert verified(tmp_path, data, "--key", "A" * 43 + "=")[0] == 1


def test_one_bit_changed_in_any_member_is_found_and_the_member_is_named(session, scene, signer, tmp_path):
    data = made(of_number(session, scene.number), signer(), purpose="专项审计")
    honest = member(data, "verify.py")

    for name in [name for name, info in members(data).items() if info.file_size]:
        status, words = verified(tmp_path, flipped(data, name), verifier=honest)
        assert (status, name in words) == (1, True), name


def test_a_receipt_that_somebody_kept_is_honoured_and_a_made_up_one_is_not(session, scene, signer, tmp_path):
    data = made(of_number(session, scene.number), signer())

    assert verified(tmp_path, data, "--receipt", scene.receipt)[0] == 0
    assert verified(tmp_path, data, "--receipt", f"{scene.number}:2:{'0' * 64}")[0] == 1


def test_personal_values_are_in_it_only_with_a_purpose_which_the_manifest_states(session, scene, signer, tmp_path):
    scope = of_number(session, scene.number)
    without, with_them = made(scope, signer()), made(scope, signer(), purpose="专项审计")

    assert b"13800001234" not in without
    assert lines(with_them, "personal.jsonl")[0]["value"] == "13800001234"
    assert json.loads(member(with_them, "manifest.json"))["purpose"] == "专项审计"
    assert verified(tmp_path, with_them)[0] == 0


def test_an_erased_value_is_in_no_bundle_and_the_chain_still_holds(app, session, scene, signer, tmp_path):
    owner = create_engine(app.config["OWNER_URL"])
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM personal_values"))
    owner.dispose()

    data = made(of_number(session, scene.number), signer(), purpose="专项审计")

    assert b"13800001234" not in data
    assert verified(tmp_path, data)[0] == 0


def test_refused_attempts_and_a_page_for_people_are_in_it(session, scene, signer):
    data = made(of_number(session, scene.number), signer())

    attempt = lines(data, "attempts.jsonl")[0]
    page = member(data, "history.html").decode()
    assert (attempt["case"], attempt["trigger"], attempt["code"]) == (scene.number, "lend", "role_missing")
    assert all(words in page for words in ("场地借用", "Loan of a room", "请保持整洁", "示例registrar", scene.receipt))
    assert "http" not in page.replace("http-equiv", "")


def test_what_the_page_shows_is_escaped(session, kind, now, signer):
    scene = a_scene(session, now)
    number = a_loan(session, scene.district, now, purpose="<script>alert(1)</script>")

    page = member(made(of_number(session, number), signer()), "history.html")

    assert b"<script" not in page
    assert b"&lt;script&gt;" in page


def test_cases_that_belong_to_a_case_come_with_it_and_others_do_not(app, session, scene, now, signer, tmp_path):
    child, other = a_loan(session, scene.district, now), a_loan(session, scene.district, now)
    parent = session.execute(text("SELECT id FROM cases WHERE number = :n"), {"n": scene.number}).scalar_one()
    session.execute(text("UPDATE cases SET parent_id = :p WHERE number = :n"), {"p": parent, "n": child})
    session.commit()

    data = made(of_number(session, scene.number), signer())

    scope = json.loads(member(data, "manifest.json"))["scope"]
    assert scope == {"kind": "case", "number": scene.number, "cases": sorted([scene.number, child])}
    assert other.encode() not in data
    assert verified(tmp_path, data)[0] == 0


def test_a_child_out_of_the_readers_reach_leaves_no_trace(session, scene, now, signer):
    child = a_loan(session, scene.district, now)
    parent = session.execute(text("SELECT id FROM cases WHERE number = :n"), {"n": scene.number}).scalar_one()
    session.execute(text("UPDATE cases SET parent_id = :p WHERE number = :n"), {"p": parent, "n": child})
    session.commit()

    seen = family_of(session, scene.number, Case.number != child)

    assert child.encode() not in made(of_case(seen, scene.number), signer())


def test_payments_bring_their_transfers_and_the_whole_ledger_can_be_replayed(session, signer, tmp_path):
    project = a_project(session)
    number = a_payment(session, project, until="in_transit")
    session.commit()

    data = made(of_number(session, number), signer(), documents=False)
    whole = made(of_everything(), signer(), documents=False)

    line = session.execute(text("SELECT code FROM budget_lines")).scalar_one()
    codes = [(row["code"], row["debit"]) for row in lines(data, "transfers.jsonl")]
    assert codes == [
        ("ACCRUE", f"committed:{line}/{project.contract_number}"),
        ("INSTRUCT", f"payable:{line}/{project.contract_number}"),
    ]
    assert ledger_mistakes(session) == []
    assert verified(tmp_path / "case", data)[0] == 0
    status, words = verified(tmp_path / "whole", whole)
    assert (status, "replayed for overdrafts" in words) == (0, True)


def test_a_period_holds_its_own_moves_only_and_may_begin_in_the_middle_of_a_case(
    session, kind, now, signer, tmp_path
):
    scene = a_scene(session, now)
    number = a_loan(session, scene.district, now)
    lend(session, scene.district, number, now + timedelta(days=3))

    data = made(of_period(date(2026, 3, 5), date(2026, 3, 5), true()), signer())

    assert [json.loads(row["body"])["case"] for row in lines(data, "history.jsonl")] == [number]
    assert lines(data, "attempts.jsonl") == []
    assert scene.number.encode() not in data
    assert verified(tmp_path, data)[0] == 0


def test_an_organizations_bundle_names_all_its_cases(session, scene, now, signer, tmp_path):
    second = a_loan(session, scene.district, now)
    organization = scene.district.organization

    data = made(of_organization(organization.id, organization.name, true()), signer())

    scope = json.loads(member(data, "manifest.json"))["scope"]
    assert (scope["kind"], scope["cases"]) == ("organization", sorted([scene.number, second]))
    assert verified(tmp_path, data)[0] == 0


def test_the_whole_log_is_compared_with_any_older_checkpoint(session, scene, now, signer, tmp_path):
    signer().cover()
    (tmp_path / "older.txt").write_text(session.execute(LAST).one().note, encoding="utf-8")
    a_loan(session, scene.district, now)

    data = made(of_everything(), signer())

    status, words = verified(tmp_path, data, "--older", "older.txt")
    assert (status, "older checkpoint of 2" in words) == (0, True)


def test_a_paper_whose_bytes_changed_in_the_store_is_found(session, scene, signer, tmp_path):
    sha = session.execute(text("SELECT sha256 FROM documents")).scalar_one()
    path = path_of(documents_folder(), sha)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")

    status, words = verified(tmp_path, made(of_number(session, scene.number), signer()))

    assert (status, f"documents/{sha}" in words) == (1, True)


def test_a_paper_that_the_store_lost_is_found(session, scene, signer, tmp_path):
    sha = session.execute(text("SELECT sha256 FROM documents")).scalar_one()
    path_of(documents_folder(), sha).unlink()

    status, words = verified(tmp_path, made(of_number(session, scene.number), signer()))

    assert (status, f"documents/{sha}: 缺失" in words) == (1, True)


def test_papers_can_be_left_out_and_the_manifest_says_so(session, scene, signer, tmp_path):
    data = made(of_everything(), signer(), documents=False)

    assert not [name for name in members(data) if name.startswith("documents/")]
    assert json.loads(member(data, "manifest.json"))["documents"] == "none"
    assert verified(tmp_path, data)[0] == 0


def test_fifty_bundles_while_moves_go_on_all_verify(app, session, scene, now, tmp_path):
    end, known, district = threading.Event(), Known(), scene.district

    def go_on():
        with app.app_context():
            while not end.wait(0.05):
                number = a_loan(db.session, district, now)
                lend(db.session, district, number, now)
            db.session.remove()

    with a_signer(app):
        mover = threading.Thread(target=go_on)
        mover.start()
        try:
            march = of_period(date(2026, 3, 1), date(2026, 3, 3), true())
            scopes = [of_everything(), of_number(session, scene.number), march]
            for n in range(50):
                data = made(scopes[n % 3], AskTheWorker(db.engine, 20), known=known, documents=n % 3 == 1)
                assert verified(tmp_path, data)[0] == 0, n
        finally:
            end.set()
            mover.join()


def test_what_was_committed_when_it_was_asked_for_is_in_it(app, session, scene, now):
    known = Known()
    with a_signer(app):
        for _ in range(5):
            number = a_loan(session, scene.district, now)
            data = made(of_number(session, number), AskTheWorker(db.engine, 20), known=known)
            assert len(lines(data, "history.jsonl")) == 1


def test_without_a_signer_the_wait_ends_and_nothing_is_left_behind(app, session, scene, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(TryAgain):
        made(of_number(session, scene.number), AskTheWorker(db.engine, 0.3))

    assert session.execute(text("SELECT count(*) FROM signature_requests")).scalar_one() == 0
    assert list(tmp_path.glob("shuniu-bundle-*")) == []


def test_a_download_that_is_broken_off_leaves_no_files(session, scene, signer, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pieces = bundle(db.engine, of_number(session, scene.number), Wanted(documents_folder()), signer(), Known())
    next(pieces)
    assert len(list(tmp_path.glob("shuniu-bundle-*"))) == 1

    pieces.close()

    assert list(tmp_path.glob("shuniu-bundle-*")) == []


def test_the_signer_signs_no_checkpoint_that_the_web_process_made_up(app, scene):
    with a_signer(app), pytest.raises(RuntimeError):
        AskTheWorker(db.engine, 5).sign(b"shuniu/1\n99\nAAAA\n")


def test_moves_that_wait_for_a_checkpoint_are_known(app, session, scene, signer):
    with frozen(db.engine) as connection:
        assert len(uncovered_moves(connection, of_everything(), 0)) == 2
        assert uncovered_moves(connection, of_case([0], "-"), 0) == set()
    signer().cover()
    with frozen(db.engine) as connection:
        assert uncovered_moves(connection, of_everything(), 2) == set()


@pytest.mark.parametrize("size", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_proofs_by_blocks_lead_to_the_root_of_the_whole_log(app, session, size):
    leaves = [leaf_hash(str(n).encode()) for n in range(size)]
    owner = create_engine(app.config["OWNER_URL"])
    with owner.begin() as connection:
        connection.execute(FILL, {"hashes": leaves})
    owner.dispose()
    some = {place: leaves[place] for place in {0, size // 2, size - 1}}

    with frozen(db.engine) as connection:
        tree = LogTree()
        assert unproven(connection, tree, size, root(leaves), some) == []
        assert unproven(connection, tree, size, root(leaves), {0: leaf_hash(b"other")}) == [0]
        kept = tree.blocks(connection, size, root(leaves))
        assert Proofs(connection, kept, size).in_block(0, [0])[0] == Proofs(
            connection, LogTree().blocks(connection, size, root(leaves)), size
        ).in_block(0, [0])[0]


def test_the_sequencer_is_left_alone_while_another_works(session, scene, signer, app):
    engine = create_engine(app.config["SIGNER_URL"])
    with engine.begin() as connection:
        sequence_rows(connection)
        with pytest.raises(TryAgain):
            made(of_number(session, scene.number), OwnKey(engine, Path(app.config["SIGNING_KEY"]), 0.3))
    engine.dispose()
