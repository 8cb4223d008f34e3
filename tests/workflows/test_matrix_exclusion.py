"""Exclusion of a member by its hub: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_workflows import acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.kinds.case import Step
from workflows.kinds.exclusion import ExclusionFacts

KIND = shipped("exclusion")
HUB, OWN = {"hub_officer"}, {"staff", "legal_representative"}
ALLOWED: Allowed = {
    (None, "propose"): ("announced", HUB),
    ("announced", "answer"): ("heard", OWN),
    ("announced", "close_hearing"): ("heard", set()),
    ("announced", "drop"): ("dropped", HUB),
    ("heard", "drop"): ("dropped", HUB),
    ("heard", "exclude"): ("excluded", HUB),
}
PROPOSED = step("propose", person=8, role="hub_officer")
ANSWERED = step("answer", person=5)
NO_MEMBER, ENDING, TWO = {"is_member": False}, {"ending": "TC-1"}, {"officers": frozenset({8, 9})}


def facts(*steps: Step, **changes: Any) -> ExclusionFacts:
    """Return facts with which every guard is content."""
    return ExclusionFacts(case(*steps), **changes)


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, facts(), ALLOWED) == 5 * 5 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, facts(), ALLOWED)


GUARDS: list[tuple[str | None, str, tuple[Step, ...], dict[str, Any], int, str]] = [
    (None, "propose", (), NO_MEMBER, 8, "not_a_member"),
    (None, "propose", (), ENDING, 8, "ending_under_way"),
    ("heard", "exclude", (PROPOSED, ANSWERED), NO_MEMBER, 9, "not_a_member"),
    ("heard", "exclude", (PROPOSED, ANSWERED), TWO, 8, "proposed_it_yourself"),
    ("heard", "exclude", (PROPOSED, ANSWERED), TWO, 5, "not_the_applicant"),
    ("heard", "drop", (PROPOSED, ANSWERED), {}, 5, "not_the_applicant"),
]


@pytest.mark.parametrize(("state", "trigger", "steps", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, steps: tuple[Step, ...], different: dict[str, Any], person: int, reason: str
):
    found = outcome(KIND, state, trigger, acting("hub_officer", person=person), facts(*steps, **different))
    content = outcome(KIND, state, trigger, acting("hub_officer", person=77), facts(*steps, **TWO))

    assert (found, content) == (f"refused: {reason}", ALLOWED[state, trigger][0])


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, _, reason in GUARDS}) == len(named)


@pytest.mark.parametrize(("officers", "found"), [
    ({8}, "excluded"), (set(), "excluded"), ({8, 9}, "refused: proposed_it_yourself"),
])
def test_who_proposed_it_decides_only_where_the_hub_has_nobody_else(officers: set[int], found: str):
    about = facts(PROPOSED, ANSWERED, officers=frozenset(officers))

    assert outcome(KIND, "heard", "exclude", acting("hub_officer", person=8), about) == found
