"""Listing of experts, their reviews, and the panel of a package: who may do what, and what each guard stops."""

from dataclasses import replace
from typing import Any

import pytest

from tests.builders_workflows import NOW, acting, case, shipped, step
from tests.workflows.matrix import BY_SYSTEM, Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.definition import Text
from workflows.engine import Refused, decide
from workflows.kinds.call import PackageFacts
from workflows.kinds.panel import BidReviewFacts, PanelFacts, PoolEntryFacts

ENTRY, REVIEW, PACKAGE = (shipped(kind) for kind in ("pool_entry", "bid_review", "package"))
CONFIRMING = {"buyer", "procurement_supervisor"}
ENTRY_ALLOWED: Allowed = {
    (None, "enter"): ("entered", {"project_officer"}),
    ("entered", "confirm"): ("listed", CONFIRMING),
    ("entered", "refuse"): ("refused", CONFIRMING),
    ("entered", "withdraw"): ("withdrawn", {"project_officer"}),
    ("listed", "end"): ("ended", CONFIRMING),
    ("listed", "lapse"): ("ended", set()),
}
EXPERT = {"expert"}
REVIEW_ALLOWED: Allowed = {
    (None, "invite"): ("assigned", BY_SYSTEM),
    ("assigned", "declare"): ("scoring", EXPERT),
    ("assigned", "recuse"): ("recused", EXPERT),
    ("assigned", "relieve"): ("relieved", BY_SYSTEM),
    ("assigned", "cancel"): ("cancelled", BY_SYSTEM),
    ("scoring", "submit_scores"): ("submitted", EXPERT),
    ("scoring", "recuse"): ("recused", EXPERT),
    ("scoring", "relieve"): ("relieved", BY_SYSTEM),
    ("scoring", "cancel"): ("cancelled", BY_SYSTEM),
    ("submitted", "recuse"): ("recused", EXPERT),
    ("submitted", "reveal"): ("signing", BY_SYSTEM),
    ("submitted", "cancel"): ("cancelled", BY_SYSTEM),
    ("signing", "agree"): ("agreed", EXPERT),
    ("signing", "dissent"): ("dissented", EXPERT),
    ("signing", "deem_agreed"): ("agreed", set()),
    ("signing", "cancel"): ("cancelled", BY_SYSTEM),
}


def entry_facts() -> PoolEntryFacts:
    return PoolEntryFacts(case(step("enter", person=5, role="project_officer")))


def review_facts(*walls: tuple[str, Text]) -> BidReviewFacts:
    return BidReviewFacts(case(), walls)


@pytest.mark.parametrize(("definition", "facts", "allowed"), [
    (ENTRY, entry_facts(), ENTRY_ALLOWED), (REVIEW, review_facts(), REVIEW_ALLOWED),
], ids=["pool_entry", "bid_review"])
def test_every_cell_of_state_trigger_and_role_is_as_the_table_says(definition, facts, allowed):
    assert assert_matrix(definition, facts, allowed) == (len(definition.states) + 1) * len(definition.triggers()) * 22
    assert_clock_moves(definition, facts, allowed)
    assert_options(definition, facts, allowed)


def test_whoever_entered_an_expert_neither_confirms_nor_refuses():
    for trigger in ("confirm", "refuse"):
        assert outcome(ENTRY, "entered", trigger, acting("buyer", person=5), entry_facts()) == "refused: four_eyes"


@pytest.mark.parametrize(("state", "trigger"), [("assigned", "declare"), ("scoring", "submit_scores")])
def test_an_expert_with_a_known_tie_to_any_bidder_neither_declares_nor_scores(state: str, trigger: str):
    facts = review_facts(("某某中心", Text("受雇于该单位", "employed by the organization")))

    assert outcome(REVIEW, state, trigger, acting("expert"), facts) == "refused: conflict"


