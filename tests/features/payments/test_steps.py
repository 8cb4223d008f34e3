"""Each step of a payment: what it does to contract, ledger and bank, who may not, what a failure leaves."""

import pytest
from sqlalchemy import func, select, update

from app.cases.models import Attempt, Case, History, PersonalValue
from app.errors import CaseNotFound, InvalidInput, MoveRefused
from app.ledger.accounts import package_balances
from app.ledger.models import Transfer
from app.ledger.queries import budget_position, ledger_mistakes
from app.organizations.models import Registration
from app.payments.models import Payment, PaymentInstruction
from app.payments.queries import open_instalments, payment
from tests.builders import make_district
from tests.builders_ledger import MORNING
from tests.builders_payments import (
    ACCOUNT,
    a_paper,
    a_payment,
    a_project,
    application,
    apply,
    case_of,
    instruction_of,
    move,
)


@pytest.fixture
def project(session):
    return a_project(session)


def money(session, project):
    there = package_balances(session, project.line_id, project.contract_number)
    return {name: fen for name, fen in there.items() if fen}


def codes(refusal):
    return [reason["code"] for reason in refusal.value.reasons]


def rows_written(session):
    tables = (Case, History, Payment, PaymentInstruction, Transfer)
    return [session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables]


def test_signing_commits_the_whole_sum_and_divides_it(session, project):
    assert money(session, project) == {"committed": 100_000_00}
    assert [part.amount_fen for part in open_instalments(session, project.place.organization.id)] == [
        60_000_00, 30_000_00, 10_000_00,
    ]  # fmt: skip


def test_an_application_claims_its_instalment_and_moves_no_money(session, project):
    answer = apply(session, project)

    shown = payment(session, case_of(session, answer.number).id)
    assert (answer.state, shown.amount_fen, shown.instalment.position) == ("applied", 60_000_00, 1)
    assert case_of(session, answer.number).node_id == project.place.buyer.id
    assert case_of(session, answer.number).subject == "社区为老服务项目 (1/3)"
    assert len(open_instalments(session, project.place.organization.id)) == 2
    assert money(session, project) == {"committed": 100_000_00}


def test_the_payees_account_is_masked_and_only_committed_to_in_history(session, project):
    answer = apply(session, project)

    case = case_of(session, answer.number)
    body = session.execute(select(History.body).where(History.case_id == case.id)).scalar_one().decode()
    kept = (
        session.execute(select(PersonalValue.value).where(PersonalValue.case_id == case.id)).scalars().all()
    )
    assert payment(session, case.id).payee_account_masked == "************1234"
    assert ACCOUNT not in body
    assert kept == [ACCOUNT]


def test_nobody_applies_twice_for_one_instalment(session, project):
    apply(session, project)

    with pytest.raises(MoveRefused) as refusal:
        apply(session, project)

    assert "instalment_taken" in codes(refusal)


def test_nobody_applies_before_the_earlier_instalment_arrived(session, project):
    with pytest.raises(MoveRefused) as refusal:
        apply(session, project, instalment=project.instalments[1])

    assert codes(refusal) == ["earlier_instalment_open"]


def test_an_instalment_that_is_not_there_is_refused(session, project):
    with pytest.raises(InvalidInput) as invalid:
        apply(session, project, instalment=10**6)

    assert list(invalid.value.errors) == ["instalment"]


@pytest.mark.parametrize("wrong", [2**70, -1, 0])
def test_what_can_be_no_instalment_is_bad_input(session, project, wrong):
    with pytest.raises(InvalidInput) as invalid:
        apply(session, project, instalment=wrong)

    assert list(invalid.value.errors) == ["instalment"]


def test_money_goes_to_no_other_name_than_the_organizations(session, project):
    with pytest.raises(MoveRefused) as refusal:
        apply(session, project, payee_name="别的单位")

    assert codes(refusal) == ["payee_differs"]


def test_width_and_brackets_of_the_name_do_not_count(session, project):
    name = project.place.organization.name.replace("（", "(").replace("）", ") ")

    assert apply(session, project, payee_name=name).state == "applied"


def test_an_application_without_invoice_is_refused(session, project):
    with pytest.raises(MoveRefused) as refusal:
        apply(session, project, documents=[])

    assert codes(refusal) == ["documents_missing"]


def test_an_organization_that_is_not_registered_is_paid_nothing(session, project):
    session.execute(update(Registration).values(ended_on=MORNING.date()))
    session.commit()

    with pytest.raises(MoveRefused) as refusal:
        apply(session, project)

    assert "organization_not_registered" in codes(refusal)


@pytest.mark.parametrize("account", ["1234567", "12345678x", "", "1" * 33])
def test_what_is_no_account_number_is_not_taken(session, project, account):
    with pytest.raises(InvalidInput) as error:
        apply(session, project, payee_account=account)

    assert list(error.value.errors) == ["payee_account"]


def test_a_refused_application_leaves_its_attempt_and_nothing_else(session, project):
    before = rows_written(session)

    with pytest.raises(MoveRefused):
        apply(session, project, payee_name="别的单位")

    assert rows_written(session) == before
    assert session.execute(select(Attempt.trigger, Attempt.code)).all() == [("apply", "payee_differs")]


