"""Payment: who may do what in which state, and what each guard stops."""

from typing import Any

import pytest

from tests.builders_workflows import NOW, acting, payment_facts, shipped, step
from tests.workflows.matrix import BY_SYSTEM, Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.engine import Refused, decide
from workflows.kinds.payment import CONDITIONS

PAYMENT = shipped("payment")
CHECKERS = {"project_officer", "finance_officer"}

ALLOWED: Allowed = {
    (None, "apply"): ("applied", {"staff"}),
    ("applied", "check_business"): ("business_checked", {"project_officer"}),
    ("applied", "return_for_changes"): ("returned", CHECKERS),
    ("applied", "refuse"): ("refused", {*CHECKERS, "finance_approver"}),
    ("applied", "withdraw"): ("withdrawn", {"staff"}),
    ("returned", "resubmit"): ("applied", {"staff"}),
    ("returned", "withdraw"): ("withdrawn", {"staff"}),
    ("business_checked", "check_finance"): ("finance_checked", {"finance_officer"}),
    ("business_checked", "return_for_changes"): ("returned", CHECKERS),
    ("business_checked", "refuse"): ("refused", {*CHECKERS, "finance_approver"}),
    ("business_checked", "withdraw"): ("withdrawn", {"staff"}),
    ("finance_checked", "approve"): ("approved", {"finance_approver"}),
    ("finance_checked", "refuse"): ("refused", {*CHECKERS, "finance_approver"}),
    ("approved", "instruct"): ("in_transit", {"cashier"}),
    ("approved", "suspend"): ("suspended", {"finance_officer"}),
    ("suspended", "resume"): ("approved", {"finance_officer"}),
    ("in_transit", "settle"): ("paid", {"finance_officer"}),
    ("in_transit", "bounce"): ("approved", {"finance_officer"}),
    **{(state, "call_off"): ("called_off", BY_SYSTEM) for state in (
        "applied", "returned", "business_checked", "finance_checked", "approved", "suspended")},
}


def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    compared = assert_matrix(PAYMENT, payment_facts(), ALLOWED)

    assert compared == 12 * 14 * 22


def test_the_system_may_call_off_what_is_not_on_its_way_and_nothing_else():
    assert_clock_moves(PAYMENT, payment_facts(), ALLOWED)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(PAYMENT, payment_facts(), ALLOWED)


APPLIED = step("apply", person=5)
CHECKED = step("check_business", person=6, role="project_officer")
FINANCED = step("check_finance", person=7, role="finance_officer")
APPROVED = step("approve", person=8, role="finance_approver")
SO_FAR = (APPLIED, CHECKED, FINANCED, APPROVED)

GUARDS = [
    # state, trigger, what is different, who, the reason
    (None, "apply", {"organization_registered": False}, 1, "organization_not_registered"),
    (None, "apply", {"contract_with_organization": False}, 1, "not_your_contract"),
    (None, "apply", {"open_payment_elsewhere": True}, 1, "instalment_taken"),
    (None, "apply", {"earlier_instalments_settled": False}, 1, "earlier_instalment_open"),
    (None, "apply", {"condition_missing": ("report",)}, 1, "instalment_condition_open"),
    (None, "apply", {"nothing_to_rectify": False}, 1, "rectification_open"),
    (None, "apply", {"amount_fen": 30_000_01}, 1, "amount_differs"),
    (None, "apply", {"payee_is_organization": False}, 1, "payee_differs"),
    (None, "apply", {"missing_documents": ("invoice",)}, 1, "documents_missing"),
    ("applied", "check_business", {}, 5, "not_the_applicant"),
    ("applied", "check_business", {"organization_registered": False}, 6, "organization_not_registered"),
    ("applied", "check_business", {"missing_documents": ("invoice",)}, 6, "documents_missing"),
    ("business_checked", "check_finance", {}, 5, "not_the_applicant"),
    ("business_checked", "check_finance", {}, 6, "checked_business_yourself"),
    (
        "business_checked",
        "check_finance",
        {"organization_registered": False},
        7,
        "organization_not_registered",
    ),
    ("business_checked", "check_finance", {"amount_fen": 29_999_99}, 7, "amount_differs"),
    ("business_checked", "check_finance", {"payee_is_organization": False}, 7, "payee_differs"),
    ("finance_checked", "approve", {"frozen": "abnormal"}, 77, "organization_abnormal"),
    (None, "apply", {"frozen": "dishonest"}, 77, "organization_dishonest"),
    ("approved", "instruct", {"frozen": "dissolving"}, 77, "organization_dissolving"),
    ("business_checked", "check_finance", {"committed_fen": 29_999_99}, 7, "not_enough_committed"),
    ("finance_checked", "approve", {}, 7, "four_eyes"),
    ("finance_checked", "approve", {"organization_registered": False}, 77, "organization_not_registered"),
    ("finance_checked", "approve", {"nothing_to_rectify": False}, 77, "rectification_open"),
    ("finance_checked", "approve", {"committed_fen": 29_999_99}, 77, "not_enough_committed"),
    ("finance_checked", "approve", {"still_owed": False}, 77, "advance_not_owed"),
    ("approved", "instruct", {"still_owed": False}, 77, "advance_not_owed"),
    ("approved", "instruct", {}, 8, "approved_it_yourself"),
    ("approved", "instruct", {"organization_registered": False}, 77, "organization_not_registered"),
    ("approved", "instruct", {"nothing_to_rectify": False}, 77, "rectification_open"),
    ("approved", "instruct", {"payable_fen": 29_999_99}, 77, "not_enough_payable"),
    ("in_transit", "settle", {"bank_line_matches": False}, 7, "no_bank_line"),
    ("in_transit", "bounce", {"bank_line_matches": False}, 7, "no_bank_line"),
    ("returned", "resubmit", {"organization_registered": False}, 5, "organization_not_registered"),
    ("returned", "resubmit", {"amount_fen": 1}, 5, "amount_differs"),
    ("returned", "resubmit", {"payee_is_organization": False}, 5, "payee_differs"),
    ("returned", "resubmit", {"missing_documents": ("invoice",)}, 5, "documents_missing"),
    ("suspended", "resume", {"organization_registered": False}, 7, "organization_not_registered"),
    ("suspended", "resume", {"frozen": "abnormal"}, 7, "organization_abnormal"),
]


