"""What does a buyer enter of a fund's rules, and what does the second person say?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema

from app.cases.inputs import (
    Input,
    choice_field,
    integer_field,
    money_field,
    percent_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from workflows.rules.bands import Band, mistakes
from workflows.rules.percent import WHOLE_BP

FULL_POINTS = 100
WAITS_FOR = [
    ("none", _l("nothing")), ("report", _l("a stage report")), ("mid_evaluation", _l("the mid-term evaluation")),
    ("final_evaluation", _l("the final evaluation")), ("acceptance", _l("acceptance")),
]


class Direction(Input):
    """One direction that the fund supports."""

    name = text_field(_l("Direction"), max=60, example="为老服务")


class InstalmentShare(Input):
    """One instalment of every contract of the programme."""

    share_bp = percent_field(_l("Share"), example=WHOLE_BP, total=True)
    condition = text_field(_l("Due when"), max=200, example="合同签订后")
    waits_for = choice_field(_l("What it waits for"), WAITS_FOR, required=False, help=_l("Nothing, when left empty."))


class CriterionPoints(Input):
    """One criterion of the rubric."""

    title = text_field(_l("Criterion"), max=60, example="需求与目标")
    points = integer_field(_l("Most points"), min=1, max=FULL_POINTS, example=FULL_POINTS, total=True)


class BandRow(Input):
    """One band of totals: from `low` up to the next band's."""

    title = text_field(_l("Band"), max=30, example="合格")
    low = integer_field(_l("From points"), min=0, max=FULL_POINTS, example=0)


@input_for("programme", "enter")
class EnterProgramme(Input):
    """The rules of one fund for one year."""

    office = row_choice_field(
        _l("Buyer"), "offices_held", help=_l("The offices for which you are the buyer."), section=_l("The programme")
    )
    code = text_field(_l("Short code"), max=30, example="GYCT", help=_l("The same code again is a new version."))
    title = text_field(_l("Title of the programme"), max=120, example="社区公益服务专项")
    year = integer_field(_l("Year"), min=2020, max=2100, example=2026)
    regime = choice_field(
        _l("Regime"), [("P", _l("Government procurement")), ("G", _l("Grant"))],
        help=_l("Statutory procurement clocks hold for the first only; the two are never mixed."),
    )
    cite = text_field(_l("Source of the rules"), max=300, example="2026年项目指南（示例）")
    directions = table_field(_l("Directions"), Direction, max_rows=60, section=_l("What it supports, and how much"))
    cap_fen = money_field(_l("Most for one package"), example=50_000_000)
    most_per_organization = integer_field(
        _l("Most contracts per organization"), min=1, max=99, required=False, example=2,
        help=_l("Empty: no limit."),
    )
    publicity_days = integer_field(_l("Working days of publicity"), min=1, max=60, example=5)
    rubric = text_field(_l("Name of the rubric"), max=60, example="项目评审", section=_l("How bids are scored"))
    criteria = table_field(_l("Criteria"), CriterionPoints, max_rows=30, help=_l("Together 100 points."))
    price_bp = percent_field(
        _l("Weight of the price"), min_bp=0, max_bp=WHOLE_BP - 1, required=False, example=None,
        help=_l("For government procurement; empty: what the rules of the place say. A grant has none."),
    )
    bands = table_field(_l("Bands"), BandRow, max_rows=10, help=_l("The lowest begins at 0."))
    instalments = table_field(
        _l("Instalments"), InstalmentShare, max_rows=12, section=_l("How it is paid"), help=_l("Together 100 percent.")
    )

    @validates_schema
    def _adds_up(self, data: dict[str, Any], **_: Any) -> None:
        wrong: dict[str, list[str]] = {}
        if sum(row["share_bp"] for row in data["instalments"]) != WHOLE_BP:
            wrong["instalments"] = [str(_l("The shares must make 100 percent."))]
        if sum(row["points"] for row in data["criteria"]) != FULL_POINTS:
            wrong["criteria"] = [str(_l("The points must make 100."))]
        if mistakes(bands_of(data["bands"]), low=0, high=FULL_POINTS):
            wrong["bands"] = [str(_l("The bands must cover 0 to 100 points, each beginning at another point."))]
        titles = [row["title"] for row in data["criteria"]]
        if len(set(titles)) != len(titles):
            wrong["criteria"] = [str(_l("Name each criterion once."))]
        if data["regime"] == "G" and data.get("price_bp"):
            wrong["price_bp"] = [str(_l("A grant is not decided by the price; leave this empty."))]
        if wrong:
            raise ValidationError(wrong)


def bands_of(rows: list[dict[str, Any]]) -> list[Band]:
    """Return the partition that these beginnings make: each band ends where the next begins."""
    ordered = sorted(rows, key=lambda row: row["low"])
    ends = [row["low"] for row in ordered[1:]] + [FULL_POINTS + 1]
    return [Band(row["title"], row["low"], end) for row, end in zip(ordered, ends, strict=True)]


@input_for("programme", "confirm")
class ConfirmProgramme(Input):
    """A word of the second person."""

    remark = text_field(_l("Remark"), max=500, multiline=True, required=False, example="与文件一致。")


@input_for("programme", "refuse")
class RefuseProgramme(Input):
    """Why the rules are not confirmed."""

    reason = text_field(_l("Reason"), min=4, max=1000, multiline=True, example="付款比例与文件不一致。")


@input_for("programme", "withdraw")
class WithdrawProgramme(Input):
    """Why they are taken back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="重新录入。")
