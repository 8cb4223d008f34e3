"""What is handed in with the steps of a lot? Two passphrases open it; a failure has its reason."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema

from app.cases.inputs import (
    Input,
    choice_field,
    integer_field,
    moment_field,
    row_choice_field,
    secret_field,
    text_field,
)
from app.cases.kinds import input_for

GROUNDS = [
    ("too_few", _l("Too few bidders")),
    ("unlawful", _l("A breach of law that could change the result")),
    ("task_cancelled", _l("The task was cancelled for a grave reason")),
    ("no_candidate", _l("No candidate is left, or the winner does not sign")),
]


@input_for("package", "publish")
class PublishPackage(Input):
    """Which lot of the call, and until when it takes bids."""

    package = integer_field(_l("Package"), min=1, max=2**62, told=False)
    bids_due_at = moment_field(_l("Deadline for bids"))


@input_for("package", "arrive")
class Arrive(Input):
    """The officer's own passphrase; it is used here and forgotten."""

    passphrase = secret_field(_l("Passphrase for opening bids"))


@input_for("package", "open_bids")
class OpenBids(Input):
    """Two of the three officers, in one room, each with the own passphrase."""

    officer = row_choice_field(_l("First officer"), "officers_of_package")
    passphrase = secret_field(_l("Passphrase of the first officer"))
    second_officer = row_choice_field(_l("Second officer"), "officers_of_package", example=2)
    second_passphrase = secret_field(_l("Passphrase of the second officer"))
    minutes = text_field(_l("Record of the opening"), max=2000, multiline=True, required=False, example="无异议。")

    @validates_schema
    def _two_people(self, data: dict[str, Any], **_: Any) -> None:
        if data["officer"] == data["second_officer"]:
            raise ValidationError({"second_officer": [str(_l("Choose another person."))]})


@input_for("package", "fail")
class FailPackage(Input):
    """Why the package fails (Procurement Law art. 36)."""

    ground = choice_field(_l("Ground"), GROUNDS, required=False)
    reason = text_field(
        _l("Reason"), min=4, max=1000, multiline=True, example="符合条件的投标人不足三家。",
        help=_l("Every bidder reads it word by word."),
    )


@input_for("package", "cancel")
class CancelPackage(Input):
    """Why the call was cancelled."""

    reason = text_field(_l("Reason"), max=1000, multiline=True, example="采购任务取消。")


@input_for("package", "finish_qualification")
class FinishQualification(Input):
    """A word on the outcome."""

    remark = text_field(_l("Remark"), max=1000, multiline=True, required=False, example="审查完毕。")
