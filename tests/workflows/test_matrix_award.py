"""Package from its ranking on, objection and contract: who may do what where, and what each guard stops."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders_workflows import NOW, SYSTEM, acting, case, shipped, step
from tests.workflows.matrix import BY_SYSTEM, Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.engine import Refused, decide
from workflows.guards import RESTRICTIONS
from workflows.kinds.award import BARS, Award
from workflows.kinds.call import PackageFacts
from workflows.kinds.contract import ContractFacts
from workflows.kinds.objection import ObjectionFacts
from workflows.loader import library

PACKAGE, OBJECTION, CONTRACT = (shipped(kind) for kind in ("package", "objection", "contract"))
CHECKER, SIGNER = 5, 6
BIDDER = {"staff", "legal_representative"}
ANSWERS = {"buyer", "procurement_supervisor"}


def package_facts(state: str, **changes: Any) -> PackageFacts:
    award = Award(next_bid=1, chosen_bid=1, checked_by=frozenset({CHECKER}))
    return PackageFacts(case(state=state), True, 3, 0, 3, 0, award=replace(award, **changes))


def objection_facts(**changes: Any) -> ObjectionFacts:
    return replace(ObjectionFacts(case(), True, True, NOW + timedelta(seconds=1), frozenset({CHECKER})), **changes)


def contract_facts(**changes: Any) -> ContractFacts:
    facts = ContractFacts(case(step("send", person=SIGNER, role="project_officer")), ends_on=date(2027, 3, 2))
    return replace(facts, **changes)


OBJECTION_ALLOWED: Allowed = {
    (None, "file"): ("filed", BIDDER),
    ("filed", "accept"): ("accepted", {"project_officer", "procurement_supervisor"}),
    ("filed", "reject_inadmissible"): ("inadmissible", ANSWERS),
    ("filed", "withdraw"): ("withdrawn", BIDDER),
    ("filed", "lapse"): ("lapsed", BY_SYSTEM),
    ("accepted", "dismiss"): ("dismissed", ANSWERS),
    ("accepted", "uphold"): ("upheld", ANSWERS),
    ("accepted", "withdraw"): ("withdrawn", BIDDER),
    ("accepted", "lapse"): ("lapsed", BY_SYSTEM),
}
SIGNED = ("signed", "published", "filed", "in_performance")
CONTRACT_ALLOWED: Allowed = {
    (None, "prepare"): ("preparing", BY_SYSTEM),
    ("preparing", "send"): ("sent", {"project_officer"}),
    ("sent", "agree"): ("agreed", BIDDER),
    ("sent", "ask_changes"): ("preparing", BIDDER),
    ("signed", "publish"): ("published", {"project_officer"}),
    ("filed", "publish"): ("in_performance", {"project_officer"}),
    ("signed", "file_copy"): ("filed", {"project_officer"}),
    ("published", "file_copy"): ("in_performance", {"project_officer"}),
    **{(state, "take_back"): ("preparing", {"project_officer", "buyer"}) for state in ("sent", "agreed")},
    **{(state, "cancel"): ("cancelled", BY_SYSTEM) for state in ("preparing", "sent", "agreed")},
    **{(state, "terminate"): ("terminated", {"buyer"}) for state in SIGNED},
    **{(state, "close"): ("closed", BY_SYSTEM) for state in SIGNED},
}
PROCUREMENT: Allowed = CONTRACT_ALLOWED | {("agreed", "sign"): ("signed", {"buyer"})}
GRANT: Allowed = CONTRACT_ALLOWED | {("agreed", "sign_grant"): ("in_performance", {"buyer"})}


def test_every_cell_of_an_objection_is_as_the_table_says():
    assert assert_matrix(OBJECTION, objection_facts(), OBJECTION_ALLOWED) == 8 * 7 * 22
    assert_clock_moves(OBJECTION, objection_facts(), OBJECTION_ALLOWED)
    assert_options(OBJECTION, objection_facts(), OBJECTION_ALLOWED)


@pytest.mark.parametrize(("regime", "allowed", "other"), [("P", PROCUREMENT, "sign_grant"), ("G", GRANT, "sign")])
def test_every_cell_of_a_contract_is_as_the_table_says_in_either_regime(regime, allowed, other):
    assert {trigger for _state, trigger in allowed} == {t for t in CONTRACT.triggers() if t != other}
    found = {}
    wanted = {}
    for state in (None, *CONTRACT.states):
        for trigger in CONTRACT.triggers():
            for role in ("buyer", "project_officer", "staff", "legal_representative", "finance_officer", "nobody"):
                cell = (state, trigger, role)
                found[cell] = outcome(CONTRACT, state, trigger, acting(role), contract_facts(regime=regime))
                if (state, trigger) == ("agreed", other):
                    wrong = {"P": "is_a_procurement", "G": "is_a_grant"}[regime]
                    wanted[cell] = f"refused: {wrong if role == 'buyer' else 'role_missing'}"
                elif (state, trigger) in allowed:
                    to, roles = allowed[state, trigger]
                    wrong = "only_by_system" if roles == BY_SYSTEM else "role_missing"
                    wanted[cell] = to if role in roles else f"refused: {wrong}"
                else:
                    wanted[cell] = "refused: wrong_state"
    assert found == wanted


def test_the_system_makes_the_moves_of_a_contract_that_no_person_makes():
    for state in (None, *CONTRACT.states):
        for trigger in CONTRACT.triggers():
            to, roles = PROCUREMENT.get((state, trigger), ("", set()))
            made = outcome(CONTRACT, state, trigger, SYSTEM, contract_facts())
            assert made == to if roles == BY_SYSTEM else made.startswith("refused: ")


@pytest.mark.parametrize(("state", "trigger"), [("ranked", "confirm_candidate"), ("publicity_over", "award")])
def test_whoever_checked_the_bidders_does_not_choose_among_them(state: str, trigger: str):
    facts = package_facts(state)

    assert outcome(PACKAGE, state, trigger, acting("buyer", person=CHECKER), facts) == "refused: checked_by_yourself"
    assert not outcome(PACKAGE, state, trigger, acting("buyer"), facts).startswith("refused")


def test_whoever_named_the_candidate_does_not_make_the_award_but_may_do_all_else():
    facts = package_facts("publicity_over", confirmed_by=SIGNER)
    named, another = acting("buyer", person=SIGNER), acting("buyer")

    assert outcome(PACKAGE, "publicity_over", "award", named, facts) == "refused: confirmed_by_yourself"
    assert outcome(PACKAGE, "publicity_over", "award", another, facts) == "awarded"
    again = package_facts("ranked", confirmed_by=SIGNER)
    assert outcome(PACKAGE, "ranked", "confirm_candidate", named, again) == "publicized"
    taken_back = package_facts("awarded", confirmed_by=SIGNER)
    assert outcome(PACKAGE, "awarded", "decline_award", named, taken_back) == "ranked"


@pytest.mark.parametrize(("state", "trigger", "changes", "reason"), [
    ("ranked", "confirm_candidate", {"chosen_bid": 2}, "not_the_first"),
    ("ranked", "confirm_candidate", {"next_bid": None}, "no_candidate_left"),
    ("publicity_over", "award", {"open_objections": 1}, "objection_open"),
    ("ranked", "pass_over", {}, "candidate_is_fit"),
])
def test_each_guard_of_an_award_stops_what_it_is_there_for(state: str, trigger: str, changes, reason: str):
    found = outcome(PACKAGE, state, trigger, acting("buyer"), package_facts(state, **changes))

    assert found == f"refused: {reason}"


@pytest.mark.parametrize("bar", sorted(BARS))
def test_who_may_not_win_is_neither_published_nor_awarded_but_passed_over(bar: str):
    for state, trigger in (("ranked", "confirm_candidate"), ("publicity_over", "award")):
        found = outcome(PACKAGE, state, trigger, acting("buyer"), package_facts(state, barred=bar))
        assert found == f"refused: candidate_{bar}"

    passed = package_facts("ranked", barred=bar)
    assert outcome(PACKAGE, "ranked", "pass_over", acting("buyer"), passed) == "ranked"
    assert outcome(PACKAGE, "ranked", "pass_over", acting("buyer", person=CHECKER), passed) == (
        "refused: checked_by_yourself"
    )
    assert outcome(PACKAGE, "ranked", "pass_over", acting("project_officer"), passed) == "refused: role_missing"


@pytest.mark.parametrize(("changes", "found"), [
    ({"next_bid": None}, "failed"), ({"anybody_out": True}, "failed"), ({}, "candidates_left"),
])
def test_a_ranked_package_fails_for_want_of_candidates_only_when_somebody_dropped_out(changes, found: str):
    facts = package_facts("ranked", **changes)
    officer = acting("project_officer")

    try:
        made = decide(PACKAGE, state="ranked", trigger="fail", acting=officer, facts=facts,
                      data={"ground": "no_candidate"}, now=NOW).to_state
    except Refused as refused:
        (reason,) = refused.reasons
        made = reason.code

    assert made == found


@pytest.mark.parametrize(("changes", "reason"), [
    ({"is_a_bidder": False}, "not_a_bidder"), ({"result_is_open": False}, "result_not_open"),
    ({"closes_at": NOW}, "objection_too_late"), ({"missing_documents": ("letter",)}, "documents_missing"),
    # Who is no bidder learns nothing of the package.
    ({"is_a_bidder": False, "result_is_open": False, "closes_at": NOW}, "not_a_bidder"),
])
def test_only_a_bidder_objects_in_time_with_a_signed_letter(changes, reason: str):
    assert outcome(OBJECTION, None, "file", acting("staff"), objection_facts(**changes)) == f"refused: {reason}"


@pytest.mark.parametrize(("state", "trigger"), [
    ("filed", "reject_inadmissible"), ("accepted", "dismiss"), ("accepted", "uphold"),
])
def test_whoever_prepared_the_award_does_not_answer(state: str, trigger: str):
    found = outcome(OBJECTION, state, trigger, acting("buyer", person=CHECKER), objection_facts())

    assert found == "refused: prepared_the_award"


@pytest.mark.parametrize(("ends_on", "stable", "found"), [
    (date(2026, 3, 2), False, "refused: term_is_over"), (date(2026, 3, 3), False, "sent"),
    (date(2027, 3, 2), False, "sent"), (date(2027, 3, 3), False, "refused: term_too_long"),
    (date(2027, 3, 3), True, "sent"), (date(2029, 3, 2), True, "sent"),
    (date(2029, 3, 3), True, "refused: term_too_long"),
])
def test_a_contract_runs_a_year_or_three_where_all_is_stable(ends_on: date, stable: bool, found: str):
    facts = contract_facts(ends_on=ends_on, stable=stable)

    assert outcome(CONTRACT, "preparing", "send", acting("project_officer"), facts) == found


@pytest.mark.parametrize(("places", "last"), [
    (("base",), date(2027, 3, 2)), (("110102", "110000", "base"), date(2027, 3, 2)),
    (("520115", "520100", "base"), date(2026, 9, 2)),
])
def test_a_grant_runs_as_long_as_its_place_says_whatever_the_law_on_purchases(places, last: date):
    facts = contract_facts(regime="G", stable=True)
    here = replace(facts, case=replace(facts.case, policy=library().policy(places, date(2026, 3, 2))))
    found = [
        outcome(CONTRACT, "preparing", "send", acting("project_officer"), replace(here, ends_on=day))
        for day in (last, last + timedelta(days=1))
    ]

    assert found == ["sent", "refused: term_too_long"]


@pytest.mark.parametrize(("regime", "trigger"), [("P", "sign"), ("G", "sign_grant")])
def test_a_contract_is_signed_by_another_without_objections_and_not_with_whom_is_frozen(regime: str, trigger: str):
    facts = contract_facts(regime=regime)
    refused = [
        outcome(CONTRACT, "agreed", trigger, acting("buyer"), replace(facts, **changes))
        for changes in (
            {"open_objections": 1}, {"organization_registered": False}, {"ends_on": date(2027, 3, 3)},
            *({"frozen": kind} for kind in RESTRICTIONS),
        )
    ]

    assert outcome(CONTRACT, "agreed", trigger, acting("buyer", person=SIGNER), facts) == "refused: four_eyes"
    assert refused == [
        f"refused: {code}" for code in ("objection_open", "organization_not_registered", "term_too_long",
                                        *(f"organization_{kind}" for kind in RESTRICTIONS))
    ]


@pytest.mark.parametrize(("ground", "failed", "allowed"), [
    ("public_interest", False, True), ("failed_evaluation", True, True), ("failed_evaluation", False, False),
])
def test_a_contract_is_terminated_for_a_failed_evaluation_only_when_there_is_one(ground, failed, allowed):
    facts = contract_facts(evaluation_failed=failed)

    try:
        decide(CONTRACT, state="in_performance", trigger="terminate", acting=acting("buyer"), facts=facts,
               data={"ground": ground}, now=NOW)
        made = True
    except Refused as refused:
        assert [reason.code for reason in refused.reasons] == ["no_failed_evaluation"]
        made = False

    assert made is allowed
