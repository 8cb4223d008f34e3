"""Leaving a hub: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_workflows import acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.kinds.disaffiliation import DisaffiliationFacts

KIND = shipped("disaffiliation")
ALLOWED: Allowed = {
    (None, "give_notice"): ("announced", {"staff"}),
    ("announced", "confirm"): ("left", {"hub_officer"}),
    ("announced", "leave_by_itself"): ("left", set()),
    ("announced", "withdraw"): ("withdrawn", {"staff"}),
}
NOTICE = step("give_notice", person=5)


def facts(*steps: Any, **changes: Any) -> DisaffiliationFacts:
    """Return facts with which every guard is content."""
    return DisaffiliationFacts(case=case(*steps), **{"is_member": True, "is_leaving": False} | changes)


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, facts(), ALLOWED) == 4 * 4 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, facts(), ALLOWED)


GUARDS = [
    (None, "give_notice", (), {"is_member": False}, 5, "not_a_member"),
    (None, "give_notice", (), {"is_leaving": True}, 5, "leaving_already"),
    ("announced", "confirm", (NOTICE,), {}, 5, "not_the_applicant"),
]


@pytest.mark.parametrize(("state", "trigger", "steps", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, steps: tuple[Any, ...], different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))

    found = outcome(KIND, state, trigger, acting(role, person=person), facts(*steps, **different))
    content = outcome(KIND, state, trigger, acting(role, person=77), facts(*steps))

    assert (found, content) == (f"refused: {reason}", ALLOWED[state, trigger][0])


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, _, reason in GUARDS}) == len(named)
