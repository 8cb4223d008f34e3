"""Whoever holds an older checkpoint asks for a bundle with the proof that the log goes on from it."""

import base64
import json
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from app.audit.bundles import frozen
from app.audit.commands import group
from app.audit.proofs import is_continued
from app.audit.tree import BLOCK, LogTree, continued
from app.cases.notes import Checkpoint
from app.extensions import db
from tests.builders_audit import a_loan, a_signer, client_of, lend, member, members, verified
from tests.features.audit.scene import a_scene
from tests.fourth_kind import loan_kind
from workflows.rules.merkle import leaf_hash, root

FILL = text("""
INSERT INTO log_leaves SELECT n - 1, n, 1, hash FROM unnest(CAST(:hashes AS bytea[])) WITH ORDINALITY AS t(hash, n)
""")
SIZE = 2 * BLOCK + 77


@pytest.fixture
def scene(session, now):
    with loan_kind():
        yield a_scene(session, now)


@pytest.fixture
def signer(app):
    with a_signer(app) as signer:
        yield signer


@pytest.fixture
def auditor(app, session, scene):
    return client_of(app, session, scene.district.actors["auditor"])


@pytest.fixture
def older(auditor, scene, signer, session, now, tmp_path):
    """The note of today's log in a file; moves were made since. Returns its size."""
    bundle = auditor.get(f"/cases/{scene.number}/bundle").data
    note = member(bundle, "checkpoint.txt")
    (tmp_path / "older.txt").write_bytes(note)
    later = a_loan(session, scene.district, now)
    lend(session, scene.district, later, now + timedelta(hours=1))
    newer = member(auditor.get(f"/cases/{later}/bundle").data, "checkpoint.txt")
    size = int(note.splitlines()[1])
    assert size < int(newer.splitlines()[1])
    return size


def test_a_bundle_of_a_case_is_compared_with_the_older_checkpoint_that_was_named(auditor, scene, older, tmp_path):
    data = auditor.get(f"/api/v1/cases/{scene.number}/bundle?older={older}").data

    (row,) = [json.loads(line) for line in member(data, "consistency.jsonl").splitlines()]
    status, words = verified(tmp_path, data, "--older", "older.txt")
    assert (row["size"], status) == (older, 0)
    assert f"older checkpoint of {older}" in words


def test_without_the_proof_the_verifier_says_what_to_ask_for(auditor, scene, older, tmp_path):
    data = auditor.get(f"/cases/{scene.number}/bundle").data

    status, words = verified(tmp_path, data, "--older", "older.txt")

    assert "consistency.jsonl" not in members(data)
    assert (status, f"older={older}" in words) == (1, True)


def test_a_checkpoint_of_another_history_is_noticed(auditor, scene, older, tmp_path):
    data = auditor.get(f"/cases/{scene.number}/bundle?older={older}").data
    lines = (tmp_path / "older.txt").read_text(encoding="utf-8").split("\n")
    lines[2] = base64.b64encode(leaf_hash(b"another history")).decode()
    (tmp_path / "other.txt").write_text("\n".join(lines), encoding="utf-8")

    assert verified(tmp_path, data, "--older", "other.txt")[0] == 1


@pytest.mark.parametrize("asked", ["0", "-1", "x", "١", "1" * 19, "99999", "&older=".join("1" * 11)])
def test_what_is_no_size_of_the_log_is_refused_with_what_to_say_instead(auditor, scene, older, asked):
    answer = auditor.get(f"/api/v1/cases/{scene.number}/bundle?older={asked}")

    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_an_operator_exports_it_too(app, scene, older, tmp_path):
    file = tmp_path / "case.zip"

    made = app.test_cli_runner().invoke(
        group, ["export", "--case", scene.number, "--older", str(older), str(file)]
    )

    assert made.exit_code == 0, made.output
    assert verified(tmp_path, file.read_bytes(), "--older", "older.txt")[0] == 0


@pytest.mark.parametrize("first", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, SIZE - 1, SIZE])
def test_proofs_by_blocks_hold_for_every_older_size(app, session, first):
    leaves = [leaf_hash(str(n).encode()) for n in range(SIZE)]
    owner = create_engine(app.config["OWNER_URL"])
    with owner.begin() as connection:
        connection.execute(FILL, {"hashes": leaves})
    owner.dispose()
    log = Checkpoint("shuniu/1", SIZE, root(leaves))

    with frozen(db.engine) as connection:
        blocks = LogTree().blocks(connection, SIZE, log.root)
        proof = continued(connection, blocks, first, SIZE)
        with pytest.raises(IndexError):
            continued(connection, blocks, SIZE + 1, SIZE)

    assert is_continued(Checkpoint("shuniu/1", first, root(leaves[:first])), log, proof)
    assert not is_continued(Checkpoint("shuniu/1", first, leaf_hash(b"another")), log, proof)
