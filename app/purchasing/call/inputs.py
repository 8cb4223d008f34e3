"""What does a call say, and what is answered to it?"""

from datetime import UTC
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import post_load

from app.cases.inputs import (
    Input,
    date_field,
    moment_field,
    money_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for


class PackageRow(Input):
    """One lot."""

    title = text_field(_l("Package"), max=120, example="第一包 探访服务")
    amount_fen = money_field(_l("Most to be paid"), example=10_000_000, total=True)


class CallInput(Input):
    """What every version of a call says."""

    plan = row_choice_field(
        _l("Plan"), "plans_held", help=_l("Approved plans without a call."),
        when_none=_l("No approved plan waits for a call; hand in a plan first."),
    )
    title = text_field(_l("Title"), max=120, example="社区为老服务采购公告")
    requirements = text_field(
        _l("What is asked for, and how it is accepted"), max=10_000, multiline=True,
        example="每月入户探访不少于两次；按月提交记录，期末由服务对象评价。",
    )
    bids_due_at = moment_field(_l("Deadline for bids"), help=_l("The server's clock counts, to the second."))
    documents_until = date_field(_l("Documents on offer until"), example="2026-03-31")
    packages = table_field(_l("Packages"), PackageRow, max_rows=99)
    officer_1 = row_choice_field(_l("First opening officer"), "opening_officers")
    officer_2 = row_choice_field(_l("Second opening officer"), "opening_officers", example=2)
    officer_3 = row_choice_field(_l("Third opening officer"), "opening_officers", example=3)

    @post_load
    def _in_utc(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "bids_due_at": data["bids_due_at"].astimezone(UTC)}


@input_for("call", "draft")
class DraftCall(CallInput):
    """A first version."""


@input_for("call", "redraft")
class RedraftCall(CallInput):
    """The call as changed."""

    answer = text_field(_l("What you changed"), max=2000, multiline=True, example="已补充验收标准。")


@input_for("call", "publish")
class PublishCall(Input):
    """A word on the publication."""

    opinion = text_field(_l("Opinion"), max=1000, multiline=True, required=False, example="同意发布。")


@input_for("call", "return_for_changes")
class ReturnCall(Input):
    """Everything that is to be changed."""

    remarks = text_field(_l("What to change"), max=2000, multiline=True, example="请补充验收标准。")


@input_for("call", "cancel")
class CancelCall(Input):
    """Why nothing is bought."""

    reason = text_field(
        _l("Reason"), min=4, max=1000, multiline=True, example="采购任务取消。",
        help=_l("Every bidder reads it word by word."),
    )


@input_for("call", "withdraw")
class WithdrawCall(Input):
    """Why the draft is taken back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="计划有变。")
