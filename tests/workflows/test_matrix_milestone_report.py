"""Stage report: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_delivery_facts import report_facts
from tests.builders_workflows import acting, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome

KIND = shipped("milestone_report")

ALLOWED: Allowed = {
    (None, "submit"): ("submitted", {"staff"}),
    ("submitted", "return_for_changes"): ("returned", {"project_officer"}),
    ("submitted", "accept_report"): ("accepted", {"project_officer"}),
    ("submitted", "reject"): ("rejected", {"project_officer"}),
    ("submitted", "withdraw"): ("withdrawn", {"staff"}),
    ("returned", "resubmit"): ("submitted", {"staff"}),
    ("returned", "withdraw"): ("withdrawn", {"staff"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, report_facts(), ALLOWED) == 6 * 6 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, report_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, report_facts(), ALLOWED)


SUBMITTED = step("submit", person=5)
RETURNED = step("return_for_changes", person=9, role="project_officer")
SO_FAR = (SUBMITTED,)

GUARDS: list[tuple[str | None, str, dict[str, Any], int, str]] = [
    (None, "submit", {"organization_registered": False}, 1, "organization_not_registered"),
    (None, "submit", {"contract_with_organization": False}, 1, "not_your_contract"),
    (None, "submit", {"report_is_due": False}, 1, "report_taken"),
    ("submitted", "return_for_changes", {"steps": (SUBMITTED, RETURNED)}, 9, "returned_before"),
    ("returned", "resubmit", {"organization_registered": False}, 5, "organization_not_registered"),
    ("submitted", "accept_report", {}, 5, "not_the_applicant"),
    ("submitted", "reject", {}, 5, "not_the_applicant"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    facts = report_facts(*changed.pop("steps", SO_FAR), **changed)
    content = report_facts(*SO_FAR)

    assert outcome(KIND, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert outcome(KIND, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)
