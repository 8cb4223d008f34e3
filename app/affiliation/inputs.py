"""What does a person hand in with each step of joining or leaving a hub?"""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import (
    Input,
    OpeningInput,
    bool_field,
    document_list_field,
    row_choice_field,
    text_field,
)
from app.cases.kinds import input_for


@input_for("affiliation", "apply")
class ApplyToHub(OpeningInput):
    """Which hub, and whether it is to be the primary one."""

    hub = row_choice_field(
        _l("Hub organization"), "hubs_in_force", help=_l("Hubs whose recognition is in force."),
        when_none=_l("No hub is recognized at present."),
    )
    wants_primary = bool_field(
        _l("As the primary hub"), default=True, example=True,
        help=_l("One primary hub at a time; secondary links are free."),
    )
    purpose = text_field(
        _l("What you expect of the hub"), max=1000, multiline=True, required=False,
        example="希望获得业务指导和培训。",
    )
    documents = document_list_field()


@input_for("affiliation", "accept")
class AcceptMember(Input):
    """A word to the new member."""

    remark = text_field(_l("Remark"), max=500, multiline=True, required=False, example="")


@input_for("affiliation", "return_for_changes")
class ReturnForChanges(Input):
    """Everything that is to be changed."""

    remarks = text_field(
        _l("What to change"), max=2000, multiline=True, example="请说明希望获得的服务。",
        help=_l("Say everything now: it can be returned once only."),
    )


@input_for("affiliation", "resubmit")
class Resubmit(Input):
    """What was changed."""

    answer = text_field(_l("What you changed"), max=2000, multiline=True, example="已补充说明。")
    wants_primary = bool_field(
        _l("As the primary hub"), default=True, example=True,
        help=_l("One primary hub at a time; secondary links are free."),
    )
    documents = document_list_field(help=_l("Papers handed in earlier stay valid; add only what is new."))


@input_for("affiliation", "refuse")
class RefuseMember(Input):
    """Why the hub does not accept."""

    reason = text_field(
        _l("Reason"), min=4, max=1000, multiline=True, example="业务领域与本枢纽组织的联系范围不同。",
        help=_l("The applicant reads it word by word."),
    )


@input_for("affiliation", "withdraw")
class WithdrawApplication(Input):
    """Why the applicant steps back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="暂不申请。")


@input_for("disaffiliation", "give_notice")
class GiveNotice(OpeningInput):
    """Which hub is left, and why."""

    hub = row_choice_field(
        _l("Hub organization"), "hubs_of_the_organization", help=_l("Hubs that your organization belongs to today."),
        when_none=_l("Your organization belongs to no hub."),
    )
    reason = text_field(
        _l("Reason"), min=2, max=1000, multiline=True, example="业务领域已经调整，拟加入其他枢纽组织。",
        help=_l("The hub reads it word by word."),
    )


@input_for("disaffiliation", "confirm")
class ConfirmLeaving(Input):
    """A word to the former member."""

    remark = text_field(_l("Remark"), max=500, multiline=True, required=False, example="")


@input_for("disaffiliation", "withdraw")
class TakeNoticeBack(Input):
    """Why the organization stays."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="继续留在本枢纽组织。")
