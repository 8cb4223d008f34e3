"""Statements prove payments: what each line does, what it does not, and that nothing is done twice."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, true

from app.cases.models import Attempt
from app.ledger.accounts import package_balances
from app.ledger.queries import budget_position, ledger_mistakes
from app.payments.bank_file import StatementUnreadable
from app.payments.bank_orders import export_instructions, sample_statement
from app.payments.models import BankLine, BankStatement
from app.payments.queries import in_transit, statement_lines, statements
from app.payments.statements import Importer, import_statement
from tests.builders import make_district
from tests.builders_ledger import MORNING
from tests.builders_payments import a_payment, a_project, case_of, instruction_of, move

TOMORROW = MORNING + timedelta(days=1)


@pytest.fixture
def project(session):
    return a_project(session)


@pytest.fixture
def number(session, project):
    return a_payment(session, project, until="in_transit")


def take(session, project, data, by="finance_officer"):
    who = Importer(project.actors[by], project.place.buyer.id, TOMORROW, "request-1")
    session.commit()
    return import_statement(session, data, who)


def answer(session, **results):
    orders = in_transit(session, true())
    wanted = {order.instruction_no: results["all"] for order in orders}
    return sample_statement(orders, wanted, on=TOMORROW.date())


def file_of(*lines, closing=None, account="11001000000059600001"):
    """Return a statement of (serial, debit, credit, remark) that opens with a million."""
    balance = 100_000_000 - sum(debit - credit for _, debit, credit, _ in lines)
    shown = balance if closing is None else closing
    head = f"账号,{account}\n期初余额,1000000.00\n期末余额,{shown / 100:.2f}\n日期,流水号,借方,贷方,附言\n"
    rows = [
        f"2026-03-03,{serial},{debit / 100:.2f},{credit / 100:.2f},{remark}"
        for serial, debit, credit, remark in lines
    ]
    return (head + "\n".join(rows)).encode()


def money(session, project):
    there = package_balances(session, project.line_id, project.contract_number)
    return {name: fen for name, fen in there.items() if fen}


def outcomes(report):
    return [(line.outcome, line.reason, line.number) for line in report.lines]


def count(session, table):
    return session.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_line_proves_a_payment_paid(session, project, number):
    report = take(session, project, answer(session, all="settled"))

    assert outcomes(report) == [("matched", "", number)]
    assert (case_of(session, number).state, instruction_of(session, number).outcome) == ("paid", "settled")
    assert money(session, project) == {"committed": 40_000_00, "paid": 60_000_00}
    assert ledger_mistakes(session) == []


def test_money_that_came_back_is_payable_and_gets_a_new_number(session, project, number):
    first = instruction_of(session, number).instruction_no

    report = take(session, project, answer(session, all="rejected"))

    assert outcomes(report) == [("rejected", "came_back", None), ("rejected", "", number)]
    assert case_of(session, number).state == "approved"
    assert money(session, project) == {"committed": 40_000_00, "payable": 60_000_00}
    move(session, project, number, "instruct", at=TOMORROW)
    assert instruction_of(session, number).instruction_no != first
    assert outcomes(take(session, project, answer(session, all="settled"))) == [("matched", "", number)]
    assert money(session, project) == {"committed": 40_000_00, "paid": 60_000_00}


def test_the_same_file_twice_writes_nothing_twice(session, project, number):
    data = answer(session, all="settled")
    take(session, project, data)
    before = (count(session, BankStatement), count(session, BankLine), case_of(session, number).revision)

    report = take(session, project, data)

    assert (report.seen_before, report.new_lines) == (True, 0)
    assert outcomes(report) == [("duplicate", "", number)]
    assert (
        count(session, BankStatement),
        count(session, BankLine),
        case_of(session, number).revision,
    ) == before


def test_an_overlapping_file_brings_only_its_new_lines(session, project, number):
    sent = instruction_of(session, number).instruction_no
    take(session, project, file_of(("A1", 500, 0, "电费")))

    report = take(session, project, file_of(("A1", 500, 0, "电费"), ("A2", 60_000_00, 0, sent)))

    assert (report.seen_before, report.new_lines) == (False, 1)
    assert outcomes(report) == [("duplicate", "no_instruction", None), ("matched", "", number)]


def test_a_line_that_the_bank_changed_since_stops_the_whole_file(session, project, number):
    sent = instruction_of(session, number).instruction_no
    take(session, project, file_of(("A1", 500, 0, "电费")))

    with pytest.raises(StatementUnreadable) as error:
        take(session, project, file_of(("A1", 501, 0, "电费"), ("A2", 60_000_00, 0, sent)))

    assert [defect.code for defect in error.value.defects] == ["line_changed"]
    assert case_of(session, number).state == "in_transit"


def test_a_file_with_one_bad_line_proves_nothing(session, project, number):
    sent = instruction_of(session, number).instruction_no

    with pytest.raises(StatementUnreadable):
        take(session, project, file_of(("A1", 60_000_00, 0, sent), ("A1", 500, 0, "电费")))
    with pytest.raises(StatementUnreadable):
        take(session, project, file_of(("A1", 60_000_00, 0, sent), closing=1))

    assert (count(session, BankStatement), count(session, BankLine)) == (0, 0)
    assert case_of(session, number).state == "in_transit"


@pytest.mark.parametrize(
    ("debit", "remark", "outcome"),
    [
        (59_999_99, "{sent}", ("amount_differs", "amount_differs", None)),
        (60_000_01, "{sent}", ("amount_differs", "amount_differs", None)),
        (60_000_00, "没有编号", ("unknown", "no_instruction", None)),
        (60_000_00, "ZF2020010100000000", ("unknown", "instruction_not_ours", None)),
    ],
)
def test_what_does_not_fit_is_reported_and_proves_nothing(session, project, number, debit, remark, outcome):
    sent = instruction_of(session, number).instruction_no

    report = take(session, project, file_of(("A1", debit, 0, remark.format(sent=sent))))

    assert outcomes(report) == [outcome]
    assert case_of(session, number).state == "in_transit"
    assert money(session, project) == {"committed": 40_000_00, "transit": 60_000_00}


def test_money_that_comes_back_after_it_arrived_needs_a_person(session, project, number):
    sent = instruction_of(session, number).instruction_no
    take(session, project, file_of(("A1", 60_000_00, 0, sent)))

    report = take(session, project, file_of(("A2", 0, 60_000_00, sent)))

    assert outcomes(report) == [("unknown", "answered_before", None)]
    assert case_of(session, number).state == "paid"


def test_a_line_is_kept_though_its_payment_is_out_of_reach_and_proves_it_later(session, project, number):
    elsewhere = make_district(session, "520103")
    project.actors["elsewhere"] = elsewhere.actors["finance_officer"]
    data = answer(session, all="settled")

    report = take(session, project, data, by="elsewhere")

    assert outcomes(report) == [("matched", "not_found", None)]
    assert case_of(session, number).state == "in_transit"
    assert outcomes(take(session, project, data)) == [("duplicate", "", number)]
    assert case_of(session, number).state == "paid"


def test_who_may_not_settle_is_refused_line_by_line(session, project, number):
    report = take(session, project, answer(session, all="settled"), by="cashier")

    assert outcomes(report) == [("matched", "refused", None)]
    assert session.execute(select(Attempt.trigger, Attempt.code)).all() == [("settle", "role_missing")]


def test_an_import_that_broke_off_is_completed_by_the_same_file(session, project, number, monkeypatch):
    data = answer(session, all="settled")

    def broken(*_, **__):
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch, pytest.raises(RuntimeError):
        patch.setattr("app.payments.statements.perform", broken)
        take(session, project, data)
    session.rollback()

    assert case_of(session, number).state == "in_transit"
    assert outcomes(take(session, project, data)) == [("duplicate", "", number)]
    assert case_of(session, number).state == "paid"
    assert count(session, BankLine) == 1


def test_the_next_instalment_may_be_asked_for_when_the_first_has_arrived(session, project, number):
    take(session, project, answer(session, all="settled"))

    second = a_payment(session, project, instalment=project.instalments[1])

    assert case_of(session, second).state == "applied"


def test_three_instalments_spend_the_contract_to_the_fen(session, project, number):
    take(session, project, answer(session, all="settled"))
    for part, amount in ((1, 30_000_00), (2, 10_000_00)):
        other = a_payment(session, project, until="finance_checked", instalment=project.instalments[part])
        move(session, project, other, "approve", amount_fen=amount)
        move(session, project, other, "instruct")
        take(session, project, answer(session, all="settled"))

    position = budget_position(session, project.line_id)
    assert money(session, project) == {"paid": 100_000_00}
    assert (position.appropriated_fen, position.available_fen, position.holds) == (
        500_000_00,
        400_000_00,
        True,
    )


def test_the_list_of_statements_counts_what_is_left_to_do(session, project, number):
    sent = instruction_of(session, number).instruction_no
    take(session, project, file_of(("A1", 60_000_00, 0, sent), ("A2", 500, 0, "电费")), by="cashier")

    listed = statements(session, true())[0]
    lines = statement_lines(session, listed.id, true())

    assert (listed.lines, listed.matched, listed.rejected, listed.open) == (2, 1, 0, 1)
    assert listed.account_masked == "****************0001"
    assert [(line.outcome, line.proven, line.proves) for line in lines] == [
        ("matched", False, None), ("unknown", False, None),
    ]  # fmt: skip


def test_the_bank_file_names_every_order_that_left_and_no_other(session, project, number):
    sent = instruction_of(session, number).instruction_no

    told = export_instructions(in_transit(session, true())).decode("utf-8-sig").splitlines()

    assert len(told) == 2
    assert told[1].split(",")[:3] == [sent, "晨光社区服务中心（示例）", "'0200001209001234"]
    assert "60,000.00" in told[1] and "陆万元整" in told[1]
    take(session, project, answer(session, all="settled"))
    assert in_transit(session, true()) == []


def test_a_name_that_looks_like_a_formula_is_none_in_the_bank_file(session, project, number):
    orders = in_transit(session, true())
    harmful = [type(orders[0])(**{**vars(orders[0]), "payee_name": "=cmd()"})]

    assert ",'=cmd()," in export_instructions(harmful).decode("utf-8-sig")
