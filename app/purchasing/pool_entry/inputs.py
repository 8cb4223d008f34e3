"""What is entered of an expert, and what does the second person say?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema

from app.cases.inputs import Input, row_choice_field, text_field
from app.cases.kinds import input_for
from workflows.rules.uscc import UsccError, parse


@input_for("pool_entry", "enter")
class EnterExpert(Input):
    """Who is to be listed, for what, and who employs them."""

    office = row_choice_field(_l("Buyer"), "offices_held", help=_l("The pool is that of the office's place."))
    person = row_choice_field(
        _l("Expert"), "experts_to_list", personal=True, help=_l("People who hold the role of expert here.")
    )
    specialties = text_field(_l("Specialties"), max=200, example="社区养老、项目评估")
    employer = text_field(_l("Employer"), max=120, example="首都某大学")
    employer_uscc = text_field(
        _l("Employer's credit code"), max=18, required=False, example="",
        help=_l("So that the expert is never drawn where the employer bids. Empty: it has none."),
    )

    @validates_schema(skip_on_field_errors=True)
    def _code(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("employer_uscc"):
            try:
                parse(data["employer_uscc"])
            except UsccError:
                raise ValidationError({"employer_uscc": [str(_l("Check the credit code."))]}) from None


@input_for("pool_entry", "confirm")
class ConfirmExpert(Input):
    """A word of the second person."""

    remark = text_field(_l("Remark"), max=500, multiline=True, required=False, example="已核对聘书。")


@input_for("pool_entry", "refuse")
class RefuseExpert(Input):
    """Why the expert is not listed."""

    reason = text_field(_l("Reason"), min=4, max=1000, multiline=True, example="专业与采购项目无关。")


@input_for("pool_entry", "withdraw")
class WithdrawExpert(Input):
    """Why the entry is taken back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="重新录入。")


@input_for("pool_entry", "end")
class EndListing(Input):
    """Why the listing ends before its term."""

    reason = text_field(_l("Reason"), min=4, max=500, multiline=True, example="本人申请出库。")
