"""What does a person hand in with each step of a listing and of a removal?"""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from marshmallow import fields

from app.cases.inputs import Input, choice_field, document_list_field, text_field
from app.cases.kinds import input_for
from app.language import localized
from workflows.kinds.restriction import GROUNDS, LIFTED_FOR, title_of

BY_ITSELF = ("put_right", "nothing_to_do", "mistaken")
"""Why an organization may ask for removal; that it is deregistered, the registrar knows."""


def _removed_for(*names: str) -> fields.String:
    return choice_field(
        _l("Why it is to be removed"), [(name, LazyString(localized, LIFTED_FOR[name])) for name in names]
    )


def _reason(example: str) -> fields.String:
    return text_field(
        _l("Reason"), min=4, max=2000, multiline=True, example=example, help=_l("The other side reads it word by word.")
    )


def _decision_number() -> fields.String:
    return text_field(
        _l("Number of the decision"), min=4, max=80, example="西民社名录〔2026〕3号",
        help=_l("As it stands on the letter; everybody reads it in the organization's file."),
    )


@input_for("restriction", "propose")
class ProposeRestriction(Input):
    """Whom to list, on which ground and why."""

    organization_code = text_field(
        _l("Unified social credit code"), min=18, max=18, example="52110102MJ00000018",
        help=_l("Of the organization that is to be listed; it must stand in the register."),
    )
    ground = choice_field(
        _l("List and ground"), [(name, LazyString(localized, title_of(name))) for name in GROUNDS],
        help=_l("What is marked unverified stands in the draft of the Measures only: check it before you use it."),
    )
    facts = text_field(
        _l("Facts"), min=4, max=2000, multiline=True, example="经两次书面催报，仍未报送上年度工作报告。",
        help=_l("What happened and when; the organization reads it word by word."),
    )
    legal_basis = text_field(
        _l("Legal basis"), min=4, max=300, example="《社会组织信用信息管理办法》",
        help=_l("Measure and article, as they will stand in the decision."),
    )
    documents = document_list_field()


@input_for("restriction", "answer")
class StateTheCase(Input):
    """What the organization has to say."""

    statement = text_field(
        _l("Statement"), min=2, max=5000, multiline=True, example="年度工作报告已经补报，请予核实。",
        help=_l("What you object to and why; or that you do not object."),
    )
    documents = document_list_field()


@input_for("restriction", "impose")
class Impose(Input):
    """The decision, and what became of the statement."""

    decision_number = _decision_number()
    opinion = text_field(
        _l("Reasons of the decision"), min=4, max=2000, multiline=True, example="经核实，情形属实，申辩意见不成立。",
        help=_l("What you checked, and why the statement does or does not change it. The organization reads it."),
    )
    documents = document_list_field()


@input_for("restriction", "dismiss")
class Dismiss(Input):
    """Why the organization is not listed."""

    reason = _reason("经核实，年度工作报告已在期限内报送。")


@input_for("restriction", "apply_for_lifting")
class ApplyForRemoval(Input):
    """Why the organization is to be removed, with proof."""

    lifting_reason = _removed_for(*BY_ITSELF)
    done = text_field(
        _l("What was put right"), min=4, max=2000, multiline=True, example="年度工作报告已经补报，整改报告附后。",
        help=_l("For every point of the decision."),
    )
    documents = document_list_field()


@input_for("restriction", "propose_lifting")
class ProposeRemoval(Input):
    """What a registrar found."""

    lifting_reason = _removed_for(*LIFTED_FOR)
    checked = text_field(
        _l("What was checked"), min=4, max=2000, multiline=True, example="年度工作报告已补报并审查合格。",
        help=_l("What you looked at, and the result."),
    )
    documents = document_list_field()


@input_for("restriction", "refuse_lifting")
class RefuseRemoval(Input):
    """What is missing."""

    reason = _reason("补报的年度工作报告缺财务审计部分。")


@input_for("restriction", "lift")
class Lift(Input):
    """The decision."""

    decision_number = _decision_number()
    documents = document_list_field()
