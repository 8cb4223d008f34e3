"""Publishing a call reserves the money of every package, to the fen, and makes it known until when bids are taken."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.cases.due import fire_due
from app.cases.models import Case, Clock
from app.errors import MoveRefused
from app.ledger.accounts import package_balances
from app.ledger.steps import Because, curtail
from app.purchasing.package import effects
from app.purchasing.plan.facts import available
from app.purchasing.sealed import PackageShare
from app.purchasing.tendering import Call, Package
from tests.builders_purchasing import (
    BUDGET_FEN,
    DUE,
    a_plan,
    a_programme,
    a_tender,
    an_office,
    call_data,
    moved,
    opened,
    some_officers,
    state_of,
)


def codes(refused) -> list[str]:
    return [reason["code"] for reason in refused.value.reasons]


@pytest.fixture
def ready(session):
    office = an_office(session)
    plan = a_plan(session, office, a_programme(session, office))
    return office, plan, some_officers(session, office)


def drafted(session, ready, **changes) -> str:
    office, plan, officers = ready
    data = call_data(session, plan, officers, **changes)
    return opened(session, office, "call", "draft", office.project_officer, **data).number


def test_publishing_reserves_each_package_under_its_own_number(session):
    tender = a_tender(session)
    line = tender.office.line_id

    assert [package_balances(session, line, package.number)["reserved"] for package in tender.packages] == [
        100_000_00, 90_000_01
    ]
    assert available(session, line) == BUDGET_FEN - 190_000_01
    assert [package.state for package in tender.packages] == ["open", "open"]
    assert {package.parent_id for package in tender.packages} == {
        session.execute(select(Case.id).where(Case.number == tender.call)).scalar_one()
    }


def test_the_clock_ends_at_the_second_that_the_call_gave(session):
    tender = a_tender(session)
    clock = session.scalars(select(Clock).where(Clock.case_id == tender.packages[0].id)).one()
    assert (clock.due_at, clock.unit, clock.fires) == (DUE, "until", "close_bidding")

    assert fire_due(session, DUE - timedelta(seconds=1)) == 0
    assert fire_due(session, DUE) == 2

    assert [state_of(session, package.number) for package in tender.packages] == ["closed", "closed"]


@pytest.mark.parametrize(("changes", "code"), [
    ({"bids_due_at": "2026-03-21T17:00:00+08:00"}, "bidding_too_short"),
    ({"documents_until": "2026-03-08"}, "documents_too_short"),
    ({"packages": [{"title": "一", "amount_fen": 300_000_01}]}, "packages_over_plan"),
])
def test_a_call_that_breaks_a_limit_is_refused_with_its_source(session, ready, changes, code):
    with pytest.raises(MoveRefused) as refused:
        drafted(session, ready, **changes)

    assert codes(refused) == [code]
    assert session.scalars(select(Call)).all() == []


def test_the_first_day_that_is_long_enough_is_taken(session, ready):
    number = drafted(session, ready, bids_due_at="2026-03-22T09:00:00+08:00", documents_until="2026-03-09")

    assert state_of(session, number) == "drafted"


def test_a_plan_has_one_call_at_a_time(session, ready):
    first = drafted(session, ready)
    with pytest.raises(MoveRefused) as refused:
        drafted(session, ready)
    assert codes(refused) == ["plan_not_open"]

    moved(session, ready[0], first, "withdraw", ready[0].project_officer)

    assert state_of(session, drafted(session, ready)) == "drafted"


def test_a_call_that_cannot_reserve_everything_publishes_nothing(session, ready):
    office = ready[0]
    number = drafted(session, ready)
    curtail(session, office.line_id, BUDGET_FEN - 190_000_00, Because(now=office.now, reference="调减"))
    session.commit()

    with pytest.raises(MoveRefused) as refused:
        moved(session, office, number, "publish", office.buyer)

    assert codes(refused) == ["over_budget"]
    assert session.scalars(select(Case).where(Case.kind == "package")).all() == []
    assert available(session, office.line_id) == 190_000_00


def test_a_reserve_that_fails_half_way_leaves_nothing(session, ready, monkeypatch):
    office = ready[0]
    number = drafted(session, ready)
    real, calls = effects.reserve, []

    def second_fails(*given, **named):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("power cut")
        return real(*given, **named)

    monkeypatch.setattr(effects, "reserve", second_fails)
    with pytest.raises(RuntimeError):
        moved(session, office, number, "publish", office.buyer)

    assert state_of(session, number) == "drafted"
    assert session.scalars(select(Case).where(Case.kind == "package")).all() == []
    assert available(session, office.line_id) == BUDGET_FEN


def test_a_cancelled_call_gives_all_money_back_destroys_its_keys_and_frees_the_plan(session):
    tender = a_tender(session)

    moved(session, tender.office, tender.call, "cancel", tender.office.buyer)

    assert available(session, tender.office.line_id) == BUDGET_FEN
    assert [state_of(session, package.number) for package in tender.packages] == ["cancelled", "cancelled"]
    assert state_of(session, tender.call) == "cancelled"
    assert session.scalars(select(PackageShare)).all() == []
    assert session.scalars(select(Call)).one().released_at is not None


def test_when_every_package_has_failed_the_call_is_finished_and_the_money_is_back(session):
    tender = a_tender(session)
    fire_due(session, DUE)

    for package in tender.packages:
        assert state_of(session, tender.call) == "published"
        moved(session, tender.office, package.number, "fail", tender.office.project_officer, at=DUE)

    assert state_of(session, tender.call) == "finished"
    assert available(session, tender.office.line_id) == BUDGET_FEN
    assert session.scalars(select(Package.case_id)).all() == [package.id for package in tender.packages]
