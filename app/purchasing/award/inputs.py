"""What does the buyer say when choosing from a ranking? Every choice has its reason."""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import Input, choice_field, declaration_field, integer_field, row_choice_field, text_field
from app.cases.kinds import input_for

DECLINED = [
    ("refused", _l("The winner refuses to sign")),
    ("too_late", _l("Not signed in time for the winner's fault")),
]


@input_for("package", "confirm_candidate")
class ConfirmCandidate(Input):
    """The first of the ranking, and why this one."""

    candidate = row_choice_field(_l("Candidate"), "candidates_in_order", help=_l("In the order of the ranking."))
    reason = text_field(_l("Why this one"), min=4, max=1000, multiline=True, example="综合得分最高，按排名确定。")


@input_for("package", "pass_over")
class PassOver(Input):
    """Why the first of the ranking may not win."""

    reason = text_field(
        _l("Reason"), min=4, max=1000, multiline=True, example="该单位被列入活动异常名录。",
        help=_l("The bidder reads it word by word."),
    )


@input_for("package", "award")
class MakeAward(Input):
    """The decision on the award."""

    reason = text_field(_l("Why this one"), min=4, max=1000, multiline=True, example="公示期满无异议，综合得分最高。")
    announced = declaration_field(_l("Notice and announcement of the award go out within two working days."))


@input_for("package", "decline_award")
class DeclineAward(Input):
    """Why the winner does not sign (Procurement Law art. 46)."""

    ground = choice_field(_l("Ground"), DECLINED)
    reason = text_field(
        _l("Reason"), min=4, max=1000, multiline=True, example="成交人书面放弃。",
        help=_l("The bidder reads it word by word."),
    )


@input_for("package", "overturn", "void")
class OverturnAward(Input):
    """What the upheld objection found."""

    reason = text_field(_l("Reason"), max=2000, multiline=True, example="业绩证明不实。")


@input_for("bid", "tell_result", "win")
class ToldResult(Input):
    """The bidder's own points, in hundredths, and position."""

    position = integer_field(_l("Position"), min=1, max=10_000)
    points = integer_field(_l("Points (hundredths)"), max=10_000, example=8850)
    tie = text_field(_l("Equal points"), max=300, required=False, example="得分相同，报价较低者在前。")


@input_for("bid", "lose")
class ToldLoss(ToldResult):
    """The same, and whose bid was better."""

    reason = text_field(_l("Reason"), max=1000, multiline=True, example="本包由得分更高的投标人成交。")


@input_for("bid", "exclude")
class ExcludedBid(Input):
    """Why the bidder is no longer a candidate."""

    reason = text_field(_l("Reason"), max=2000, multiline=True, example="异议成立。")