def test_approval_owes_the_money(session, project):
    number = a_payment(session, project, until="finance_checked")

    answer = move(session, project, number, "approve")

    assert answer.state == "approved"
    assert money(session, project) == {"committed": 40_000_00, "payable": 60_000_00}
    case = case_of(session, number)
    made = session.execute(select(Transfer.code, Transfer.sequence).where(Transfer.case_id == case.id)).all()
    assert made == [("ACCRUE", 4)]


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"amount_fen": 60_000_01}, ["amount_fen"]),
        ({"account_end": "4321"}, ["account_end"]),
        ({"amount_fen": 1, "account_end": "0000"}, ["amount_fen", "account_end"]),
    ],
)
def test_approval_compares_what_is_typed_again(session, project, typed, wrong):
    number = a_payment(session, project, until="finance_checked")
    before = rows_written(session)

    with pytest.raises(InvalidInput) as error:
        move(session, project, number, "approve", **typed)

    assert list(error.value.errors) == wrong
    assert rows_written(session) == before
    assert money(session, project) == {"committed": 100_000_00}


def test_an_approval_that_fails_half_way_leaves_nothing(session, project, monkeypatch):
    number = a_payment(session, project, until="finance_checked")
    before = rows_written(session)

    def broken(*_, **__):
        raise RuntimeError("the closing statement failed")

    monkeypatch.setattr("app.cases.perform.write_move", broken)
    with pytest.raises(RuntimeError):
        move(session, project, number, "approve")

    assert rows_written(session) == before
    assert money(session, project) == {"committed": 100_000_00}
    assert case_of(session, number).state == "finance_checked"


def test_the_instruction_puts_the_money_on_its_way_under_a_number(session, project):
    number = a_payment(session, project, until="approved")

    answer = move(session, project, number, "instruct")

    sent = instruction_of(session, number)
    assert answer.state == "in_transit"
    assert money(session, project) == {"committed": 40_000_00, "transit": 60_000_00}
    assert (sent.amount_fen, sent.outcome, sent.instruction_no[:10]) == (60_000_00, None, "ZF20260302")


@pytest.mark.parametrize("trigger", ["settle", "bounce"])
def test_nobody_says_paid_or_bounced_without_a_bank_line(session, project, trigger):
    number = a_payment(session, project, until="in_transit")

    with pytest.raises(MoveRefused) as refusal:
        move(session, project, number, trigger, by="finance_officer", bank_line=1)

    assert codes(refusal) == ["no_bank_line"]
    assert money(session, project) == {"committed": 40_000_00, "transit": 60_000_00}


@pytest.mark.parametrize("end", ["refuse", "withdraw"])
def test_an_application_that_came_to_nothing_frees_its_instalment(session, project, end):
    number = apply(session, project).number

    move(session, project, number, end)

    assert case_of(session, number).closed_at is not None
    assert apply(session, project).state == "applied"


def test_what_was_returned_is_corrected_and_handed_in_again(session, project):
    number = apply(session, project).number
    move(session, project, number, "return_for_changes")
    data = application(session, project, documents=[], invoice_no="99", payee_account="6222000011112222")
    data.pop("instalment")

    answer = move(session, project, number, "resubmit", **data)

    shown = payment(session, case_of(session, number).id)
    assert (answer.state, shown.invoice_no, shown.payee_account_masked) == (
        "applied",
        "99",
        "************2222",
    )


def test_a_correction_may_not_change_the_payee(session, project):
    number = apply(session, project).number
    move(session, project, number, "return_for_changes")
    data = application(session, project, documents=[], payee_name="别的单位")
    data.pop("instalment")

    with pytest.raises(MoveRefused) as refusal:
        move(session, project, number, "resubmit", **data)

    assert codes(refusal) == ["payee_differs"]


def test_a_suspended_payment_gets_no_instruction_until_it_is_resumed(session, project):
    number = a_payment(session, project, until="approved")

    assert move(session, project, number, "suspend").state == "suspended"
    with pytest.raises(MoveRefused):
        move(session, project, number, "instruct")
    assert move(session, project, number, "resume").state == "approved"
    assert move(session, project, number, "instruct").state == "in_transit"
    assert money(session, project) == {"committed": 40_000_00, "transit": 60_000_00}


@pytest.mark.parametrize(
    ("trigger", "until", "by", "code"),
    [
        ("check_business", "applied", "finance_officer", "role_missing"),
        ("check_finance", "business_checked", "project_officer", "role_missing"),
        ("approve", "finance_checked", "finance_officer", "role_missing"),
        ("instruct", "approved", "finance_approver", "role_missing"),
        ("refuse", "finance_checked", "staff", "role_missing"),
    ],
)
def test_each_step_is_refused_to_other_roles(session, project, trigger, until, by, code):
    number = a_payment(session, project, until=until)

    with pytest.raises(MoveRefused) as refusal:
        move(session, project, number, trigger, by=by)

    assert codes(refusal) == [code]


def test_a_payment_is_not_there_for_who_does_not_reach_it(session, project):
    number = apply(session, project).number
    project.actors["elsewhere"] = make_district(session, "520103").actors["project_officer"]

    with pytest.raises(CaseNotFound):
        move(session, project, number, "check_business", by="elsewhere")


def test_the_whole_way_leaves_a_ledger_without_mistakes(session, project):
    a_payment(session, project, until="in_transit")

    assert ledger_mistakes(session) == []
    assert budget_position(session, project.line_id).holds
    assert a_paper(session, project) > 0
