"""From a ranking to a signed contract: the candidate, publicity, the award, and what becomes of every bid and fen."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.models import Person
from app.cases.due import fire_due
from app.cases.models import Case, Clock, History
from app.errors import MoveRefused
from app.purchasing.awarding import Award, AwardCandidate, ContractDraft
from app.purchasing.models import Contract, Instalment
from app.purchasing.tendering import BidRanking
from tests.builders_access import an_account
from tests.builders_award import (
    LOT_FEN,
    a_candidate,
    a_ranked_package,
    a_signed_contract,
    an_agreed_contract,
    an_award,
    contract_number,
    money_of,
    publicity_ends,
    states,
    step,
    whole_line,
)
from tests.builders_purchasing import PRICES, state_of

EMPTY = {"reserved": 0, "committed": 0, "payable": 0, "transit": 0, "paid": 0}


def codes(refused) -> list[str]:
    return [reason["code"] for reason in refused.value.reasons]


def data_of_last(session, number: str, trigger: str) -> dict:
    query = (
        select(History.body).join(Case, Case.id == History.case_id)
        .where(Case.number == number, History.trigger == trigger).order_by(History.sequence.desc())
    )
    return json.loads(bytes(session.scalars(query).first()))["data"]


def test_a_candidate_is_published_for_three_days_and_every_bidder_is_told_the_own_place(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)

    row = session.scalars(select(AwardCandidate)).one()
    clock = session.scalars(select(Clock).where(Clock.name == "publicity")).one()
    assert state_of(session, ranked.package) == "publicized"
    assert (row.bid_id, row.confirmed_by, row.reason) == (
        ranked.bid_ids[0], ranked.buyer.person_id, "综合得分最高，按排名确定。"
    )
    assert (clock.number, clock.unit) == (3, "days")
    assert [data_of_last(session, bid, "tell_result") for bid in ranked.bids] == [
        {"position": place, "points": 9000 - 100 * place, "tie": None} for place in (1, 2, 3)
    ]


def test_a_grant_is_published_as_long_as_its_programme_says(session):
    ranked = a_ranked_package(session, programme={"regime": "G", "publicity_days": 7})
    a_candidate(session, ranked)

    clock = session.scalars(select(Clock).where(Clock.name == "publicity")).one()
    assert (clock.number, clock.unit) == (7, "working_days")


def test_only_the_first_of_the_ranking_is_published_and_never_by_who_checked_the_bidders(session):
    ranked = a_ranked_package(session)

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, ranked.package, "confirm_candidate", ranked.buyer, candidate=ranked.bid_ids[1])
    assert codes(refused) == ["not_the_first"]
    assert session.scalars(select(AwardCandidate)).all() == []
    assert state_of(session, ranked.package) == "ranked"


def test_nothing_is_awarded_before_publicity_has_run(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, ranked.package, "award", ranked.second_buyer)

    assert codes(refused) == ["wrong_state"]


def test_who_named_the_candidate_does_not_make_the_award_under_another_account_either(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    publicity_ends(session, ranked)
    other = replace(ranked.buyer, account_id=an_account(session, session.get_one(Person, ranked.buyer.person_id)).id)
    session.commit()

    for actor in (ranked.buyer, other):
        with pytest.raises(MoveRefused) as refused:
            step(session, ranked, ranked.package, "award", actor)
        assert codes(refused) == ["confirmed_by_yourself"]
    assert session.scalars(select(Award)).all() == [] and state_of(session, ranked.package) == "publicity_over"

    step(session, ranked, ranked.package, "award", ranked.second_buyer)
    assert state_of(session, ranked.package) == "awarded"


def test_the_award_is_a_row_with_the_ranking_as_it_stood_and_opens_the_contract(session):
    ranked = a_ranked_package(session)
    number = an_award(session, ranked)
    row, case = session.scalars(select(Award)).one(), session.scalars(select(Case).where(Case.number == number)).one()

    assert (row.bid_id, row.organization_id, row.amount_fen, row.position, row.points, row.decided_by) == (
        ranked.bid_ids[0], ranked.bidders[0].organization_id, PRICES[0], 1, 8900, ranked.second_buyer.person_id
    )
    assert row.reason == "公示期满无异议，综合得分最高。"
    assert [(each["position"], each["bid"], each["price_fen"]) for each in row.ranking] == [
        (place, bid, price) for place, bid, price in zip((1, 2, 3), ranked.bids, PRICES, strict=True)
    ]
    assert (case.state, case.waits_role, case.organization_id, case.parent_id) == (
        "preparing", "project_officer", ranked.bidders[0].organization_id, ranked.package_id
    )
    draft = session.get_one(ContractDraft, case.id)
    assert (draft.title, sum(part["share_bp"] for part in draft.instalments)) == ("第一包", 10_000)
    clock = session.scalars(
        select(Clock).where(Clock.case_id == ranked.package_id, Clock.name == "contract_signing")
    ).one()
    assert (clock.number, clock.unit, clock.stopped_at) == (30, "days", None)
    assert money_of(session, ranked) == EMPTY | {"reserved": LOT_FEN}


def test_signing_commits_the_price_gives_the_remainder_back_and_ends_every_bid(session):
    ranked = a_ranked_package(session)
    before = whole_line(session, ranked)
    number, contract = a_signed_contract(session, ranked)
    after = whole_line(session, ranked)

    assert (contract.number, contract.amount_fen, contract.signed_by) == (
        ranked.package, PRICES[0], ranked.buyer.person_id
    )
    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[0]}
    assert after["available"] - before["available"] == LOT_FEN - PRICES[0]
    assert after["reserved"] - before["reserved"] == -LOT_FEN
    assert states(session, [ranked.package, number, *ranked.bids]) == [
        "contracted", "signed", "won", "not_awarded", "not_awarded"
    ]
    told = data_of_last(session, ranked.bids[2], "lose")
    assert (told["position"], told["points"]) == (3, 8700)
    parts = session.scalars(select(Instalment).order_by(Instalment.position)).all()
    assert [part.amount_fen for part in parts] == [44_444_16, 26_666_49, 17_777_66]
    assert sum(part.amount_fen for part in parts) == PRICES[0]
    assert [part.waits_for for part in parts] == ["none", "mid_evaluation", "acceptance"]


def test_publishing_and_filing_come_in_either_order(session):
    ranked = a_ranked_package(session)
    number, _contract = a_signed_contract(session, ranked)
    clocks = session.scalars(
        select(Clock.name).join(Case, Case.id == Clock.case_id)
        .where(Case.number == number, Clock.stopped_at.is_(None)).order_by(Clock.name)
    ).all()
    officer = ranked.tender.office.project_officer

    assert clocks == ["contract_filing", "contract_publication"]
    step(session, ranked, number, "file_copy", officer)
    assert state_of(session, number) == "filed"
    step(session, ranked, number, "publish", officer)
    assert state_of(session, number) == "in_performance"


def test_a_grant_is_signed_as_one_and_knows_no_publication_by_procurement_law(session):
    ranked = a_ranked_package(session, programme={"regime": "G", "publicity_days": 2})
    number = an_agreed_contract(session, ranked)

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, number, "sign", ranked.buyer)
    assert codes(refused) == ["is_a_grant"]
    step(session, ranked, number, "sign_grant", ranked.buyer)
    assert states(session, [ranked.package, number]) == ["contracted", "in_performance"]
    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[0]}


def test_a_failure_half_way_through_signing_leaves_nothing(session, monkeypatch):
    ranked = a_ranked_package(session)
    number = an_agreed_contract(session, ranked)
    before = whole_line(session, ranked)

    def broken(*_args, **_named):
        raise RuntimeError("the power fails")

    monkeypatch.setattr("app.purchasing.award.effects.last_of_call", broken)
    with pytest.raises(RuntimeError):
        step(session, ranked, number, "sign", ranked.buyer)

    session.rollback()
    assert session.scalars(select(Contract)).all() == []
    assert states(session, [ranked.package, number, *ranked.bids]) == ["awarded", "agreed", *["qualified"] * 3]
    assert whole_line(session, ranked) == before


def test_the_winner_declines_and_the_next_of_the_ranking_gets_the_contract(session):
    ranked = a_ranked_package(session)
    first = an_award(session, ranked)
    step(session, ranked, ranked.package, "decline_award", ranked.buyer, ground="refused", reason="成交人书面放弃。")

    assert states(session, [ranked.package, first, *ranked.bids]) == [
        "ranked", "cancelled", "excluded", "qualified", "qualified"
    ]
    revoked = session.scalars(select(Award)).one()
    assert (revoked.revoked_at is not None, revoked.revoked_reason) == (True, "成交人书面放弃。")
    out = session.scalars(select(BidRanking).where(BidRanking.excluded_at.is_not(None))).one()
    assert (out.position, out.excluded_reason) == (1, "成交人书面放弃。")
    assert data_of_last(session, ranked.bids[0], "exclude") == {"reason": "成交人书面放弃。"}
    assert money_of(session, ranked) == EMPTY | {"reserved": LOT_FEN}

    number, contract = a_signed_contract(session, ranked, place=1)
    assert contract.amount_fen == PRICES[1]
    assert states(session, [ranked.package, number, *ranked.bids]) == [
        "contracted", "signed", "excluded", "won", "not_awarded"
    ]
    assert money_of(session, ranked) == EMPTY | {"committed": PRICES[1]}
    whole_line(session, ranked)


def test_when_the_winner_declines_the_buyer_may_also_buy_anew(session):
    ranked = a_ranked_package(session)
    an_award(session, ranked)
    officer = ranked.tender.office.project_officer
    with pytest.raises(MoveRefused):
        step(session, ranked, ranked.package, "fail", officer, ground="no_candidate", reason="重新采购。")
    step(session, ranked, ranked.package, "decline_award", ranked.buyer)

    step(session, ranked, ranked.package, "fail", officer, ground="no_candidate", reason="成交人放弃，重新采购。")

    assert states(session, [ranked.package, *ranked.bids]) == ["failed", "excluded", "lapsed", "lapsed"]
    assert money_of(session, ranked) == EMPTY
    whole_line(session, ranked)


def test_while_a_package_is_awarded_its_call_is_not_cancelled_before_and_after_that_it_may_be(session):
    ranked = a_ranked_package(session)
    a_candidate(session, ranked)
    publicity_ends(session, ranked)
    step(session, ranked, ranked.package, "award", ranked.second_buyer)

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, ranked.tender.call, "cancel", ranked.buyer, reason="任务取消了。")
    assert codes(refused) == ["package_awarded"]

    step(session, ranked, ranked.package, "decline_award", ranked.buyer)
    a_candidate(session, ranked, place=1)
    step(session, ranked, ranked.tender.call, "cancel", ranked.buyer, reason="任务取消了。")
    assert state_of(session, ranked.package) == "cancelled"
    assert money_of(session, ranked) == EMPTY
    assert session.scalars(select(AwardCandidate).where(AwardCandidate.ended_at.is_(None))).all() == []


def test_the_organization_asks_for_changes_and_what_is_changed_is_agreed_again(session):
    ranked = a_ranked_package(session)
    number = an_award(session, ranked)
    officer, staff = ranked.tender.office.project_officer, ranked.bidders[0].staff
    step(session, ranked, number, "send", officer)
    step(session, ranked, number, "ask_changes", staff)
    step(session, ranked, number, "send", officer, ends_on="2027-01-31")
    step(session, ranked, number, "agree", staff)
    step(session, ranked, number, "take_back", officer)

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, number, "sign", ranked.buyer)
    assert codes(refused) == ["wrong_state"]
    draft = session.scalars(select(ContractDraft)).one()
    assert draft.ends_on.isoformat() == "2027-01-31"


def test_a_contract_that_ends_after_more_than_a_year_is_not_sent_unless_all_is_stable(session):
    ranked = a_ranked_package(session)
    number = an_award(session, ranked)
    officer = ranked.tender.office.project_officer

    with pytest.raises(MoveRefused) as refused:
        step(session, ranked, number, "send", officer, ends_on="2028-01-31")
    assert codes(refused) == ["term_too_long"]
    stable = dict.fromkeys(("content_fixed", "continuous", "funding_stable", "price_stable"), True)
    step(session, ranked, number, "send", officer, ends_on="2028-01-31", **stable)
    assert state_of(session, number) == "sent"


def test_a_contract_never_signed_in_time_is_late_on_two_worklists_and_nothing_happens_by_itself(session):
    ranked = a_ranked_package(session)
    number = an_award(session, ranked)
    ranked.now += timedelta(days=60)
    fire_due(session, ranked.now)

    assert states(session, [ranked.package, number]) == ["awarded", "preparing"]
    due = session.scalars(select(Case.due_at).where(Case.number.in_([ranked.package, number]))).all()
    assert all(each < ranked.now for each in due)
    assert contract_number(session, ranked) == number
