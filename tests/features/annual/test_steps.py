"""The report of a year: who hands it in once, what each step writes, issues and tells, and what a failure leaves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.annual import effects
from app.annual.models import AnnualStatement
from app.cases.models import Case, Clock
from app.cases.perform import perform
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.notices.models import Notice
from app.organizations.models import AnnualReport, Organization
from tests.builders_annual import BY, a_foundation, concluded, move, papers, registered_on, submit
from tests.builders_dissolution import a_bare_project
from tests.builders_ledger import MORNING
from tests.builders_register import data_for
from tests.problems import codes_of

TODAY = MORNING.date()


@pytest.fixture
def project(session):
    return a_bare_project(session)


def report(session):
    return session.scalars(select(AnnualReport)).one()


def reports(session):
    return session.scalar(select(func.count()).select_from(AnnualReport))


def state_of(session, number):
    return session.scalars(select(Case.state).where(Case.number == number)).one()


def refuse_codes(call):
    with pytest.raises(MoveRefused) as refused:
        call()
    return codes_of(refused)


def issued(session, number):
    return session.execute(text(
        "SELECT d.name FROM case_documents c JOIN documents d ON d.id = c.document_id JOIN cases k ON k.id = c.case_id"
        " WHERE k.number = :n AND d.issued ORDER BY c.sequence"
    ), {"n": number}).scalars().all()


def told(session, template):
    return set(session.execute(select(Notice.audience_role).where(Notice.template == template)).scalars())


def test_a_report_is_written_with_its_figures_and_the_case_is_called_after_it(session, project):
    answer = submit(session, project)

    row, statement = report(session), session.scalars(select(AnnualStatement)).one()
    case = session.get(Case, row.case_id)
    assert (answer.state, row.year, row.handed_in_on, row.conclusion) == ("submitted", 2025, TODAY, None)
    assert (statement.income_fen, statement.assets_fen - statement.liabilities_fen) == (86_000_000, 44_000_000)
    assert (statement.entry_changes, statement.public_benefit_fen) == (None, None)
    assert case.subject == f"{project.place.organization.name} · 2025年度"
    assert told(session, "task_waiting") == {"registrar"}


@pytest.mark.parametrize(("changes", "fields"), [
    ({"year": None}, {"year"}),
    ({"year": "2025"}, {"year"}),
    ({"activities": "短"}, {"activities"}),
    ({"income_fen": -1}, {"income_fen"}),
    ({"expenditure_fen": None}, {"expenditure_fen"}),
    ({"staff_count": -1}, {"staff_count"}),
    ({"declaration": False}, {"declaration"}),
    ({"fee_fen": 100}, {"fee_fen"}),
    ({"public_benefit_fen": 100}, {"public_benefit_fen"}),
])
def test_an_input_that_does_not_fit_names_its_field_and_leaves_nothing(session, project, changes, fields):
    with pytest.raises(InvalidInput) as refused:
        submit(session, project, **changes)

    assert set(refused.value.errors) == fields
    assert reports(session) == 0


def test_nothing_at_all_is_a_figure_too(session, project):
    submit(session, project, income_fen=0, expenditure_fen=0, liabilities_fen=0, staff_count=0)

    statement = session.scalars(select(AnnualStatement)).one()
    assert (statement.income_fen, statement.liabilities_fen, statement.staff_count) == (0, 0, 0)


@pytest.mark.parametrize(("year", "since", "codes"), [
    (2026, date(2020, 1, 1), ["year_not_over"]),
    (2022, date(2020, 1, 1), ["year_too_long_ago"]),
    (2024, date(2024, 7, 1), ["registered_too_short"]),
    (2025, date(2025, 7, 1), ["registered_too_short", "registered_too_short"]),
])
def test_a_year_that_is_not_to_be_reported_is_refused_with_the_reason(session, project, year, since, codes):
    registered_on(session, project, since)

    assert refuse_codes(lambda: submit(session, project, year)) == codes
    assert reports(session) == 0


@pytest.mark.parametrize("since", [date(2025, 6, 30), None])
def test_whoever_was_registered_for_six_months_reports_and_so_may_who_does_not_know(session, project, since):
    registered_on(session, project, since)

    assert submit(session, project).state == "submitted"


def test_a_year_is_reported_once_and_another_year_too(session, project):
    number = submit(session, project).number

    with pytest.raises(MoveRefused) as refused:
        submit(session, project)
    assert codes_of(refused) == ["year_reported"]
    assert number in str(refused.value.reasons[0])
    assert submit(session, project, 2024).state == "submitted"
    assert reports(session) == 2


def test_the_database_holds_a_year_once_whoever_writes(session, project):
    submit(session, project)
    first = report(session)
    with pytest.raises(IntegrityError, match="uq_annual_reports_year"):
        session.execute(text(
            "INSERT INTO annual_reports (case_id, organization_id, year, handed_in_on)"
            " VALUES (:c, :o, 2025, now())"
        ), {"c": first.case_id + 1, "o": first.organization_id})
    session.rollback()


def test_two_at_once_get_one_case(app, session, project):
    staff, documents = project.actors["staff"], papers(session, project, "report_form", "financial_report")
    data = data_for("annual_report", "submit", documents=documents)

    def one(_n):
        with app.app_context():
            try:
                return perform(
                    db.session, kind="annual_report", trigger="submit", actor=staff, data=data, now=MORNING
                ).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["submitted", "year_reported"]


@pytest.mark.parametrize("slot", ["report_form", "financial_report"])
def test_form_and_financial_report_are_always_needed(session, project, slot):
    only = papers(session, project, *({"report_form", "financial_report"} - {slot}))

    assert refuse_codes(lambda: submit(session, project, documents=only)) == ["documents_missing"]


def test_the_first_opinion_of_a_supervising_unit_is_needed_where_there_is_one(session, project):
    registered_on(session, project, date(2020, 1, 1), sponsor="示例局")

    assert refuse_codes(lambda: submit(session, project)) == ["documents_missing"]
    more = papers(session, project, "report_form", "financial_report", "sponsor_opinion")
    assert submit(session, project, documents=more).state == "submitted"


def test_a_foundation_needs_its_auditors_report(session, project):
    a_foundation(session, project)
    without = papers(session, project, "report_form", "financial_report")

    assert refuse_codes(lambda: submit(session, project, documents=without)) == ["documents_missing"]
    answer = submit(session, project)
    statement = session.scalars(select(AnnualStatement)).one()
    assert (answer.state, statement.donations_fen, statement.public_benefit_fen) == (
        "submitted", 60_000_000, 70_000_000,
    )


def test_a_supplier_that_is_no_social_organization_reports_elsewhere(session, project):
    session.get_one(Organization, project.place.organization.id).legal_type = "other"
    session.commit()

    assert refuse_codes(lambda: submit(session, project)) == ["no_social_organization"]


def test_a_correction_is_asked_for_once_and_takes_over_only_what_changed(session, project):
    number = submit(session, project).number
    move(session, project, number, "ask_correction")
    move(session, project, number, "answer_correction", income_fen=0, entry_changes="住所已变更，正在办理变更登记。")

    statement = session.scalars(select(AnnualStatement)).one()
    assert (statement.income_fen, statement.expenditure_fen) == (0, 79_500_000)
    assert statement.entry_changes == "住所已变更，正在办理变更登记。"
    assert issued(session, number) == ["补正告知书.pdf"]
    assert refuse_codes(lambda: move(session, project, number, "ask_correction")) == ["correction_asked_before"]


def test_what_is_in_order_is_qualified_and_everybody_concerned_is_told(session, project):
    number = concluded(session, project)

    row = report(session)
    assert (state_of(session, number), row.conclusion, row.concluded_on) == ("qualified", "qualified", TODAY)
    assert issued(session, number) == ["年度检查结论通知书.pdf"]
    assert told(session, "annual_report_concluded") == {"staff"}


@pytest.mark.parametrize(("trigger", "conclusion"), [
    ("qualify_basically", "basically_qualified"), ("disqualify", "unqualified"),
])
def test_what_must_be_put_right_is_named_with_a_day_and_the_clock_runs_until_it(session, project, trigger, conclusion):
    number = concluded(session, project, trigger)

    row, statement = report(session), session.scalars(select(AnnualStatement)).one()
    clock = session.scalars(select(Clock).where(Clock.case_id == row.case_id, Clock.stopped_at.is_(None))).one()
    assert (state_of(session, number), row.conclusion, row.put_right_by) == (
        "putting_right", conclusion, date(2026, 4, 30),
    )
    assert (clock.name, (clock.due_at + timedelta(hours=8)).date()) == ("annual_put_right", date(2026, 5, 1))
    assert [each["what"] for each in statement.to_put_right] == ["财务支出审批手续不全。"]
    assert issued(session, number) == ["年度检查结论通知书.pdf"]


@pytest.mark.parametrize("changes", [{"put_right_by": "2026-03-02"}, {"put_right_by": "2020-01-01"}])
def test_the_day_to_put_it_right_is_to_come(session, project, changes):
    number = submit(session, project).number

    with pytest.raises(InvalidInput) as refused:
        move(session, project, number, "disqualify", **changes)
    assert set(refused.value.errors) == {"put_right_by"}
    assert (state_of(session, number), report(session).conclusion) == ("submitted", None)


def test_a_conclusion_without_what_must_be_put_right_is_none(session, project):
    number = submit(session, project).number

    with pytest.raises(InvalidInput) as refused:
        move(session, project, number, "disqualify", to_put_right=[])
    assert set(refused.value.errors) == {"to_put_right"}


def test_what_was_put_right_is_checked_sent_back_and_confirmed_and_the_conclusion_stays(session, project):
    number = concluded(session, project, "disqualify")
    move(session, project, number, "report_put_right")
    move(session, project, number, "send_back", put_right_by="2026-05-31")
    assert (state_of(session, number), report(session).put_right_by) == ("putting_right", date(2026, 5, 31))
    move(session, project, number, "report_put_right")
    move(session, project, number, "confirm_put_right")

    row = report(session)
    assert (state_of(session, number), row.conclusion, row.put_right_on) == ("rectified", "unqualified", TODAY)


def test_the_report_on_what_was_put_right_needs_its_paper(session, project):
    number = concluded(session, project, "disqualify")

    assert refuse_codes(lambda: move(session, project, number, "report_put_right", documents=[])) == [
        "documents_missing"
    ]


def test_that_nothing_was_put_right_is_stated_after_the_day_and_not_on_it(session, project):
    number = concluded(session, project, "disqualify")
    last = MORNING + (date.fromisoformat(BY) - TODAY)

    assert refuse_codes(lambda: move(session, project, number, "close_not_put_right", at=last)) == ["term_not_over"]
    assert move(session, project, number, "close_not_put_right", at=last + timedelta(days=1)).state == "not_put_right"


def test_a_foundation_s_report_is_accepted_or_turned_down_after_a_correction(session, project):
    a_foundation(session, project)
    number = submit(session, project).number
    assert refuse_codes(lambda: move(session, project, number, "refuse_report")) == ["correction_first"]
    assert refuse_codes(lambda: move(session, project, number, "qualify")) == ["unknown_trigger"]
    move(session, project, number, "ask_correction")
    move(session, project, number, "answer_correction", public_benefit_fen=71_000_000)
    assert session.scalars(select(AnnualStatement.public_benefit_fen)).one() == 71_000_000
    move(session, project, number, "refuse_report")
    assert issued(session, number)[-1] == "年度工作报告不予接收通知书.pdf"

    again = concluded(session, project, "accept_report")
    row = session.scalars(select(AnnualReport).where(AnnualReport.released_at.is_(None))).one()
    assert (state_of(session, again), row.conclusion) == ("accepted", "accepted")
    assert issued(session, again) == ["年度工作报告接收通知书.pdf"]


@pytest.mark.parametrize("asked", [False, True])
def test_until_it_is_concluded_a_report_can_be_withdrawn_and_handed_in_anew(session, project, asked):
    number = submit(session, project).number
    if asked:
        move(session, project, number, "ask_correction")
    move(session, project, number, "withdraw")

    assert report(session).released_at is not None
    assert submit(session, project).state == "submitted"


def test_a_conclusion_is_not_withdrawn(session, project):
    number = concluded(session, project)

    assert refuse_codes(lambda: move(session, project, number, "withdraw")) == ["wrong_state"]


def test_a_failure_half_way_leaves_no_conclusion(session, project, monkeypatch):
    number = submit(session, project).number

    def fail(*_args, **_more):
        raise RuntimeError("the printer is on fire")

    monkeypatch.setattr(effects.papers, "issue_conclusion", fail)
    with pytest.raises(RuntimeError):
        move(session, project, number, "disqualify")

    session.rollback()
    row = report(session)
    assert (state_of(session, number), row.conclusion, row.put_right_by) == ("submitted", None, None)
    assert session.scalars(select(AnnualStatement.to_put_right)).one() is None


def test_a_failure_at_the_hand_in_leaves_no_report(session, project, monkeypatch):
    def fail(*_args):
        raise RuntimeError("gone")

    monkeypatch.setattr(effects, "named", fail)
    with pytest.raises(RuntimeError):
        submit(session, project)

    session.rollback()
    assert (reports(session), session.scalar(select(func.count()).select_from(Case))) == (0, 0)


def test_the_application_cannot_rewrite_which_year_was_reported_or_by_whom(session, project):
    submit(session, project)

    for column, value in (("year", "2024"), ("organization_id", "1"), ("handed_in_on", "now()")):
        with pytest.raises(Exception, match="permission denied"):
            session.execute(text(f"UPDATE annual_reports SET {column} = {value}"))
        session.rollback()
