"""From the application to the certificate: what each step writes, what it refuses, what a failure leaves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from app.cases.models import Case, History
from app.documents.models import Document
from app.errors import InvalidInput, MoveRefused, Problem
from app.extensions import db
from app.organizations.models import Organization, Registration, UsccAllotment
from app.organizations.queries import is_registered, profile_of
from app.registration.models import RegistrationApplication
from tests.builders import make_actor
from tests.builders_register import (
    DECIDED_TODAY,
    Office,
    a_code,
    a_preparation,
    a_registration,
    an_application,
    an_office,
    data_for,
    some_papers,
    step,
)
from tests.problems import codes_of
from tests.queries import counted, messages

NAME = "北京市西城区示例社会工作服务中心"
DAY = date(2026, 3, 2)


@pytest.fixture
def office(session, now):
    return an_office(session, now)


def accepted(session, office, **changes):
    return step(session, an_application(session, office, **changes), "accept", office.registrar, office)


def papers_of(session, number):
    rows = session.execute(text(
        "SELECT c.slot, d.name FROM case_documents c JOIN cases k ON k.id = c.case_id "
        "JOIN documents d ON d.id = c.document_id WHERE k.number = :number AND d.issued ORDER BY c.sequence"
    ), {"number": number})
    return [tuple(row) for row in rows]


def test_an_application_is_written_and_names_the_organization_and_the_case(session, office):
    answer = an_application(session, office)

    application = session.scalars(select(RegistrationApplication)).one()
    organization = session.get(Organization, office.organization_id)
    case = session.scalars(select(Case)).one()
    assert answer.state == "submitted"
    assert (application.proposed_name, application.direct, application.sponsor) == (NAME, True, None)
    assert application.start_up_fund_fen == 3_000_000
    assert (organization.name, case.subject, case.node_id) == (NAME, NAME, office.district_id)
    assert not is_registered(session, office.organization_id)


def test_a_move_without_papers_is_two_messages_and_asks_nothing_else(session, office):
    number = accepted(session, office)
    move = {"reason": "业务范围涉及专业。", "expected_days": 15}

    with counted() as asked, messages() as sent:
        step(session, number, "start_expert_review", office.registrar, office, **move)

    # BEGIN, the lock, the case, the facts; the closing statement, COMMIT.
    assert (sent, len(asked)) == ([4, 2], 4)


def test_personal_values_stand_in_history_only_as_commitments(session, office):
    an_application(session, office)

    body = session.scalars(select(History.body)).one().decode()
    assert "陈示例" not in body
    assert "110102190001010002" not in body
    kept = session.execute(text("SELECT path FROM personal_values ORDER BY path")).scalars().all()
    assert kept == ["founders.0.name", "identity_number", "legal_representative", "phone"]


def test_an_application_lacking_a_paper_is_refused_and_leaves_nothing(session, office):
    papers = some_papers(session, office.organization_id, office.staff.person_id, office.now)

    with pytest.raises(Problem):
        an_application(session, office, documents=papers[1:])

    assert session.scalar(select(func.count()).select_from(RegistrationApplication)) == 0
    assert session.scalar(select(func.count()).select_from(Case)) == 0
    assert session.get(Organization, office.organization_id).name == "筹备中的甲组织"


def test_the_approval_of_the_supervising_unit_is_asked_for_where_there_is_one(session, office):
    with pytest.raises(Problem):
        an_application(session, office, route="sponsor", sponsor="某市某区示例局")

    assert an_application(session, office, route="direct").state == "submitted"


@pytest.mark.parametrize(("field", "value"), [
    ("identity_number", "110102190001010003"), ("identity_number", "abc"), ("phone", "call me"),
    ("route", "any"), ("start_up_fund_fen", 0), ("founders", []), ("declaration", False), ("staff_count", 0),
    ("proposed_name", "甲"), ("sponsor_of", "x"),
])
def test_an_input_that_does_not_fit_names_its_field(session, office, field, value):
    with pytest.raises(InvalidInput) as refused:
        an_application(session, office, **{field: value})

    assert set(refused.value.errors) == {field}


def test_the_supervising_unit_must_be_named_where_it_is_chosen(session, office):
    with pytest.raises(InvalidInput) as refused:
        an_application(session, office, route="sponsor", sponsor=None)

    assert set(refused.value.errors) == {"sponsor", "documents"}  # the name and the paper, in one answer
    assert set(refused.value.papers) == {"sponsor_approval"}


def test_a_name_that_a_registered_organization_bears_is_refused(session, office, now):
    a_registration(session, office)
    other = a_preparation(session, now, "筹备中的乙组织")
    staff = make_actor(session, "经办丁", ("staff", other.node_id))
    session.commit()
    second = Office(**{**vars(office), "organization_id": other.id, "staff": staff})

    with pytest.raises(MoveRefused) as refused:
        an_application(session, second)

    assert codes_of(refused) == ["name_taken"]
    assert an_application(session, second, proposed_name="北京市西城区另一示例服务中心").state == "submitted"


def test_correction_is_asked_for_once_with_everything_in_one_paper(session, office):
    answer = an_application(session, office)
    answer = step(session, answer, "ask_correction", office.registrar, office)
    assert papers_of(session, answer.number) == [("correction_notice", "补正告知书.pdf")]
    answer = step(session, answer, "answer_correction", office.staff, office, scope="社区服务。")

    assert session.scalars(select(RegistrationApplication.scope)).one() == "社区服务。"
    assert session.scalars(select(RegistrationApplication.proposed_name)).one() == NAME
    with pytest.raises(MoveRefused):
        step(session, answer, "ask_correction", office.registrar, office)


def test_a_corrected_name_becomes_the_organizations(session, office):
    answer = step(session, an_application(session, office), "ask_correction", office.registrar, office)
    step(session, answer, "answer_correction", office.staff, office, proposed_name="北京市西城区新名服务中心")

    assert session.get(Organization, office.organization_id).name == "北京市西城区新名服务中心"


def test_acceptance_issues_its_notice(session, office):
    answer = accepted(session, office)

    assert papers_of(session, answer.number) == [("acceptance_notice", "受理通知书.pdf")]


def test_approval_enters_the_register_with_code_and_certificate(session, office):
    answer = step(session, accepted(session, office), "approve", office.registrar, office, **DECIDED_TODAY)

    organization = session.get(Organization, office.organization_id)
    row = session.scalars(select(Registration)).one()
    assert (answer.state, organization.uscc) == ("approved", a_code(990001))
    assert (row.uscc, row.name, row.registered_on, row.source, row.sequence) == (
        organization.uscc, NAME, DAY, "case", 3,
    )
    assert row.authority == "北京市西城区民政局"
    assert papers_of(session, answer.number)[-1] == ("certificate", "民办非企业单位（法人）登记证书.pdf")
    assert profile_of(session, organization.id).row.standing == "registered"
    certificate = session.scalars(select(Document).where(Document.name.contains("登记证书"))).one()
    assert certificate.organization_id == organization.id


def test_the_last_code_of_a_range_still_lets_its_case_be_delivered(session, now):
    office = an_office(session, now, codes=1)

    answer = a_registration(session, office)

    assert step(session, answer, "deliver", office.registrar, office).state == "registered"


def test_without_a_code_to_allot_nobody_is_approved(session, now):
    office = an_office(session, now, codes=0)

    with pytest.raises(MoveRefused) as refused:
        step(session, accepted(session, office), "approve", office.registrar, office, **DECIDED_TODAY)

    assert codes_of(refused) == ["no_code_allotment"]
    assert not is_registered(session, office.organization_id)


def test_a_code_that_was_issued_elsewhere_is_taken_over(session, now):
    office = an_office(session, now, codes=0)
    answer = accepted(session, office)

    step(session, answer, "approve", office.registrar, office, uscc=a_code(77), registered_on=None)

    assert session.get(Organization, office.organization_id).uscc == a_code(77)


@pytest.mark.parametrize("code", [a_code(77)[:-1] + "A", "123", a_code(77, type_code="51")])
def test_a_code_that_cannot_be_is_refused_and_leaves_nothing(session, office, code):
    answer = accepted(session, office)

    with pytest.raises(InvalidInput) as refused:
        step(session, answer, "approve", office.registrar, office, uscc=code, registered_on=None)

    assert set(refused.value.errors) == {"uscc"}
    assert not is_registered(session, office.organization_id)
    assert session.scalars(select(UsccAllotment.next_number)).one() == 990001


@pytest.mark.parametrize("days", [-1, 1])
def test_the_day_of_registration_lies_between_application_and_today(session, office, days):
    answer = accepted(session, office)

    with pytest.raises(InvalidInput) as refused:
        step(session, answer, "approve", office.registrar, office, uscc=None,
             registered_on=(DAY + timedelta(days=days)).isoformat())

    assert set(refused.value.errors) == {"registered_on"}


def test_an_approval_that_fails_half_way_leaves_nothing(session, office, monkeypatch):
    answer = accepted(session, office)

    def fail(*_args, **_named):
        raise RuntimeError("no more paper")

    monkeypatch.setattr("app.registration.papers.issue", fail)
    with pytest.raises(RuntimeError):
        step(session, answer, "approve", office.registrar, office, **DECIDED_TODAY)

    session.rollback()
    assert not is_registered(session, office.organization_id)
    assert session.get(Organization, office.organization_id).uscc is None
    assert session.scalars(select(UsccAllotment.next_number)).one() == 990001
    assert session.scalars(select(Case.state)).one() == "accepted"


@pytest.mark.parametrize(("trigger", "ready", "state"), [
    ("refuse", accepted, "refused"), ("refuse_acceptance", an_application, "not_accepted"),
])
def test_a_decision_against_the_applicant_is_issued_with_reasons(session, office, trigger, ready, state):
    answer = step(session, ready(session, office), trigger, office.registrar, office)

    assert answer.state == state
    assert papers_of(session, answer.number)[-1][0] == "decision"
    assert not is_registered(session, office.organization_id)


def test_a_refusal_without_reasons_is_refused(session, office):
    answer = accepted(session, office)

    with pytest.raises(InvalidInput) as refused:
        step(session, answer, "refuse", office.registrar, office, reasons="不行")

    assert set(refused.value.errors) == {"reasons"}


def test_experts_and_an_extension_take_their_time(session, office):
    answer = accepted(session, office)
    for trigger in ("start_expert_review", "finish_expert_review", "extend_decision"):
        answer = step(session, answer, trigger, office.registrar, office)

    assert answer.state == "accepted"


def test_approvals_at_once_never_share_a_code(app, session, office, now):
    answers = []
    for number in range(3):
        other = a_preparation(session, now, f"筹备中的第{number}组织")
        staff = make_actor(session, f"经办{number}", ("staff", other.node_id))
        session.commit()
        one = Office(**{**vars(office), "organization_id": other.id, "staff": staff})
        answers.append(accepted(session, one, proposed_name=f"北京市西城区第{number}示例服务中心"))

    def approve(answer):
        with app.app_context():
            try:
                return step(db.session, answer, "approve", office.registrar, office, **DECIDED_TODAY).state
            finally:
                db.session.remove()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(approve, answers)) == ["approved"] * 3

    codes = session.scalars(select(Organization.uscc).where(Organization.uscc.is_not(None))).all()
    assert sorted(codes) == sorted(a_code(990000 + number) for number in (1, 2, 3))


def test_every_input_of_registration_takes_its_own_example():
    for trigger in ("apply", "ask_correction", "answer_correction", "accept", "refuse_acceptance", "refuse",
                    "start_expert_review", "finish_expert_review", "extend_decision", "approve", "deliver",
                    "withdraw"):
        assert data_for("registration", trigger) is not None


def test_a_second_application_is_refused_while_one_is_open_and_free_once_that_is_withdrawn(session, office):
    first = an_application(session, office)

    with pytest.raises(MoveRefused) as refused:
        an_application(session, office, proposed_name="北京市西城区另一社会工作服务中心")

    assert codes_of(refused) == ["registration_under_way"]
    assert first.number in str(refused.value.reasons)
    assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert session.get(Organization, office.organization_id).name == NAME
    step(session, first, "withdraw", office.staff, office)
    assert an_application(session, office).state == "submitted"


def test_two_who_apply_for_one_organization_at_once_make_one_case(app, office):
    def one(_n):
        with app.app_context():
            try:
                return an_application(db.session, office).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["registration_under_way", "submitted"]
