"""Annual report: who may do what in which state, what each guard stops, and which years are reported until when."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders_workflows import NOW, acting, case, shipped, step
from tests.workflows.matrix import Allowed, assert_clock_moves, assert_matrix, assert_options, outcome
from workflows.definition import Definition
from workflows.engine import Refused, decide
from workflows.kinds.annual_report import (
    CONCLUSIONS,
    DUE_NUMBER,
    REPORTING,
    AnnualReportFacts,
    due_on,
    last_day_to_report,
    overdue_year,
    reported_year,
    reporting_years,
    skips,
)
from workflows.kinds.case import Step
from workflows.subjects import named, said

INSPECTION, FOUNDATION = shipped("annual_report"), shipped("annual_report", 2)
STAFF, REGISTRAR = {"staff"}, {"registrar"}

COMMON: Allowed = {
    (None, "submit"): ("submitted", STAFF),
    ("submitted", "ask_correction"): ("correcting", REGISTRAR),
    ("submitted", "withdraw"): ("withdrawn", STAFF),
    ("correcting", "answer_correction"): ("submitted", STAFF),
    ("correcting", "withdraw"): ("withdrawn", STAFF),
}
ALLOWED: Allowed = {
    **COMMON,
    ("submitted", "qualify"): ("qualified", REGISTRAR),
    ("submitted", "qualify_basically"): ("putting_right", REGISTRAR),
    ("submitted", "disqualify"): ("putting_right", REGISTRAR),
    ("putting_right", "report_put_right"): ("put_right", STAFF),
    ("putting_right", "close_not_put_right"): ("not_put_right", REGISTRAR),
    ("put_right", "confirm_put_right"): ("rectified", REGISTRAR),
    ("put_right", "send_back"): ("putting_right", REGISTRAR),
}
ALLOWED_FOUNDATION: Allowed = {
    **COMMON,
    ("submitted", "accept_report"): ("accepted", REGISTRAR),
    ("submitted", "refuse_report"): ("not_accepted", REGISTRAR),
}
HANDED_IN = step("submit", person=5)
ASKED = step("ask_correction", person=9, role="registrar")


def facts(*steps: Step, **changes: Any) -> AnnualReportFacts:
    """Return facts with which every guard is content."""
    return replace(AnnualReportFacts(case(*steps), registered_on=date(2020, 1, 1), year=2025), **changes)




def test_every_cell_of_state_trigger_and_role_is_as_the_table_says():
    assert assert_matrix(INSPECTION, facts(), ALLOWED) == 9 * 11 * 22


def test_every_cell_of_a_foundation_s_report_is_as_the_table_says():
    corrected = facts(ASKED)
    before = {key: cell for key, cell in ALLOWED_FOUNDATION.items() if key[1] != "refuse_report"}

    for trigger in FOUNDATION.triggers():
        for state in (None, *FOUNDATION.states):
            for role in ("staff", "registrar", "legal_representative", "auditor", "hub_officer", "nobody"):
                known = corrected if trigger == "refuse_report" else facts()
                to, roles = ALLOWED_FOUNDATION.get((state, trigger), (None, set()))
                wanted = "refused: wrong_state" if to is None else to if role in roles else "refused: role_missing"
                assert outcome(FOUNDATION, state, trigger, acting(role), known) == wanted
    assert before.keys() < ALLOWED_FOUNDATION.keys()
    assert outcome(FOUNDATION, "submitted", "refuse_report", acting("registrar"), facts()) == (
        "refused: correction_first"
    )


@pytest.mark.parametrize(("definition", "allowed"), [(INSPECTION, ALLOWED), (FOUNDATION, ALLOWED_FOUNDATION)])
def test_no_clock_moves_a_report(definition: Definition, allowed: Allowed):
    assert_clock_moves(definition, facts(), allowed)


def test_options_offer_each_role_exactly_what_it_may_do():
    assert_options(INSPECTION, facts(), ALLOWED)


NO_ENTRY = {"organization_registered": False}
SUPPLIER = {"legal_class": "other"}
YOUNG = {"registered_on": date(2025, 7, 1)}
ALL_DONE = {"reported": ((2025, "NB-3"), (2024, "NB-2"), (2023, "NB-1"))}
NO_PAPER = {"missing_documents": ("report_form",)}
ONCE = {"reported": ((2025, "NB-3"),)}
IN_TIME = {"put_right_by": date(2026, 3, 2)}
CORRECTED = (HANDED_IN, ASKED)
Guarded = tuple[Definition, str | None, str, tuple[Step, ...], dict[str, Any], int, str]
GUARDS: list[Guarded] = [
    (INSPECTION, None, "submit", (), SUPPLIER, 5, "no_social_organization"),
    (INSPECTION, None, "submit", (), NO_ENTRY, 5, "organization_not_registered"),
    (INSPECTION, None, "submit", (), NO_PAPER, 5, "documents_missing"),
    (INSPECTION, None, "submit", (), {"year": 2026}, 5, "year_not_over"),
    (INSPECTION, None, "submit", (), {"year": 2022}, 5, "year_too_long_ago"),
    (INSPECTION, None, "submit", (), {"registered_on": date(2024, 7, 1), "year": 2024}, 5, "registered_too_short"),
    (INSPECTION, None, "submit", (), ONCE, 5, "year_reported"),
    (INSPECTION, "submitted", "ask_correction", CORRECTED, {}, 9, "correction_asked_before"),
    (INSPECTION, "correcting", "answer_correction", CORRECTED, NO_PAPER, 5, "documents_missing"),
    (INSPECTION, "submitted", "qualify", (HANDED_IN,), {}, 5, "not_the_applicant"),
    (INSPECTION, "submitted", "qualify", (HANDED_IN,), NO_PAPER, 9, "documents_missing"),
    (INSPECTION, "submitted", "qualify_basically", (HANDED_IN,), {}, 5, "not_the_applicant"),
    (INSPECTION, "submitted", "qualify_basically", (HANDED_IN,), NO_PAPER, 9, "documents_missing"),
    (INSPECTION, "submitted", "disqualify", (HANDED_IN,), {}, 5, "not_the_applicant"),
    (INSPECTION, "putting_right", "report_put_right", (HANDED_IN,), NO_PAPER, 5, "documents_missing"),
    (INSPECTION, "put_right", "confirm_put_right", (HANDED_IN,), {}, 5, "not_the_applicant"),
    (INSPECTION, "put_right", "send_back", (HANDED_IN,), {}, 5, "not_the_applicant"),
    (INSPECTION, "putting_right", "close_not_put_right", (HANDED_IN,), IN_TIME, 9, "term_not_over"),
    (FOUNDATION, None, "submit", (), NO_PAPER, 5, "documents_missing"),
    (FOUNDATION, "submitted", "accept_report", (HANDED_IN,), {}, 5, "not_the_applicant"),
    (FOUNDATION, "submitted", "accept_report", (HANDED_IN,), NO_PAPER, 9, "documents_missing"),
    (FOUNDATION, "submitted", "refuse_report", CORRECTED, {}, 5, "not_the_applicant"),
    (FOUNDATION, "submitted", "refuse_report", (HANDED_IN,), {}, 9, "correction_first"),
]


@pytest.mark.parametrize(("definition", "state", "trigger", "steps", "different", "person", "reason"), GUARDS)
def test_a_guard_stops_what_it_is_there_for_and_nothing_else(
    definition: Definition, state: str | None, trigger: str, steps: tuple[Step, ...], different: dict[str, Any],
    person: int, reason: str,
):
    allowed = ALLOWED if definition is INSPECTION else ALLOWED_FOUNDATION
    role = sorted(allowed[state, trigger][1])[0]
    before = {"ask_correction": (HANDED_IN,), "refuse_report": CORRECTED}.get(trigger, steps)

    found = outcome(definition, state, trigger, acting(role, person=person), facts(*steps, **different))
    content = outcome(definition, state, trigger, acting(role, person=77), facts(*before))

    assert (found, content) == (f"refused: {reason}", allowed[state, trigger][0])


def test_every_guard_of_the_inspection_is_tried_above():
    tried = {(trigger, reason) for definition, _, trigger, _, _, _, reason in GUARDS if definition is INSPECTION}
    guards = {(item.trigger, guard) for item in INSPECTION.transitions for guard in item.guards}

    # A year that cannot be reported has three reasons; that none is left at all is tried below.
    assert len(tried) == len(guards) - 1 + 2


@pytest.mark.parametrize(("different", "codes"), [
    (ALL_DONE, ["all_years_reported", "year_reported"]),
    (YOUNG, ["registered_too_short", "registered_too_short"]),
    (YOUNG | {"year": None}, ["registered_too_short"]),
    (ALL_DONE | {"year": None}, ["all_years_reported"]),
])
def test_where_no_year_is_left_it_is_not_even_offered(different: dict[str, Any], codes: list[str]):
    with pytest.raises(Refused) as refused:
        decide(INSPECTION, state=None, trigger="submit", acting=acting("staff"), facts=facts(**different), data={},
               now=NOW)

    assert [reason.code for reason in refused.value.reasons] == codes


@pytest.mark.parametrize(("registered_on", "skipped"), [
    (date(2025, 6, 30), False), (date(2025, 7, 1), True), (date(2025, 12, 31), True), (date(2026, 2, 1), True),
    (date(2024, 12, 31), False), (None, False),
])
def test_a_body_of_less_than_six_months_at_the_end_of_a_year_skips_it(registered_on: date | None, skipped: bool):
    assert skips(2025, registered_on, 6) is skipped


@pytest.mark.parametrize("months", [1, 3, 6, 10, 12])
def test_the_last_day_of_a_registration_that_reports_is_the_other_side_of_who_skips(months: int):
    last = last_day_to_report(2025, months)

    assert (skips(2025, last, months), skips(2025, last + timedelta(days=1), months)) == (False, True)


@pytest.mark.parametrize(("registered_on", "years"), [
    (date(2020, 1, 1), (2025, 2024, 2023)), (None, (2025, 2024, 2023)), (date(2024, 3, 1), (2025, 2024)),
    (date(2025, 3, 1), (2025,)), (date(2025, 8, 1), ()), (date(2026, 1, 1), ()),
])
def test_years_that_are_over_can_be_reported_as_far_back_as_the_place_says(registered_on: date | None, years: Any):
    assert reporting_years(date(2026, 3, 2), registered_on, back=3, skip_months=6) == years


def test_the_last_day_is_the_end_of_may_and_for_foundations_the_end_of_march():
    policy = case().policy

    found = {each: due_on(2025, policy.number(DUE_NUMBER[each]).value) for each in REPORTING}

    assert found == {"association": date(2026, 5, 31), "social_service": date(2026, 5, 31),
                     "foundation": date(2026, 3, 31)}
    assert due_on(2027, 2) == date(2028, 2, 29)


@pytest.mark.parametrize(("today", "since", "reported", "year"), [
    (date(2026, 5, 31), date(2024, 1, 1), (2024,), None),
    (date(2026, 6, 1), date(2024, 1, 1), (2024,), 2025),
    (date(2026, 6, 1), date(2024, 1, 1), (2025,), 2024),
    (date(2026, 6, 1), date(2025, 7, 1), (), None),
    (date(2026, 6, 1), date(2015, 1, 1), (2023, 2024, 2025), None),
])
def test_a_report_is_overdue_from_the_day_after_its_last(today: date, since: date, reported: Any, year: int | None):
    assert overdue_year(today, since, reported, months=5, back=3, skip_months=6) == year


def test_what_was_not_verified_says_so():
    policy = case().policy

    assert [policy.number(name).verified for name in ("annual_due", "annual_due_foundation", "annual_skip")] == [
        True, True, False,
    ]


def test_a_subject_is_said_in_the_language_of_its_reader():
    assert said("annual_report", named("甲中心", reported_year(2025).zh), "en") == "甲中心 · report of 2025"
    assert set(CONCLUSIONS) == {"qualified", "basically_qualified", "unqualified", "accepted"}
