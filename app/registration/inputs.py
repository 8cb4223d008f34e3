"""What does a person hand in with each step of a registration?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema
from stdnum.cn import ric

from app.cases.inputs import (
    Input,
    OpeningInput,
    choice_field,
    date_field,
    declaration_field,
    document_list_field,
    integer_field,
    money_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from app.organizations.checking import social_organization_code
from app.organizations.printed import Unclear

FIELD_LABELS = [
    ("public_welfare", _l("Public welfare and charity")),
    ("community_service", _l("Community service")),
    ("elderly_care", _l("Care of the elderly")),
    ("education", _l("Education")),
    ("health", _l("Health")),
    ("culture_sports", _l("Culture and sports")),
    ("science_technology", _l("Science and technology")),
    ("environment", _l("Environment")),
    ("industry", _l("Trade and industry")),
    ("law", _l("Law")),
    ("other", _l("Other")),
]
ROUTES = [
    ("sponsor", _l("With the approval of a supervising unit")),
    ("direct", _l("Direct registration")),
]
DELIVERY = [
    ("electronic", _l("Electronic certificate")),
    ("counter", _l("Collected at the counter")),
    ("post", _l("By post")),
]
ATTACHED = _l("Papers handed in earlier stay valid; add only what is new.")


def identity_number(value: str) -> None:
    """Refuse what can be no identity number: 18 characters, a real date, the right check character."""
    if not ric.is_valid(value):
        raise ValidationError([_l("Check the identity number: its form or check character is wrong.")])


def phone_number(value: str) -> None:
    """Refuse what nobody can call: 7 to 20 digits, with plus, spaces and hyphens between them."""
    digits = value.replace(" ", "").replace("-", "").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 20):
        raise ValidationError([_l("Write a telephone number of 7 to 20 digits.")])


def organization_code(value: str) -> None:
    """Refuse what is no social organization's code; nothing at all is fine."""
    try:
        if value:
            social_organization_code(value)
    except Unclear:
        message = _l("This is no social organization's code; leave it empty to have one allotted.")
        raise ValidationError([message]) from None


def checked(field: Any, *checks: Any) -> Any:
    """Return the field with further validators."""
    field.validators.extend(checks)
    return field


class Founder(Input):
    """One of those who found the organization."""

    name = text_field(_l("Founder's name"), max=60, example="陈示例", personal=True)
    role = text_field(_l("Position"), max=60, example="举办者")


@input_for("registration", "apply")
class ApplyForRegistration(OpeningInput):
    """The application, as the registration form asks for it."""

    proposed_name = text_field(
        _l("Name of the organization"), min=4, max=80, example="北京市西城区示例社会工作服务中心",
        prefill_from="founding_name", section=_l("The organization"),
        help=_l("Place, name, field and kind, such as 北京市西城区…服务中心."),
    )
    field = choice_field(_l("Field of work"), FIELD_LABELS, example="community_service")
    scope = text_field(
        _l("Scope of business"), min=4, max=1000, multiline=True, example="社区服务；社会工作服务。",
        help=_l("As it will stand on the certificate."),
    )
    domicile = text_field(_l("Domicile"), min=4, max=200, example="北京市西城区示例街1号")
    start_up_fund_fen = money_field(
        _l("Start-up fund"), example=3_000_000, help=_l("As the capital verification report states it.")
    )
    route = choice_field(
        _l("Way of registration"), ROUTES, example="direct", section=_l("How it registers"),
        help=_l("Trade, science, charity and community service organizations may register directly."),
    )
    sponsor = text_field(
        _l("Supervising unit"), max=120, required=False, example="北京市西城区示例局",
        help=_l("Only with the approval of a supervising unit."),
    )
    legal_representative = text_field(
        _l("Legal representative"), max=60, example="陈示例", personal=True, section=_l("People")
    )
    identity_number = checked(
        text_field(
            _l("Identity number of the legal representative"), max=18, example="110102190001010002",
            personal=True, help=_l("It is masked on every page."),
        ),
        identity_number,
    )
    phone = checked(
        text_field(_l("Telephone"), max=30, example="010-00000000", personal=True), phone_number
    )
    staff_count = integer_field(_l("Number of staff"), min=1, max=100_000, example=5)
    founders = table_field(_l("Founders"), Founder, max_rows=50)
    documents = document_list_field(section=_l("Papers and declaration"))
    declaration = declaration_field(
        _l("What is stated here is true, and no activity but preparation takes place before registration.")
    )

    @validates_schema
    def _sponsor_is_named(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("route") == "sponsor" and not data.get("sponsor"):
            raise ValidationError([_l("Name the supervising unit, or choose direct registration.")], "sponsor")


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


@input_for("registration", "answer_correction")
class AnswerCorrection(Input):
    """What was corrected; a field that did not change stays empty."""

    answers = text_field(
        _l("What you corrected"), max=2000, multiline=True, example="已按示范文本补充章程草案。",
        help=_l("Answer each item of the list."),
    )
    proposed_name = text_field(
        _l("New name"), min=4, max=80, required=False, help=_l("Only if it changes."),
        example="",
    )
    scope = text_field(
        _l("New scope of business"), max=1000, multiline=True, required=False,
        help=_l("Only if it changes."), example="",
    )
    domicile = text_field(
        _l("New domicile"), max=200, required=False, help=_l("Only if it changes."),
        example="",
    )
    documents = document_list_field(help=ATTACHED)
    declaration = declaration_field(_l("What is stated here is true."))


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
