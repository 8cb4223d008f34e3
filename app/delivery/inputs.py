"""What does a person hand in with each step of delivering, evaluating and accepting a project?"""

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields

from app.cases.inputs import (
    Input,
    OpeningInput,
    bool_field,
    choice_field,
    declaration_field,
    document_list_field,
    integer_field,
    money_field,
    named_row_choice_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from app.cases.score_sheets import criterion_title
from workflows.rules.evaluation import points_from

STAGES = [("mid", _l("Mid-term")), ("final", _l("Final"))]
MET = [("met", _l("Met")), ("not_met", _l("Not met"))]
MOST_CODES = 1000


def points(value: str) -> None:
    """Refuse what is no number of points with at most two decimals."""
    try:
        points_from(value)
    except ValueError:
        raise ValidationError([_l("Write points such as 18 or 18.5.")]) from None


def _points() -> fields.String:
    field = text_field(_l("Points"), max=6, example="4.5")
    field.validators.append(points)
    return field


def _reason(example: str) -> fields.String:
    return text_field(
        _l("Reason"), min=4, max=2000, multiline=True, example=example, help=_l("The other side reads it word by word.")
    )


def _note(example: str) -> fields.String:
    return text_field(_l("Note"), max=500, multiline=True, required=False, example=example)


class Indicator(Input):
    """One indicator of the contract."""

    name = text_field(_l("Indicator"), max=120, example="入户探访（人次）")
    planned = integer_field(_l("Planned"), max=10_000_000, example=120)
    achieved = integer_field(_l("Achieved"), max=10_000_000, example=126)


class Report(Input):
    """What was done for an instalment."""

    done = text_field(
        _l("What was done"), max=5000, multiline=True, example="完成入户探访与小组活动。",
        help=_l("In this stage, in a few sentences."),
    )
    indicators = table_field(_l("Indicators"), Indicator, max_rows=60, help=_l("Those of the contract, one a row."))
    documents = document_list_field()


class ForInstalment(OpeningInput):
    """Which instalment is reported on."""

    instalment = row_choice_field(
        _l("Instalment"), "instalments_to_report",
        when_none=_l("No instalment of a contract of yours waits for a stage report."),
    )


@input_for("milestone_report", "submit")
class SubmitReport(Report, ForInstalment):
    """Report on an instalment."""


@input_for("milestone_report", "resubmit")
class ResubmitReport(Report):
    """Hand the report in again."""


@input_for("milestone_report", "accept_report")
class AcceptReport(Input):
    """Say what was compared."""

    opinion = text_field(_l("Opinion"), max=2000, multiline=True, example="报告与服务记录一致。",
                         help=_l("What you compared with what, and the result."))


@input_for("milestone_report", "return_for_changes")
class ReturnReport(Input):
    """Everything that is to be changed."""

    remarks = text_field(_l("What to change"), max=2000, multiline=True, example="请补充小组活动的签到表。",
                         help=_l("Say everything now: it can be returned once only."))


@input_for("milestone_report", "reject")
class RejectReport(Input):
    """Why the report does not do."""

    reason = _reason("报告的服务人次与记录不符。")


@input_for("milestone_report", "withdraw")
@input_for("acceptance", "withdraw")
class Withdraw(Input):
    """Take it back."""

    note = _note("稍后重新提交。")


class OfContract(Input):
    """Which contract of the office."""

    contract = text_field(_l("Contract number"), max=60, example="HT-2026-001",
                          help=_l("As it stands on the contract's page."), names="contracts_of_offices")


@input_for("evaluation", "commission")
class Commission(OfContract):
    """Who evaluates which stage of which contract."""

    stage = choice_field(_l("Stage"), STAGES)
    evaluator = text_field(_l("Evaluator's sign-in name"), max=60, example="evaluator",
                           help=_l("A third party with no tie to the contractor or to your office."))
    task = text_field(_l("What is to be looked at"), max=2000, multiline=True, required=False,
                      example="按中期评估指标核查进度、质量与财务。")


@input_for("evaluation", "hand_out_codes")
class HandOutCodes(Input):
    """How many beneficiaries get a code."""

    count = integer_field(_l("How many codes"), min=1, max=MOST_CODES, example=20,
                          help=_l("The response rate is counted from this number; it stays."))


class Score(Input):
    """The points of one criterion."""

    criterion = named_row_choice_field(
        _l("Criterion"), "evaluation_criteria", title_of=criterion_title("evaluation_mid", "evaluation_final"),
    )
    points = _points()
    remark = text_field(_l("What you found"), max=500, required=False, example="与记录一致。")


@input_for("evaluation", "score")
class HandInScores(Input):
    """Score every criterion of the rubric but the one that beneficiaries' ratings fill."""

    scores = table_field(
        _l("Scores"), Score, max_rows=12, prefill_from="evaluation_sheet", example_from="evaluation_scores",
        help=_l("Every criterion once; points up to two decimals. Ratings are added by the system."),
    )
    opinion = text_field(_l("Opinion"), max=5000, multiline=True, example="项目进展正常，建议继续。")
    no_conflict = declaration_field(
        _l("I have had no tie to the contractor within three years and am not paid by it.")
    )
    documents = document_list_field()


@input_for("evaluation", "publish_result", "accept_result")
class EvaluationNote(Input):
    """Go on, with a note if there is something to say."""

    note = _note("按期公布。")


@input_for("evaluation", "recuse", "cancel", "object", "uphold", "reopen")
class EvaluationReason(Input):
    """Say why."""

    reason = _reason("第三项指标的核查范围有误。")


class StandardOffered(Input):
    """One standard of the contract and how it was met."""

    standard = text_field(_l("Standard of the contract"), max=300, example="每月入户探访不少于10人次")
    evidence = text_field(_l("Evidence"), max=500, example="探访记录表1—12月")


@input_for("acceptance", "request")
class RequestAcceptance(OpeningInput):
    """Every service and safety standard of the contract, with its evidence."""

    contract = row_choice_field(
        _l("Contract"), "contracts_to_accept", when_none=_l("No contract of yours waits for acceptance."),
    )
    standards = table_field(_l("Service and safety standards"), StandardOffered, max_rows=60,
                            help=_l("Every one of the contract: none may be left out."))
    documents = document_list_field()


class StandardChecked(Input):
    """What was found for one standard."""

    position = integer_field(_l("No."), min=1, max=60, example=1)
    result = choice_field(_l("Result"), MET)
    remark = text_field(_l("What was checked"), max=500, required=False, example="抽查记录12份，属实。")


class Opinion(Input):
    """What beneficiaries said."""

    who = text_field(_l("Who was heard"), max=120, example="社区老年居民代表5人", help=_l("A group, no names."))
    opinion = text_field(_l("Their opinion"), max=1000, example="对服务满意，希望继续。")


class Inspection(Input):
    """The standards one by one, and the beneficiaries' opinion."""

    standards = table_field(_l("Standards"), StandardChecked, max_rows=60, prefill_from="standards_to_check",
                            example_from="standards_checked")
    opinions = table_field(_l("Beneficiaries' opinion"), Opinion, max_rows=20,
                           help=_l("Beneficiaries take part in accepting a public service and are heard."))
    documents = document_list_field()


@input_for("acceptance", "accept")
class Accept(Inspection):
    """Accept the work in full."""

    remark = _note("同意验收。")


@input_for("acceptance", "accept_with_deduction")
class AcceptWithDeduction(Inspection):
    """Accept with a deduction from the last instalment."""

    deduction_fen = money_field(_l("Deduction"), example=100_00, help=_l("Taken off the last instalment."))
    reason = _reason("第二项标准少完成两场活动，按合同单价扣减。")


@input_for("acceptance", "reject")
class RejectAcceptance(Input):
    """Why the work is not accepted."""

    reason = _reason("第二项标准未完成，且没有补救安排。")


class Finding(Input):
    """One thing to be put right."""

    finding = text_field(_l("Finding"), max=500, example="三月份探访记录缺服务对象签字。")
    basis = text_field(_l("Rule or term of the contract"), max=300, example="合同第七条")


@input_for("rectification", "order")
class OrderRectification(OfContract):
    """Everything that is to be put right."""

    findings = table_field(_l("Findings"), Finding, max_rows=30)


@input_for("rectification", "answer")
class AnswerRectification(Input):
    """What was done about each finding."""

    answer = text_field(_l("What was put right"), max=5000, multiline=True, example="已补签并建立复核制度。")
    documents = document_list_field()


@input_for("rectification", "confirm_done")
class ConfirmDone(Input):
    """What the inspection found."""

    opinion = text_field(_l("What the inspection found"), max=2000, multiline=True, example="现场复查，已整改到位。")


@input_for("rectification", "send_back", "lift")
class RectificationReason(Input):
    """Say why."""

    reason = _reason("仍有两份记录没有补签。")


@input_for("closure", "close")
class CloseContract(OfContract):
    """Close the contract for good."""

    summary = text_field(_l("Summary"), max=2000, multiline=True, example="项目已验收，款项结清。")
    confirmed = bool_field(_l("The files are complete and archived"), default=False, example=True)
