"""Rectification: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_delivery_facts import rectification_facts
from tests.builders_workflows import acting, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome

KIND = shipped("rectification")

ALLOWED: Allowed = {
    (None, "order"): ("ordered", {"project_officer"}),
    ("ordered", "answer"): ("answered", {"staff"}),
    ("ordered", "fall_overdue"): ("overdue", set()),
    ("ordered", "lift"): ("lifted", {"buyer"}),
    ("overdue", "answer"): ("answered", {"staff"}),
    ("overdue", "lift"): ("lifted", {"buyer"}),
    ("answered", "confirm_done"): ("done", {"project_officer"}),
    ("answered", "send_back"): ("ordered", {"project_officer"}),
    ("answered", "lift"): ("lifted", {"buyer"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, rectification_facts(), ALLOWED) == 6 * 6 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, rectification_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, rectification_facts(), ALLOWED)


ORDERED = step("order", person=8, role="project_officer")
SENT_BACK = step("send_back", person=9, role="project_officer")
SO_FAR = (ORDERED,)

GUARDS: list[tuple[str | None, str, dict[str, Any], int, str]] = [
    (None, "order", {"contract_found": False}, 1, "no_such_contract"),
    (None, "order", {"contract_not_closed": False}, 1, "contract_closed"),
    ("answered", "confirm_done", {}, 8, "ordered_it_yourself"),
    ("answered", "send_back", {}, 8, "ordered_it_yourself"),
    ("answered", "send_back", {"steps": (ORDERED, SENT_BACK)}, 9, "sent_back_before"),
    ("answered", "lift", {}, 8, "ordered_it_yourself"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    facts = rectification_facts(*changed.pop("steps", SO_FAR), **changed)
    content = rectification_facts(*SO_FAR)

    assert outcome(KIND, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert outcome(KIND, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)
