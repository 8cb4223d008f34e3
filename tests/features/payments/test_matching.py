"""Which instruction a bank line answers, in every combination that a statement can hold."""

from datetime import date

import pytest

from app.payments.bank_file import StatedLine
from app.payments.matching import Sent, instruction_in, judge

ONE, TWO = "ZF2026030211111111", "ZF2026030222222222"
SENT = {ONE: Sent(ONE, 600_00, False), TWO: Sent(TWO, 300_00, True)}


def line(amount_fen, remark, row=1):
    return StatedLine(row, f"S{row}", date(2026, 3, 3), amount_fen, "某社", "62220000", remark)


def judged(*lines):
    numbered = [line(amount, remark, row) for row, (amount, remark) in enumerate(lines, start=1)]
    return [(each.outcome, each.reason) for each in judge(numbered, SENT)]


@pytest.mark.parametrize(
    ("remark", "number"),
    [
        (f"{ONE} 社区项目", ONE),
        (f"转账/{ONE}/附言", ONE),
        ("ｚｆ２０２６０３０２１１１１１１１１", ONE),
        ("ZF20260302 1111 1111", ONE),
        (f"{ONE} {TWO}", None),
        ("ZF202603021111111", None),
        ("电费", None),
        ("", None),
    ],
)
def test_the_number_is_found_however_the_bank_prints_it(remark, number):
    assert instruction_in(remark) == number


@pytest.mark.parametrize(
    ("amount", "remark", "outcome"),
    [
        (-600_00, ONE, ("matched", "")),
        (600_00, ONE, ("rejected", "")),
        (-600_01, ONE, ("amount_differs", "amount_differs")),
        (599_99, ONE, ("amount_differs", "amount_differs")),
        (-600_00, "电费", ("unknown", "no_instruction")),
        (-600_00, "ZF2026030299999999", ("unknown", "instruction_not_ours")),
        (-300_00, TWO, ("unknown", "answered_before")),
        (300_00, TWO, ("unknown", "answered_before")),
    ],
)
def test_one_line_is_judged(amount, remark, outcome):
    assert judged((amount, remark)) == [outcome]


def test_what_left_and_came_back_in_one_file_never_arrived():
    assert judged((-600_00, ONE), (600_00, ONE)) == [("rejected", "came_back"), ("rejected", "")]


def test_a_second_line_for_one_instruction_needs_a_person():
    assert judged((-600_00, ONE), (-600_00, ONE)) == [("matched", ""), ("unknown", "twice_in_file")]
