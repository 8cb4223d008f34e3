"""Annual report: for which years does an organization report, until when, and what is concluded?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.rules.working_days import local_day, months_on

Data = Mapping[str, Any] | None

REPORTING = ("association", "social_service", "foundation")
"""The legal classes that hand in a report every year."""
CONCLUSIONS: Mapping[str, Text] = {
    "qualified": Text("合格", "qualified"),
    "basically_qualified": Text("基本合格", "basically qualified"),
    "unqualified": Text("不合格", "unqualified"),
    "accepted": Text("已接收并公布", "accepted and published"),
}
"""What a registrar concludes of a report; a foundation's carries no grade."""
DUE_NUMBER: Mapping[str, str] = {
    "association": "annual_due", "social_service": "annual_due", "foundation": "annual_due_foundation",
}
"""Which number of the policy says until the end of which month of the next year a class reports."""


@dataclass(frozen=True, slots=True)
class AnnualReportFacts:
    """What register and earlier reports say. `registered_on` is None where nobody knows since when.

    `year` is the one that is being handed in, None before it is chosen; `reported` are (year, number of its case).
    """

    case: CaseFacts
    organization_registered: bool = True
    legal_class: str = "social_service"
    registered_on: date | None = None
    year: int | None = None
    reported: tuple[tuple[int, str], ...] = ()
    missing_documents: tuple[str, ...] = ()
    put_right_by: date | None = None


def due_on(year: int, months: int) -> date:
    """Return the last day for the report of a year: the end of the so-manieth month of the next one."""
    return months_on(date(year + 1, 1, 1), months) - timedelta(days=1)


def skips(year: int, registered_on: date | None, months: int) -> bool:
    """Tell whether a body was registered after, or less than so many months before, the end of a year.

    One of which nobody knows since when it is registered skips none.
    """
    return registered_on is not None and months_on(registered_on, months) > date(year, 12, 31)


def last_day_to_report(year: int, months: int) -> date:
    """Return the last day of a registration by which the year is still to be reported: the other side of `skips`."""
    return months_on(date(year, 12, 31), -months)


def reporting_years(today: date, registered_on: date | None, *, back: int, skip_months: int) -> tuple[int, ...]:
    """Return the years that can be reported today, the newest first: those that are over, no more than `back`."""
    last = today.year - 1
    return tuple(year for year in range(last, last - back, -1) if not skips(year, registered_on, skip_months))


def overdue_year(
    today: date, registered_on: date | None, reported: Collection[int], *, months: int, back: int, skip_months: int
) -> int | None:
    """Return the newest year whose report is overdue, None where none is.

    To be asked only of whom every report is known: of all others nobody can say that one is missing.
    """
    years = reporting_years(today, registered_on, back=back, skip_months=skip_months)
    return next((year for year in years if year not in reported and due_on(year, months) < today), None)


def reported_year(year: int) -> Text:
    """Return what the report of a year is called."""
    return Text(f"{year}年度", f"report of {year}")


def subject_words(years: Collection[int] = range(2000, 2101)) -> tuple[Text, ...]:
    """Return what a subject of such a case can end with."""
    return tuple(reported_year(year) for year in years)


def _years(facts: AnnualReportFacts, now: datetime) -> tuple[int, ...]:
    policy = facts.case.policy
    return reporting_years(
        local_day(now), facts.registered_on, back=policy.number("annual_back").value,
        skip_months=policy.number("annual_skip").value,
    )


