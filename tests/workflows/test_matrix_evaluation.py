"""Evaluation: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_delivery_facts import evaluation_facts
from tests.builders_workflows import acting, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome

KIND = shipped("evaluation")

ALLOWED: Allowed = {
    (None, "commission"): ("commissioned", {"project_officer"}),
    ("commissioned", "hand_out_codes"): ("commissioned", {"evaluator"}),
    ("commissioned", "score"): ("scored", {"evaluator"}),
    ("commissioned", "recuse"): ("cancelled", {"evaluator"}),
    ("commissioned", "cancel"): ("cancelled", {"project_officer"}),
    ("scored", "publish_result"): ("published", {"project_officer"}),
    ("scored", "cancel"): ("cancelled", {"project_officer"}),
    ("published", "accept_result"): ("final", {"staff"}),
    ("published", "object"): ("objected", {"staff"}),
    ("published", "stand"): ("final", set()),
    ("objected", "uphold"): ("final", {"project_officer"}),
    ("objected", "reopen"): ("commissioned", {"project_officer"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, evaluation_facts(), ALLOWED) == 7 * 11 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, evaluation_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, evaluation_facts(), ALLOWED)


COMMISSIONED = step("commission", person=4, role="project_officer")
CODES = step("hand_out_codes", person=6, role="evaluator")
SCORED = step("score", person=6, role="evaluator")
PUBLISHED = step("publish_result", person=8, role="project_officer")
OBJECTED = step("object", person=5)
SO_FAR = (COMMISSIONED, SCORED, PUBLISHED)

GUARDS: list[tuple[str | None, str, dict[str, Any], int, str]] = [
    (None, "commission", {"contract_found": False}, 1, "no_such_contract"),
    (None, "commission", {"stage_is_open": False}, 1, "stage_taken"),
    (None, "commission", {"evaluator_found": False}, 1, "no_such_evaluator"),
    (None, "commission", {"evaluator_conflict": "employed"}, 1, "evaluator_employed"),
    ("commissioned", "hand_out_codes", {"steps": (COMMISSIONED, CODES)}, 6, "codes_set_before"),
    ("commissioned", "score", {"evaluator_conflict": "consulted"}, 6, "evaluator_consulted"),
    ("scored", "publish_result", {}, 6, "scored_it_yourself"),
    ("published", "object", {"steps": (*SO_FAR, OBJECTED)}, 5, "objected_before"),
    ("objected", "uphold", {}, 8, "published_it_yourself"),
    ("objected", "reopen", {}, 8, "published_it_yourself"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    facts = evaluation_facts(*changed.pop("steps", SO_FAR), **changed)
    content = evaluation_facts(*SO_FAR)

    assert outcome(KIND, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert outcome(KIND, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)
