"""Registration: who may do what in which state, and what each guard stops."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders_workflows import (
    NOW,
    acting,
    association_facts,
    foundation_facts,
    registration_facts,
    shipped,
    step,
)
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.definition import Definition
from workflows.engine import Refused, decide
from workflows.kinds.registration import RegistrationFacts

REGISTRATION = shipped("registration")
ASSOCIATION, FOUNDATION = shipped("registration", 2), shipped("registration", 3)
CLASSES: dict[str, tuple[Definition, Callable[..., RegistrationFacts]]] = {
    "social_service": (REGISTRATION, registration_facts),
    "association": (ASSOCIATION, association_facts),
    "foundation": (FOUNDATION, foundation_facts),
}
EACH_CLASS = pytest.mark.parametrize(("definition", "facts_of"), CLASSES.values(), ids=CLASSES)

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


@EACH_CLASS
def test_every_cell_of_state_trigger_and_role_is_as_the_table_says(definition, facts_of):
    assert assert_matrix(definition, facts_of(), ALLOWED) == 10 * 13 * 22


@EACH_CLASS
def test_the_clock_may_only_deem_an_application_accepted(definition, facts_of):
    assert_clock_moves(definition, facts_of(), ALLOWED)


@EACH_CLASS
def test_options_offer_each_role_exactly_what_it_may_do(definition, facts_of):
    assert_options(definition, facts_of(), ALLOWED)


APPLIED = step("apply", person=5)
ASKED = step("ask_correction", person=9, role="registrar")
EXTENDED = step("extend_decision", person=9, role="registrar")

Guarded = tuple[str | None, str, dict[str, Any], int, str]

COMMON: list[Guarded] = [
    # state, trigger, what is different, who, the reason
    (None, "apply", {"organization_registered": True}, 1, "already_registered"),
    (None, "apply", {"under_way": "SN26-0000-0001"}, 1, "registration_under_way"),
    (None, "apply", {"name_is_free": False, "name_conflict": "晨光服务中心"}, 1, "name_taken"),
    (None, "apply", {"proposed_name": "中国示例服务中心"}, 1, "name_is_national"),
    (None, "apply", {"represented": ("foundation",)}, 1, "representative_taken"),
    (None, "apply", {"missing_documents": ("charter_draft",)}, 1, "documents_missing"),
    ("submitted", "accept", {"missing_documents": ("charter_draft",)}, 9, "documents_missing"),
    ("submitted", "accept", {}, 5, "not_the_applicant"),
    ("submitted", "ask_correction", {"steps": (APPLIED, ASKED)}, 9, "correction_asked_before"),
    ("correcting", "answer_correction", {"name_is_free": False}, 5, "name_taken"),
    ("correcting", "answer_correction", {"proposed_name": "中华示例服务中心"}, 5, "name_is_national"),
    ("correcting", "answer_correction", {"missing_documents": ("application",)}, 5, "documents_missing"),
    ("accepted", "extend_decision", {"steps": (APPLIED, EXTENDED)}, 9, "extended_before"),
    ("accepted", "approve", {}, 5, "not_the_applicant"),
    ("accepted", "approve", {"name_is_free": False}, 9, "name_taken"),
    ("accepted", "approve", {"represented": ("foundation",)}, 9, "representative_taken"),
    ("accepted", "approve", {"missing_documents": ("application",)}, 9, "documents_missing"),
    ("accepted", "approve", {"has_code_allotment": False}, 9, "no_code_allotment"),
]
COUNTED = ((None, "apply", 1), ("correcting", "answer_correction", 5), ("accepted", "approve", 9))
OF_ASSOCIATIONS: list[Guarded] = [
    (state, trigger, different, person, reason)
    for state, trigger, person in COUNTED
    for different, reason in (
        ({"individual_members": 49}, "too_few_members"), ({"fund_fen": 2_999_999}, "fund_too_small"),
    )
]
OF_FOUNDATIONS: list[Guarded] = [
    (None, "apply", {"registrar_level": 3}, 1, "not_registered_here"),
    *((state, trigger, {"fund_fen": 199_999_999}, person, "fund_too_small") for state, trigger, person in COUNTED),
]
GUARDS = [
    *(("social_service", *each) for each in COMMON),
    *(("association", *each) for each in (*COMMON, *OF_ASSOCIATIONS)),
    *(("foundation", *each) for each in (*COMMON, *OF_FOUNDATIONS)),
]


@pytest.mark.parametrize(("legal_class", "state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    legal_class: str, state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    definition, facts_of = CLASSES[legal_class]
    role = next(iter(ALLOWED[state, trigger][1]))
    changed = dict(different)
    if legal_class == "foundation" and "proposed_name" in changed:
        changed["proposed_name"] = "中国示例基金会"
    facts = facts_of(*changed.pop("steps", (APPLIED,)), **changed)
    content = facts_of(APPLIED)

    assert outcome(definition, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert outcome(definition, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]


@pytest.mark.parametrize("legal_class", ["social_service", "association", "foundation"])
def test_every_guard_of_the_definition_is_tried_above(legal_class: str):
    named = {(item.trigger, guard) for item in CLASSES[legal_class][0].transitions for guard in item.guards}

    assert len({(trigger, reason) for kind, _, trigger, _, _, reason in GUARDS if kind == legal_class}) == len(named)


@pytest.mark.parametrize(("people", "units", "enough"), [
    (50, 0, True), (49, 0, False), (0, 30, True), (0, 29, False), (25, 25, True), (49, 1, True), (20, 29, False),
    (1, 30, False), (0, 0, False),
])
def test_people_units_and_both_together_have_each_their_least_number(people: int, units: int, enough: bool):
    facts = association_facts(APPLIED, individual_members=people, unit_members=units)

    found = outcome(ASSOCIATION, "accepted", "approve", acting("registrar", person=9), facts)

    assert found == ("approved" if enough else "refused: too_few_members")


@pytest.mark.parametrize(("public", "fen", "enough"), [
    (False, 200_000_000, True), (True, 200_000_000, False), (True, 399_999_999, False), (True, 400_000_000, True),
])
def test_a_foundation_that_raises_funds_from_the_public_needs_more(public: bool, fen: int, enough: bool):
    facts = foundation_facts(APPLIED, public_fundraising=public, fund_fen=fen)

    found = outcome(FOUNDATION, "accepted", "approve", acting("registrar", person=9), facts)

    assert found == ("approved" if enough else "refused: fund_too_small")


@pytest.mark.parametrize(("legal_class", "represented", "free"), [
    ("social_service", ("association", "social_service"), True), ("social_service", ("foundation",), False),
    ("association", ("social_service",), True), ("association", ("association",), False),
    ("association", ("foundation",), False), ("foundation", (), True), ("foundation", ("social_service",), False),
    ("foundation", ("other",), False),
])
def test_whom_else_a_legal_representative_may_represent(legal_class: str, represented: tuple[str, ...], free: bool):
    definition, facts_of = CLASSES[legal_class]

    found = outcome(definition, None, "apply", acting("staff"), facts_of(represented=represented))

    assert found == ("submitted" if free else "refused: representative_taken")


@pytest.mark.parametrize(("level", "found"), [
    (0, "submitted"), (1, "submitted"), (2, "refused: not_registered_here"), (3, "refused: not_registered_here"),
    (None, "refused: not_registered_here"),
])
def test_foundations_are_registered_by_provinces_and_the_ministry(level: int | None, found: str):
    facts = foundation_facts(registrar_level=level)

    assert outcome(FOUNDATION, None, "apply", acting("staff"), facts) == found


def test_a_refusal_says_the_numbers_the_article_and_the_right_authority():
    with pytest.raises(Refused) as few:
        decide(ASSOCIATION, state=None, trigger="apply", acting=acting("staff"), data={}, now=NOW,
               facts=association_facts(individual_members=10, unit_members=2))
    with pytest.raises(Refused) as here:
        decide(FOUNDATION, state=None, trigger="apply", acting=acting("staff"), data={}, now=NOW,
               facts=foundation_facts(registrar_level=3))

    assert few.value.reasons[0].text.zh == (
        "会员不足：个人会员 10 个、单位会员 2 个。社会团体应当有 50 个以上的个人会员，或者 30 个以上的单位会员；"
        "由个人会员和单位会员混合组成的，总数不得少于 50 个（《社会团体登记管理条例》第十条第一项）。"
    )
    assert here.value.reasons[0].text.zh.endswith("（《基金会管理条例》第六条）；请向北京市民政局申请。")


def test_a_missing_document_is_named_by_its_title():
    facts = registration_facts(missing_documents=("charter_draft", "premises_right"))

    with pytest.raises(Refused) as refused:
        decide(
            REGISTRATION, state=None, trigger="apply", acting=acting("staff"), facts=facts, data={}, now=NOW
        )

    (reason,) = refused.value.reasons
    assert reason.text.zh == "还缺材料：章程草案、场所使用权证明。请补齐后提交。"
    assert reason.text.en.startswith("Still missing: Draft charter, Proof of the right to use the premises.")
