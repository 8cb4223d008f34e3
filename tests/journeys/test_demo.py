"""What somebody finds who starts the demo: work for every account, and packages in every state of the road."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click
import pytest

from app.demo.commands import LOGINS, builder_at
from tests.journeys.town import Town, a_town

# The founders apply first, young7 writes its monthly log, staff7 waits for its removal, staff11 for a decision;
# others only watch.
NOTHING_WAITS = {"staff", "staff7", "staff8", "staff9", "young7", "staff11", "supervisor", "auditor", "admin"}


@pytest.fixture(scope="module")
def town(server, tmp_path_factory) -> Iterator[Town]:
    """The demo's district."""
    with a_town(server, tmp_path_factory, "journey_demo") as made:
        yield made


def test_every_account_that_is_printed_finds_work_but_those_who_watch(town):
    waiting = {login: town.program(login).get("/api/v1/worklist").json["cases"] for login in LOGINS}

    assert {login for login, cases in waiting.items() if not cases} == NOTHING_WAITS


def test_packages_stand_in_every_state_that_a_visitor_wants_to_see(town):
    states = [row[0] for row in town.rows("SELECT state FROM cases WHERE kind = 'package' ORDER BY state")]

    assert states == [
        "awarded", "contracted", "contracted", "contracted", "failed", "open", "open", "opened", "ranked",
        "reviewing", "suspended",
    ]


def test_contracts_of_the_road_are_paid_in_part_reported_on_and_evaluated(town):
    kinds = town.rows("SELECT kind, state FROM cases WHERE kind IN ('milestone_report', 'evaluation') ORDER BY 1, 2")
    paid = town.rows("""
        SELECT i.position, c.state FROM instalments i JOIN contracts k ON k.id = i.contract_id
          LEFT JOIN payments p ON p.instalment_id = i.id LEFT JOIN cases c ON c.id = p.case_id
         WHERE k.case_id IS NOT NULL AND i.position = 1 ORDER BY k.id""")

    assert [tuple(row) for row in kinds] == [
        ("evaluation", "commissioned"), ("milestone_report", "returned"), ("milestone_report", "submitted")
    ]
    assert [tuple(row) for row in paid] == [(1, "paid"), (1, "finance_checked"), (1, "approved")]


def test_one_regime_each_is_in_force_and_a_new_version_waits_for_a_second_person(town):
    rows = town.rows("SELECT regime, version FROM programmes ORDER BY regime, version NULLS LAST")

    assert [tuple(row) for row in rows] == [("G", 1), ("P", 1), ("P", None)]


def test_a_date_before_the_procedures_is_refused_with_the_reason():
    with pytest.raises(click.ClickException, match="check this machine's date"):
        builder_at(datetime(2026, 3, 1, tzinfo=UTC))
