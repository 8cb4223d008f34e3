"""What does a person hand in with each step of a registration? What founders hand in stands in `applying.py`."""

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError

from app.cases.inputs import (
    Input,
    choice_field,
    date_field,
    declaration_field,
    integer_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from app.organizations.checking import social_organization_code
from app.organizations.printed import Unclear
from app.registration.applying import checked

DELIVERY = [
    ("electronic", _l("Electronic certificate")),
    ("counter", _l("Collected at the counter")),
    ("post", _l("By post")),
]


def organization_code(value: str) -> None:
    """Refuse what is no social organization's code; nothing at all is fine."""
    try:
        if value:
            social_organization_code(value)
    except Unclear:
        message = _l("This is no social organization's code; leave it empty to have one allotted.")
        raise ValidationError([message]) from None


class CorrectionItem(Input):
    """One thing to correct: where, what is wrong, how to mend it."""

    what = text_field(_l("Section or paper"), max=120, example="章程草案")
    wrong = text_field(_l("What is wrong"), max=500, multiline=True, example="缺少终止程序一章。")
    mend = text_field(_l("How to put it right"), max=500, multiline=True, example="按示范文本补充终止程序。")


@input_for("registration", "ask_correction")
class AskCorrection(Input):
    """Everything that must be corrected, in one list."""

    items = table_field(
        _l("What must be corrected"), CorrectionItem, max_rows=50,
        help=_l("List everything now: correction can be asked for once only."),
    )
    contact = text_field(_l("Whom to ask"), max=120, example="登记窗口 010-00000000")


@input_for("registration", "accept")
class Accept(Input):
    """What the notice of acceptance says beside the dates."""

    contact = text_field(
        _l("Whom to ask"), max=120, required=False, example="登记窗口 010-00000000",
        help=_l("Printed on the notice of acceptance."),
    )


class Decision(Input):
    """A decision against the applicant: reasons, and where to turn."""

    document_number = text_field(
        _l("Document number"), max=80, example="西民社许不准字〔2026〕1号"
    )
    reasons = text_field(
        _l("Reasons"), min=10, max=2000, multiline=True, example="申请材料所述业务范围不属于本机关登记管辖。",
        help=_l("One reason per line; the applicant reads them word by word."),
    )
    review_authority = text_field(
        _l("Where to apply for reconsideration"), max=120, example="北京市西城区人民政府"
    )
    court = text_field(_l("Court"), max=120, example="北京市西城区人民法院")


@input_for("registration", "refuse_acceptance")
class RefuseAcceptance(Decision):
    """Why the application is not taken, and which authority is the right one."""

    correct_authority = text_field(
        _l("The right authority"), max=120, example="北京市民政局",
        help=_l("The law asks you to name the authority to which the applicant must turn."),
    )


@input_for("registration", "refuse")
class RefuseRegistration(Decision):
    """Why registration is refused."""


@input_for("registration", "start_expert_review")
class StartExpertReview(Input):
    """Why experts are asked, and how long it will take."""

    reason = text_field(_l("Why experts are asked"), max=500, multiline=True, example="业务范围涉及专业。")
    expected_days = integer_field(_l("Days that it will take"), min=1, max=365, example=15)


@input_for("registration", "finish_expert_review")
class FinishExpertReview(Input):
    """What the experts found."""

    opinion = text_field(_l("Opinion of the experts"), max=2000, multiline=True, example="专家认为可以登记。")


@input_for("registration", "extend_decision")
class ExtendDecision(Input):
    """Why the limit is not enough."""

    reason = text_field(
        _l("Reason"), max=500, multiline=True, example="需要核实场所情况。", help=_l("The applicant is told.")
    )
    approved_by_head = declaration_field(_l("The head of the authority has approved the extension."))


@input_for("registration", "approve")
class Approve(Input):
    """The decision to register."""

    document_number = text_field(_l("Document number"), max=80, example="西民民许准登字〔2026〕1号")
    registered_on = date_field(
        _l("Date of registration"), required=False, help=_l("Empty: the day of this decision."),
        example_from="registration_day",
    )
    uscc = checked(
        text_field(
            _l("Unified social credit code"), max=30, required=False, example="",
            help=_l("Empty: the next code of this authority's range is allotted."),
        ),
        organization_code,
    )


@input_for("registration", "deliver")
class Deliver(Input):
    """How the certificate reaches the organization."""

    method = choice_field(_l("How it was delivered"), DELIVERY, example="electronic")
    note = text_field(_l("Remark"), max=200, required=False, example="")


@input_for("registration", "withdraw")
class Withdraw(Input):
    """Why the applicant steps back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="暂不申请。")
