"""What is this report about? Its year and whether it came in time, the figures, the conclusion and what follows."""

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.access.nodes import AnySession
from app.access.reach import Holding
from app.annual.facts import KIND
from app.annual.models import AnnualStatement
from app.cases.kinds import overview
from app.cases.overview import Board, Fact, Link, Overview
from app.cases.snapshot import CaseRow
from app.formats import day, money
from app.language import localized
from app.organizations.models import AnnualReport, Organization
from workflows.kinds.annual_report import CONCLUSIONS, DUE_NUMBER, due_on
from workflows.loader import library


@overview(KIND)
def annual_report_overview(session: AnySession, case: CaseRow, held: tuple[Holding, ...]) -> Overview:
    """Return the year, the day until which it was due, the figures, and what was concluded. Three queries."""
    report, statement = session.get(AnnualReport, case.id), session.get(AnnualStatement, case.id)
    if report is None or statement is None:
        return Overview()
    organization = session.execute(
        select(Organization.name, Organization.legal_type).where(Organization.id == report.organization_id)
    ).one()
    facts = [
        Fact(_("Year"), str(report.year), big=True), _in_time(case, report, organization.legal_type),
        *_concluded(report), Fact(_("Income of the year"), money(statement.income_fen)),
        Fact(_("Expenditure of the year"), money(statement.expenditure_fen)),
        Fact(_("Net assets at the end of the year"), net_assets(statement),
             _("assets %(assets)s, liabilities %(liabilities)s", assets=money(statement.assets_fen),
               liabilities=money(statement.liabilities_fen))),
        *_of_a_foundation(statement),
        Fact(_("Full-time staff at the end of the year"), str(statement.staff_count)),
        Fact(_("What is no longer as registered"), statement.entry_changes or _("all is as registered")),
        Fact(_("Activities of the year"), statement.activities, wide=True),
    ]
    link = Link(organization.name, f"/organizations/{report.organization_id}", _("File of the organization"))
    return Overview(tuple(facts), (link,), _to_put_right(statement))


def net_assets(statement: AnnualStatement) -> str:
    """Return assets less liabilities as people read it."""
    return money(statement.assets_fen - statement.liabilities_fen)


def _in_time(case: CaseRow, report: AnnualReport, legal_type: str) -> Fact:
    number = library().policy_pinned(case.policy).number(DUE_NUMBER[legal_type])
    last = due_on(report.year, number.value)
    late = max((report.handed_in_on - last).days, 0)
    words = ngettext("%(num)s day late", "%(num)s days late", late) if late else _("in time")
    return Fact(_("Due on %(day)s", day=day(last)), words, localized(number.cite))


def _concluded(report: AnnualReport) -> list[Fact]:
    if report.conclusion is None:
        return []
    facts = [Fact(_("Conclusion"), localized(CONCLUSIONS[report.conclusion]), day(report.concluded_on))]
    if report.put_right_by is not None:
        done = _("put right on %(day)s", day=day(report.put_right_on)) if report.put_right_on else None
        facts.append(Fact(_("To be put right by"), day(report.put_right_by), done))
    return facts


def _of_a_foundation(statement: AnnualStatement) -> list[Fact]:
    if statement.public_benefit_fen is None:
        return []
    return [
        Fact(_("Donations received in the year"), money(statement.donations_fen)),
        Fact(_("Spent on public benefit in the year"), money(statement.public_benefit_fen)),
    ]


def _to_put_right(statement: AnnualStatement) -> tuple[Board, ...]:
    if not statement.to_put_right:
        return ()
    rows = tuple((row["what"], row["how"]) for row in statement.to_put_right)
    return (Board(
        _("What must be put right"), ((_("What must be put right"), False), (_("How to put it right"), False)), rows,
        instead_of="to_put_right",
    ),)
