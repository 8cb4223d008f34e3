"""A throw-away fourth kind: a definition, inputs, facts and effects, and not a line of door code.

Loan of a meeting room: staff ask, a registrar lends or declines, the room comes back when its time is up.
"""

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.cases.inputs import Input, OpeningInput, date_field, document_list_field, money_field, text_field
from app.cases.kinds import effect, facts, forget_kind, input_for
from app.cases.move import Move
from workflows.definition import Definition
from workflows.kinds.case import CaseFacts
from workflows.loader import library
from workflows.reading import Table, read_definition

SOURCE = """
kind = "loan"
effective_from = 2020-01-01
number_prefix = "JY"
title = { zh = "场地借用", en = "Loan of a room" }
summary = { zh = "借用区级会议室。", en = "Borrow a room of the district." }
who_may_apply = { zh = "本区社会组织。", en = "Organizations of the district." }
legal_basis = []
spine = ["asked", "lent", "returned"]

[documents.plan]
title = { zh = "活动方案", en = "Plan of the event" }
help = { zh = "一页即可。", en = "One page will do." }
required = false
media = ["application/pdf"]

[states.asked]
title = { zh = "已申请", en = "Asked" }
waits_for = "registrar"
clocks = ["intake_check"]
applicant_says = { zh = "请等待答复。", en = "Please wait for the answer." }

[states.lent]
title = { zh = "已借出", en = "Lent" }
waits_for = "staff"
clocks = ["delivery"]
paused = []
applicant_says = { zh = "请按时归还。", en = "Please bring it back in time." }

[states.returned]
title = { zh = "已归还", en = "Returned" }
outcome = "success"

[states.declined]
title = { zh = "未借出", en = "Declined" }
outcome = "failure"

[[transitions]]
trigger = "ask"
title = { zh = "申请借用", en = "Ask for a room" }
from = []
to = "asked"
roles = ["staff"]

[[transitions]]
trigger = "lend"
title = { zh = "借出", en = "Lend it" }
consequence = { zh = "申请人收到钥匙。", en = "The applicant gets the key." }
from = ["asked"]
to = "lent"
roles = ["registrar"]
guards = ["four_eyes"]

[[transitions]]
trigger = "decline"
title = { zh = "不借", en = "Decline" }
from = ["asked"]
to = "declined"
roles = ["registrar"]
danger = true

[[transitions]]
trigger = "lend_by_silence"
title = { zh = "逾期视为同意", en = "Silence lends it" }
from = ["asked"]
to = "lent"
roles = []
on_due = "intake_check"

[[transitions]]
trigger = "bring_back"
title = { zh = "归还", en = "Bring it back" }
from = ["lent"]
to = "returned"
roles = ["staff"]
"""


@dataclass(frozen=True)
class LoanFacts:
    """What guards may know of a loan."""

    case: CaseFacts


def loan_definition() -> Definition:
    """Return the definition as the loader would read it from a file."""
    problems: list[str] = []
    table = Table(tomllib.loads(SOURCE), "base/loan.v1.toml", problems)
    definition = read_definition(table, SOURCE.encode(), "base", "loan", 1)
    assert problems == []
    return definition


class AskForRoom(OpeningInput):
    """What the applicant says."""

    purpose = text_field("用途", max=100, example="居民议事会")
    day = date_field("日期", example="2026-03-20")
    phone = text_field("联系电话", max=20, example="13800000000", personal=True)
    deposit_fen = money_field("押金", example=10000)
    documents = document_list_field()


class Lend(Input):
    """What the registrar says."""

    remark = text_field("备注", max=100, required=False)


@contextmanager
def loan_kind(effects: dict[str, object] | None = None) -> Iterator[None]:
    """Add the kind for the time of a test."""
    definition = loan_definition()
    library().add(definition)
    input_for("loan", "ask")(AskForRoom)
    input_for("loan", "lend", "decline", "bring_back")(Lend)
    facts("loan")(lambda session, case, data, case_facts: LoanFacts(case=case_facts))

    def ask(move: Move) -> None:
        move.case.subject = f"借用会议室：{move.data['purpose']}"

    effect("loan", "ask")(ask)
    for trigger, function in (effects or {}).items():
        effect("loan", trigger)(function)
    try:
        yield
    finally:
        forget_kind("loan")
        library().remove(definition)
