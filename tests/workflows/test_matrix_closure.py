"""Closure: who may close a contract, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_delivery_facts import closure_facts
from tests.builders_workflows import acting, shipped
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome

KIND = shipped("closure")

ALLOWED: Allowed = {
    (None, "close"): ("closed", {"project_officer"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, closure_facts(), ALLOWED) == 2 * 1 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, closure_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, closure_facts(), ALLOWED)


SO_FAR = ()

GUARDS: list[tuple[str | None, str, dict[str, Any], int, str]] = [
    (None, "close", {"contract_found": False}, 1, "no_such_contract"),
    (None, "close", {"contract_not_closed": False}, 1, "contract_closed"),
    (None, "close", {"project_accepted": False}, 1, "not_accepted_yet"),
    (None, "close", {"nothing_under_way": False}, 1, "payment_under_way"),
    (None, "close", {"nothing_to_rectify": False}, 1, "rectification_open"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    facts = closure_facts(*changed.pop("steps", SO_FAR), **changed)
    content = closure_facts(*SO_FAR)

    assert outcome(KIND, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert outcome(KIND, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)
