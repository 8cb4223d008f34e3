"""Plan: who may do what in which state, and what each guard stops."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders_workflows import acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.kinds.plan import METHODS, NEGATIVE_LIST, PlanFacts

PLAN = shipped("plan")
ALLOWED: Allowed = {
    (None, "propose"): ("proposed", {"project_officer"}),
    ("proposed", "approve"): ("approved", {"buyer"}),
    ("proposed", "return_for_changes"): ("returned", {"buyer"}),
    ("proposed", "refuse"): ("refused", {"buyer"}),
    ("proposed", "withdraw"): ("withdrawn", {"project_officer"}),
    ("returned", "resubmit"): ("proposed", {"project_officer"}),
    ("returned", "withdraw"): ("withdrawn", {"project_officer"}),
}
THRESHOLD = 400_000_000


def plan_facts(**changes: Any) -> PlanFacts:
    facts = PlanFacts(
        case=case(step("propose", person=5, role="project_officer")), programme_confirmed=True, regime="P",
        method="open_tender", method_reason="", item_level=3, negative_reason=None, amount_fen=100_00,
        available_fen=100_00, same_item_fen=0, same_item_plans=0, programme_of_office=True, year_matches=True,
    )
    return replace(facts, **changes)


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(PLAN, plan_facts(), ALLOWED) == 6 * 6 * 22


def test_the_clock_may_do_nothing_and_options_offer_what_may_be_done():
    assert_clock_moves(PLAN, plan_facts(), ALLOWED)
    assert_options(PLAN, plan_facts(), ALLOWED)


SAID = [
    ({"programme_confirmed": False}, "programme_not_in_force"),
    ({"programme_of_office": False}, "programme_not_in_force"),
    ({"year_matches": False}, "programme_not_in_force"),
    ({"regime": "G"}, "regimes_mixed"),
    ({"method": "grant_call"}, "regimes_mixed"),
    ({"method": "consultation"}, "method_reason_missing"),
    ({"item_level": 2}, "catalogue_heading"),
    ({"available_fen": 99_99}, "over_budget"),
]


@pytest.mark.parametrize(("different", "reason"), SAID)
@pytest.mark.parametrize(("state", "trigger"), [(None, "propose"), ("returned", "resubmit")])
def test_what_is_said_of_a_plan_is_checked_when_it_is_handed_in(state: str | None, trigger: str, different, reason):
    found = outcome(PLAN, state, trigger, acting("project_officer"), plan_facts(**different))

    assert found == f"refused: {reason}"
    assert outcome(PLAN, state, trigger, acting("project_officer"), plan_facts()) == "proposed"


@pytest.mark.parametrize("entry", NEGATIVE_LIST)
def test_nothing_on_the_negative_list_is_approved_and_the_entry_is_the_reason(entry: str):
    found = outcome(PLAN, "proposed", "approve", acting("buyer"), plan_facts(negative_reason=entry))

    assert found == f"refused: negative_{entry}"


APPROVED = [
    ({"programme_confirmed": False}, 9, "programme_not_in_force"),
    ({"regime": "G"}, 9, "regimes_mixed"),
    ({"available_fen": 99_99}, 9, "over_budget"),
    ({}, 5, "four_eyes"),
]


@pytest.mark.parametrize(("different", "person", "reason"), APPROVED)
def test_a_plan_is_checked_again_when_it_is_approved(different, person: int, reason: str):
    found = outcome(PLAN, "proposed", "approve", acting("buyer", person=person), plan_facts(**different))

    assert found == f"refused: {reason}"


@pytest.mark.parametrize("method", [method for method in METHODS if method not in ("open_tender", "grant_call")])
def test_one_item_bought_in_parts_up_to_the_threshold_needs_open_tender(method: str):
    said = {"method": method, "method_reason": "特殊要求", "same_item_plans": 1}
    below, reached = (plan_facts(same_item_fen=THRESHOLD - 100_00 - less, **said) for less in (1, 0))

    assert outcome(PLAN, "proposed", "approve", acting("buyer"), below) == "approved"
    assert outcome(PLAN, "proposed", "approve", acting("buyer"), reached) == "refused: item_is_split"


def test_open_tender_and_grants_are_never_a_split():
    openly = plan_facts(same_item_plans=3, same_item_fen=THRESHOLD)
    grant = plan_facts(same_item_plans=3, same_item_fen=THRESHOLD, regime="G", method="grant_call")

    assert outcome(PLAN, "proposed", "approve", acting("buyer"), openly) == "approved"
    assert outcome(PLAN, "proposed", "approve", acting("buyer"), grant) == "approved"
