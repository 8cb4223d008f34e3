"""The engine decides and changes nothing, gives every reason, and none of its library's traps is open."""

import threading
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders_workflows import (
    NOW,
    SYSTEM,
    acting,
    affiliation_facts,
    case,
    payment_facts,
    registration_facts,
    shipped,
    step,
)
from workflows import engine
from workflows.definition import ROLE_CODES, SYSTEM_ROLE, Definition, Transition
from workflows.engine import Acting, Decision, Refused, decide, options
from workflows.guards import UnknownGuard, guard, registered_guards
from workflows.kinds.award import Award
from workflows.kinds.case import CaseFacts, Step
from workflows.kinds.known import FACTS
from workflows.kinds.panel import PanelFacts
from workflows.loader import library

PAYMENT = shipped("payment")
MAKERS = {"registration": registration_facts, "affiliation": affiliation_facts, "payment": payment_facts}


def ask(definition: Definition, state: str | None, trigger: str, who: Acting, facts: Any) -> Decision:
    """Decide with empty input."""
    return decide(definition, state=state, trigger=trigger, acting=who, facts=facts, data={}, now=NOW)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    """Return the codes of a refusal."""
    return [reason.code for reason in refused.value.reasons]


def with_transition(definition: Definition, transition: Transition) -> Definition:
    """Return the definition with one more arrow."""
    return replace(definition, transitions=(*definition.transitions, transition))


def test_a_decision_names_arrow_states_and_the_role_used():
    decision = ask(PAYMENT, "applied", "refuse", acting("finance_officer", "auditor"), payment_facts())

    assert decision == Decision(
        PAYMENT.transition("applied", "refuse"), "applied", "refused", "finance_officer"
    )


def test_opening_is_a_move_like_any_other():
    decision = ask(PAYMENT, None, "apply", acting("staff"), payment_facts())

    assert (decision.from_state, decision.to_state, decision.role) == (None, "applied", "staff")


def test_a_trigger_nobody_defined_is_refused_before_anything_else():
    with pytest.raises(Refused) as refused:
        ask(PAYMENT, "applied", "aprove", acting(), payment_facts())

    assert codes(refused) == ["unknown_trigger"]


@pytest.mark.parametrize("state", ["paid", "no_such_state", "(opening)", None])
def test_a_trigger_of_another_state_is_refused(state: str | None):
    with pytest.raises(Refused) as refused:
        ask(PAYMENT, state, "approve", acting("finance_approver"), payment_facts())

    assert codes(refused) == ["wrong_state"]


def test_asking_in_a_wrong_state_does_not_make_it_a_right_one():
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            ask(PAYMENT, "paid", "approve", acting("finance_approver"), payment_facts())
        assert codes(refused) == ["wrong_state"]


def test_someone_without_the_role_is_told_the_role_and_nothing_else():
    facts = payment_facts(organization_registered=False, committed_fen=0)

    with pytest.raises(Refused) as refused:
        ask(PAYMENT, "finance_checked", "approve", acting("auditor"), facts)

    assert codes(refused) == ["role_missing"]
    assert refused.value.reasons[0].text.zh == "需由财务审批人办理。"


@pytest.mark.parametrize("trigger", ["to_paid", "to_approved", "paid", "trigger", "__init__"])
def test_no_trigger_jumps_past_the_guards(trigger: str):
    with pytest.raises(Refused) as refused:
        ask(PAYMENT, "applied", trigger, acting(*ROLE_CODES), payment_facts())

    assert codes(refused) == ["unknown_trigger"]


def test_a_guard_named_like_a_python_function_is_not_imported_and_called():
    dotted = Transition("peek", PAYMENT.title, ("applied",), "paid", ("staff",), guards=("os.path.isabs",))

    with pytest.raises(UnknownGuard):
        ask(with_transition(PAYMENT, dotted), "applied", "peek", acting("staff"), payment_facts())


