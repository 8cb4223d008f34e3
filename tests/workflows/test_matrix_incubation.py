"""Incubation and its reviews: who may do what in which state, and what each guard stops."""

from datetime import date
from typing import Any

import pytest

from tests.builders_incubation import incubation_facts, review_facts
from tests.builders_workflows import NOW, SYSTEM, acting, shipped, step
from tests.workflows.matrix import BY_SYSTEM, Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.engine import Refused, decide
from workflows.rules.conflicts import Tie

INCUBATION, REVIEW = shipped("incubation"), shipped("incubation_review")
STAFF, OPERATOR, REGISTRAR, EXPERT = {"staff"}, {"incubator_operator"}, {"registrar"}, {"expert"}

ALLOWED: Allowed = {
    (None, "apply"): ("applied", STAFF),
    ("applied", "return_for_changes"): ("returned", OPERATOR),
    ("applied", "pass_preliminary"): ("in_review", OPERATOR),
    ("applied", "refuse_admission"): ("not_admitted", REGISTRAR),
    ("applied", "withdraw"): ("withdrawn", STAFF),
    ("returned", "resubmit"): ("applied", STAFF),
    ("returned", "withdraw"): ("withdrawn", STAFF),
    ("in_review", "relieve_expert"): ("seat_open", OPERATOR),
    ("in_review", "seat_vacated"): ("seat_open", BY_SYSTEM),
    ("in_review", "panel_complete"): ("scored", BY_SYSTEM),
    ("in_review", "withdraw"): ("withdrawn", STAFF),
    ("seat_open", "seat_vacated"): ("seat_open", BY_SYSTEM),
    ("seat_open", "name_expert"): ("in_review", OPERATOR),
    ("seat_open", "withdraw"): ("withdrawn", STAFF),
    ("scored", "publish"): ("publicized", REGISTRAR),
    ("scored", "refuse_admission"): ("not_admitted", REGISTRAR),
    ("scored", "withdraw"): ("withdrawn", STAFF),
    ("publicized", "uphold_objection"): ("scored", REGISTRAR),
    ("publicized", "close_publicity"): ("to_sign", set()),
    ("publicized", "refuse_admission"): ("not_admitted", REGISTRAR),
    ("publicized", "withdraw"): ("withdrawn", STAFF),
    ("to_sign", "sign_agreement"): ("incubating", STAFF),
    ("to_sign", "refuse_admission"): ("not_admitted", REGISTRAR),
    ("to_sign", "withdraw"): ("withdrawn", STAFF),
    ("incubating", "submit_log"): ("incubating", STAFF),
    ("incubating", "start_mid_review"): ("mid_review", OPERATOR),
    ("incubating", "extend_term"): ("incubating", REGISTRAR),
    ("incubating", "apply_graduation"): ("final_review", STAFF),
    ("incubating", "stop"): ("terminated", REGISTRAR),
    ("incubating", "leave"): ("terminated", STAFF),
    ("mid_review", "continue_incubation"): ("incubating", OPERATOR),
    ("mid_review", "require_rectification"): ("rectifying", OPERATOR),
    ("mid_review", "stop"): ("terminated", REGISTRAR),
    ("mid_review", "leave"): ("terminated", STAFF),
    ("rectifying", "report_rectification"): ("mid_review", STAFF),
    ("rectifying", "stop"): ("terminated", REGISTRAR),
    ("rectifying", "leave"): ("terminated", STAFF),
    ("final_review", "send_back"): ("incubating", REGISTRAR),
    ("final_review", "graduate"): ("graduated", REGISTRAR),
    ("final_review", "stop"): ("terminated", REGISTRAR),
    ("graduated", "hand_over"): ("handed_over", OPERATOR),
    ("terminated", "hand_over_premises"): ("left", OPERATOR),
}
REVIEWS: Allowed = {
    (None, "invite"): ("assigned", BY_SYSTEM),
    ("assigned", "declare"): ("scoring", EXPERT),
    ("assigned", "recuse"): ("recused", EXPERT),
    ("assigned", "relieve"): ("relieved", BY_SYSTEM),
    ("assigned", "cancel"): ("cancelled", BY_SYSTEM),
    ("scoring", "submit_scores"): ("submitted", EXPERT),
    ("scoring", "recuse"): ("recused", EXPERT),
    ("scoring", "relieve"): ("relieved", BY_SYSTEM),
    ("scoring", "cancel"): ("cancelled", BY_SYSTEM),
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(INCUBATION, incubation_facts(), ALLOWED) == 18 * 27 * 22
    assert assert_matrix(REVIEW, review_facts(), REVIEWS) == 7 * 6 * 22


def test_clock_and_system_may_do_only_what_the_table_leaves_to_them():
    assert_clock_moves(INCUBATION, incubation_facts(), ALLOWED)
    assert_clock_moves(REVIEW, review_facts(), REVIEWS)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(INCUBATION, incubation_facts(), ALLOWED)
    assert_options(REVIEW, review_facts(), REVIEWS)


APPLIED = step("apply", person=5)
CHECKED = step("pass_preliminary", person=6, role="incubator_operator")
RETURNED = step("return_for_changes", person=6, role="incubator_operator")
EXTENDED = step("extend_term", person=7, role="registrar")

GUARDS: list[tuple[str | None, str, dict[str, Any], int, str]] = [
    (None, "apply", {"dissolving": True}, 5, "organization_dissolving"),
    (None, "apply", {"organization_ended": True}, 5, "organization_ended"),
    ("returned", "resubmit", {"dissolving": True}, 5, "organization_dissolving"),
    ("to_sign", "sign_agreement", {"dissolving": True}, 5, "organization_dissolving"),
    (None, "apply", {"incubator_in_force": False}, 1, "incubator_not_in_force"),
    (None, "apply", {"is_the_operator": True}, 1, "is_the_operator"),
    (None, "apply", {"other_incubation_open": True}, 1, "other_incubation_open"),
    ("applied", "return_for_changes", {"steps": (APPLIED, RETURNED)}, 6, "returned_before"),
    ("returned", "resubmit", {"incubator_in_force": False}, 5, "incubator_not_in_force"),
    ("applied", "pass_preliminary", {}, 5, "not_the_applicant"),
    ("in_review", "panel_complete", {"all_scores_in": False}, 0, "scores_missing"),
    ("scored", "publish", {}, 5, "acted_before"),
    ("scored", "publish", {"steps": (APPLIED, CHECKED)}, 6, "acted_before"),
    ("scored", "publish", {"recommended": False}, 7, "not_recommended"),
    ("to_sign", "sign_agreement", {"incubator_in_force": False}, 5, "incubator_not_in_force"),
    ("to_sign", "sign_agreement", {"places_free": 0}, 5, "no_place_free"),
    ("to_sign", "sign_agreement", {"capacity_free": 0, "takes_a_place": False}, 5, "no_place_free"),
    ("incubating", "extend_term", {"steps": (APPLIED, EXTENDED)}, 7, "extended_before"),
    ("incubating", "apply_graduation", {"organization_registered": False}, 5, "organization_not_registered"),
    ("incubating", "apply_graduation", {"since": date(2026, 1, 31)}, 5, "logs_missing"),
    ("incubating", "apply_graduation", {"unreported_year": 2025}, 5, "annual_report_missing"),
    ("mid_review", "continue_incubation", {}, 5, "not_the_applicant"),
    ("mid_review", "stop", {"steps": (APPLIED, CHECKED)}, 6, "acted_before"),
    ("final_review", "graduate", {"steps": (APPLIED, CHECKED)}, 6, "acted_before"),
    ("final_review", "graduate", {"organization_registered": False}, 7, "organization_not_registered"),
    ("final_review", "graduate", {"unreported_year": 2025}, 7, "annual_report_missing"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    roles = ALLOWED[state, trigger][1]
    changed = dict(different)
    facts = incubation_facts(*changed.pop("steps", (APPLIED,)), **changed)

    def who(person: int) -> Any:
        return SYSTEM if roles == BY_SYSTEM else acting(next(iter(roles)), person=person)

    assert outcome(INCUBATION, state, trigger, who(person), facts) == f"refused: {reason}"
    content = incubation_facts(APPLIED)
    assert outcome(INCUBATION, state, trigger, who(77), content) == ALLOWED[state, trigger][0]


def asked(state: str, trigger: str, role: str, data: dict[str, Any], **changes: Any) -> str:
    """Return the state after a move that brings data, or the codes of what stands against it."""
    try:
        found = decide(INCUBATION, state=state, trigger=trigger, acting=acting(role), data=data, now=NOW,
                       facts=incubation_facts(APPLIED, **changes))
    except Refused as refused:
        return ",".join(reason.code for reason in refused.reasons)
    return found.to_state


YES = {"early_stage": True, "grassroots": True, "operating": True, "public_benefit": True}


def people(*ids: int) -> list[dict[str, int]]:
    return [{"person": person} for person in ids]


@pytest.mark.parametrize(("data", "answer"), [
    ({**YES, "experts": people(1, 2, 3)}, "in_review"),
    ({**YES, "operating": False, "experts": people(1, 2, 3)}, "gates_not_met"),
    ({**YES, "experts": people(1)}, "panel_size"),
    ({**YES, "experts": people(1, 2, 3, 4)}, "panel_size"),
    ({**YES, "experts": people(1, 2, 2)}, "named_twice"),
    ({**YES, "experts": people(1, 2, 9)}, "not_in_the_pool"),
    ({**YES, "experts": people(1, 2, 4)}, "expert_walled"),
])
def test_a_panel_is_odd_large_enough_from_the_pool_and_free_of_ties(data: dict[str, Any], answer: str):
    assert asked("applied", "pass_preliminary", "incubator_operator", data) == answer


@pytest.mark.parametrize(("experts", "changes", "answer"), [
    (people(5), {"pool": frozenset({5})}, "in_review"),
    (people(5), {}, "not_in_the_pool"),
    (people(3), {}, "seated_before"),
    (people(1, 2), {}, "seats_open"),
    (people(4), {}, "expert_walled"),
])
def test_a_replacement_takes_exactly_the_open_seats(experts: list[dict[str, int]], changes: Any, answer: str):
    assert asked("seat_open", "name_expert", "incubator_operator", {"experts": experts}, **changes) == answer


@pytest.mark.parametrize(("expert", "answer"), [(3, "seat_open"), (1, "expert_not_seated")])
def test_only_who_sits_and_has_not_scored_is_relieved(expert: int, answer: str):
    assert asked("in_review", "relieve_expert", "incubator_operator", {"expert": expert}) == answer


@pytest.mark.parametrize(("day", "answer"), [
    (date(2026, 3, 1), "incubating"),
    (date(2026, 2, 27), "month_logged"),
    (date(2026, 1, 31), "month_outside"),
    (date(2026, 4, 1), "month_outside"),
])
def test_every_month_of_the_incubation_has_one_log(day: date, answer: str):
    assert asked("incubating", "submit_log", "staff", {"month": day}) == answer


TIED = (Tie("employment", date(2020, 1, 1), date(2024, 3, 2)),)


@pytest.mark.parametrize(("state", "trigger"), [("assigned", "declare"), ("scoring", "submit_scores")])
def test_a_wall_stops_declaring_and_scoring_and_a_tie_long_past_does_not(state: str, trigger: str):
    long_past = (Tie("employment", date(2010, 1, 1), date(2023, 3, 2)),)

    assert outcome(REVIEW, state, trigger, acting("expert"), review_facts(ties=TIED)) == "refused: conflict"
    assert outcome(REVIEW, state, trigger, acting("expert"), review_facts(ties=long_past)) == REVIEWS[state, trigger][0]


def test_recusing_is_never_refused():
    assert outcome(REVIEW, "assigned", "recuse", acting("expert"), review_facts(ties=TIED)) == "recused"


def test_every_guard_of_both_definitions_is_tried_above():
    named = {guard for kind in (INCUBATION, REVIEW) for item in kind.transitions for guard in item.guards}

    assert named == {
        "organization_not_dissolving", "organization_not_ended",
        "incubator_in_force", "not_the_operator_itself", "no_other_incubation", "first_return", "not_the_applicant",
        "gates_met", "panel_fits", "replacement_fits", "expert_is_seated", "all_scores_in", "decided_by_another",
        "recommended_by_panel", "place_is_free", "month_is_open", "first_term_extension", "registered_organization",
        "logs_complete", "no_wall", "annual_report_filed",
    }
