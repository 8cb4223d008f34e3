"""Which instruction does a bank line answer? Pure: lines and instructions in, a judgement per line out."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.payments.bank_file import StatedLine

INSTRUCTION_NO = re.compile(r"ZF\d{16}(?!\d)")


@dataclass(frozen=True)
class Sent:
    """An instruction as it stands: its amount, and whether a bank line has answered it."""

    instruction_no: str
    amount_fen: int
    answered: bool


@dataclass(frozen=True)
class Judged:
    """What a line is: matched, rejected, amount_differs or unknown; `reason` says what is odd."""

    line: StatedLine
    instruction_no: str | None
    outcome: str
    reason: str


def instruction_in(remark: str) -> str | None:
    """Return the instruction number that a remark carries, or None; two different ones are none."""
    plain = "".join(unicodedata.normalize("NFKC", remark).upper().split())
    found = set(INSTRUCTION_NO.findall(plain))
    return found.pop() if len(found) == 1 else None


def judge(lines: Sequence[StatedLine], sent: Mapping[str, Sent]) -> list[Judged]:
    """Return a judgement for every line, in their order. Only `matched` and `rejected` may move a payment.

    Money that left and came back within the same file never arrived: both lines are `rejected`. A second
    line that pays the same instruction is `unknown`: somebody must find out whether it was paid twice.
    """
    numbers = [instruction_in(line.remark) for line in lines]
    back = {
        number
        for number, line in zip(numbers, lines, strict=True)
        if number is not None and number in sent and line.amount_fen == sent[number].amount_fen
    }
    judged: list[Judged] = []
    taken: set[tuple[str, bool]] = set()
    for number, line in zip(numbers, lines, strict=True):
        outcome, reason = _outcome(number, line, sent, came_back=number in back, taken=taken)
        judged.append(Judged(line, number, outcome, reason))
        if number is not None and outcome in ("matched", "rejected"):
            taken.add((number, line.amount_fen > 0))
    return judged


def _outcome(
    number: str | None,
    line: StatedLine,
    sent: Mapping[str, Sent],
    *,
    came_back: bool,
    taken: set[tuple[str, bool]],
) -> tuple[str, str]:
    if number is None:
        return "unknown", "no_instruction"
    if number not in sent:
        return "unknown", "instruction_not_ours"
    if abs(line.amount_fen) != sent[number].amount_fen:
        return "amount_differs", "amount_differs"
    if sent[number].answered:
        return "unknown", "answered_before"
    if (number, line.amount_fen > 0) in taken:
        return "unknown", "twice_in_file"
    if line.amount_fen > 0:
        return "rejected", ""
    return ("rejected", "came_back") if came_back else ("matched", "")


def numbers_in(lines: Iterable[StatedLine]) -> set[str]:
    """Return every instruction number that the lines carry."""
    return {number for line in lines if (number := instruction_in(line.remark)) is not None}
