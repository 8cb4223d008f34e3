"""What do founders hand in? The application of each legal class, and the answer to a correction."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema
from stdnum.cn import ric

from app.cases.inputs import (
    Input,
    OpeningInput,
    choice_field,
    declaration_field,
    document_list_field,
    fixed_field,
    integer_field,
    money_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for

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
FUNDRAISING = [
    ("public", _l("May raise funds from the public")),
    ("private", _l("May not raise funds from the public")),
]
TYPE = _l("Legal class")
ATTACHED = _l("Papers handed in earlier stay valid; add only what is new.")
IF_IT_CHANGES = _l("Only if it changes.")
MOST_MEMBERS = 1_000_000
FUND_FIELDS = ("start_up_fund_fen", "registered_fund_fen", "original_fund_fen")
"""What the money that an organization begins with is called in each legal class; an application has one of them."""


def fund_of(data: Mapping[str, Any]) -> int | None:
    """Return what an application, or the answer to a correction, states as its fund in fen, if it does."""
    return next((data[name] for name in FUND_FIELDS if data.get(name)), None)


def identity_number(value: str) -> None:
    """Refuse what can be no identity number: 18 characters, a real date, the right check character."""
    if not ric.is_valid(value):
        raise ValidationError([_l("Check the identity number: its form or check character is wrong.")])


def phone_number(value: str) -> None:
    """Refuse what nobody can call: 7 to 20 digits, with plus, spaces and hyphens between them."""
    digits = value.replace(" ", "").replace("-", "").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 20):
        raise ValidationError([_l("Write a telephone number of 7 to 20 digits.")])


class Founder(Input):
    """One of those who found the organization."""

    name = text_field(_l("Founder's name"), max=60, example="陈示例", personal=True)
    role = text_field(_l("Position"), max=60, example="举办者")


def checked(field: Any, *checks: Any) -> Any:
    """Return the field with these checks added to its own."""
    field.validators.extend(checks)
    return field


class Initiator(Input):
    """One of those who found an association or a foundation."""

    name = text_field(_l("Initiator's name"), max=60, example="陈示例", personal=True)
    role = text_field(_l("Position"), max=60, example="发起人")


# The three parts of every application. What a class asks for besides stands between the first and the second: the
# fields of a form come in the order of its bases, the last base first.
class TheOrganization(OpeningInput):
    """What is to be founded, as the certificate will say it."""

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


class HowItRegisters(Input):
    """Who consents, who will be responsible, and the papers."""

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


class StartUpFund(Input):
    """What a social service organization begins with."""

    start_up_fund_fen = money_field(
        _l("Start-up fund"), example=3_000_000, help=_l("As the capital verification report states it.")
    )


@input_for("registration", "apply")
@input_for("registration", "apply", legal_class="social_service")
class ApplyForRegistration(HowItRegisters, StartUpFund, TheOrganization):
    """The application of a social service organization."""

    legal_type = fixed_field("social_service", TYPE)


class MembersAndFund(Input):
    """Who belongs to an association, and what it begins with (社会团体登记管理条例 art. 10)."""

    individual_members = integer_field(
        _l("Individual members"), min=0, max=MOST_MEMBERS, example=52, section=_l("Members and funds"),
        help=_l("People who are members themselves; 0 if only units are."),
    )
    unit_members = integer_field(
        _l("Unit members"), min=0, max=MOST_MEMBERS, example=0,
        help=_l("Enterprises, institutions and organizations that are members; 0 if only people are."),
    )
    activity_area = text_field(
        _l("Area of activity"), max=120, example="北京市西城区",
        help=_l("Not beyond the area of the authority that registers it."),
    )
    registered_fund_fen = money_field(
        _l("Registered funds"), example=3_000_000, help=_l("As the capital verification report states it.")
    )


@input_for("registration", "apply", legal_class="association")
class ApplyForAssociation(HowItRegisters, MembersAndFund, TheOrganization):
    """The application of an association (社会团体登记管理条例 art. 10 and 11)."""

    legal_type = fixed_field("association", TYPE)
    proposed_name = text_field(
        _l("Name of the organization"), min=4, max=80, example="北京市西城区示例社区志愿者协会",
        prefill_from="founding_name", section=_l("The organization"),
        help=_l("Place, name and kind, such as 北京市西城区…协会; not beginning with 中国, 全国 or 中华."),
    )
    founders = table_field(_l("Initiators"), Initiator, max_rows=50)
    declaration = declaration_field(_l(
        "What is stated here is true; no activity but preparation takes place before registration; the intended legal"
        " representative represents no other association."
    ))


class OriginalFund(Input):
    """What a foundation begins with, and whether it will raise funds from the public (基金会管理条例 art. 8)."""

    fundraising = choice_field(
        _l("Raising of funds"), FUNDRAISING, example="private", section=_l("Original fund"),
        help=_l("A foundation that raises funds from the public needs a larger original fund."),
    )
    original_fund_fen = money_field(
        _l("Original fund"), example=200_000_000, help=_l("Money that has been paid in, as the verification states it.")
    )


@input_for("registration", "apply", legal_class="foundation")
class ApplyForFoundation(HowItRegisters, OriginalFund, TheOrganization):
    """The application of a foundation (基金会管理条例 art. 8 and 9)."""

    legal_type = fixed_field("foundation", TYPE)
    proposed_name = text_field(
        _l("Name of the organization"), min=4, max=80, example="北京市示例公益基金会",
        prefill_from="founding_name", section=_l("The organization"),
        help=_l("Place, name and 基金会, such as 北京市…基金会; not beginning with 中国, 全国 or 中华."),
    )
    founders = table_field(_l("Initiators"), Initiator, max_rows=50)
    no_officials = declaration_field(_l(
        "Nobody intended as chairperson, vice chairperson or secretary-general is a serving state official."
    ))
    declaration = declaration_field(_l(
        "What is stated here is true; no activity but preparation takes place before registration; the intended legal"
        " representative represents no other organization."
    ))


class AnswerCorrection(Input):
    """What was corrected; a field that did not change stays empty."""

    answers = text_field(
        _l("What you corrected"), max=2000, multiline=True, example="已按示范文本补充章程草案。",
        help=_l("Answer each item of the list."),
    )
    proposed_name = text_field(
        _l("New name"), min=4, max=80, required=False, help=IF_IT_CHANGES, example="",
    )
    scope = text_field(
        _l("New scope of business"), max=1000, multiline=True, required=False, help=IF_IT_CHANGES, example="",
    )
    domicile = text_field(_l("New domicile"), max=200, required=False, help=IF_IT_CHANGES, example="")


class Again(Input):
    """The papers that are new, and the word for it."""

    documents = document_list_field(help=ATTACHED)
    declaration = declaration_field(_l("What is stated here is true."))


class NewStartUpFund(Input):
    """Another sum, where the verification says another one."""

    start_up_fund_fen = money_field(_l("Start-up fund"), required=False, help=IF_IT_CHANGES, example=None)


class NewMembersAndFund(Input):
    """Who has joined or left meanwhile, and another sum."""

    individual_members = integer_field(
        _l("Individual members"), max=MOST_MEMBERS, required=False, help=IF_IT_CHANGES, example=None
    )
    unit_members = integer_field(
        _l("Unit members"), max=MOST_MEMBERS, required=False, help=IF_IT_CHANGES, example=None
    )
    registered_fund_fen = money_field(_l("Registered funds"), required=False, help=IF_IT_CHANGES, example=None)


class NewOriginalFund(Input):
    """Another sum, where the verification says another one."""

    original_fund_fen = money_field(_l("Original fund"), required=False, help=IF_IT_CHANGES, example=None)


@input_for("registration", "answer_correction")
@input_for("registration", "answer_correction", legal_class="social_service")
class AnswerOfSocialService(Again, NewStartUpFund, AnswerCorrection):
    """The answer of a social service organization."""


@input_for("registration", "answer_correction", legal_class="association")
class AnswerOfAssociation(Again, NewMembersAndFund, AnswerCorrection):
    """The answer of an association."""


@input_for("registration", "answer_correction", legal_class="foundation")
class AnswerOfFoundation(Again, NewOriginalFund, AnswerCorrection):
    """The answer of a foundation."""
