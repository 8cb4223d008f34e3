"""What does an objector say, and what is the answer? Both in words that stand in the history."""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import (
    Input,
    choice_field,
    declaration_field,
    document_list_field,
    row_choice_field,
    text_field,
)
from app.cases.kinds import input_for
from app.purchasing.bid.inputs import OpeningInput

REMEDIES = [
    ("exclude", _l("The candidate is out, the next one follows")),
    ("void", _l("The package fails and is bought anew")),
]


@input_for("objection", "file")
class FileObjection(OpeningInput):
    """A signed objection in the bidder's own name."""

    package = row_choice_field(
        _l("Package"), "packages_to_object", help=_l("Packages of yours with a result."),
        when_none=_l("No package for which you bid has a published result."),
    )
    claim = text_field(_l("Facts and grounds"), min=10, max=6000, multiline=True,
                       example="候选人提交的同类项目业绩证明与公开合同不符。")
    request = text_field(_l("What you ask for"), min=4, max=1000, multiline=True, example="核实业绩并取消候选资格。")
    contact = text_field(_l("Who signs"), max=60, personal=True, example="张示例")
    phone = text_field(_l("Phone"), max=40, personal=True, example="13800001234")
    documents = document_list_field()
    declaration = declaration_field(_l("What is said here is true; false claims have consequences by law."))


@input_for("objection", "accept")
class AcceptObjection(Input):
    """A word on the intake."""

    remark = text_field(_l("Remark"), max=1000, multiline=True, required=False, example="材料齐全。")


@input_for("objection", "dismiss", "reject_inadmissible")
class DismissObjection(Input):
    """The written answer."""

    answer = text_field(
        _l("Answer"), min=4, max=6000, multiline=True, example="经核实，业绩证明属实，异议不成立。",
        help=_l("The objector reads it word by word."),
    )


@input_for("objection", "uphold")
class UpholdObjection(Input):
    """The written answer and what follows."""

    answer = text_field(
        _l("Answer"), min=4, max=2000, multiline=True, example="经核实，业绩证明不实，异议成立。",
        help=_l("The objector reads it word by word."),
    )
    remedy = choice_field(_l("What follows"), REMEDIES)


@input_for("objection", "withdraw")
class WithdrawObjection(Input):
    """Why, if the objector wants to say."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="已得到说明。")


@input_for("objection", "lapse")
class LapseObjection(Input):
    """What became of its object."""

    reason = text_field(_l("Reason"), max=3000, multiline=True, example="候选人已放弃。")
