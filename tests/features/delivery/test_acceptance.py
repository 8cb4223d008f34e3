"""Acceptance covers every standard, hears the beneficiaries, and takes money off only where something is left."""


import pytest
from sqlalchemy import select

from app.delivery import effects
from app.delivery.models import (
    AcceptanceOpinion,
    AcceptanceStandard,
)
from app.delivery.queries import standing_of
from app.errors import InvalidInput, MoveRefused
from app.ledger.accounts import package_balances
from app.purchasing.models import Instalment
from tests.builders_delivery import (
    NUMBER,
    STANDARDS,
    a_delivery,
    an_acceptance,
    begin,
    contract_of,
    inspection,
    state_of,
    step,
)
from tests.problems import codes_of

# -- acceptance


def test_acceptance_covers_every_standard_and_hears_the_beneficiaries(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery)

    assert state_of(session, number) == "accepted"
    assert [row.met for row in session.scalars(select(AcceptanceStandard))] == [True, True]
    assert [row.who for row in session.scalars(select(AcceptanceOpinion))] == ["居民代表5人"]
    assert standing_of(session, delivery.contract_id).met == {"acceptance"}


def test_a_standard_left_out_or_not_met_is_no_full_acceptance(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept", "buyer", inspection("met"))
    assert codes_of(refused) == ["standard_left_out"]
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept", "buyer", inspection("met", "not_met"))
    assert codes_of(refused) == ["standard_not_met"]
    with pytest.raises(InvalidInput) as wrong:
        step(session, delivery, number, "accept", "buyer", {**inspection("met", "met"), "opinions": []})
    assert list(wrong.value.errors) == ["opinions"]
    assert state_of(session, number) == "requested"


def test_who_signed_the_contract_does_not_accept_the_work(session):
    delivery = a_delivery(session, signer="buyer")
    number = an_acceptance(session, delivery, accepted=False)
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept", "buyer", inspection("met", "met"))
    assert codes_of(refused) == ["signed_it_yourself"]


def test_a_deduction_lowers_the_last_instalment_and_goes_back_to_the_budget(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)
    data = inspection("met", "not_met", deduction_fen=1_234_56, reason="少两场活动。")

    step(session, delivery, number, "accept_with_deduction", "buyer", data)

    last = session.get_one(Instalment, delivery.instalments[3])
    assert (last.amount_fen, last.deducted_fen) == (20_000_00, 1_234_56)
    contract = contract_of(session, delivery)
    assert package_balances(session, contract.budget_line_id, NUMBER)["committed"] == 98_765_44
    assert standing_of(session, delivery.contract_id).met == {"acceptance"}


@pytest.mark.parametrize("fen", [20_000_00, 30_000_00])
def test_a_deduction_that_would_leave_nothing_is_refused(session, fen):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)
    data = inspection("met", "not_met", deduction_fen=fen, reason="少两场活动。")
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept_with_deduction", "buyer", data)
    assert codes_of(refused) == ["deduction_too_large"]


def test_a_failure_after_the_deduction_leaves_money_and_instalment_as_they_were(session, monkeypatch):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)

    def broken(*args, **more):
        raise RuntimeError("half-way")

    monkeypatch.setattr(effects, "release", broken)
    with pytest.raises(RuntimeError):
        step(session, delivery, number, "accept_with_deduction", "buyer",
             inspection("met", "not_met", deduction_fen=100, reason="少两场活动。"))
    session.rollback()
    assert session.get_one(Instalment, delivery.instalments[3]).deducted_fen == 0
    assert package_balances(session, delivery.line_id, NUMBER)["committed"] == 100_000_00
    assert state_of(session, number) == "requested"


def test_a_second_request_for_acceptance_is_refused(session):
    delivery = a_delivery(session)
    an_acceptance(session, delivery, accepted=False)
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "acceptance", "staff", {"contract": delivery.contract_id, "standards": STANDARDS})
    assert codes_of(refused) == ["acceptance_taken"]
