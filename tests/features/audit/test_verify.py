"""The verifier: what it lets pass, and that no changed byte gets past it."""

import ast
import io
import json
import subprocess
import sys
import zipfile
from functools import lru_cache
from hashlib import sha256

import pytest

from app.audit import proofs
from app.audit import verify as verifying
from app.audit.bundle_format import verifier
from tests.builders_bundle import (
    CONTRACT,
    WHOLE,
    b64,
    case_members,
    json_lines,
    packed,
    places,
    repacked,
    whole_members,
)
from workflows.rules.canonical import canonical

# What holds.


def test_an_honest_bundle_of_cases_holds(check, log):
    older = {"consistency.jsonl": json_lines([log.consistency(4)])}
    bundle = packed(log, {**case_members(log), **older})

    report = check(bundle, receipts=[log.receipt("FK-1", 3), log.receipt("FK-2", 2)], older=log.checkpoint(4))

    assert report.problems == []
    assert report.notes == []
    assert "6 moves of 2 cases" in " ".join(report.checked)


def test_an_honest_bundle_of_the_whole_log_holds(check, log):
    report = check(
        packed(log, whole_members(log), **WHOLE), receipts=[log.receipt("DJ-9", 1)], older=log.checkpoint(5)
    )

    assert report.problems == []
    assert "5 transfers, replayed for overdrafts" in report.checked


def test_a_period_may_begin_in_the_middle_of_a_case(check, log):
    members = case_members(log)
    del members["personal.jsonl"]
    members["history.jsonl"] = b"".join(members["history.jsonl"].splitlines(keepends=True)[2:])
    members["transfers.jsonl"] = b""
    period = {"kind": "period", "from": "2026-03-02", "to": "2026-03-03"}

    assert check(packed(log, members, scope=period)).problems == []
    assert places(check(packed(log, members))) != []


@pytest.fixture
def unpacked(tmp_path, log):
    """A bundle on disk with its verifier taken out of it, as an auditor has them."""
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(packed(log, case_members(log)))
    with zipfile.ZipFile(bundle) as opened:
        opened.extract("verify.py", tmp_path)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    return run


def test_the_verifier_in_the_bundle_runs_alone_and_warns_when_no_key_is_given(unpacked):
    answer = unpacked("bundle.zip")

    assert answer.returncode == 0
    assert answer.stderr == ""
    assert "no --key given" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "成立 OK"


def test_the_verifier_takes_key_receipts_and_an_older_checkpoint(unpacked, tmp_path, log):
    (tmp_path / "kept.txt").write_bytes(log.checkpoint())
    receipts = [log.receipt("FK-1", 1), log.receipt("FK-2", 1).upper()]

    answer = unpacked(
        "--key", b64(log.public_key), "bundle.zip", "--older", "kept.txt", "--receipt", *receipts
    )

    assert (answer.returncode, answer.stderr) == (0, "")
    assert "WARNING" not in answer.stdout


def test_the_verifier_names_the_place_and_exits_1(unpacked, tmp_path):
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(bundle.read_bytes().replace(b"a contract", b"a kontract"))

    answer = unpacked("bundle.zip")

    assert answer.returncode == 1
    assert f"PROBLEM: documents/{sha256(CONTRACT).hexdigest()}.pdf: " in answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nowhere.zip"],
        ["bundle.zip", "--key", "short"],
        ["bundle.zip", "--key", "AAAA"],
        ["bundle.zip", "--receipt", "no receipt"],
        ["bundle.zip", "another.zip"],
        ["bundle.zip", "--older", "nowhere.txt"],
        ["bundle.zip", "--unknown"],
    ],
)
def test_a_wrong_call_exits_2(unpacked, arguments):
    assert unpacked(*arguments).returncode == 2


def test_the_verifier_in_the_bundle_is_one_file_for_python_3_9_with_nothing_but_its_library():
    tree = ast.parse(verifier(), feature_version=(3, 9))
    nodes = list(ast.walk(tree))
    modules = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]

    assert sorted({name.partition(".")[0] for name in modules} - sys.stdlib_module_names) == []


# No changed byte gets past.


def test_every_changed_byte_is_noticed_and_placed(check, log, monkeypatch):
    # The same question is asked thousands of times; the answer to it does not change.
    monkeypatch.setattr(verifying, "is_signed", lru_cache(verifying.is_signed))
    monkeypatch.setattr(proofs, "is_signed", lru_cache(proofs.is_signed))
    bundle = packed(log, {**case_members(log), "consistency.jsonl": json_lines([log.consistency(4)])})
    with zipfile.ZipFile(io.BytesIO(bundle)) as opened:
        own = opened.getinfo("verify.py")
        begin = own.header_offset + 30 + len(own.filename)
    unnoticed, unplaced = [], []
    inside = range(begin, begin + own.file_size)
    for position in range(0, len(bundle)):
        if position in inside or (position < begin and position % 3):
            continue
        changed = bytearray(bundle)
        changed[position] ^= 1 << position % 8
        report = check(bytes(changed))
        if not report.problems:
            unnoticed.append(position)
        if any(not place for place in places(report)):
            unplaced.append(position)

    assert unnoticed == []
    assert unplaced == []


def test_the_line_and_the_move_are_named(check, log):
    bundle = packed(log, case_members(log))
    third = canonical(log.bodies[2])  # the second move of FK-1, on the third line
    position = bundle.index(json.dumps(third.decode(), ensure_ascii=False).encode()[1:-1])
    changed = bytearray(bundle)
    changed[bundle.index(b"approved", position)] ^= 1

    report = check(bytes(changed))

    assert "history.jsonl" in places(report)
    assert "history.jsonl line 3 (FK-1:2)" in places(report)
    assert not [place for place in places(report) if place.startswith("zip")]


def test_a_bit_flipped_in_a_header_is_named_by_its_byte(check, log):
    bundle = bytearray(packed(log, case_members(log)))
    bundle[10] ^= 1  # the time in the first header

    assert places(check(bytes(bundle))) == ["zip byte 10"]


@pytest.mark.parametrize("extra", [b"\0", b"PK", b"hidden" * 100])
def test_bytes_after_the_end_are_noticed(check, log, extra):
    assert check(packed(log, case_members(log)) + extra).problems != []


def test_bytes_before_the_beginning_are_noticed(check, log):
    assert check(b"#!/bin/sh\n" + packed(log, case_members(log))).problems != []


def test_a_comment_in_the_zip_is_noticed(check, log):
    bundle = packed(log, case_members(log))
    assert check(bundle[:-2] + b"\2\0no").problems != []


@pytest.mark.parametrize("length", [0, 1, 22, 1000])
def test_what_is_cut_short_does_not_hold(check, log, length):
    assert check(packed(log, case_members(log))[:length]).problems != []


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_bundle_packed_again_by_another_program_holds_with_a_note(check, log, compression):
    report = check(repacked(packed(log, case_members(log)), compression))

    assert report.problems == []
    assert "packed again by another program" in report.notes[0]


def test_a_member_changed_while_packing_again_is_named(check, log):
    bundle = packed(log, case_members(log))

    assert places(check(repacked(bundle, **{"README.txt": b"another\n"}))) == ["README.txt"]
    assert places(check(repacked(bundle, **{"more.txt": b"more"}))) == ["more.txt"]


def test_a_member_taken_out_is_named(check, log):
    bundle = packed(log, case_members(log))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(bundle)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name != "transfers.jsonl":
                new.writestr(name, old.read(name))

    assert places(check(out.getvalue())) == ["transfers.jsonl"]
