"""Acceptance: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_delivery_facts import acceptance_facts
from tests.builders_workflows import acting, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome

KIND = shipped("acceptance")

ALLOWED: Allowed = {
    (None, "request"): ("requested", {"staff"}),
    ("requested", "accept"): ("accepted", {"buyer"}),
    ("requested", "accept_with_deduction"): ("accepted_with_deduction", {"buyer"}),
    ("requested", "reject"): ("rejected", {"buyer"}),
    ("requested", "withdraw"): ("withdrawn", {"staff"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, acceptance_facts(), ALLOWED) == 6 * 5 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, acceptance_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, acceptance_facts(), ALLOWED)


SO_FAR = (step("request", person=5),)
SIGNED = {"signed_by": frozenset({8})}

GUARDS: list[tuple[str | None, str, dict[str, Any], int, str]] = [
    (None, "request", {"organization_registered": False}, 1, "organization_not_registered"),
    (None, "request", {"contract_with_organization": False}, 1, "not_your_contract"),
    (None, "request", {"acceptance_is_open": False}, 1, "acceptance_taken"),
    (None, "request", {"nothing_to_rectify": False}, 1, "rectification_open"),
    ("requested", "accept", {}, 5, "not_the_applicant"),
    ("requested", "accept", SIGNED, 8, "signed_it_yourself"),
    ("requested", "accept", {"uncovered": (2,)}, 9, "standard_left_out"),
    ("requested", "accept", {"unmet": (1, 3)}, 9, "standard_not_met"),
    ("requested", "accept", {"nothing_to_rectify": False}, 9, "rectification_open"),
    ("requested", "accept_with_deduction", {}, 5, "not_the_applicant"),
    ("requested", "accept_with_deduction", SIGNED, 8, "signed_it_yourself"),
    ("requested", "accept_with_deduction", {"uncovered": (2,)}, 9, "standard_left_out"),
    ("requested", "accept_with_deduction", {"deduction_fen": 10_000_00}, 9, "deduction_too_large"),
    ("requested", "accept_with_deduction", {"nothing_to_rectify": False}, 9, "rectification_open"),
    ("requested", "reject", {}, 5, "not_the_applicant"),
    ("requested", "reject", SIGNED, 8, "signed_it_yourself"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    facts = acceptance_facts(*changed.pop("steps", SO_FAR), **changed)
    content = acceptance_facts(*SO_FAR)

    assert outcome(KIND, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert outcome(KIND, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)
