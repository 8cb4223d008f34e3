"""Listing and removal: who may do what in which state, and what each guard stops."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders_workflows import NOW, TODAY, acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.guards import RESTRICTIONS
from workflows.kinds.case import Step
from workflows.kinds.restriction import GROUNDS, LIFTED_FOR, LISTS, RestrictionFacts, removable_from, title_of

KIND = shipped("restriction")
REGISTRAR, OWN = {"registrar"}, {"staff", "legal_representative"}

ALLOWED: Allowed = {
    (None, "propose"): ("announced", REGISTRAR),
    ("announced", "answer"): ("heard", OWN),
    ("announced", "close_hearing"): ("heard", set()),
    ("announced", "impose"): ("in_force", REGISTRAR),
    ("announced", "dismiss"): ("dismissed", REGISTRAR),
    ("heard", "impose"): ("in_force", REGISTRAR),
    ("heard", "dismiss"): ("dismissed", REGISTRAR),
    ("in_force", "apply_for_lifting"): ("lifting_applied", OWN),
    ("in_force", "propose_lifting"): ("lifting_proposed", REGISTRAR),
    ("lifting_applied", "propose_lifting"): ("lifting_proposed", REGISTRAR),
    ("lifting_applied", "refuse_lifting"): ("in_force", REGISTRAR),
    ("lifting_proposed", "refuse_lifting"): ("in_force", REGISTRAR),
    ("lifting_proposed", "lift"): ("lifted", REGISTRAR),
}
PROPOSED = step("propose", person=8, role="registrar")
IMPOSED = step("impose", person=9, role="registrar")
APPLIED = step("apply_for_lifting", person=5)
CHECKED = step("propose_lifting", person=8, role="registrar")
REFUSED = step("refuse_lifting", person=9, role="registrar")


def facts(*steps: Step, **changes: Any) -> RestrictionFacts:
    """Return facts with which every guard is content."""
    return replace(RestrictionFacts(case(*steps, state=changes.pop("state", None))), **changes)


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(KIND, facts(), ALLOWED) == 8 * 9 * 22


def test_the_clock_may_do_only_what_the_table_leaves_to_it():
    assert_clock_moves(KIND, facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(KIND, facts(), ALLOWED)


TOO_EARLY = {"lifting_from": TODAY + timedelta(days=1)}
NO_PAPER = {"missing_documents": ("evidence",)}
LISTED = (PROPOSED, IMPOSED)
GUARDS: list[tuple[str | None, str, tuple[Step, ...], dict[str, Any], int, str]] = [
    (None, "propose", (), {"ground_is_free": False}, 8, "ground_under_way"),
    (None, "propose", (), NO_PAPER, 8, "documents_missing"),
    ("heard", "impose", (PROPOSED,), {}, 8, "four_eyes"),
    ("announced", "impose", (PROPOSED,), {"state": "announced"}, 9, "not_heard_yet"),
    ("heard", "dismiss", (PROPOSED,), {}, 8, "four_eyes"),
    ("in_force", "apply_for_lifting", LISTED, TOO_EARLY, 5, "lifting_too_early"),
    ("in_force", "apply_for_lifting", LISTED, NO_PAPER, 5, "documents_missing"),
    ("lifting_applied", "propose_lifting", (*LISTED, APPLIED), {}, 5, "removal_was_yours"),
    ("in_force", "propose_lifting", LISTED, TOO_EARLY, 8, "lifting_too_early"),
    ("in_force", "propose_lifting", LISTED, NO_PAPER, 8, "documents_missing"),
    ("lifting_proposed", "lift", (*LISTED, CHECKED), {}, 8, "removal_was_yours"),
    ("lifting_proposed", "lift", (*LISTED, APPLIED, CHECKED), {}, 5, "removal_was_yours"),
    ("lifting_proposed", "lift", (*LISTED, CHECKED), TOO_EARLY, 9, "lifting_too_early"),
]


@pytest.mark.parametrize(("state", "trigger", "steps", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, steps: tuple[Step, ...], different: dict[str, Any], person: int, reason: str
):
    role = sorted(ALLOWED[state, trigger][1])[0]

    found = outcome(KIND, state, trigger, acting(role, person=person), facts(*steps, **different))
    content = outcome(KIND, state, trigger, acting(role, person=77), facts(*steps))

    assert (found, content) == (f"refused: {reason}", ALLOWED[state, trigger][0])


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in KIND.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, _, reason in GUARDS}) == len(named)


def test_two_registrars_are_enough_after_a_removal_was_refused():
    again = (*LISTED, CHECKED, REFUSED, step("propose_lifting", person=9, role="registrar"))

    assert outcome(KIND, "lifting_proposed", "lift", acting("registrar", person=8), facts(*again)) == "lifted"
    assert outcome(KIND, "lifting_proposed", "lift", acting("registrar", person=9), facts(*again)) == (
        "refused: removal_was_yours"
    )


def test_a_liquidation_is_its_own_decision_and_needs_no_hearing():
    told = facts(PROPOSED, state="announced", heard_first=False)

    assert outcome(KIND, "announced", "impose", acting("registrar", person=9), told) == "in_force"
    assert {name for name, ground in GROUNDS.items() if not ground.heard} == {"liquidation"}


MONTHS = {"abnormal_term": 6, "dishonest_term": 24}
SINCE = date(2026, 8, 31)


@pytest.mark.parametrize(("kind", "reason", "first"), [
    ("abnormal", "put_right", None),
    ("abnormal", "nothing_to_do", date(2027, 2, 28)),
    ("dishonest", "put_right", date(2028, 8, 31)),
    ("dishonest", "nothing_to_do", date(2028, 8, 31)),
    ("dissolving", "put_right", None),
    ("dissolving", "nothing_to_do", None),
    *((kind, reason, None) for kind in RESTRICTIONS for reason in ("mistaken", "deregistered")),
    ("dishonest", None, None),
])
def test_a_list_is_left_at_the_earliest_on_the_day_of_its_term(kind: str, reason: str | None, first: date | None):
    assert removable_from(kind, reason, SINCE, MONTHS) == first


def test_on_the_day_itself_it_may_be_removed():
    steps = (*LISTED, CHECKED)

    assert outcome(KIND, "lifting_proposed", "lift", acting("registrar"), facts(*steps, lifting_from=TODAY)) == "lifted"


def test_every_ground_is_of_a_known_list_and_every_word_is_in_both_languages():
    texts = [title_of(name) for name in GROUNDS] + list(LIFTED_FOR.values()) + list(LISTS.values())

    assert {ground.kind for ground in GROUNDS.values()} == set(RESTRICTIONS) == set(LISTS)
    assert all(text.zh and text.en for text in texts)
    assert NOW.date() == TODAY
