"""The whole table state x trigger x role of a kind, walked cell by cell against a small table."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.builders_workflows import NOW, SYSTEM, acting
from workflows.definition import ROLE_CODES, Definition
from workflows.engine import Acting, Refused, decide, options

# (state, or None for opening; trigger) -> (state after, the roles that may)
Allowed = Mapping[tuple[str | None, str], tuple[str, set[str]]]
# The roles of a move that only another case makes.
BY_SYSTEM = {"system"}


def outcome(definition: Definition, state: str | None, trigger: str, who: Acting, facts: Any) -> str:
    """Return the state after the move, or the code of the only reason against it."""
    try:
        decision = decide(definition, state=state, trigger=trigger, acting=who, facts=facts, data={}, now=NOW)
    except Refused as refused:
        (reason,) = refused.reasons
        assert reason.text.zh and reason.text.en
        return f"refused: {reason.code}"
    return decision.to_state


def cells(definition: Definition) -> Iterator[tuple[str | None, str]]:
    """Return every pair of state and trigger, openings included."""
    for state in (None, *definition.states):
        for trigger in definition.triggers():
            yield state, trigger


def expected(allowed: Allowed, state: str | None, trigger: str, role: str) -> str:
    """Return what the small table says of one cell."""
    if (state, trigger) not in allowed:
        return "refused: wrong_state"
    to, roles = allowed[state, trigger]
    if not roles:
        return "refused: only_by_clock"
    if roles == BY_SYSTEM:
        return "refused: only_by_system"
    return to if role in roles else "refused: role_missing"


def assert_matrix(definition: Definition, facts: Any, allowed: Allowed) -> int:
    """Compare every cell, for every role and for nobody; return how many were compared."""
    wanted, found = {}, {}
    for state, trigger in cells(definition):
        for role in (*sorted(ROLE_CODES), "nobody"):
            cell = (state, trigger, role)
            wanted[cell] = expected(allowed, state, trigger, role)
            found[cell] = outcome(definition, state, trigger, acting(role), facts)
    assert found == wanted
    return len(found)


def assert_clock_moves(definition: Definition, facts: Any, allowed: Allowed) -> None:
    """Compare what the system may do: the moves that nobody may, and nothing else."""
    for state, trigger in cells(definition):
        to, roles = allowed.get((state, trigger), ("", {"somebody"}))
        found = outcome(definition, state, trigger, SYSTEM, facts)
        if not roles or roles == BY_SYSTEM:
            assert found == to
        elif (state, trigger) in allowed:
            assert found == "refused: role_missing"
        else:
            assert found == "refused: wrong_state"


def assert_options(definition: Definition, facts: Any, allowed: Allowed) -> None:
    """Compare what options() offers each role in each state with the small table."""
    for state in (None, *definition.states):
        leaving = {trigger: roles for (source, trigger), (_, roles) in allowed.items() if source == state}
        for role in sorted(ROLE_CODES):
            found = options(definition, state=state, acting=acting(role), facts=facts, now=NOW)
            offered = {item.trigger for item in found.allowed}
            refused = {item.trigger: [reason.code for reason in reasons] for item, reasons in found.refused}
            assert offered == {trigger for trigger, roles in leaving.items() if role in roles}
            assert refused == {
                trigger: ["role_missing"]
                for trigger, roles in leaving.items()
                if roles and roles != BY_SYSTEM and role not in roles
            }
