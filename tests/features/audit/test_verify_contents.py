"""What even the holder of the key cannot pass off: signed, but what it covers does not hold."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.builders_bundle import (
    CONTRACT,
    PERSONAL,
    SALT,
    TRANSFERS,
    WHOLE,
    Log,
    case_members,
    changed_line,
    forged_log,
    honest_log,
    json_lines,
    packed,
    places,
    repacked,
    transfer,
    whole_members,
)


@pytest.mark.parametrize(
    ("number", "values", "place"),
    [
        (1, {"index": 1}, "history.jsonl line 1 (FK-1:1)"),
        (2, {"index": 0}, "history.jsonl line 2 (FK-2:1)"),
        (2, {"index": True}, "history.jsonl line 2 (FK-2:1)"),
        (2, {"index": 2**40}, "history.jsonl line 2 (FK-2:1)"),
        (2, {"proof": []}, "history.jsonl line 2"),
        (2, {"proof": ["not base64"]}, "history.jsonl line 2"),
        (2, {"proof": None}, "history.jsonl line 2"),
        (2, {"body": "{}"}, "history.jsonl line 2"),
        (2, {"body": 5}, "history.jsonl line 2"),
    ],
)
def test_a_row_of_history_with_another_place_or_proof_does_not_hold(check, log, number, values, place):
    members = case_members(log)
    members["history.jsonl"] = changed_line(members["history.jsonl"], number, **values)

    assert place in places(check(packed(log, members)))


@pytest.mark.parametrize("dropped", range(6))
def test_a_dropped_move_is_noticed_unless_it_is_the_last_of_its_case(check, log, dropped):
    members = case_members(log)
    del members["personal.jsonl"]
    members["transfers.jsonl"] = b""
    lines = members["history.jsonl"].splitlines(keepends=True)
    case, seq = [("FK-1", 1), ("FK-2", 1), ("FK-1", 2), ("FK-1", 3), ("FK-2", 2), ("FK-1", 4)][dropped]
    members["history.jsonl"] = b"".join(lines[:dropped] + lines[dropped + 1 :])
    last = (case, seq) in {("FK-1", 4), ("FK-2", 2)}

    assert (check(packed(log, members)).problems == []) is last
    assert check(packed(log, members), receipts=[log.receipt(case, seq)]).problems != []


def test_moves_in_another_order_do_not_hold(check, log):
    members = case_members(log)
    lines = members["history.jsonl"].splitlines(keepends=True)
    members["history.jsonl"] = b"".join([lines[0], lines[1], lines[3], lines[2], *lines[4:]])

    assert check(packed(log, members)).problems != []


def test_a_whole_log_without_one_row_is_not_whole(check, log):
    members = whole_members(log)
    lines = members["history.jsonl"].splitlines(keepends=True)
    members["history.jsonl"] = b"".join(lines[:3] + lines[4:])  # the only move of DJ-9: no chain is broken

    assert "history.jsonl" in places(check(packed(log, members, **WHOLE)))


@pytest.mark.parametrize("cases", [["FK-1"], ["FK-1", "FK-2", "FK-3"]])
def test_cases_that_are_missing_or_do_not_belong_are_named(check, log, cases):
    report = check(packed(log, case_members(log), scope={"kind": "case", "cases": cases}))

    assert places(report) == ["history.jsonl"]


def test_history_rewritten_with_the_stolen_key_is_caught_by_a_receipt_or_an_older_checkpoint(check, log):
    forged = forged_log("FK-1", 2)
    whole = packed(forged, whole_members(forged), **WHOLE)
    members = case_members(forged)
    members["consistency.jsonl"] = json_lines([forged.consistency(4)])

    assert check(whole).problems == []
    assert places(check(whole, older=log.checkpoint(4))) == ["--older"]
    assert check(whole, older=log.checkpoint(2)).problems == []
    assert places(check(packed(forged, members), older=log.checkpoint(4))) == ["--older"]
    receipt = log.receipt("FK-1", 2)
    assert places(check(whole, receipts=[receipt])) == [f"--receipt {receipt}"]


def test_a_log_cut_short_with_the_stolen_key_is_caught_by_an_older_checkpoint(check, log):
    shorter = honest_log()
    del shorter.bodies[-1]
    members = {**whole_members(shorter), "transfers.jsonl": json_lines(TRANSFERS[:4])}
    whole = packed(shorter, members, **WHOLE)

    assert check(whole).problems == []
    assert places(check(whole, older=log.checkpoint())) == ["--older"]


def test_an_older_checkpoint_that_cannot_be_compared_does_not_count_as_compared(check, log):
    bundle = packed(log, case_members(log))

    assert places(check(bundle, older=log.checkpoint(4))) == ["--older"]
    assert check(bundle, older=log.checkpoint()).problems == []


@pytest.mark.parametrize("older", [b"", b"nonsense", b"\xff", b"a\n1\nb\n\n\n"])
def test_a_file_that_is_no_checkpoint_proves_nothing(check, log, older):
    assert places(check(packed(log, case_members(log)), older=older)) == ["--older"]


def test_a_checkpoint_or_bundle_of_another_key_does_not_hold(check, log):
    other = Log(key=Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)), bodies=log.bodies)

    assert places(check(packed(other, case_members(other)), key=None)) == []
    assert "manifest.json" in places(check(packed(other, case_members(other))))
    assert "checkpoint.txt" in places(check(packed(log, case_members(other))))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b"\n7\n", b"\n07\n"),
        lambda text: text.replace(b"\n7\n", b"\n8\n"),
        lambda text: text.replace(b"\n\n", b"\nextension\n\n"),
        lambda text: text + b"\n",
        lambda text: text[:-1],
        lambda text: text.replace("—".encode(), b"-"),
        lambda text: text.replace(b" test", b"  test"),
        lambda text: text + text.splitlines(keepends=True)[-1],
        lambda text: text.replace(b"\n\n", b"\r\n\r\n"),
        lambda text: b"",
    ],
)
def test_a_checkpoint_written_in_another_way_does_not_hold(check, log, change):
    members = case_members(log)
    members["checkpoint.txt"] = change(members["checkpoint.txt"])

    assert places(check(packed(log, members)))[0] == "checkpoint.txt"


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([{**PERSONAL[0], "value": "乙服务中心"}], "personal.jsonl line 1 (FK-1:1 payee_name)"),
        ([{**PERSONAL[0], "salt": bytes(16).hex()}], "personal.jsonl line 1 (FK-1:1 payee_name)"),
        ([{**PERSONAL[0], "salt": SALT.hex().upper()}], "personal.jsonl line 1"),
        ([{**PERSONAL[0], "path": "payee"}], "personal.jsonl line 1"),
        ([{**PERSONAL[0], "seq": 2}], "personal.jsonl line 1"),
        ([PERSONAL[1], PERSONAL[1]], "personal.jsonl line 2"),
        ([{"case": "FK-1"}], "personal.jsonl line 1"),
    ],
)
def test_a_personal_value_must_be_the_one_committed_to(check, log, rows, place):
    members = {**case_members(log), "personal.jsonl": json_lines(rows)}

    assert place in places(check(packed(log, members)))


def test_an_erased_personal_value_leaves_the_history_whole(check, log):
    members = {**case_members(log), "personal.jsonl": json_lines(PERSONAL[:1])}

    assert check(packed(log, members)).problems == []


def test_documents_that_history_names_must_be_there_unless_left_out_openly(check, log):
    members = case_members(log)
    sha = sha256(CONTRACT).hexdigest()
    del members[f"documents/{sha}.pdf"]

    assert places(check(packed(log, members))) == [f"documents/{sha}"]
    assert check(packed(log, members, documents_left_out=[sha])).problems == []
    assert check(packed(log, members, documents="none")).problems == []


def test_a_document_must_be_named_by_its_hash(check, log):
    members = case_members(log)
    name = f"documents/{sha256(CONTRACT).hexdigest()}.pdf"

    assert places(check(packed(log, {**members, name: b"another"}))) == [name]


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([transfer(1, "committed:HT-1", "payable:HT-1", 1, "FK-1", 2)], "transfers.jsonl line 1"),
        ([*TRANSFERS, transfer(6, "paid:HT-1", "returned:1", 60_01, "FK-1", 4)], "transfers.jsonl line 6"),
        ([TRANSFERS[0], TRANSFERS[4]], "transfers.jsonl line 2"),
        ([TRANSFERS[0], TRANSFERS[0]], "transfers.jsonl line 2"),
        ([{**TRANSFERS[0], "amount": 0}], "transfers.jsonl line 1"),
        ([{**TRANSFERS[0], "amount": -5}], "transfers.jsonl line 1"),
        ([{**TRANSFERS[0], "amount": "5"}], "transfers.jsonl line 1"),
        ([{**TRANSFERS[0], "amount": True}], "transfers.jsonl line 1"),
        ([{**TRANSFERS[0], "credit": "source:1"}], "transfers.jsonl line 1"),
        ([TRANSFERS[0], {**TRANSFERS[1], "seq": 5}], "transfers.jsonl line 2"),
        ([TRANSFERS[0], {**TRANSFERS[1], "unit": "points"}], "transfers.jsonl line 2"),
        ([{"id": 1}], "transfers.jsonl line 1"),
    ],
)
def test_transfers_that_do_not_add_up_are_named(check, log, rows, place):
    members = {**whole_members(log), "transfers.jsonl": json_lines(rows)}

    assert places(check(packed(log, members, **WHOLE))) == [place]


def test_only_the_whole_ledger_is_replayed_for_overdrafts(check, log):
    members = case_members(log)

    assert check(packed(log, members)).problems == []
    assert "transfers.jsonl line 1" in places(check(packed(log, members, ledger="whole")))


def test_transfers_of_cases_that_are_not_here_do_not_belong_in_a_bundle_of_cases(check, log):
    members = {**case_members(log), "transfers.jsonl": json_lines(TRANSFERS)}

    assert places(check(packed(log, members))) == ["transfers.jsonl line 1"]


@pytest.mark.parametrize(
    "spelled",
    [
        b'{"id": 1}\n',
        b'{"id":1.0}\n',
        b'{"id":1e3}\n',
        b'{"id":NaN}\n',
        b'{"id":1,"id":1}\n',
        b'{"b":1,"a":1}\n',
        b'{"a":"\\u4e2d"}\n',
        b'{"a":-0}\n',
        b'{"a":"\xff"}\n',
        b'{"a":"\\ud800"}\n',
        b"\n",
        b"{}",
        b"null\r\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_in_another_spelling_is_named(check, log, spelled):
    members = {**case_members(log), "transfers.jsonl": spelled}

    assert places(check(packed(log, members))) == ["transfers.jsonl line 1"]


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b"null", b'{"format":1}', b'{ "format":1}', b"\xff"])
def test_a_manifest_that_is_none_is_named(check, log, manifest):
    bundle = repacked(packed(log, case_members(log)), **{"manifest.json": manifest})

    assert "manifest.json" in places(check(bundle))
