"""Where can a case go? Questions about the graph of a definition, answered without running it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workflows.definition import Definition, Transition

Keep = Callable[[Transition], bool]


def arrows(definition: Definition) -> list[tuple[str | None, str, Transition]]:
    """Return every arrow as (from, to, transition), in the order of the file; openings come from None."""
    return [
        (source, transition.to, transition)
        for transition in definition.transitions
        for source in transition.from_ or (None,)
    ]


def reachable(definition: Definition, keep: Keep = lambda transition: True) -> frozenset[str]:
    """Return the states that a case can come to by transitions that `keep` lets through."""
    edges = [(source, target) for source, target, transition in arrows(definition) if keep(transition)]
    return _closure((target for source, target in edges if source is None), edges)


def leading_to_an_end(definition: Definition) -> frozenset[str]:
    """Return the states from which a case can still come to some final state."""
    backwards = [(target, source) for source, target, _ in arrows(definition) if source is not None]
    return _closure((state.name for state in definition.states.values() if state.final), backwards)


def predecessors(definition: Definition, state: str) -> frozenset[str]:
    """Return the states from which one move leads to `state`."""
    return frozenset(source for source, target, _ in arrows(definition) if target == state and source)


def _closure(start: Iterable[str], edges: Iterable[tuple[str | None, str]]) -> frozenset[str]:
    following: dict[str | None, list[str]] = {}
    for source, target in edges:
        following.setdefault(source, []).append(target)
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        state = waiting.pop()
        if state not in found:
            found.add(state)
            waiting += following.get(state, [])
    return frozenset(found)
