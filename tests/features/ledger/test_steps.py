"""Each step of the money: it works, it is refused, and a failure half-way leaves nothing."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.ledger import steps
from app.ledger.accounts import AccountKey, balances, open_accounts, package_balances
from app.ledger.models import LedgerAccount, Transfer
from app.ledger.queries import budget_position, ledger_mistakes
from app.ledger.transfers import NotEnough, reverse, transfer
from tests.builders_ledger import BECAUSE, a_budget_line, a_committed_package


def standing(session, line):
    position = budget_position(session, line.id)
    names = ("available", "reserved", "committed", "payable", "transit", "paid", "returned")
    return {name: getattr(position, f"{name}_fen") for name in names if getattr(position, f"{name}_fen")}


def count_of_transfers(session):
    return session.execute(select(func.count(Transfer.id))).scalar_one()


def test_a_new_budget_line_holds_nothing(session):
    line = a_budget_line(session)

    position = budget_position(session, line.id)

    assert (position.appropriated_fen, position.parts_fen, position.holds) == (0, 0, True)


def test_an_appropriation_makes_money_available(session):
    line = a_budget_line(session)

    steps.appropriate(session, line.id, 5_000_00, BECAUSE)

    assert standing(session, line) == {"available": 5_000_00}
    assert budget_position(session, line.id).appropriated_fen == 5_000_00


def test_a_curtailment_takes_back_what_is_available(session):
    line = a_budget_line(session, 5_000_00)

    steps.curtail(session, line.id, 2_000_00, BECAUSE)

    assert budget_position(session, line.id).appropriated_fen == 3_000_00
    assert standing(session, line) == {"available": 3_000_00}


def test_a_curtailment_may_not_take_what_is_reserved(session):
    line = a_budget_line(session, 5_000_00)
    steps.reserve(session, line.id, "P1", 4_000_00, BECAUSE)

    with pytest.raises(NotEnough) as refusal:
        steps.curtail(session, line.id, 2_000_00, BECAUSE)

    assert (str(refusal.value.account), refusal.value.wanted, refusal.value.there) == (
        f"available:{line.id}", 2_000_00, 1_000_00,
    )  # fmt: skip


def test_the_whole_way_of_the_money(session):
    line = a_budget_line(session, 10_000_00)
    seen = []
    for step in (steps.reserve, steps.commit, steps.accrue, steps.instruct, steps.settle, steps.give_back):
        step(session, line.id, "P1", 4_000_00, BECAUSE)
        seen.append(standing(session, line))

    assert seen == [
        {"available": 6_000_00, "reserved": 4_000_00},
        {"available": 6_000_00, "committed": 4_000_00},
        {"available": 6_000_00, "payable": 4_000_00},
        {"available": 6_000_00, "transit": 4_000_00},
        {"available": 6_000_00, "paid": 4_000_00},
        {"available": 6_000_00, "returned": 4_000_00},
    ]
    assert ledger_mistakes(session) == []


def test_a_bounced_payment_is_payable_again(session):
    line = a_budget_line(session, 10_000_00)
    package = a_committed_package(session, line, 4_000_00)
    steps.accrue(session, line.id, package, 1_000_00, BECAUSE)
    steps.instruct(session, line.id, package, 1_000_00, BECAUSE)

    steps.bounce(session, line.id, package, 1_000_00, BECAUSE)

    assert package_balances(session, line.id, package) == {
        "reserved": 0, "committed": 3_000_00, "payable": 1_000_00, "transit": 0, "paid": 0,
    }  # fmt: skip


@pytest.mark.parametrize("held", ["reserved", "committed"])
def test_what_is_released_is_available_again(session, held):
    line = a_budget_line(session, 10_000_00)
    steps.reserve(session, line.id, "P1", 4_000_00, BECAUSE)
    if held == "committed":
        steps.commit(session, line.id, "P1", 4_000_00, BECAUSE)

    steps.release(session, line.id, "P1", 1_500_00, BECAUSE, held=held)

    assert standing(session, line) == {"available": 7_500_00, held: 2_500_00}


@pytest.mark.parametrize(
    "step",
    [steps.reserve, steps.commit, steps.accrue, steps.instruct, steps.settle, steps.bounce, steps.give_back,
     steps.release],
)  # fmt: skip
def test_no_step_moves_a_fen_that_is_not_there(session, step):
    line = a_budget_line(session)
    open_accounts(session, [AccountKey(line.id, name, "P1")
                            for name in ("reserved", "committed", "payable", "transit", "paid")])  # fmt: skip
    before = count_of_transfers(session)

    with pytest.raises(NotEnough):
        step(session, line.id, "P1", 1, BECAUSE)

    assert count_of_transfers(session) == before
    assert standing(session, line) == {}


def test_packages_of_one_line_do_not_spend_each_others_money(session):
    line = a_budget_line(session, 10_000_00)
    a_committed_package(session, line, 1_000_00, "P1")
    a_committed_package(session, line, 2_000_00, "P2")

    with pytest.raises(NotEnough):
        steps.accrue(session, line.id, "P1", 1_000_01, BECAUSE)

    steps.accrue(session, line.id, "P2", 2_000_00, BECAUSE)
    assert package_balances(session, line.id, "P1")["committed"] == 1_000_00


def test_a_reversal_takes_a_transfer_back_once(session):
    line = a_budget_line(session, 10_000_00)
    wrong = steps.reserve(session, line.id, "P1", 4_000_00, BECAUSE)

    reverse(session, wrong, now=BECAUSE.now, reference="记错")

    assert standing(session, line) == {"available": 10_000_00}
    steps.reserve(session, line.id, "P1", 4_000_00, BECAUSE)
    with pytest.raises(IntegrityError, match="uq_transfers_corrects"):
        reverse(session, wrong, now=BECAUSE.now, reference="又一次")


def test_a_reversal_may_not_take_what_went_on(session):
    line = a_budget_line(session, 10_000_00)
    wrong = steps.reserve(session, line.id, "P1", 4_000_00, BECAUSE)
    steps.commit(session, line.id, "P1", 4_000_00, BECAUSE)

    with pytest.raises(NotEnough):
        reverse(session, wrong, now=BECAUSE.now, reference="记错")


def test_a_failure_half_way_leaves_nothing(session):
    line = a_budget_line(session, 10_000_00)
    session.commit()
    line_id, before = line.id, count_of_transfers(session)

    with pytest.raises(NotEnough):
        steps.reserve(session, line_id, "P1", 4_000_00, BECAUSE)
        steps.commit(session, line_id, "P1", 4_000_01, BECAUSE)
    session.rollback()

    assert count_of_transfers(session) == before
    assert (
        balances(session, [AccountKey(line_id, "available")])[AccountKey(line_id, "available")].there
        == 10_000_00
    )
    assert session.execute(select(func.count(LedgerAccount.id))).scalar_one() == 3


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, True, 1.0])
def test_an_amount_that_is_none_is_a_programming_error(session, amount):
    line = a_budget_line(session, 10_000_00)

    with pytest.raises(AssertionError):
        steps.reserve(session, line.id, "P1", amount, BECAUSE)


def test_money_does_not_walk_between_budget_lines(session):
    one, other = a_budget_line(session, 10_000_00), a_budget_line(session)

    with pytest.raises(AssertionError, match="between budget lines"):
        transfer(session, debit=AccountKey(one.id, "available"), credit=AccountKey(other.id, "available"),
                 amount_fen=1, code="RESERVE", now=BECAUSE.now)  # fmt: skip
