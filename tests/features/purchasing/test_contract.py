"""A signed contract: its first instalment, how it ends early with one in transit, and who is frozen out of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select, true

from app.errors import MoveRefused
from app.payments import effects
from app.payments.late import late_instalments
from app.purchasing.awarding import Award, ContractTermination
from app.purchasing.models import Contract
from tests.builders_award import (
    LOT_FEN,
    WORK_FIRST,
    a_candidate,
    a_ranked_package,
    a_signed_contract,
    an_accepted_report,
    an_agreed_contract,
    an_award,
    money_of,
    pay,
    publicity_ends,
    states,
    step,
    whole_line,
)
from tests.builders_purchasing import PRICES, a_bid
from tests.builders_restriction import a_bureau, listed, removed

EMPTY = {"reserved": 0, "committed": 0, "payable": 0, "transit": 0, "paid": 0}
FIRST, SECOND, THIRD = 44_444_16, 26_666_49, 17_777_66


def codes(refused) -> list[str]:
    return [reason["code"] for reason in refused.value.reasons]


def test_the_first_instalment_of_a_signed_contract_is_payable(session):
    ranked = a_ranked_package(session)
    _number, contract = a_signed_contract(session, ranked)
    pay(session, ranked, contract, 1, "instruct")

    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[0] - FIRST, "transit": FIRST}
    assert sum((FIRST, SECOND, THIRD)) == PRICES[0]
    whole_line(session, ranked)


def test_a_contract_terminated_with_an_instalment_in_transit_leaves_that_and_gives_the_rest_back(session):
    ranked = a_ranked_package(session)
    number, contract = a_signed_contract(session, ranked)
    payment = pay(session, ranked, contract, 1, "instruct")
    before = whole_line(session, ranked)
    step(session, ranked, number, "terminate", ranked.buyer, ground="public_interest", reason="服务场所拆迁。")

    after, row = whole_line(session, ranked), session.scalars(select(ContractTermination)).one()
    assert states(session, [number, payment]) == ["terminated", "in_transit"]
    assert (row.released_fen, row.ground, row.reason) == (SECOND + THIRD, "public_interest", "服务场所拆迁。")
    assert money_of(session, ranked) == EMPTY | {"transit": FIRST}
    assert after["available"] - before["available"] == SECOND + THIRD
    with pytest.raises(MoveRefused) as refused:
        pay(session, ranked, contract, 2, "applied")
    assert "instalment_condition_open" in codes(refused)
    late = late_instalments(session, true(), ranked.now + timedelta(days=1000))
    assert [each.position for each in late] == [1], "what is in transit may be late, what nobody may ask for is not"


def test_of_a_terminated_contract_without_an_application_nothing_is_late(session):
    ranked = a_ranked_package(session)
    number, _contract = a_signed_contract(session, ranked)
    much_later = ranked.now + timedelta(days=1000)
    assert [each.cause for each in late_instalments(session, true(), much_later)] == ["invoice"]

    step(session, ranked, number, "terminate", ranked.buyer, ground="agreed")

    assert list(late_instalments(session, true(), much_later)) == []


@pytest.mark.parametrize("end", ["refuse", "withdraw"])
def test_what_was_applied_for_on_accepted_work_goes_on_and_if_it_ends_unpaid_its_money_goes_back(session, end):
    ranked = a_ranked_package(session)
    number, contract = a_signed_contract(session, ranked, terms=WORK_FIRST)
    an_accepted_report(session, ranked, contract)
    payment = pay(session, ranked, contract, 1, "check_business")
    before = whole_line(session, ranked)
    step(session, ranked, number, "terminate", ranked.buyer, ground="agreed")
    assert states(session, [number, payment]) == ["terminated", "business_checked"]
    assert money_of(session, ranked) == EMPTY | {"committed": FIRST}

    who = ranked.bidders[0].staff if end == "withdraw" else ranked.tender.office.place.actors["finance_officer"]
    step(session, ranked, payment, end, who)

    assert money_of(session, ranked) == EMPTY
    assert whole_line(session, ranked)["available"] - before["available"] == PRICES[0]


@pytest.mark.parametrize("until", ["applied", "return_for_changes", "check_business", "check_finance", "approve",
                                   "suspend"])
def test_an_advance_that_has_not_left_ends_with_the_contract_and_not_a_fen_stays_bound(session, until):
    ranked = a_ranked_package(session)
    actors = ranked.tender.office.place.actors
    number, contract = a_signed_contract(session, ranked)
    aside = {"return_for_changes": "applied", "suspend": "approve"}
    payment = pay(session, ranked, contract, 1, aside.get(until, until))
    if until in aside:
        step(session, ranked, payment, until, actors["finance_officer"])
    before = whole_line(session, ranked)

    step(session, ranked, number, "terminate", ranked.buyer, ground="agreed")

    assert states(session, [number, payment]) == ["terminated", "called_off"]
    assert money_of(session, ranked) == EMPTY
    assert whole_line(session, ranked)["available"] - before["available"] == PRICES[0]
    for trigger, role in (("approve", "finance_approver"), ("instruct", "cashier"), ("resume", "finance_officer")):
        with pytest.raises(MoveRefused) as refused:
            step(session, ranked, payment, trigger, actors[role])
        assert codes(refused) == ["wrong_state"]
    with pytest.raises(MoveRefused) as refused:
        pay(session, ranked, contract, 1, "applied")
    assert "instalment_condition_open" in codes(refused)


def test_a_termination_whose_advance_cannot_be_called_off_leaves_everything_as_it_was(session, monkeypatch):
    ranked = a_ranked_package(session)
    number, contract = a_signed_contract(session, ranked)
    payment = pay(session, ranked, contract, 1, "approve")
    before = money_of(session, ranked), whole_line(session, ranked)

    def fail(*_args, **_more):
        raise RuntimeError("half-way")

    monkeypatch.setattr(effects, "give_back_unpaid", fail)
    with pytest.raises(RuntimeError):
        step(session, ranked, number, "terminate", ranked.buyer, ground="agreed")

    session.rollback()
    assert states(session, [number, payment]) == ["signed", "approved"]
    assert (money_of(session, ranked), whole_line(session, ranked)) == before
    assert session.scalars(select(ContractTermination)).all() == []


def test_a_contract_is_not_terminated_for_an_evaluation_that_nobody_failed(session):
    ranked = a_ranked_package(session)
    number, _contract = a_signed_contract(session, ranked)
    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, number, "terminate", ranked.buyer, ground="failed_evaluation")

    assert codes(refused) == ["no_failed_evaluation"]
    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[0]}


def freeze(session, ranked, bidder, kind: str = "abnormal"):
    bureau = a_bureau(session, ranked.tender.office.place, bidder.organization_id, bidder.staff)
    return bureau, listed(session, bureau, kind)


def test_a_frozen_organization_is_not_published_awarded_signed_with_or_paid_and_each_is_told_why(session):
    ranked = a_ranked_package(session)
    bidder = ranked.bidders[0]
    frozen = freeze(session, ranked, bidder)
    with pytest.raises(MoveRefused) as refused:
        a_candidate(session, ranked)
    assert codes(refused) == ["candidate_abnormal"]
    removed(session, *frozen)

    a_candidate(session, ranked)
    publicity_ends(session, ranked)
    frozen = freeze(session, ranked, bidder, "dissolving")
    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, ranked.package, "award", ranked.second_buyer)
    assert codes(refused) == ["candidate_dissolving"]
    removed(session, *frozen)

    step(session, ranked, ranked.package, "award", ranked.second_buyer)


def test_signing_and_paying_wait_until_the_organization_is_free_again(session):
    ranked = a_ranked_package(session)
    number = an_agreed_contract(session, ranked)
    frozen = freeze(session, ranked, ranked.bidders[0], "dishonest")
    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, number, "sign", ranked.buyer)
    assert codes(refused) == ["organization_dishonest"]
    assert money_of(session, ranked) == EMPTY | {"reserved": LOT_FEN}
    removed(session, *frozen)
    step(session, ranked, number, "sign", ranked.buyer)
    contract = session.scalars(select(Contract)).one()
    payment = pay(session, ranked, contract, 1, "check_finance")
    freeze(session, ranked, ranked.bidders[0])

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, payment, "approve", ranked.tender.office.place.actors["finance_approver"],
             amount_fen=FIRST, account_end="1234")
    assert codes(refused) == ["organization_abnormal"]
    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[0]}


def test_the_first_of_the_ranking_is_passed_over_when_frozen_and_told_why(session):
    ranked = a_ranked_package(session)
    freeze(session, ranked, ranked.bidders[0])
    step(session, ranked, ranked.package, "pass_over", ranked.buyer, reason="列入名录。")

    assert states(session, [ranked.package, *ranked.bids]) == ["ranked", "excluded", "qualified", "qualified"]
    _number, contract = a_signed_contract(session, ranked, place=1)
    assert contract.amount_fen == PRICES[1]


def test_an_organization_gets_no_more_projects_a_year_than_the_programme_allows(session):
    ranked = a_ranked_package(session, programme={"most_per_organization": 1})
    tender, winner = ranked.tender, ranked.bidders[0]
    an_award(session, ranked)
    assert session.scalars(select(Award)).one().organization_id == winner.organization_id

    # Its time for bids is over too; every reason is told at once.
    with pytest.raises(MoveRefused) as refused:
        a_bid(session, tender, winner, package=tender.packages[1].id)
    assert codes(refused) == ["too_late", "too_many_projects"]
    with pytest.raises(MoveRefused) as refused:
        a_bid(session, tender, ranked.bidders[1], package=tender.packages[1].id)
    assert codes(refused) == ["too_late"]
