"""Deregistration: who may do what in which state, and what each guard stops."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders_workflows import acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.definition import Text
from workflows.kinds.case import Step
from workflows.kinds.deregistration import (
    ENDS_WITH_IT,
    GROUNDS,
    MATTERS,
    DeregistrationFacts,
    OpenMatter,
    in_the_way,
    nothing_open,
    said_matter,
)
from workflows.subjects import named, said

KIND = shipped("deregistration")
OWN, REGISTRAR = {"staff", "legal_representative"}, {"registrar"}

ALLOWED: Allowed = {
    (None, "resolve"): ("liquidating", OWN),
    ("liquidating", "finish_liquidation"): ("liquidated", OWN),
    ("liquidating", "withdraw"): ("withdrawn", OWN),
    ("liquidated", "apply"): ("submitted", OWN),
    ("liquidated", "withdraw"): ("withdrawn", OWN),
    ("submitted", "accept"): ("accepted", REGISTRAR),
    ("submitted", "deem_accepted"): ("accepted", set()),
    ("submitted", "ask_correction"): ("correcting", REGISTRAR),
    ("submitted", "withdraw"): ("withdrawn", OWN),
    ("correcting", "answer_correction"): ("submitted", OWN),
    ("correcting", "withdraw"): ("withdrawn", OWN),
    ("accepted", "extend_decision"): ("accepted", REGISTRAR),
    ("accepted", "approve"): ("deregistered", REGISTRAR),
    ("accepted", "refuse"): ("liquidated", REGISTRAR),
    ("accepted", "withdraw"): ("withdrawn", OWN),
}
RESOLVED = step("resolve", person=5)
CONTRACT = OpenMatter("contract", Text("楼门文化", "Culture"), "XC-1", 100)
HUB = OpenMatter("affiliation", Text("示例枢纽", "Sample hub"))


def facts(*steps: Step, **changes: Any) -> DeregistrationFacts:
    """Return facts with which every guard is content."""
    return replace(DeregistrationFacts(case(*steps)), **changes)


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, facts(), ALLOWED) == 8 * 11 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, facts(), ALLOWED)


NO_ENTRY = {"organization_registered": False}
NO_PAPER = {"missing_documents": ("liquidation_report",)}
OPEN = {"open_matters": (CONTRACT,)}
CORRECTED = (RESOLVED, step("ask_correction", person=9, role="registrar"))
EXTENDED = (RESOLVED, step("extend_decision", person=9, role="registrar"))
GUARDS: list[tuple[str | None, str, tuple[Step, ...], dict[str, Any], int, str]] = [
    (None, "resolve", (), NO_ENTRY, 5, "organization_not_registered"),
    (None, "resolve", (), {"ending": "ZX-1"}, 5, "deregistration_under_way"),
    (None, "resolve", (), NO_PAPER, 5, "documents_missing"),
    ("liquidated", "apply", (RESOLVED,), NO_PAPER, 5, "documents_missing"),
    ("submitted", "accept", (RESOLVED,), {}, 5, "not_the_applicant"),
    ("submitted", "accept", (RESOLVED,), NO_PAPER, 9, "documents_missing"),
    ("submitted", "ask_correction", CORRECTED, {}, 9, "correction_asked_before"),
    ("correcting", "answer_correction", CORRECTED, NO_PAPER, 5, "documents_missing"),
    ("accepted", "extend_decision", EXTENDED, {}, 9, "extended_before"),
    ("accepted", "approve", (RESOLVED,), {}, 5, "not_the_applicant"),
    ("accepted", "approve", (RESOLVED,), NO_ENTRY, 9, "organization_not_registered"),
    ("accepted", "approve", (RESOLVED,), OPEN, 9, "matters_open"),
    ("accepted", "approve", (RESOLVED,), NO_PAPER, 9, "documents_missing"),
    ("accepted", "refuse", (RESOLVED,), {}, 5, "not_the_applicant"),
]


@pytest.mark.parametrize(("state", "trigger", "steps", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, steps: tuple[Step, ...], different: dict[str, Any], person: int, reason: str
):
    role = sorted(ALLOWED[state, trigger][1])[0]
    before = steps[:1] if trigger in ("ask_correction", "extend_decision") else steps

    found = outcome(KIND, state, trigger, acting(role, person=person), facts(*steps, **different))
    content = outcome(KIND, state, trigger, acting(role, person=77), facts(*before))

    assert (found, content) == (f"refused: {reason}", ALLOWED[state, trigger][0])


def test_every_guard_of_the_definition_is_tried_above():
    named_guards = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, _, reason in GUARDS}) == len(named_guards)


def test_every_open_matter_is_named_and_a_membership_stands_in_no_way():
    payment = OpenMatter("money", Text("资金拨付", "Payment"), "BF-1", 5)
    reason = nothing_open(facts(open_matters=(CONTRACT, payment, HUB)), acting("registrar"), None, None)

    assert reason is not None
    assert "未结项的合同：楼门文化（XC-1）；未结清的款项：资金拨付（BF-1）" in reason.text.zh
    assert "open contract: Culture (XC-1); unsettled money: Payment (BF-1)" in reason.text.en
    assert "示例枢纽" not in reason.text.zh
    assert (in_the_way((CONTRACT, HUB)), in_the_way((HUB,))) == ((CONTRACT,), ())
    assert said_matter(HUB).zh == "枢纽成员关系：示例枢纽"
    assert set(ENDS_WITH_IT) < set(MATTERS)


def test_a_subject_is_said_in_the_language_of_its_reader():
    for ground in GROUNDS.values():
        assert said("deregistration", named("甲中心", ground.zh), "en") == f"甲中心 · {ground.en}"
