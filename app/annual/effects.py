"""What does each step of an annual report write? The report, the notice, and the conclusion into the register."""

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import IntegrityError

from app.annual.facts import KIND
from app.annual.models import AnnualStatement
from app.cases.kinds import effect
from app.cases.move import Move
from app.errors import InvalidInput
from app.ledger.transfers import constraint_of
from app.organizations.models import AnnualReport, Organization
from app.registration import papers
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.annual_report import CONCLUSIONS, reported_year
from workflows.kinds.case import Reason
from workflows.rules.working_days import end_of_day, local_day
from workflows.subjects import named

STATED = (
    "activities", "income_fen", "expenditure_fen", "assets_fen", "liabilities_fen", "donations_fen",
    "public_benefit_fen", "staff_count", "entry_changes",
)
CONCLUDED_BY = {
    "qualify": "qualified", "qualify_basically": "basically_qualified", "disqualify": "unqualified",
    "accept_report": "accepted",
}
INSPECTION, ACCEPTANCE, REFUSAL = "年度检查结论通知书", "年度工作报告接收通知书", "年度工作报告不予接收通知书"
BASIS = {
    "association": "依据《社会团体登记管理条例》第二十八条",
    "social_service": "依据《民办非企业单位登记管理暂行条例》第二十三条",
    "foundation": "依据《基金会管理条例》第三十六条、第三十八条",
}
JUST_REPORTED = Reason(
    "year_reported",
    Text(
        zh="刚刚有人报送了该年度的报告；请刷新后查看该件。",
        en="Somebody has just handed in the report of this year; reload and look at that case.",
    ),
)


@effect(KIND, "submit")
def submit(move: Move) -> None:
    """Write which year is reported and what is said of it; the case is called after organization and year."""
    organization, year = _organization(move), move.data["year"]
    move.session.add(AnnualReport(
        case_id=move.case.id, organization_id=organization.id, year=year, handed_in_on=local_day(move.now),
    ))
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_annual_reports_year":
            raise Refused(JUST_REPORTED) from error
        raise
    said = {name: move.data.get(name) for name in STATED}
    move.session.add(AnnualStatement(case_id=move.case.id, **said | {"entry_changes": said["entry_changes"] or None}))
    move.case.subject = named(organization.name, reported_year(year).zh)


@effect(KIND, "answer_correction")
def answer_correction(move: Move) -> None:
    """Take over what was corrected."""
    statement = _statement(move)
    for name in STATED:
        if move.data.get(name) not in (None, ""):
            setattr(statement, name, move.data[name])


@effect(KIND, "ask_correction")
def ask_correction(move: Move) -> None:
    """Issue the one notice that lists everything to correct."""
    organization = _organization(move)
    papers.issue_correction(move, organization.name, legal_basis=BASIS[organization.legal_type])


@effect(KIND, "withdraw")
def withdraw(move: Move) -> None:
    """The year can be reported anew."""
    _report(move).released_at = move.now


@effect(KIND, "qualify", "accept_report")
def conclude(move: Move) -> None:
    """Write the conclusion into the register and issue the notice."""
    _conclude(move)
    _notify(move, ACCEPTANCE if move.trigger == "accept_report" else INSPECTION)


@effect(KIND, "qualify_basically", "disqualify")
def conclude_with_conditions(move: Move) -> None:
    """Write the conclusion and what must be put right; the clock runs until the day that is named."""
    by = _day_to_come(move)
    report = _conclude(move)
    report.put_right_by = by
    _statement(move).to_put_right = [dict(row) for row in move.data["to_put_right"]]
    _notify(move, INSPECTION, items=tuple((row["what"], row["how"]) for row in move.data["to_put_right"]), by=by)
    move.ends["put_right_by"] = end_of_day(by)


@effect(KIND, "send_back")
def send_back(move: Move) -> None:
    """There is a new day until which it must be put right."""
    by = _day_to_come(move)
    _report(move).put_right_by = by
    move.ends["put_right_by"] = end_of_day(by)


@effect(KIND, "confirm_put_right")
def confirm_put_right(move: Move) -> None:
    """Note that it is put right; the conclusion stays."""
    _report(move).put_right_on = local_day(move.now)


@effect(KIND, "refuse_report")
def refuse_report(move: Move) -> None:
    """Issue the notice with the reasons; the year can be reported anew."""
    _notify(move, REFUSAL, conclusion="不予接收", published=False)
    _report(move).released_at = move.now


def _conclude(move: Move) -> AnnualReport:
    report = _report(move)
    report.conclusion, report.concluded_on = CONCLUDED_BY[move.trigger], local_day(move.now)
    return report


def _notify(move: Move, title: str, *, conclusion: str | None = None, **more: Any) -> None:
    organization, report = _organization(move), _report(move)
    papers.issue_conclusion(
        move, organization.name, title=title, year=report.year, handed_in_on=report.handed_in_on,
        conclusion=conclusion or CONCLUSIONS[CONCLUDED_BY[move.trigger]].zh,
        legal_basis=BASIS[organization.legal_type], **more,
    )


def _day_to_come(move: Move) -> date:
    by: date = move.data["put_right_by"]
    if by <= local_day(move.now):
        raise InvalidInput({"put_right_by": [str(_l("Choose a day that is still to come."))]})
    return by


def _organization(move: Move) -> Organization:
    return move.session.get_one(Organization, move.case.organization_id, with_for_update={"key_share": True})


def _report(move: Move) -> AnnualReport:
    return move.session.get_one(AnnualReport, move.case.id)


def _statement(move: Move) -> AnnualStatement:
    return move.session.get_one(AnnualStatement, move.case.id)