@guard(
    "reports_annually", Text("属于社会团体、社会服务机构或者基金会", "It is an association, a social service "
                             "organization or a foundation"), needs=("legal_class",),
    numbers=("annual_due", "annual_due_foundation", "annual_sponsor_due"),
)
def reports_annually(facts: AnnualReportFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse suppliers that are no social organizations: their report goes to another authority."""
    if facts.legal_class in REPORTING:
        return None
    return Reason(
        "no_social_organization",
        Text(
            "本单位不是社会组织，年度报告向其登记机关办理。",
            "This is no social organization; its annual report goes to the authority that registered it.",
        ),
    )


@guard(
    "a_year_is_open", Text("有可以报送的年度", "There is a year to report"),
    needs=("registered_on", "reported"), numbers=("annual_skip", "annual_back"),
)
def a_year_is_open(facts: AnnualReportFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse, before anybody types, where every year that could be reported has been, or none is due yet."""
    years, done = _years(facts, now), {year for year, _number in facts.reported}
    if set(years) - done:
        return None
    if not years:
        return _too_young(facts, local_day(now).year - 1)
    zh, en = "、".join(map(str, sorted(years))), ", ".join(map(str, sorted(years)))
    return Reason(
        "all_years_reported",
        Text(
            f"{zh} 年度的报告都已报送；下一年度终了后再报送。",
            f"Reported already: {en}. The next one follows when its year is over.",
        ),
    )


@guard(
    "year_can_be_reported", Text("该年度应当报送", "The year is to be reported"),
    needs=("registered_on", "year"), reads_input=True, numbers=("annual_skip", "annual_back"),
)
def year_can_be_reported(facts: AnnualReportFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a year that is not over, too long ago, or at whose end the body was registered for too short a time."""
    year, last = facts.year, local_day(now).year - 1
    if year is None or year in _years(facts, now):
        return None
    if year > last:
        return Reason(
            "year_not_over",
            Text(f"{year} 年度尚未终了；请选择 {last} 年度或者更早的年度。",
                 f"{year} is not over yet; choose {last} or an earlier year."),
        )
    back = facts.case.policy.number("annual_back")
    if year <= last - back.value:
        return Reason(
            "year_too_long_ago",
            Text(f"只能报送最近 {back.value} 个年度的报告；更早的请到登记管理机关办理。",
                 f"Only the last {back.value} years are handed in here; for earlier ones go to the registrar."),
        )
    return _too_young(facts, year)


def _too_young(facts: AnnualReportFacts, year: int) -> Reason:
    number = facts.case.policy.number("annual_skip")
    return Reason(
        "registered_too_short",
        Text(
            f"截至 {year} 年 12 月 31 日登记未满 {number.value} 个月，不报送该年度的报告（{number.cite.zh}）。",
            f"At the end of {year} it had been registered for less than {number.value} months, so that year is not"
            f" reported ({number.cite.en}).",
        ),
    )


@guard(
    "year_not_reported", Text("该年度没有报送过", "The year was not reported yet"),
    needs=("year", "reported"), reads_input=True,
)
def year_not_reported(facts: AnnualReportFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse a second report of the same year, and name the first."""
    number = dict(facts.reported).get(facts.year) if facts.year is not None else None
    if number is None:
        return None
    return Reason(
        "year_reported",
        Text(
            f"{facts.year} 年度的报告已经报送（{number}）；请查看该件。",
            f"The report of {facts.year} has been handed in ({number}); look at that case.",
        ),
    )


@guard("correction_was_asked", Text("已经通知过补正", "A correction was asked for"))
def correction_was_asked(facts: AnnualReportFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to turn a report down before the organization could correct it."""
    if facts.case.happened("ask_correction"):
        return None
    return Reason(
        "correction_first",
        Text(
            "不予接收之前应当先一次性告知需要补正的全部内容；请先通知补正。",
            "Before a report is turned down everything to correct is told once; ask for the correction first.",
        ),
    )


@guard(
    "term_to_put_right_over", Text("整改期限已满", "The time to put it right is over"), needs=("put_right_by",),
)
def term_to_put_right_over(facts: AnnualReportFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse to state that something was not put right while there is still time for it."""
    last = facts.put_right_by
    if last is None or local_day(now) > last:
        return None
    return Reason(
        "term_not_over",
        Text(
            f"整改期限到 {last.isoformat()} 为止；期满后才能认定未按期整改。",
            f"There is time until {last.isoformat()}; only after that day can it be said that nothing was put right.",
        ),
    )


@guard(
    "annual_report_filed", Text("应报的年度工作报告已经报送", "The annual reports that are due have been handed in"),
    needs=("unreported_year",), numbers=("annual_due", "annual_due_foundation", "annual_skip", "annual_back"),
)
def annual_report_filed(facts: Any, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an organization of which it is known that a report is overdue; whose past is unknown is not refused."""
    if facts.unreported_year is None:
        return None
    year = facts.unreported_year
    return Reason(
        "annual_report_missing",
        Text(
            f"该单位 {year} 年度工作报告逾期未报；请先报送年度工作报告。",
            f"The annual report of {year} is overdue; hand it in first.",
        ),
    )