def test_who_names_a_conflict_is_told_to_step_out():
    def declare(*relations: str) -> str:
        data = {"bidders": [{"bid": "TB", "relation": relation} for relation in relations]}
        try:
            made = decide(REVIEW, state="assigned", trigger="declare", acting=acting("expert"), facts=review_facts(),
                          data=data, now=NOW)
        except Refused as refused:
            return refused.reasons[0].code
        return made.to_state

    assert declare("none", "none") == "scoring"
    assert declare("none", "kinship") == "conflict_named"


def package(state: str, **panel: Any) -> PackageFacts:
    facts = PackageFacts(case(state=state), True, bids=3, open_bids=0, qualified=3, undecided=0)
    return replace(facts, panel=PanelFacts(**panel))


@pytest.mark.parametrize(("state", "trigger", "panel", "found"), [
    ("qualified", "publish_pool", {"fit": 5, "least": 5}, "qualified"),
    ("qualified", "publish_pool", {"fit": 4, "least": 5}, "refused: pool_too_small"),
    ("qualified", "publish_pool", {"fit": 9, "least": 4}, "refused: panel_size"),
    ("qualified", "publish_pool", {"fit": 5, "least": 5, "published": True}, "refused: pool_published"),
    ("qualified", "draw_experts", {}, "refused: pool_not_published"),
    ("qualified", "draw_experts", {"published": True}, "refused: wait_for_checkpoint"),
    ("reviewing", "replace_expert", {"published": True, "reserve": 1}, "refused: no_vacant_seat"),
    ("reviewing", "replace_expert", {"published": True, "vacant": 1}, "refused: reserve_used_up"),
    ("reviewing", "replace_expert", {"published": True, "vacant": 1, "waiting": 2}, "refused: wait_for_checkpoint"),
    ("reviewing", "replace_expert", {"published": True, "vacant": 1, "waiting": 2, "checkpoint": True}, "reviewing"),
    ("reviewing", "supplement_pool", {"published": True}, "refused: no_vacant_seat"),
    ("reviewing", "supplement_pool", {"published": True, "vacant": 1, "reserve": 1, "fit": 1}, "refused: reserve_left"),
    ("reviewing", "supplement_pool", {"published": True, "vacant": 1, "waiting": 1, "fit": 1}, "refused: reserve_left"),
    ("reviewing", "supplement_pool", {"published": True, "vacant": 1}, "refused: pool_too_small"),
    ("reviewing", "relieve_expert", {"published": True}, "refused: expert_not_seated"),
    ("scored", "finish_review", {"unsigned": 1}, "refused: report_unsigned"),
])
def test_each_guard_of_a_panel_stops_what_it_is_there_for(state: str, trigger: str, panel: Any, found: str):
    assert outcome(PACKAGE, state, trigger, acting("project_officer"), package(state, **panel)) == found


@pytest.mark.parametrize(("size", "found"), [(None, "qualified"), (5, "qualified"), (7, "qualified"),
                                             (6, "panel_size"), (3, "panel_size"), (9, "pool_too_small")])
def test_a_larger_panel_may_be_asked_for_if_it_is_odd_and_the_pool_has_it(size: int | None, found: str):
    facts = package("qualified", fit=8, least=5)
    try:
        made = decide(PACKAGE, state="qualified", trigger="publish_pool", acting=acting("project_officer"),
                      facts=facts, data={"panel_size": size}, now=NOW)
    except Refused as refused:
        assert refused.reasons[0].code == found
    else:
        assert made.to_state == found


def test_only_somebody_who_sits_and_has_not_scored_is_relieved():
    facts = package("reviewing", not_scored=(7, 8))
    for expert, may in ((7, True), (9, False)):
        try:
            decide(PACKAGE, state="reviewing", trigger="relieve_expert", acting=acting("project_officer"), facts=facts,
                   data={"expert": expert}, now=NOW)
        except Refused:
            assert not may
        else:
            assert may
