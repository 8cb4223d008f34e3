"""Registration: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_workflows import NOW, acting, registration_facts, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.engine import Refused, decide

REGISTRATION = shipped("registration")

ALLOWED: Allowed = {
    (None, "apply"): ("submitted", {"staff"}),
    ("submitted", "accept"): ("accepted", {"registrar"}),
    ("submitted", "deem_accepted"): ("accepted", set()),
    ("submitted", "ask_correction"): ("correcting", {"registrar"}),
    ("submitted", "refuse_acceptance"): ("not_accepted", {"registrar"}),
    ("submitted", "withdraw"): ("withdrawn", {"staff"}),
    ("correcting", "answer_correction"): ("submitted", {"staff"}),
    ("correcting", "withdraw"): ("withdrawn", {"staff"}),
    ("accepted", "start_expert_review"): ("expert_review", {"registrar"}),
    ("accepted", "extend_decision"): ("accepted", {"registrar"}),
    ("accepted", "approve"): ("approved", {"registrar"}),
    ("accepted", "refuse"): ("refused", {"registrar"}),
    ("accepted", "withdraw"): ("withdrawn", {"staff"}),
    ("expert_review", "finish_expert_review"): ("accepted", {"registrar"}),
    ("expert_review", "withdraw"): ("withdrawn", {"staff"}),
    ("approved", "deliver"): ("registered", {"registrar"}),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    compared = assert_matrix(REGISTRATION, registration_facts(), ALLOWED)

    assert compared == 10 * 13 * 22


def test_the_clock_may_only_deem_an_application_accepted():
    assert_clock_moves(REGISTRATION, registration_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(REGISTRATION, registration_facts(), ALLOWED)


APPLIED = step("apply", person=5)
ASKED = step("ask_correction", person=9, role="registrar")
EXTENDED = step("extend_decision", person=9, role="registrar")

GUARDS = [
    # state, trigger, what is different, who, the reason
    (None, "apply", {"organization_registered": True}, 1, "already_registered"),
    (None, "apply", {"name_is_free": False, "name_conflict": "晨光服务中心"}, 1, "name_taken"),
    (None, "apply", {"missing_documents": ("charter_draft",)}, 1, "documents_missing"),
    ("submitted", "accept", {"missing_documents": ("charter_draft",)}, 9, "documents_missing"),
    ("submitted", "accept", {}, 5, "not_the_applicant"),
    ("submitted", "ask_correction", {"steps": (APPLIED, ASKED)}, 9, "correction_asked_before"),
    ("correcting", "answer_correction", {"name_is_free": False}, 5, "name_taken"),
    ("correcting", "answer_correction", {"missing_documents": ("application",)}, 5, "documents_missing"),
    ("accepted", "extend_decision", {"steps": (APPLIED, EXTENDED)}, 9, "extended_before"),
    ("accepted", "approve", {}, 5, "not_the_applicant"),
    ("accepted", "approve", {"name_is_free": False}, 9, "name_taken"),
    ("accepted", "approve", {"missing_documents": ("application",)}, 9, "documents_missing"),
    ("accepted", "approve", {"has_code_allotment": False}, 9, "no_code_allotment"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    facts = registration_facts(*changed.pop("steps", (APPLIED,)), **changed)
    content = registration_facts(APPLIED)

    assert outcome(REGISTRATION, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert (
        outcome(REGISTRATION, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]
    )


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in REGISTRATION.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)


def test_a_missing_document_is_named_by_its_title():
    facts = registration_facts(missing_documents=("charter_draft", "premises_right"))

    with pytest.raises(Refused) as refused:
        decide(
            REGISTRATION, state=None, trigger="apply", acting=acting("staff"), facts=facts, data={}, now=NOW
        )

    (reason,) = refused.value.reasons
    assert reason.text.zh == "还缺材料：章程草案、场所使用权证明。请补齐后提交。"
    assert reason.text.en.startswith("Still missing: Draft charter, Proof of the right to use the premises.")
