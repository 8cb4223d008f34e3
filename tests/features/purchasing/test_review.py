"""From qualified bidders to a ranking: what becomes of a package, its money and its bids on the way."""

import json

import pytest
from sqlalchemy import select

from app.cases.models import Case, Clock, History
from app.errors import MoveRefused
from app.ledger.accounts import package_balances
from app.purchasing.tendering import BidRanking
from tests.builders_purchasing import (
    REVIEW,
    a_qualified_package,
    a_ranked_package,
    moved,
    package_number,
    state_of,
)


def test_a_qualified_package_waits_for_its_panel_and_its_call_goes_on(session):
    tender, bids = a_qualified_package(session)
    row = session.get_one(Case, tender.packages[0].id)

    assert (row.state, row.waits_role, row.closed_at) == ("qualified", "project_officer", None)
    clocks = session.scalars(select(Clock.name).where(Clock.case_id == row.id, Clock.stopped_at.is_(None))).all()
    assert clocks == ["panel_naming"]
    assert state_of(session, tender.call) == "published"
    assert [state_of(session, bid) for bid in bids] == ["qualified"] * 3


@pytest.mark.parametrize("way", ["fail", "cancel"])
def test_a_package_that_ends_after_qualification_gives_the_money_back_and_tells_every_bidder(session, way: str):
    tender, bids = a_qualified_package(session)
    number, line = package_number(session, tender), tender.office.line_id
    assert package_balances(session, line, number)["reserved"] == 100_000_00

    if way == "fail":
        moved(session, tender.office, number, "fail", tender.office.project_officer, at=REVIEW,
              ground="unlawful", reason="评审前发现串通投标。")
    else:
        moved(session, tender.office, tender.call, "cancel", tender.office.buyer, at=REVIEW, reason="任务取消了。")

    reason = {"fail": "评审前发现串通投标。", "cancel": "任务取消了。"}[way]
    assert state_of(session, number) == {"fail": "failed", "cancel": "cancelled"}[way]
    assert package_balances(session, line, number)["reserved"] == 0
    assert [state_of(session, bid) for bid in bids] == ["lapsed"] * 3
    told = [json.loads(bytes(body)) for body in session.scalars(select(History.body).where(History.trigger == "lapse"))]
    assert [row["data"]["reason"] for row in told] == [reason] * 3


def test_want_of_bidders_is_no_ground_once_enough_have_qualified_and_nothing_changes(session):
    tender, _bids = a_qualified_package(session)
    number = package_number(session, tender)

    with pytest.raises(MoveRefused) as refused:
        moved(session, tender.office, number, "fail", tender.office.project_officer, at=REVIEW)

    assert [reason["code"] for reason in refused.value.reasons] == ["enough_bidders"]
    assert state_of(session, number) == "qualified"
    assert package_balances(session, tender.office.line_id, number)["reserved"] == 100_000_00


def test_a_package_goes_from_the_pool_to_a_ranking(session):
    panel = a_ranked_package(session)

    assert state_of(session, panel.package) == "ranked"
    rows = session.scalars(select(BidRanking).order_by(BidRanking.position)).all()
    numbers = {case.id: case.number for case in session.scalars(select(Case).where(Case.kind == "bid"))}
    assert [numbers[row.bid_id] for row in rows] == panel.bids
