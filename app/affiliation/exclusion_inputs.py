"""What does each side hand in with each step of an exclusion?"""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import Input, document_list_field, row_choice_field, text_field
from app.cases.kinds import input_for

READ = _l("The organization reads it word by word.")


@input_for("exclusion", "propose")
class ProposeExclusion(Input):
    """Which member, and on which grounds."""

    membership = row_choice_field(
        _l("Member"), "members_of_hubs_held", help=_l("Members of your hub today."),
        when_none=_l("Your hub has no member."),
    )
    grounds = text_field(
        _l("Grounds"), min=4, max=2000, multiline=True, example="连续两年未参加活动，经两次书面催告仍未答复。",
        help=_l("What happened and when. The organization reads it word by word."),
    )
    rule = text_field(
        _l("Rule it is based on"), min=4, max=300, example="《示例枢纽章程》第十二条",
        help=_l("The article of the hub's charter, or the local rule."),
    )
    documents = document_list_field()


@input_for("exclusion", "answer")
class StateTheMembersCase(Input):
    """What the member has to say."""

    statement = text_field(
        _l("Statement"), min=2, max=5000, multiline=True, example="上述活动未收到通知，请予核实。",
        help=_l("What you object to and why; or that you do not object."),
    )
    documents = document_list_field()


@input_for("exclusion", "exclude")
class Exclude(Input):
    """The decision, and what became of the statement."""

    opinion = text_field(
        _l("Reasons of the decision"), min=4, max=2000, multiline=True, example="经核实，情形属实，申辩意见不成立。",
        help=READ,
    )


@input_for("exclusion", "drop")
class DropExclusion(Input):
    """Why the member stays."""

    reason = text_field(
        _l("Reason"), min=4, max=2000, multiline=True, example="经核实，该单位已经说明情况。", help=READ
    )
