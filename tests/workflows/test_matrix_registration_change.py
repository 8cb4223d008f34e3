"""Change of a registration: who may do what in which state, and what each guard stops."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.builders_workflows import acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.kinds.case import Step
from workflows.kinds.registration_change import (
    ITEMS,
    RegistrationChangeFacts,
    changed,
    days_late,
    named_items,
    subject_words,
)
from workflows.subjects import named, said

KIND = shipped("registration_change")
STAFF, REGISTRAR = {"staff"}, {"registrar"}

ALLOWED: Allowed = {
    (None, "apply"): ("submitted", STAFF),
    ("submitted", "accept"): ("accepted", REGISTRAR),
    ("submitted", "deem_accepted"): ("accepted", set()),
    ("submitted", "ask_correction"): ("correcting", REGISTRAR),
    ("submitted", "refuse_acceptance"): ("not_accepted", REGISTRAR),
    ("submitted", "withdraw"): ("withdrawn", STAFF),
    ("correcting", "answer_correction"): ("submitted", STAFF),
    ("correcting", "withdraw"): ("withdrawn", STAFF),
    ("accepted", "extend_decision"): ("accepted", REGISTRAR),
    ("accepted", "approve"): ("approved", REGISTRAR),
    ("accepted", "refuse"): ("refused", REGISTRAR),
    ("accepted", "withdraw"): ("withdrawn", STAFF),
    ("approved", "deliver"): ("changed", REGISTRAR),
}
APPLIED = step("apply", person=5)


def facts(*steps: Step, **changes: Any) -> RegistrationChangeFacts:
    """Return facts with which every guard is content."""
    return replace(RegistrationChangeFacts(case(*steps)), **changes)


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, facts(), ALLOWED) == 9 * 11 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, facts(), ALLOWED)


UNCHANGED = {"unchanged": ("name",)}
UNDER_WAY = {"under_way": (("domicile", "BG-1"),)}
ENDING = {"ending": "ZX-1"}
NO_PAPER = {"missing_documents": ("financial_audit",)}
TAKEN = {"name_is_free": False, "name_conflict": "甲"}
MISNAMED = {"proposed_name": "中国甲中心", "legal_class": "social_service", "registrar_level": 3}
NO_ENTRY = {"organization_registered": False}
CORRECTED = (APPLIED, step("ask_correction", person=9, role="registrar"))
EXTENDED = (APPLIED, step("extend_decision", person=9, role="registrar"))
GUARDS: list[tuple[str | None, str, tuple[Step, ...], dict[str, Any], int, str]] = [
    (None, "apply", (), NO_ENTRY, 5, "organization_not_registered"),
    (None, "apply", (), ENDING, 5, "deregistration_under_way"),
    (None, "apply", (), UNCHANGED, 5, "nothing_changes"),
    (None, "apply", (), UNDER_WAY, 5, "change_under_way"),
    (None, "apply", (), TAKEN, 5, "name_taken"),
    (None, "apply", (), MISNAMED, 5, "name_is_national"),
    (None, "apply", (), NO_PAPER, 5, "documents_missing"),
    ("submitted", "accept", (APPLIED,), {}, 5, "not_the_applicant"),
    ("submitted", "accept", (APPLIED,), NO_PAPER, 9, "documents_missing"),
    ("submitted", "ask_correction", CORRECTED, {}, 9, "correction_asked_before"),
    ("correcting", "answer_correction", CORRECTED, UNCHANGED, 5, "nothing_changes"),
    ("correcting", "answer_correction", CORRECTED, UNDER_WAY, 5, "change_under_way"),
    ("correcting", "answer_correction", CORRECTED, TAKEN, 5, "name_taken"),
    ("correcting", "answer_correction", CORRECTED, MISNAMED, 5, "name_is_national"),
    ("correcting", "answer_correction", CORRECTED, NO_PAPER, 5, "documents_missing"),
    ("accepted", "extend_decision", EXTENDED, {}, 9, "extended_before"),
    ("accepted", "approve", (APPLIED,), {}, 5, "not_the_applicant"),
    ("accepted", "approve", (APPLIED,), NO_ENTRY, 9, "organization_not_registered"),
    ("accepted", "approve", (APPLIED,), ENDING, 9, "deregistration_under_way"),
    ("accepted", "approve", (APPLIED,), TAKEN, 9, "name_taken"),
    ("accepted", "approve", (APPLIED,), NO_PAPER, 9, "documents_missing"),
    ("accepted", "refuse", (APPLIED,), {}, 5, "not_the_applicant"),
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


@pytest.mark.parametrize(("consented", "applied", "late"), [
    (date(2026, 1, 31), date(2026, 3, 2), 0),
    (date(2026, 1, 31), date(2026, 3, 3), 1),
    (date(2026, 3, 2), date(2026, 3, 2), 0),
    (date(2025, 3, 2), date(2026, 3, 2), 335),
])
def test_thirty_days_are_counted_from_the_day_after_the_consent(consented: date, applied: date, late: int):
    assert days_late(consented, applied, 30) == late


def test_a_subject_is_said_in_the_language_of_its_reader_whatever_changes():
    subject = named("甲中心", changed(("domicile", "name")).zh)

    assert subject == "甲中心 · 变更名称、住所"
    assert said("registration_change", subject, "en") == "甲中心 · change of name, domicile"
    assert len({words.zh for words in subject_words()}) == 2 ** len(ITEMS) - 1
    assert named_items(()).zh == ""