@pytest.mark.parametrize(("state", "trigger", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    state: str | None, trigger: str, different: dict[str, Any], person: int, reason: str
):
    role = next(iter(ALLOWED[state, trigger][1]))
    facts, content = payment_facts(*SO_FAR, **different), payment_facts(*SO_FAR)

    assert outcome(PAYMENT, state, trigger, acting(role, person=person), facts) == f"refused: {reason}"
    assert outcome(PAYMENT, state, trigger, acting(role, person=77), content) == ALLOWED[state, trigger][0]


def test_every_guard_of_the_definition_is_tried_above():
    named = {(item.trigger, guard) for item in PAYMENT.transitions for guard in item.guards}

    assert len({(trigger, reason) for _, trigger, _, _, reason in GUARDS}) == len(named)


@pytest.mark.parametrize("code", sorted(CONDITIONS))
def test_a_condition_that_is_missing_is_named_in_both_languages(code: str):
    with pytest.raises(Refused) as refused:
        decide(
            PAYMENT, state=None, trigger="apply", acting=acting("staff"),
            facts=payment_facts(condition_missing=(code,)), data={}, now=NOW,
        )
    (reason,) = refused.value.reasons
    assert CONDITIONS[code].zh in reason.text.zh and CONDITIONS[code].en in reason.text.en


def test_an_instalment_that_does_not_exist_is_one_reason_and_not_two():
    facts = payment_facts(instalment_found=False, instalment_amount_fen=0)

    assert outcome(PAYMENT, None, "apply", acting("staff"), facts) == "refused: no_such_instalment"


@pytest.mark.parametrize("person", [5, 6, 7])
def test_nobody_who_handled_the_payment_may_approve_it_whatever_their_role_was(person: int):
    facts = payment_facts(APPLIED, CHECKED, FINANCED)

    who = acting("finance_approver", person=person)

    assert outcome(PAYMENT, "finance_checked", "approve", who, facts) == "refused: four_eyes"


def test_an_approver_without_a_person_is_no_approver():
    who = acting("finance_approver", person=None)

    assert outcome(PAYMENT, "finance_checked", "approve", who, payment_facts()) == "refused: needs_a_person"


def test_all_reasons_against_a_payment_are_given_at_once():
    facts = payment_facts(*SO_FAR, organization_registered=False, committed_fen=0)

    with pytest.raises(Refused) as refused:
        decide(
            PAYMENT,
            state="finance_checked",
            trigger="approve",
            acting=acting("finance_approver", person=7),
            facts=facts,
            data={},
            now=NOW,
        )

    assert [reason.code for reason in refused.value.reasons] == [
        "four_eyes",
        "organization_not_registered",
        "not_enough_committed",
    ]


def test_the_last_fen_may_be_spent():
    facts = payment_facts(APPLIED, committed_fen=30_000_00)

    assert outcome(PAYMENT, "finance_checked", "approve", acting("finance_approver"), facts) == "approved"
