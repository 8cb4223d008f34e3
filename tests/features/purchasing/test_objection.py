"""A bidder objects: publicity stands still, nothing is awarded or signed, and an upheld one changes the result."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.cases.due import fire_due
from app.cases.models import Case, Clock
from app.cases.perform import perform
from app.errors import CaseNotFound, InvalidInput, MoveRefused
from app.purchasing.awarding import Award, AwardCandidate, Objection
from tests.builders_award import (
    LOT_FEN,
    a_candidate,
    a_ranked_package,
    a_signed_contract,
    an_agreed_contract,
    an_award,
    an_objection,
    money_of,
    objection_data,
    publicity_ends,
    states,
    step,
    whole_line,
)
from tests.builders_purchasing import PRICES, a_bidder, state_of

EMPTY = {"reserved": 0, "committed": 0, "payable": 0, "transit": 0, "paid": 0}


def codes(refused) -> list[str]:
    return [reason["code"] for reason in refused.value.reasons]


def file(session, ranked, bidder, **changes):
    data = objection_data(session, ranked, bidder) | changes
    return perform(session, kind="objection", trigger="file", actor=bidder.staff, now=ranked.now, data=data)


def test_publicity_stands_still_while_an_objection_is_open_and_goes_on_after_its_answer(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    ranked.now += timedelta(days=1)
    number = an_objection(session, ranked)
    assert state_of(session, ranked.package) == "suspended"

    ranked.now += timedelta(days=6)
    fire_due(session, ranked.now)
    assert state_of(session, ranked.package) == "suspended"
    step(session, ranked, number, "dismiss", ranked.supervisor)
    row = session.scalars(select(Objection)).one()
    clock = session.scalars(select(Clock).where(Clock.name == "publicity")).one()
    assert states(session, [ranked.package, number]) == ["publicized", "dismissed"]
    assert (row.answer, len(clock.pauses), clock.due_at > ranked.now) == ("经核实，业绩证明属实，异议不成立。", 1, True)

    publicity_ends(session, ranked)
    step(session, ranked, ranked.package, "award", ranked.second_buyer)
    assert state_of(session, ranked.package) == "awarded"


def test_with_two_objections_publicity_goes_on_after_the_last(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    first, second = an_objection(session, ranked, 1), an_objection(session, ranked, 2, accepted=False)

    step(session, ranked, first, "dismiss", ranked.supervisor)
    assert state_of(session, ranked.package) == "suspended"
    step(session, ranked, second, "withdraw", ranked.bidders[2].staff)
    assert state_of(session, ranked.package) == "publicized"


def test_after_publicity_an_objection_stops_the_award_and_after_the_award_the_signing(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    publicity_ends(session, ranked)
    number = an_objection(session, ranked)
    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, ranked.package, "award", ranked.second_buyer)
    assert codes(refused) == ["objection_open"]
    step(session, ranked, number, "dismiss", ranked.supervisor)
    step(session, ranked, ranked.package, "award", ranked.second_buyer)

    contract = session.scalars(select(Case.number).where(Case.kind == "contract")).one()
    officer, staff = ranked.tender.office.project_officer, ranked.bidders[0].staff
    step(session, ranked, contract, "send", officer)
    step(session, ranked, contract, "agree", staff)
    again = an_objection(session, ranked, 2)
    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, contract, "sign", ranked.buyer)
    assert codes(refused) == ["objection_open"]
    assert money_of(session, ranked) == EMPTY | {"reserved": LOT_FEN}
    step(session, ranked, again, "dismiss", ranked.supervisor)
    step(session, ranked, contract, "sign", ranked.buyer)
    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[0]}
    whole_line(session, ranked)


def test_an_objection_upheld_after_the_award_revokes_it_and_the_next_bidder_gets_the_contract(session):
    ranked = a_ranked_package(session)
    an_award(session, ranked)
    number = an_objection(session, ranked)
    contract = session.scalars(select(Case.number).where(Case.kind == "contract")).one()
    step(session, ranked, number, "uphold", ranked.supervisor, remedy="exclude")

    assert states(session, [number, ranked.package, contract, *ranked.bids]) == [
        "upheld", "ranked", "cancelled", "excluded", "qualified", "qualified"
    ]
    revoked = session.scalars(select(Award)).one()
    assert (revoked.revoked_at, revoked.revoked_reason) == (ranked.now, "经核实，业绩证明不实，异议成立。")
    assert session.scalars(select(AwardCandidate)).one().ended_at == ranked.now
    assert money_of(session, ranked) == EMPTY | {"reserved": LOT_FEN}

    a_signed_contract(session, ranked, place=1)
    assert states(session, [ranked.package, *ranked.bids]) == ["contracted", "excluded", "won", "not_awarded"]
    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[1]}
    whole_line(session, ranked)


def test_an_upheld_objection_may_void_the_package_and_all_money_goes_back(session):
    ranked = a_ranked_package(session)
    contract = an_agreed_contract(session, ranked)
    before = whole_line(session, ranked)
    number = an_objection(session, ranked)
    step(session, ranked, number, "uphold", ranked.supervisor, remedy="void")

    assert states(session, [number, ranked.package, contract, *ranked.bids]) == [
        "upheld", "failed", "cancelled", *["lapsed"] * 3
    ]
    after = whole_line(session, ranked)
    assert money_of(session, ranked) == EMPTY
    assert after["available"] - before["available"] == LOT_FEN


def test_when_the_candidate_drops_out_other_objections_have_lost_their_object_and_say_so(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    first, second = an_objection(session, ranked, 1), an_objection(session, ranked, 2, accepted=False)
    step(session, ranked, first, "uphold", ranked.supervisor, remedy="exclude")

    assert states(session, [first, second, ranked.package]) == ["upheld", "lapsed", "ranked"]
    a_candidate(session, ranked, place=1)
    assert state_of(session, ranked.package) == "publicized"


def test_who_did_not_bid_bids_elsewhere_or_comes_too_late_is_told_why(session):
    ranked = a_ranked_package(session)
    stranger = a_bidder(session, ranked.tender.office)
    with pytest.raises(MoveRefused) as refused:
        file(session, ranked, ranked.bidders[1])
    assert codes(refused) == ["result_not_open"]
    a_candidate(session, ranked)
    with pytest.raises(MoveRefused) as refused:
        file(session, ranked, stranger)
    assert codes(refused) == ["not_a_bidder"]
    with pytest.raises(InvalidInput) as without_letter:
        file(session, ranked, ranked.bidders[1], documents=[{"slot": "letter", "document_id": 10**9}])
    assert list(without_letter.value.errors) == ["documents"]

    publicity_ends(session, ranked, days=30)
    with pytest.raises(MoveRefused) as refused:
        file(session, ranked, ranked.bidders[1])
    assert codes(refused) == ["objection_too_late"]
    assert session.scalars(select(Objection)).all() == []
    assert state_of(session, ranked.package) == "publicity_over"


def test_to_a_grant_one_objects_within_its_publicity_only(session):
    ranked = a_ranked_package(session, programme={"regime": "G", "publicity_days": 3})
    a_candidate(session, ranked)
    ranked.now += timedelta(days=1)
    number = an_objection(session, ranked)
    step(session, ranked, number, "dismiss", ranked.supervisor)
    publicity_ends(session, ranked)

    with pytest.raises(MoveRefused) as refused:
        file(session, ranked, ranked.bidders[1])
    assert codes(refused) == ["objection_too_late"]


def test_once_the_contract_is_signed_there_is_nothing_to_object_to_here(session):
    ranked = a_ranked_package(session)
    a_signed_contract(session, ranked)

    with pytest.raises(MoveRefused) as refused:
        file(session, ranked, ranked.bidders[1])
    assert codes(refused) == ["result_not_open"]


def test_whoever_prepared_the_award_does_not_answer_and_other_bidders_see_nothing_of_it(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    number = an_objection(session, ranked)

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, number, "dismiss", ranked.buyer)
    assert codes(refused) == ["prepared_the_award"]
    for other in (ranked.bidders[0], ranked.bidders[2]):
        with pytest.raises(CaseNotFound):
            step(session, ranked, number, "withdraw", other.staff)


def test_a_package_that_ends_while_objections_are_open_ends_them_too(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    number = an_objection(session, ranked, accepted=False)
    step(session, ranked, ranked.tender.call, "cancel", ranked.buyer, reason="任务取消了。")

    assert states(session, [ranked.package, number, *ranked.bids]) == ["cancelled", "lapsed", *["lapsed"] * 3]
    assert money_of(session, ranked) == EMPTY
