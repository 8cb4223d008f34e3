"""Opening key, call, package and bid: who may do what in which state, and what each guard stops."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.builders_workflows import NOW, SYSTEM, acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_matrix, assert_options, outcome
from workflows.checks import Known, _seals
from workflows.definition import ROLE_CODES
from workflows.engine import Refused, decide
from workflows.kinds.award import Award
from workflows.kinds.bid import BidFacts
from workflows.kinds.call import CallFacts, PackageFacts
from workflows.kinds.opening_key import OpeningKeyFacts
from workflows.kinds.panel import PanelFacts
from workflows.loader import library

KEY, CALL, PACKAGE, BID = (shipped(kind) for kind in ("opening_key", "call", "package", "bid"))


def call_facts(**changes: Any) -> CallFacts:
    facts = CallFacts(
        case=case(step("draft", person=5, role="project_officer")), plan_approved=True, plan_is_free=True,
        method="open_tender", plan_fen=100, packages_fen=100, largest_fen=60, cap_fen=60, available_fen=100,
        amount_fen=100, bids_due_at=NOW + timedelta(days=20), documents_until=date(2026, 3, 9), officers_ready=True,
        officers_rehearsed=(NOW, NOW, NOW),
    )
    return replace(facts, **changes)


def package_facts(state: str | None = "opened", **changes: Any) -> PackageFacts:
    facts = PackageFacts(
        case(state=state), True, bids=3, open_bids=0, qualified=3, undecided=0, officers=(acting("buyer").person_id,),
        award=Award(next_bid=1),
    )
    return replace(facts, **changes)


# What each step of the panel needs; no panel lets all of them be taken at once.
PANELS = {
    "publish_pool": PanelFacts(fit=5, least=5),
    "draw_experts": PanelFacts(published=True, checkpoint=True),
    "relieve_expert": PanelFacts(published=True, not_scored=(7,)),
    "replace_expert": PanelFacts(published=True, vacant=1, reserve=1),
    "supplement_pool": PanelFacts(published=True, vacant=1, fit=1),
}


def at_trigger(facts: Any, trigger: str) -> Any:
    """Return the facts with a panel that lets this trigger be fired, for a package."""
    return replace(facts, panel=PANELS.get(trigger, PanelFacts())) if isinstance(facts, PackageFacts) else facts


def bid_facts(**changes: Any) -> BidFacts:
    facts = BidFacts(
        case=case(), organization_registered=True, violation_free=True, package_open=True,
        bids_due_at=NOW + timedelta(seconds=1), bids_already=False, shared_member=False,
    )
    return replace(facts, **changes)


OPENERS = {"project_officer", "buyer", "procurement_supervisor"}
OWN_KEY = OpeningKeyFacts(case(step("enrol", person=acting("buyer").person_id, role="buyer")))
KEY_ALLOWED: Allowed = {
    (None, "enrol"): ("enrolled", OPENERS),
    ("enrolled", "rehearse"): ("enrolled", OPENERS),
    ("enrolled", "retire"): ("retired", OPENERS),
}
CALL_ALLOWED: Allowed = {
    (None, "draft"): ("drafted", {"project_officer"}),
    ("drafted", "return_for_changes"): ("returned", {"buyer"}),
    ("drafted", "publish"): ("published", {"buyer"}),
    ("drafted", "withdraw"): ("withdrawn", {"project_officer"}),
    ("returned", "redraft"): ("drafted", {"project_officer"}),
    ("returned", "withdraw"): ("withdrawn", {"project_officer"}),
    ("published", "cancel"): ("cancelled", {"buyer"}),
}
PACKAGE_ALLOWED: Allowed = {
    ("closed", "arrive"): ("closed", OPENERS),
    ("closed", "open_bids"): ("opened", OPENERS),
    ("opened", "finish_qualification"): ("qualified", {"project_officer"}),
    ("qualified", "publish_pool"): ("qualified", {"project_officer"}),
    ("qualified", "draw_experts"): ("reviewing", {"project_officer"}),
    ("reviewing", "relieve_expert"): ("reviewing", {"project_officer"}),
    ("reviewing", "supplement_pool"): ("reviewing", {"project_officer"}),
    ("reviewing", "replace_expert"): ("reviewing", {"project_officer"}),
    ("scored", "finish_review"): ("ranked", {"project_officer"}),
    ("ranked", "confirm_candidate"): ("publicized", {"buyer"}),
    ("publicity_over", "award"): ("awarded", {"buyer"}),
    ("awarded", "decline_award"): ("ranked", {"buyer"}),
}
BID_ALLOWED: Allowed = {
    (None, "hand_in"): ("handed_in", {"staff"}),
    ("handed_in", "replace"): ("handed_in", {"staff"}),
    ("handed_in", "withdraw"): ("withdrawn", {"staff"}),
    ("opened", "qualify"): ("qualified", {"project_officer"}),
    ("opened", "disqualify"): ("disqualified", {"project_officer"}),
}
BY_SYSTEM = {
    "opening_key": {("enrolled", "expire"): "retired"},
    "call": {("published", "finish"): "finished"},
    "package": {
        (None, "publish"): "open", ("open", "close_bidding"): "closed", ("reviewing", "complete_scoring"): "scored",
        ("reviewing", "seat_vacated"): "reviewing",
    } | {
        (state, "cancel"): "cancelled"
        for state in ("open", "closed", "opened", "qualified", "reviewing", "scored", "ranked", "publicized",
                      "suspended", "publicity_over")
    } | {
        (state, trigger): to
        for state in ("publicized", "suspended", "publicity_over", "awarded")
        for trigger, to in (("overturn", "ranked"), ("void", "failed"))
    } | {
        ("publicized", "close_publicity"): "publicity_over", ("publicized", "suspend"): "suspended",
        ("suspended", "resume"): "publicized", ("awarded", "contract_signed"): "contracted",
    },
    "bid": {
        ("handed_in", "open"): "opened", ("handed_in", "set_aside"): "unreadable",
        ("handed_in", "lapse"): "lapsed", ("opened", "lapse"): "lapsed", ("qualified", "lapse"): "lapsed",
        ("qualified", "win"): "won", ("qualified", "lose"): "not_awarded",
        ("qualified", "tell_result"): "qualified", ("qualified", "exclude"): "excluded",
    },
}
KINDS = [
    (KEY, OWN_KEY, KEY_ALLOWED), (CALL, call_facts(), CALL_ALLOWED),
    (PACKAGE, package_facts(), PACKAGE_ALLOWED), (BID, bid_facts(), BID_ALLOWED),
]


@pytest.mark.parametrize(("definition", "facts", "allowed"), KINDS, ids=lambda part: getattr(part, "kind", ""))
def test_every_cell_of_state_trigger_and_role_is_as_the_table_says(definition, facts, allowed):
    wanted, found = {}, {}
    system = BY_SYSTEM.get(definition.kind, {})
    for state in (None, *definition.states):
        for trigger in definition.triggers():
            if trigger in ("fail", "pass_over"):
                continue  # their guards depend on more; see below and test_matrix_award
            for role in (*sorted(ROLE_CODES), "nobody"):
                cell = (state, trigger, role)
                found[cell] = outcome(definition, state, trigger, acting(role), at_trigger(facts, trigger))
                if (state, trigger) in allowed:
                    to, roles = allowed[state, trigger]
                    wanted[cell] = to if role in roles else "refused: role_missing"
                elif (state, trigger) in system:
                    on_due = definition.transition(state, trigger).on_due is not None
                    wanted[cell] = f"refused: {'only_by_clock' if on_due else 'only_by_system'}"
                else:
                    wanted[cell] = "refused: wrong_state"
    assert found == wanted


@pytest.mark.parametrize(("definition", "facts", "allowed"), KINDS, ids=lambda part: getattr(part, "kind", ""))
def test_the_system_makes_its_own_moves_and_no_others(definition, facts, allowed):
    system = BY_SYSTEM.get(definition.kind, {})
    for state in (None, *definition.states):
        for trigger in definition.triggers():
            made = outcome(definition, state, trigger, SYSTEM, at_trigger(facts, trigger))
            if (state, trigger) in system:
                assert made == system[state, trigger]
            else:
                assert made.startswith("refused: ")


@pytest.mark.parametrize(("different", "reason"), [
    ({"plan_approved": False}, "plan_not_open"), ({"plan_is_free": False}, "plan_not_open"),
    ({"packages_fen": 101}, "packages_over_plan"), ({"largest_fen": 61}, "package_over_cap"),
    ({"bids_due_at": NOW + timedelta(days=19)}, "bidding_too_short"), ({"bids_due_at": None}, "bidding_too_short"),
    ({"documents_until": date(2026, 3, 8)}, "documents_too_short"), ({"officers_ready": False}, "officers_not_ready"),
])
@pytest.mark.parametrize(("state", "trigger", "role"), [
    (None, "draft", "project_officer"), ("returned", "redraft", "project_officer"), ("drafted", "publish", "buyer"),
])
def test_a_call_is_checked_when_it_is_drafted_and_again_when_it_is_published(state, trigger, role, different, reason):
    found = outcome(CALL, state, trigger, acting(role), call_facts(**different))

    assert found == f"refused: {reason}"


@pytest.mark.parametrize(("last", "found"), [
    (NOW, "published"), (NOW - timedelta(days=30), "published"),
    (NOW - timedelta(days=30, seconds=1), "refused: officers_not_rehearsed"), (None, "refused: officers_not_rehearsed"),
])
def test_a_call_is_published_only_if_each_officer_rehearsed_within_thirty_days(last, found: str):
    facts = call_facts(officers_rehearsed=(NOW, last, NOW))

    assert outcome(CALL, "drafted", "publish", acting("buyer"), facts) == found
    assert outcome(CALL, None, "draft", acting("project_officer"), facts) == "drafted"


@pytest.mark.parametrize("trigger", ["rehearse", "retire"])
def test_nobody_uses_the_key_of_another_officer(trigger: str):
    stranger = acting("buyer", person=4711)

    assert outcome(KEY, "enrolled", trigger, stranger, OWN_KEY) == "refused: not_your_key"


@pytest.mark.parametrize(("method", "days"), [("open_tender", 20), ("consultation", 10), ("grant_call", 10)])
def test_each_method_has_its_own_least_time_for_bids(method: str, days: int):
    first = NOW + timedelta(days=days)

    enough = call_facts(method=method, bids_due_at=first)
    assert outcome(CALL, "drafted", "publish", acting("buyer"), enough) == "published"
    sooner = call_facts(method=method, bids_due_at=first - timedelta(days=1))
    assert outcome(CALL, "drafted", "publish", acting("buyer"), sooner) == "refused: bidding_too_short"


def test_whoever_drafted_a_call_does_not_publish_it_and_no_budget_no_call():
    assert outcome(CALL, "drafted", "publish", acting("buyer", person=5), call_facts()) == "refused: four_eyes"
    assert outcome(CALL, "drafted", "publish", acting("buyer"), call_facts(available_fen=99)) == "refused: over_budget"


@pytest.mark.parametrize(("state", "changes", "found"), [
    ("closed", {"bids": 2}, "failed"), ("closed", {"bids": 3}, "refused: enough_bidders"),
    ("opened", {"qualified": 2}, "failed"), ("opened", {"qualified": 3}, "refused: enough_bidders"),
    ("opened", {"qualified": 2, "undecided": 1}, "refused: bids_undecided"),
])
def test_a_package_fails_only_for_want_of_bidders(state: str, changes, found: str):
    facts = package_facts(state, **changes)

    assert outcome(PACKAGE, state, "fail", acting("project_officer"), facts) == found
    assert outcome(PACKAGE, state, "fail", acting("buyer"), facts) == "refused: role_missing"


@pytest.mark.parametrize("state", ["qualified", "reviewing", "scored", "ranked"])
def test_once_enough_are_qualified_a_package_fails_on_another_ground_of_the_law(state: str):
    facts, officer = package_facts(state), acting("project_officer")

    for ground in (None, "too_few"):
        with pytest.raises(Refused) as refused:
            decide(PACKAGE, state=state, trigger="fail", acting=officer, facts=facts, data={"ground": ground}, now=NOW)
        assert [reason.code for reason in refused.value.reasons] == ["enough_bidders"]
    found = decide(PACKAGE, state=state, trigger="fail", acting=officer, facts=facts, data={"ground": "unlawful"},
                   now=NOW)
    assert found.to_state == "failed"


def test_before_that_it_fails_for_want_of_bidders_only():
    facts = package_facts("closed", bids=2)

    with pytest.raises(Refused) as refused:
        decide(PACKAGE, state="closed", trigger="fail", acting=acting("project_officer"), facts=facts,
               data={"ground": "unlawful"}, now=NOW)
    assert [reason.code for reason in refused.value.reasons] == ["ground_too_early"]


@pytest.mark.parametrize(("state", "trigger", "changes", "reason"), [
    ("closed", "open_bids", {"bids": 2}, "too_few_bids"),
    ("closed", "open_bids", {"opening_officer": False}, "not_an_opening_officer"),
    ("closed", "arrive", {"officers": (1, 2, 3)}, "not_an_opening_officer"),
    ("closed", "arrive", {"arrived": (acting("buyer").person_id,)}, "there_already"),
    ("opened", "finish_qualification", {"qualified": 2}, "too_few_qualified"),
    ("opened", "finish_qualification", {"undecided": 1}, "bids_undecided"),
])
def test_each_guard_of_a_package_stops_what_it_is_there_for(state: str, trigger: str, changes, reason: str):
    facts = package_facts(state, **changes)

    assert outcome(PACKAGE, state, trigger, acting("project_officer"), facts) == f"refused: {reason}"


def at(facts_due: datetime) -> BidFacts:
    return bid_facts(bids_due_at=facts_due)


@pytest.mark.parametrize(("state", "trigger"), [(None, "hand_in"), ("handed_in", "replace"), ("handed_in", "withdraw")])
def test_the_second_of_the_deadline_is_too_late_and_the_one_before_is_not(state: str | None, trigger: str):
    in_time, late = (outcome(BID, state, trigger, acting("staff"), at(NOW + delta))
                     for delta in (timedelta(seconds=1), timedelta()))

    assert not in_time.startswith("refused")
    assert late == "refused: too_late"


@pytest.mark.parametrize(("state", "trigger", "role", "changes", "reason"), [
    (None, "hand_in", "staff", {"organization_registered": False}, "organization_not_registered"),
    (None, "hand_in", "staff", {"violation_free": False}, "grave_violation"),
    (None, "hand_in", "staff", {"bids_already": True}, "bid_already"),
    (None, "hand_in", "staff", {"projects_won": 2, "most_projects": 2}, "too_many_projects"),
    (None, "hand_in", "staff", {"package_open": False}, "too_late"),
    ("handed_in", "replace", "staff", {"violation_free": False}, "grave_violation"),
    ("opened", "qualify", "project_officer", {"violation_free": False}, "grave_violation"),
    ("opened", "qualify", "project_officer", {"shared_member": True}, "member_bids_twice"),
])
def test_each_guard_of_a_bid_stops_what_it_is_there_for(state, trigger, role, changes, reason):
    assert outcome(BID, state, trigger, acting(role), bid_facts(**changes)) == f"refused: {reason}"


def test_who_may_not_bid_is_told_before_a_package_is_chosen():
    facts = bid_facts(bids_due_at=None, package_open=False, violation_free=False)
    assert_options(BID, bid_facts(), BID_ALLOWED)

    assert outcome(BID, None, "hand_in", acting("staff"), facts) == "refused: grave_violation"


def test_a_notice_to_an_office_about_a_sealed_case_is_a_mistake():
    told = replace(BID.transitions[0], notices=(replace(BID.transitions[3].notices[0], to="project_officer"),))
    wrong = replace(BID, transitions=(told, *BID.transitions[1:]), version=9)
    found = list(_seals(wrong, Known(library(), ROLE_CODES, None, None)))

    assert found == ["hand_in tells project_officer of a case that is still sealed"]


def test_the_matrix_helper_agrees_on_the_keys_of_officers():
    allowed = {**KEY_ALLOWED, ("enrolled", "expire"): ("retired", set())}

    assert assert_matrix(KEY, OWN_KEY, allowed) == 3 * 4 * 22