def test_a_guard_name_can_be_taken_once():
    with pytest.raises(ValueError, match="four_eyes"):
        guard("four_eyes", PAYMENT.title)(lambda facts, acting, data, now: None)


def test_a_guard_that_breaks_breaks_the_decision_loudly():
    facts = replace(payment_facts(), committed_fen=None)  # type: ignore[arg-type]

    with pytest.raises(TypeError):
        ask(PAYMENT, "finance_checked", "approve", acting("finance_approver"), facts)


def test_one_machine_serves_a_definition_and_keeps_nothing_of_those_who_asked():
    machine = engine._compiled(PAYMENT).machine

    for _ in range(50):
        ask(PAYMENT, "applied", "refuse", acting("finance_officer"), payment_facts())

    assert engine._compiled(PAYMENT).machine is machine
    assert machine.models == []


def test_many_threads_may_ask_one_machine_at_once():
    wrong: list[str] = []

    def asks(state: str, trigger: str, role: str, to: str) -> None:
        for _ in range(300):
            found = ask(PAYMENT, state, trigger, acting(role), payment_facts()).to_state
            if found != to:
                wrong.append(found)

    moves = [
        ("applied", "refuse", "finance_officer", "refused"),
        ("approved", "instruct", "cashier", "in_transit"),
    ]
    threads = [threading.Thread(target=asks, args=move) for move in moves * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_options_leave_open_what_only_the_input_can_answer():
    facts = payment_facts(contract_with_organization=False, missing_documents=("invoice",))

    asked = options(PAYMENT, state=None, acting=acting("staff"), facts=facts, now=NOW)

    assert [item.trigger for item in asked.allowed] == ["apply"]
    with pytest.raises(Refused) as refused:
        ask(PAYMENT, None, "apply", acting("staff"), facts)
    assert codes(refused) == ["not_your_contract", "documents_missing"]


def test_options_say_why_not_where_the_button_would_be():
    facts = payment_facts(step("check_finance", person=4, role="finance_officer"))

    asked = options(
        PAYMENT,
        state="finance_checked",
        acting=acting("finance_approver", person=4),
        facts=facts,
        now=NOW,
    )

    assert [item.trigger for item in asked.allowed] == ["refuse"]
    ((transition, reasons),) = asked.refused
    assert (transition.trigger, [reason.code for reason in reasons]) == ("approve", ["four_eyes"])


@pytest.mark.parametrize("kind", sorted(MAKERS))
def test_nothing_leads_out_of_a_final_state(kind: str):
    definition = shipped(kind)

    for state in definition.states.values():
        asked = options(
            definition, state=state.name, acting=acting(*ROLE_CODES), facts=MAKERS[kind](), now=NOW
        )
        assert bool(asked.allowed) is not state.final


def test_the_system_may_make_what_is_marked_for_it_and_a_person_may_not():
    follow_on = Transition("award", PAYMENT.title, ("applied",), "approved", (SYSTEM_ROLE,))
    definition = with_transition(PAYMENT, follow_on)

    assert ask(definition, "applied", "award", SYSTEM, payment_facts()).role == "system"
    with pytest.raises(Refused) as refused:
        ask(definition, "applied", "award", acting(*ROLE_CODES, "system"), payment_facts())
    assert codes(refused) == ["only_by_system"]
    asked = options(definition, state="applied", acting=acting(*ROLE_CODES), facts=payment_facts(), now=NOW)
    assert "award" not in {item.trigger for item in asked.allowed}


def test_four_eyes_lets_the_system_s_own_steps_pass():
    facts = payment_facts(step("apply", person=None, role="system"))

    assert (
        ask(PAYMENT, "finance_checked", "approve", acting("finance_approver"), facts).role
        == "finance_approver"
    )


class Spy:
    """Facts that remember which of their fields were read."""

    def __init__(self, facts: Any) -> None:
        self._facts = facts
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._facts, name)


