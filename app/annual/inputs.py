"""What does a person hand in with each step of an annual report?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields

from app.cases.inputs import (
    Input,
    OpeningInput,
    date_field,
    declaration_field,
    document_list_field,
    integer_field,
    money_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from app.registration.applying import ATTACHED, IF_IT_CHANGES
from app.registration.inputs import AskCorrection, Withdraw

KIND = "annual_report"
FOUNDATION = "foundation"

# What a registration takes for the same step.
for _trigger, _schema in {"ask_correction": AskCorrection, "withdraw": Withdraw}.items():
    input_for(KIND, _trigger)(_schema)


def _activities(**more: Any) -> fields.String:
    help = more.pop("help", _l("What was done in the year, for whom and with what result."))
    return text_field(_l("Activities of the year"), max=5000, multiline=True, help=help, **more)


def _sum(label: Any, example: int | None = 0, **more: Any) -> fields.Integer:
    return money_field(label, min_fen=0, example=example, **more)


def _later(label: Any) -> fields.Integer:
    return _sum(label, None, required=False, help=IF_IT_CHANGES)


def _staff(**more: Any) -> fields.Integer:
    return integer_field(_l("Full-time staff at the end of the year"), max=100_000, **{"example": 6, **more})


def _entry_changes(**more: Any) -> fields.String:
    return text_field(
        _l("What is no longer as registered"), max=2000, multiline=True, required=False, example="",
        help=_l("Name, domicile, legal representative, scope, fund, supervising unit. Empty: all is as registered."),
        **more,
    )


@input_for(KIND, "submit")
class SubmitReport(OpeningInput):
    """The report of one year."""

    year = row_choice_field(
        _l("Year"), "reporting_years", section=_l("The year"), example=2025,
        help=_l("The year that the report is about; each is handed in once."),
    )
    activities = _activities(min=10, example="全年入户探访1200人次，开展社区活动36场，服务老年人400余名。")
    income_fen = _sum(_l("Income of the year"), 86_000_000, section=_l("Money and people"))
    expenditure_fen = _sum(_l("Expenditure of the year"), 79_500_000)
    assets_fen = _sum(_l("Assets at the end of the year"), 52_000_000)
    liabilities_fen = _sum(
        _l("Liabilities at the end of the year"), 8_000_000, help=_l("Net assets are counted from both.")
    )
    staff_count = _staff()
    entry_changes = _entry_changes()
    documents = document_list_field(section=_l("Papers and declaration"))
    declaration = declaration_field(_l("The report is true and complete, and was adopted as the charter demands."))


@input_for(KIND, "submit", legal_class=FOUNDATION)
class SubmitFoundationReport(SubmitReport):
    """The report of one year of a foundation: what was given and what was spent on public benefit too."""

    donations_fen = _sum(_l("Donations received in the year"), 60_000_000, section=_l("Public benefit"))
    public_benefit_fen = _sum(_l("Spent on public benefit in the year"), 70_000_000)


@input_for(KIND, "answer_correction")
class CorrectReport(Input):
    """What was corrected; a field that was right stays empty."""

    answers = text_field(
        _l("What you corrected"), max=2000, multiline=True, example="已按清单补充材料。",
        help=_l("Answer each item of the list."),
    )
    activities = _activities(required=False, example="", help=IF_IT_CHANGES)
    income_fen = _later(_l("Income of the year"))
    expenditure_fen = _later(_l("Expenditure of the year"))
    assets_fen = _later(_l("Assets at the end of the year"))
    liabilities_fen = _later(_l("Liabilities at the end of the year"))
    staff_count = _staff(required=False, example=None, help=IF_IT_CHANGES)
    entry_changes = _entry_changes()
    documents = document_list_field(help=ATTACHED)
    declaration = declaration_field(_l("What is stated here is true."))


@input_for(KIND, "answer_correction", legal_class=FOUNDATION)
class CorrectFoundationReport(CorrectReport):
    """What a foundation corrected."""

    donations_fen = _later(_l("Donations received in the year"))
    public_benefit_fen = _later(_l("Spent on public benefit in the year"))


def _number(example: str) -> fields.String:
    return text_field(_l("Document number"), max=80, example=example)


def _reasons(example: str) -> fields.String:
    return text_field(
        _l("Reasons of the conclusion"), min=4, max=2000, multiline=True, example=example,
        help=_l("One reason per line; they stand in the notice."),
    )


@input_for(KIND, "qualify")
class Qualify(Input):
    """The conclusion: all is in order."""

    document_number = _number("西民社检〔2026〕1号")
    reasons = _reasons("按照章程开展活动，财务管理规范，登记事项与登记簿一致。")


@input_for(KIND, "accept_report")
class AcceptReport(Input):
    """A foundation's report is accepted and published."""

    document_number = _number("京民基金报〔2026〕1号")
    reasons = _reasons("报告内容齐全，附注册会计师审计报告和业务主管单位审查意见。")


@input_for(KIND, "refuse_report")
class RefuseReport(Input):
    """Why a foundation's report is not accepted."""

    document_number = _number("京民基金报〔2026〕2号")
    reasons = _reasons("补正后仍缺注册会计师审计报告。")


class ToPutRight(Input):
    """One thing that must be put right."""

    what = text_field(_l("What must be put right"), max=300, example="财务支出审批手续不全。")
    how = text_field(_l("How to put it right"), max=500, multiline=True, example="建立支出审批制度，补齐本年度凭证。")


def _put_right_by(label: Any) -> fields.Date:
    return date_field(label, example_from="day_to_put_right", help=_l("The last day for it; a day to come."))


@input_for(KIND, "qualify_basically", "disqualify")
class QualifyWithConditions(Input):
    """The conclusion with what must be put right, and by when."""

    document_number = _number("西民社检〔2026〕2号")
    reasons = _reasons("未按章程召开理事会。\n财务支出审批手续不全。")
    to_put_right = table_field(_l("What must be put right"), ToPutRight, max_rows=50)
    put_right_by = _put_right_by(_l("To be put right by"))


@input_for(KIND, "report_put_right")
class ReportPutRight(Input):
    """What was put right."""

    done = text_field(
        _l("What was put right"), min=4, max=5000, multiline=True, example="已建立支出审批制度，补齐全部凭证。",
        help=_l("For every item of the conclusion."),
    )
    documents = document_list_field()


@input_for(KIND, "confirm_put_right")
class ConfirmPutRight(Input):
    """What the registrar found."""

    checked = text_field(
        _l("What was checked"), min=4, max=2000, multiline=True, example="已核对制度文件和凭证，整改到位。"
    )


@input_for(KIND, "send_back")
class SendBack(Input):
    """What is still lacking, and until when."""

    lacking = text_field(
        _l("What is still lacking"), min=4, max=2000, multiline=True, example="仍缺三月份支出凭证。",
        help=_l("The organization reads it word by word."),
    )
    put_right_by = _put_right_by(_l("To be put right by"))


@input_for(KIND, "close_not_put_right")
class CloseNotPutRight(Input):
    """Why it counts as not put right."""

    reason = text_field(
        _l("Reason"), min=4, max=2000, multiline=True, example="整改期限已满，未提交整改报告。",
        help=_l("The other side reads it word by word."),
    )
