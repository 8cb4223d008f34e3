"""What is handed in with the steps of a package's panel?"""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import Input, integer_field, row_choice_field, text_field
from app.cases.kinds import input_for


@input_for("package", "publish_pool")
class PublishPool(Input):
    """How many are to be drawn, if it is more than the rules want at least."""

    panel_size = integer_field(
        _l("Size of the panel"), min=1, max=15, required=False, example=None,
        help=_l("An odd number. Empty: the least that the rules want."),
    )


@input_for("package", "draw_experts", "replace_expert", "supplement_pool")
class PanelRemark(Input):
    """A word on the step."""

    remark = text_field(_l("Remark"), max=1000, multiline=True, required=False, example="监督人员在场。")


@input_for("package", "relieve_expert")
class RelieveDrawnExpert(Input):
    """Who is relieved, and why."""

    expert = row_choice_field(_l("Expert"), "panel_experts_who_have_not_scored", personal=True)
    reason = text_field(_l("Reason"), min=4, max=500, multiline=True, example="逾期未评分，联系不上。")


@input_for("package", "finish_review")
class FinishReview(Input):
    """A word on the report."""

    remark = text_field(_l("Remark"), max=1000, multiline=True, required=False, example="评审过程正常。")