def contrary(facts: Any) -> Any:
    """Return facts with every yes a no and every number nothing, so that guards read on."""
    opposite = {True: False, False: True}
    changes = {
        field.name: opposite[getattr(facts, field.name)]
        for field in fields(facts)
        if isinstance(getattr(facts, field.name), bool)
    }
    return replace(facts, **changes)


PLAIN: dict[type, Any] = {bool: True, int: 1, str: "", datetime: NOW, date: NOW.date(), Award: Award(),
                          PanelFacts: PanelFacts()}


def made_up(kind: str) -> Any:
    """Return facts of any kind: from its maker, or with a plain value for every field."""
    if kind in MAKERS:
        return MAKERS[kind]()
    values: dict[str, Any] = {"case": case()}
    for name, hint in get_type_hints(FACTS[kind]).items():
        if name != "case":
            empty = get_origin(hint)() if get_origin(hint) in (tuple, frozenset) else None
            values[name] = PLAIN.get(hint, empty)
    return FACTS[kind](**values)


@pytest.mark.parametrize("name", sorted(registered_guards()))
def test_a_guard_reads_only_what_it_declares(name: str):
    item = registered_guards()[name]
    asking = {
        definition.kind for definition in library().definitions
        for transition in definition.transitions if name in transition.guards
    }
    # A guard that no definition names yet is asked of every kind that has its facts.
    kinds = [
        kind for kind, facts in FACTS.items()
        if set(item.needs) <= {field.name for field in fields(facts)} and (kind in asking or not asking)
    ]
    assert kinds

    for kind in kinds:
        for facts in (made_up(kind), contrary(made_up(kind))):
            spy = Spy(facts)
            item.ask(spy, acting("staff"), {}, NOW)
            assert spy.read <= {*item.needs, "case"}


@given(
    kind=st.sampled_from(sorted(MAKERS)),
    moves=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from(sorted(ROLE_CODES)), st.integers(1, 6)), max_size=30
    ),
)
def test_any_walk_of_a_case_stays_on_the_map(kind: str, moves: list[tuple[int, str, int]]):
    definition = shipped(kind)
    state: str | None = None
    steps: tuple[Step, ...] = ()
    for number, (pick, role, person) in enumerate(moves):
        trigger = definition.triggers()[pick % len(definition.triggers())]
        before = replace(MAKERS[kind]().case, state=state, steps=steps)
        facts = replace(MAKERS[kind](), case=before)
        who = acting(role, person=person)
        try:
            decision = ask(definition, state, trigger, who, facts)
        except Refused as refused:
            assert refused.reasons
            assert all(reason.code and reason.text.zh and reason.text.en for reason in refused.reasons)
            continue
        assert decision.transition is definition.transition(state, trigger)
        assert decision.to_state in definition.states
        assert decision.role == role
        assert trigger in {
            item.trigger
            for item in options(definition, state=state, acting=who, facts=facts, now=NOW).allowed
        }
        state = decision.to_state
        steps = (*steps, Step(number, trigger, person, role, NOW, decision.from_state, state))
    assert_separated(steps)


def assert_separated(steps: tuple[Step, ...]) -> None:
    """No walk may let one person both handle and approve, or approve and instruct."""
    for number, item in enumerate(steps):
        earlier = steps[:number]
        if item.trigger == "approve" and item.role == "finance_approver":
            assert item.person_id not in {before.person_id for before in earlier}
        if item.trigger == "instruct":
            approvers = {before.person_id for before in earlier if before.trigger == "approve"}
            assert item.person_id not in approvers


def test_case_facts_answer_who_did_what():
    facts = payment_facts(step("apply", person=3), step("check_business", person=None, role="system"))
    case: CaseFacts = facts.case

    assert case.happened("check_business") and not case.happened("approve")
    assert case.performed(3) and case.performed(3, "apply") and not case.performed(3, "approve")
    assert not case.performed(None)
