"""What lists and pages of budget lines show, and at what price."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import true

from app.access.reach import holdings
from app.ledger import steps
from app.ledger.models import BudgetLine
from app.ledger.queries import (
    budget_line_json,
    budget_lines,
    budget_position,
    packages,
    transfers,
    visible_budget_line,
    visible_lines,
)
from tests.builders_access import LONG_AGO, a_person, a_place, holds, somebody
from tests.builders_ledger import BECAUSE, MORNING, a_budget_line, a_buyer, a_committed_package
from tests.queries import counted

TODAY = MORNING.date()


@pytest.fixture
def queries(app, session):
    """Counts the statements that are sent."""
    with counted() as seen:
        yield seen


def test_a_position_costs_two_queries_and_no_line_is_none(session, queries):
    line = a_budget_line(session, 10_000_00)
    a_committed_package(session, line, 4_000_00)
    queries.clear()

    position = budget_position(session, line.id)

    assert len(queries) == 2
    assert (position.available_fen, position.committed_fen, position.holds) == (6_000_00, 4_000_00, True)
    assert budget_position(session, line.id + 1) is None


@pytest.mark.parametrize("lines", [1, 3])
def test_a_list_costs_two_queries_however_long(session, queries, lines):
    for _ in range(lines):
        a_budget_line(session, 10_000_00)
    queries.clear()

    listed = budget_lines(session, true())

    assert (len(listed), len(queries)) == (lines, 2)


def test_lines_are_paged_by_their_code(session):
    codes = [a_budget_line(session, 100).code for _ in range(5)]

    first = budget_lines(session, true(), limit=2)
    second = budget_lines(session, true(), after=first[-1].code, limit=2)

    assert [line.code for line in first + second] == codes[:4]


def test_a_line_is_seen_by_who_deals_with_money_at_its_place_or_above(session):
    buyer = a_buyer(session)
    line = a_budget_line(session, 100, node=buyer)
    officer = somebody(session, "finance_officer", buyer)
    auditor = somebody(session, "auditor", a_place(session, "110102"))

    for person in (officer, auditor):
        held = holdings(session, person.id, TODAY)
        assert [each.code for each in budget_lines(session, visible_lines(held))] == [line.code]
        assert visible_budget_line(session, line.id, held).code == line.code


def test_a_line_is_not_seen_elsewhere_nor_by_other_roles_nor_after_the_role_ended(session):
    buyer = a_buyer(session)
    line = a_budget_line(session, 100, node=buyer)
    elsewhere = somebody(session, "finance_officer", a_place(session, "520100", "乙市"))
    registrar = somebody(session, "registrar", a_place(session, "110102"))
    former = a_person(session)
    holds(session, former, "finance_officer", buyer, since=LONG_AGO, until=TODAY - timedelta(days=1))

    for person in (elsewhere, registrar, former):
        held = holdings(session, person.id, TODAY)
        assert budget_lines(session, visible_lines(held)) == []
        assert visible_budget_line(session, line.id, held) is None


def test_the_running_balance_is_what_was_available_and_the_same_on_every_page(session, queries):
    line = a_budget_line(session, 10_000_00)
    steps.reserve(session, line.id, "P1", 4_000_00, BECAUSE)
    steps.commit(session, line.id, "P1", 4_000_00, BECAUSE)
    steps.release(session, line.id, "P1", 1_000_00, BECAUSE)
    queries.clear()

    whole = transfers(session, line.id)
    first = transfers(session, line.id, limit=2)
    second = transfers(session, line.id, before=first[-1].id, limit=2)

    assert [(each.code, each.running_fen) for each in whole] == [
        ("RELEASE", 7_000_00), ("COMMIT", 6_000_00), ("RESERVE", 6_000_00), ("APPROPRIATE", 10_000_00),
    ]  # fmt: skip
    assert first + second == whole
    assert len(queries) == 3


def test_packages_show_where_their_money_stands(session):
    line = a_budget_line(session, 10_000_00)
    a_committed_package(session, line, 4_000_00, "P1")
    a_committed_package(session, line, 1_000_00, "P2")
    steps.accrue(session, line.id, "P1", 500_00, BECAUSE)

    nothing = {"reserved_fen": 0, "transit_fen": 0, "paid_fen": 0}
    assert packages(session, line.id) == [
        {"package": "P1", "committed_fen": 3_500_00, "payable_fen": 500_00, **nothing},
        {"package": "P2", "committed_fen": 1_000_00, "payable_fen": 0, **nothing},
    ]


def test_packages_page_by_name_and_come_by_their_names(session, queries):
    line = a_budget_line(session, 10_000_00)
    for name in ("P2", "P%", "甲", "P1"):
        a_committed_package(session, line, 1_000_00, name)
    queries.clear()

    whole = packages(session, line.id)
    first = packages(session, line.id, limit=3)
    second = packages(session, line.id, after=first[-1]["package"], limit=3)
    picked = packages(session, line.id, only=["甲", "P1", "nowhere"], limit=1)

    assert [each["package"] for each in whole] == sorted(each["package"] for each in whole)
    assert len(whole) == 4 and first + second == whole
    assert {each["package"] for each in picked} == {"甲", "P1"}
    assert len(queries) == 4


def test_the_json_of_a_line_pages_its_packages_and_transfers_and_tells_the_same_sums(session):
    line = a_budget_line(session, 10_000_00)
    for name in ("P1", "P2", "P3"):
        a_committed_package(session, line, 1_000_00, name)
    position = budget_position(session, line.id)

    whole = budget_line_json(session, position)
    first = budget_line_json(session, position, limit=2)
    second = budget_line_json(session, position, after="P2", limit=2)
    older = budget_line_json(session, position, before=whole["transfers"][-2]["id"], limit=2)

    listed = ("packages", "next", "transfers", "transfers_next")
    sums = [{name: value for name, value in told.items() if name not in listed}
            for told in (whole, first, second, older)]
    here = f"/api/v1/budget-lines/{line.id}"
    assert all(each == sums[0] for each in sums)
    assert (whole["next"], whole["transfers_next"]) == (None, None)
    assert first["next"] == f"{here}?after=P2&limit=2"
    assert first["transfers_next"] == f"{here}?before={first['transfers'][-1]['id']}&limit=2"
    assert first["packages"] + second["packages"] == whole["packages"]
    assert (second["next"], older["transfers_next"]) == (None, None)
    assert older["transfers"] == whole["transfers"][-1:]


def test_the_json_of_a_line_carries_every_part_and_whether_they_sum(session):
    line = a_budget_line(session, 10_000_00)
    a_committed_package(session, line, 4_000_00)
    position = budget_position(session, line.id)

    told = budget_line_json(session, position)

    assert [(each["code"], each["amount_fen"]) for each in told.pop("transfers")] == [
        ("COMMIT", 4_000_00),
        ("RESERVE", 4_000_00),
        ("APPROPRIATE", 10_000_00),
    ]
    assert [each["package"] for each in told.pop("packages")] == ["P1"]
    assert told == {
        "id": line.id, "code": line.code, "name": "公益项目", "year": 2026, "unit": "fen",
        "appropriated_fen": 10_000_00, "available_fen": 6_000_00, "reserved_fen": 0,
        "committed_fen": 4_000_00, "payable_fen": 0, "transit_fen": 0, "paid_fen": 0, "returned_fen": 0,
        "balanced": True, "next": None, "transfers_next": None,
    }  # fmt: skip
    assert budget_line_json(session, dataclasses.replace(position, paid_fen=1))["balanced"] is False
    assert isinstance(line, BudgetLine)
