"""Each step of delivery works or is refused: reports, orders to rectify, what an instalment waits for, the end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.cases.due import fire_due
from app.cases.models import Case, History
from app.delivery.models import (
    MilestoneReport,
    ReportIndicator,
)
from app.delivery.queries import standing_of
from app.errors import InvalidInput, MoveRefused
from app.ledger.accounts import package_balances
from tests.builders import make_actor, make_organization
from tests.builders_delivery import (
    NUMBER,
    STANDARDS,
    a_delivery,
    a_rectification,
    an_acceptance,
    an_evaluation,
    begin,
    contract_of,
    pay,
    report_data,
    state_of,
    step,
)
from tests.builders_ledger import MORNING
from tests.builders_payments import register
from tests.problems import codes_of

# -- stage reports


def test_an_accepted_report_is_what_its_instalment_waits_for(session):
    delivery = a_delivery(session)
    number = begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    assert "report" not in standing_of(session, delivery.contract_id, delivery.instalments[1]).met

    step(session, delivery, number, "accept_report", "project_officer", {"opinion": "一致。"})

    assert state_of(session, number) == "accepted"
    assert standing_of(session, delivery.contract_id, delivery.instalments[1]).met == {"report"}
    assert standing_of(session, delivery.contract_id, delivery.instalments[2]).met == set()


def test_a_second_report_on_an_instalment_is_refused_until_the_first_is_rejected(session):
    delivery = a_delivery(session)
    first = begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    assert codes_of(refused) == ["report_taken"]

    step(session, delivery, first, "reject", "project_officer", {"reason": "与记录不符。"})

    begin(session, delivery, "milestone_report", "staff", report_data(delivery))


def test_a_returned_report_is_handed_in_again_with_other_indicators(session):
    delivery = a_delivery(session)
    number = begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    step(session, delivery, number, "return_for_changes", "project_officer", {"remarks": "补充。"})
    again = {"done": "补充后。", "indicators": [{"name": "活动", "planned": 12, "achieved": 12}]}

    step(session, delivery, number, "resubmit", "staff", again)

    rows = session.scalars(select(ReportIndicator)).all()
    assert [(row.position, row.name) for row in rows] == [(1, "活动")]
    assert session.scalars(select(MilestoneReport)).one().done == "补充后。"


def test_a_report_on_anothers_instalment_is_refused_wherever_it_stands(session):
    delivery = a_delivery(session)
    stranger = a_stranger(session, delivery)
    with pytest.raises(InvalidInput) as refused:
        begin(session, stranger, "milestone_report", "staff", report_data(delivery))
    assert list(refused.value.errors) == ["instalment"]


def a_stranger(session, delivery):
    """Return the same delivery seen by another organization's staff."""
    other = make_organization(session, delivery.place.district, "另一中心（示例）")
    register(session, other)
    actors = {**delivery.actors, "staff": make_actor(session, "外人", ("staff", other.node_id))}
    session.commit()
    return replace(delivery, actors=actors)


# -- rectification


def test_an_open_rectification_blocks_payment_and_its_end_opens_it(session):
    delivery = a_delivery(session)
    number = a_rectification(session, delivery)
    with pytest.raises(MoveRefused) as refused:
        pay(session, delivery, 1)
    assert codes_of(refused) == ["rectification_open"]

    step(session, delivery, number, "answer", "staff", {"answer": "已补签。"})
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "confirm_done", "project_officer", {"opinion": "属实。"})
    assert codes_of(refused) == ["ordered_it_yourself"]
    step(session, delivery, number, "confirm_done", "second_officer", {"opinion": "属实。"})

    assert state_of(session, pay(session, delivery, 1)) == "applied"


def test_an_order_that_is_not_answered_falls_overdue_and_still_blocks(session):
    delivery = a_delivery(session)
    number = a_rectification(session, delivery)

    fire_due(session, MORNING + timedelta(days=40))

    assert state_of(session, number) == "overdue"
    assert standing_of(session, delivery.contract_id).rectifying
    step(session, delivery, number, "answer", "staff", {"answer": "已补签。"}, MORNING + timedelta(days=41))
    assert state_of(session, number) == "answered"


# -- what an instalment waits for


@pytest.mark.parametrize(("position", "code"), [(2, "report"), (3, "mid_evaluation"), (4, "acceptance")])
def test_an_instalment_is_refused_with_the_name_of_what_is_missing(session, position, code):
    delivery = a_delivery(session)
    with pytest.raises(MoveRefused) as refused:
        pay(session, delivery, position)
    assert "instalment_condition_open" in codes_of(refused)


def test_an_instalment_that_waits_for_nothing_is_open_at_once(session):
    delivery = a_delivery(session)
    assert state_of(session, pay(session, delivery, 1)) == "applied"


# -- closure


def test_a_contract_is_closed_after_acceptance_and_its_rest_goes_back(session):
    delivery = a_delivery(session)
    data = {"contract": NUMBER, "summary": "完成。", "confirmed": True}
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "closure", "project_officer", data)
    assert codes_of(refused) == ["not_accepted_yet"]
    an_acceptance(session, delivery)

    number = begin(session, delivery, "closure", "project_officer", data)

    assert state_of(session, number) == "closed"
    balances = package_balances(session, contract_of(session, delivery).budget_line_id, NUMBER)
    assert {name: fen for name, fen in balances.items() if fen} == {}
    with pytest.raises(MoveRefused) as refused:
        pay(session, delivery, 1)
    assert codes_of(refused) == ["instalment_condition_open"]
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "closure", "project_officer", data)
    assert codes_of(refused) == ["contract_closed"]


def test_a_contract_with_a_payment_under_way_is_not_closed(session):
    delivery = a_delivery(session)
    an_acceptance(session, delivery)
    pay(session, delivery, 1)
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "closure", "project_officer",
              {"contract": NUMBER, "summary": "完成。", "confirmed": True})
    assert codes_of(refused) == ["payment_under_way"]


def test_every_case_of_delivery_is_about_the_contractor_at_the_buyer(session):
    delivery = a_delivery(session)
    numbers = [an_evaluation(session, delivery, until="commissioned"), a_rectification(session, delivery)]

    rows = session.scalars(select(Case).where(Case.number.in_(numbers))).all()
    assert {(row.organization_id, row.node_id) for row in rows} == {
        (delivery.place.organization.id, delivery.place.buyer.id)
    }
    assert session.execute(select(func.count()).select_from(History)).scalar_one() == 3


def test_an_acceptance_that_is_under_way_cannot_be_asked_for_again(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)

    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "request", "staff", {"contract": delivery.contract_id, "standards": STANDARDS})

    assert [reason["code"] for reason in refused.value.reasons] == ["wrong_state"]
