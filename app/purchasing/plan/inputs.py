"""What does an office say of a purchase it plans, and what is answered?"""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import Input, choice_field, money_field, row_choice_field, text_field
from app.cases.kinds import input_for

METHODS = [
    ("open_tender", _l("Open tender")),
    ("invited_tender", _l("Invited tender")),
    ("consultation", _l("Competitive consultation")),
    ("negotiation", _l("Competitive negotiation")),
    ("inquiry", _l("Inquiry of prices")),
    ("single_source", _l("Single source")),
    ("grant_call", _l("Call for grant proposals")),
]
NEGATIVE = [
    ("not_government_duty", _l("Not a duty of government")),
    ("must_be_done_itself", _l("Must be done by government itself")),
    ("goods_or_works", _l("Goods, works, or works bundled with services")),
    ("financing", _l("Financing")),
    ("recruitment", _l("Recruitment or labour dispatch")),
    ("other_prohibited", _l("Otherwise prohibited")),
]


class PlanInput(Input):
    """What every version of a plan says."""

    title = text_field(_l("What is to be bought"), max=120, example="社区为老服务")
    budget_line = row_choice_field(
        _l("Budget line"), "budget_lines_held", when_none=_l("Your office has no budget line; a budget comes first."),
    )
    programme = row_choice_field(
        _l("Programme"), "programmes_held", help=_l("Rules that are in force."),
        when_none=_l("No programme of your office is in force; its rules come first."),
    )
    catalogue_item = row_choice_field(
        _l("Catalogue item"), "catalogue_items", help=_l("An item of the third level of the guide catalogue.")
    )
    amount_fen = money_field(_l("Estimated sum"), example=20_000_000)
    method = choice_field(_l("Method"), METHODS)
    method_reason = text_field(
        _l("Why this method"), max=1000, multiline=True, required=False, example="",
        help=_l("Needed for every method but open tender; it is kept in the file."),
    )
    need = text_field(
        _l("What need was found, and how residents were asked"), max=2000, multiline=True,
        example="经入户走访和居民议事会，独居老人探访需求最多。",
    )
    negative = choice_field(
        _l("Entry of the negative list, if one fits"), NEGATIVE, required=False,
        help=_l("MOF Order 102, article 10. Leave empty when none fits."),
    )


@input_for("plan", "propose")
class ProposePlan(PlanInput):
    """A first proposal."""


@input_for("plan", "resubmit")
class ResubmitPlan(PlanInput):
    """The plan as changed; the budget line's office stays the same."""

    answer = text_field(_l("What you changed"), max=2000, multiline=True, example="已补充居民意见。")


@input_for("plan", "approve")
class ApprovePlan(Input):
    """A word on the approval."""

    opinion = text_field(_l("Opinion"), max=1000, multiline=True, required=False, example="同意。")


@input_for("plan", "return_for_changes")
class ReturnPlan(Input):
    """Everything that is to be changed."""

    remarks = text_field(_l("What to change"), max=2000, multiline=True, example="请补充居民意见。")


@input_for("plan", "refuse")
class RefusePlan(Input):
    """Why it is not bought."""

    reason = text_field(_l("Reason"), min=4, max=1000, multiline=True, example="属于本单位直接履职事项。")
    negative = choice_field(_l("Entry of the negative list, if one fits"), NEGATIVE, required=False)


@input_for("plan", "withdraw")
class WithdrawPlan(Input):
    """Why the plan is taken back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="需求有变化。")
