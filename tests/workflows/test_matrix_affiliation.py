"""Affiliation: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_workflows import acting, affiliation_facts, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome

AFFILIATION = shipped("affiliation")

ALLOWED: Allowed = {
    (None, "apply"): ("applied", {"staff"}),
    ("applied", "accept"): ("affiliated", {"hub_officer"}),
    ("applied", "return_for_changes"): ("returned", {"hub_officer"}),
    ("applied", "refuse"): ("refused", {"hub_officer"}),
    ("applied", "withdraw"): ("withdrawn", {"staff"}),
    ("returned", "resubmit"): ("applied", {"staff"}),
    ("returned", "withdraw"): ("withdrawn", {"staff"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    compared = assert_matrix(AFFILIATION, affiliation_facts(), ALLOWED)

    assert compared == 6 * 6 * 22


def test_the_clock_may_do_nothing():
    assert_clock_moves(AFFILIATION, affiliation_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(AFFILIATION, affiliation_facts(), ALLOWED)


APPLIED = step("apply", person=5)
RETURNED = step("return_for_changes", person=9, role="hub_officer")

GUARDS = [
    (None, "apply", {"organization_registered": False}, 1, "organization_not_registered"),
    (None, "apply", {"hub_in_force": False}, 1, "hub_not_in_force"),
    (None, "apply", {"is_the_hub_itself": True}, 1, "is_the_hub_itself"),
    (None, "apply", {"has_primary_hub": True}, 1, "has_primary_hub"),
    (None, "apply", {"is_member": True}, 1, "member_already"),
    ("applied", "accept", {}, 5, "not_the_applicant"),
    ("applied", "accept", {"organization_registered": False}, 9, "organization_not_registered"),
    ("applied", "accept", {"hub_in_force": False}, 9, "hub_not_in_force"),
    ("applied", "accept", {"has_primary_hub": True}, 9, "has_primary_hub"),
    ("applied", "accept", {"is_member": True}, 9, "member_already"),
    ("applied", "return_for_changes", {"steps": (APPLIED, RETURNED)}, 9, "returned_before"),
    ("returned", "resubmit", {"organization_registered": False}, 5, "organization_not_registered"),
    ("returned", "resubmit", {"hub_in_force": False}, 5, "hub_not_in_force"),
    ("returned", "resubmit", {"has_primary_hub": True}, 5, "has_primary_hub"),
    ("returned", "resubmit", {"is_member": True}, 5, "member_already"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    facts = affiliation_facts(*changed.pop("steps", (APPLIED,)), **changed)
    content = affiliation_facts(APPLIED)

    assert outcome(AFFILIATION, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert (
        outcome(AFFILIATION, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]
    )


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in AFFILIATION.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)


def test_a_secondary_link_is_free_beside_a_primary_hub():
    facts = affiliation_facts(has_primary_hub=True, wants_primary=False)

    assert outcome(AFFILIATION, None, "apply", acting("staff"), facts) == "applied"
