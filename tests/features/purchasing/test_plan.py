"""A plan names item, rules, money and method; regimes are not mixed, and nothing is bought in parts."""

import pytest
from sqlalchemy import select

from app.cases.models import Case
from app.errors import InvalidInput, MoveRefused
from app.purchasing.tendering import Plan, Programme
from tests.builders_purchasing import a_plan, a_programme, an_office, moved, opened, plan_data, state_of


def proposed(session, office, programme: int, /, **changes):
    data = plan_data(office, programme, **changes)
    return opened(session, office, "plan", "propose", office.project_officer, **data).number


def codes(refused) -> list[str]:
    return [reason["code"] for reason in refused.value.reasons]


def test_an_approved_plan_holds_what_was_said_and_moves_no_money(session):
    office = an_office(session)
    number = a_plan(session, office, a_programme(session, office))

    row = session.scalars(select(Plan)).one()
    assert (row.amount_fen, row.method, row.year, row.node_id) == (300_000_00, "open_tender", 2026, office.node_id)
    assert state_of(session, number) == "approved"


def test_the_regimes_are_not_mixed(session):
    office = an_office(session)
    grant = a_programme(session, office, regime="G")

    with pytest.raises(MoveRefused) as refused:
        proposed(session, office, grant)

    assert codes(refused) == ["regimes_mixed"]
    assert session.scalars(select(Case.kind).where(Case.kind == "plan")).all() == []
    assert state_of(session, proposed(session, office, grant, method="grant_call")) == "proposed"


def test_rules_that_nobody_confirmed_cannot_be_followed(session):
    office = an_office(session)
    opened(session, office, "programme", "enter", office.buyer, office=office.node_id)
    entered = session.scalars(select(Programme.id)).one()
    with pytest.raises(MoveRefused) as refused:
        proposed(session, office, entered)

    assert codes(refused) == ["programme_not_in_force"]


def test_more_than_the_line_holds_is_not_planned_to_the_fen(session):
    office = an_office(session, budget_fen=300_000_00)
    programme = a_programme(session, office)

    with pytest.raises(MoveRefused) as refused:
        proposed(session, office, programme, amount_fen=300_000_01)
    assert codes(refused) == ["over_budget"]

    assert state_of(session, proposed(session, office, programme, amount_fen=300_000_00)) == "proposed"


def test_parts_of_one_item_in_one_year_are_summed_and_shown(session):
    office = an_office(session, budget_fen=9_000_000_00)
    programme = a_programme(session, office)
    small = {"method": "consultation", "method_reason": "内容特殊", "amount_fen": 2_500_000_00}
    a_plan(session, office, programme, **small)
    second = proposed(session, office, programme, **small)

    with pytest.raises(MoveRefused) as refused:
        moved(session, office, second, "approve", office.buyer)

    assert codes(refused) == ["item_is_split"]
    assert "5,000,000.00" in refused.value.reasons[0]["en"]


def test_a_returned_plan_comes_back_changed_and_stays_with_its_office(session):
    office = an_office(session)
    programme = a_programme(session, office)
    number = proposed(session, office, programme)
    moved(session, office, number, "return_for_changes", office.buyer)

    changed = plan_data(office, programme, amount_fen=200_000_00, answer="已改")
    moved(session, office, number, "resubmit", office.project_officer, **changed)

    assert session.scalars(select(Plan)).one().amount_fen == 200_000_00
    with pytest.raises(InvalidInput):
        proposed(session, office, programme, budget_line=10**9)
