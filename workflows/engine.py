"""May this person make this move now, and if not, why not? Decides; performs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from transitions import EventData, Machine

from workflows.definition import ROLE_TITLES, SYSTEM_ROLE, Definition, Text, Transition
from workflows.guards import Guard, guard_named
from workflows.kinds import known
from workflows.kinds.case import Acting, Facts, Reason

__all__ = [
    "Acting", "Decision", "Options", "Reason", "Refused", "Rule", "decide", "demand_possible", "options", "rules_of",
]

# No state can have this name: definitions allow lower-case letters, digits and underscores only.
OPENING = "(opening)"
assert known.FACTS, "importing the known kinds registers their guards"


class Refused(Exception):
    """The move is not allowed, for all of these reasons."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons


class Decision(NamedTuple):
    """A move that may be made: which arrow, from where (None: opening), to where, in which role."""

    transition: Transition
    from_state: str | None
    to_state: str
    role: str


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may do in a state, and what they may not, with every reason."""

    allowed: tuple[Transition, ...]
    refused: tuple[tuple[Transition, tuple[Reason, ...]], ...]


class _Arrow:
    """The only condition of one transition: right and guards, answered with reasons.

    The machine holds it and is never fired: it could tell only that an arrow refused, not why.
    """

    __slots__ = ("definition", "guards", "transition")

    def __init__(self, definition: Definition, transition: Transition) -> None:
        self.definition = definition
        self.transition = transition
        self.guards: tuple[Guard, ...] = tuple(guard_named(name) for name in transition.guards)

    def __call__(self, _event: EventData) -> bool:
        raise NotImplementedError("an arrow answers with reasons; ask decide()")

    def reasons(
        self, acting: Acting, facts: Facts, data: Mapping[str, Any] | None, now: datetime
    ) -> tuple[Reason, ...]:
        """Return every reason against the move; none means that it may be made."""
        if role_for(self.transition, acting) is None:
            # Someone without the role is told nothing else about the case.
            return (_role_missing(self.transition),)
        return tuple(
            self._told(reason)
            for guard in self.guards
            if not (data is None and guard.reads_input and self._brings_input())
            and (reason := guard.ask(facts, acting, data, now)) is not None
        )

    def _brings_input(self) -> bool:
        return self.transition.opens or bool(self.transition.documents)

    def worded(self, reason: Reason | None) -> Reason | None:
        """Return a reason with the titles of the papers it is about."""
        return self._told(reason) if reason is not None else None

    def _told(self, reason: Reason) -> Reason:
        return titled(self.definition, reason) if reason.documents else reason


def titled(definition: Definition, reason: Reason) -> Reason:
    """Return a reason about papers with their titles in it."""
    slots = definition.documents
    titles = [slots[name].title if name in slots else Text(name, name) for name in reason.documents]
    text = Text(
        zh=reason.text.zh.replace("{documents}", "、".join(title.zh for title in titles)),
        en=reason.text.en.replace("{documents}", ", ".join(title.en for title in titles)),
    )
    return replace(reason, text=text)


@dataclass(frozen=True, slots=True)
class _Compiled:
    machine: Machine
    arrows: Mapping[int, _Arrow]


@lru_cache(maxsize=512)
def _compiled(definition: Definition) -> _Compiled:
    """Return the one machine of this definition; its callables come from our registry, never from strings."""
    arrows = {id(transition): _Arrow(definition, transition) for transition in definition.transitions}
    table = [
        {
            "trigger": transition.trigger,
            "source": source,
            "dest": transition.to,
            "conditions": [arrows[id(transition)]],
        }
        for transition in definition.transitions
        for source in transition.from_ or (OPENING,)
    ]
    machine = Machine(
        model=None,
        states=[OPENING, *definition.states],
        initial=OPENING,
        transitions=table,
        auto_transitions=False,
        send_event=True,
    )
    return _Compiled(machine, arrows)


def decide(
    definition: Definition,
    *,
    state: str | None,
    trigger: str,
    acting: Acting,
    facts: Facts,
    data: Mapping[str, Any] | None,
    now: datetime,
) -> Decision:
    """Return the decision to make the move, or raise Refused with every reason. Changes nothing."""
    asked, dest = _arrow_of(definition, state, trigger)
    reasons = asked.reasons(acting, facts, data, now)
    if reasons:
        raise Refused(*reasons)
    role = role_for(asked.transition, acting)
    assert role is not None
    return Decision(asked.transition, state, dest, role)


def demand_possible(definition: Definition, *, state: str | None, trigger: str, acting: Acting) -> None:
    """Raise Refused where no fact could help: no such trigger, not from this state, or not in this role.

    Asked before facts are gathered, which may expect that the data is that of a move from this state.
    """
    asked, _dest = _arrow_of(definition, state, trigger)
    if role_for(asked.transition, acting) is None:
        # Someone without the role is told nothing else about the case.
        raise Refused(_role_missing(asked.transition))


def _arrow_of(definition: Definition, state: str | None, trigger: str) -> tuple[_Arrow, str]:
    """Return the arrow of a trigger out of a state and where it leads, or raise Refused."""
    machine = _compiled(definition).machine
    event = machine.events.get(trigger)
    if event is None:
        raise Refused(_unknown_trigger(trigger))
    source = OPENING if state is None else state
    # `.get`, because reading a missing key of this defaultdict would make the source a valid one.
    arrows = event.transitions.get(source)
    if not arrows:
        raise Refused(_wrong_state(definition, state, trigger))
    [arrow] = arrows  # at most one for a state and a trigger, says workflows/checks.py
    asked = arrow.conditions[0].func
    assert isinstance(asked, _Arrow) and arrow.dest is not None
    return asked, arrow.dest


def options(
    definition: Definition, *, state: str | None, acting: Acting, facts: Facts, now: datetime
) -> Options:
    """Return what this person may and may not do in this state. Changes nothing, asks for no input."""
    arrows = _compiled(definition).arrows
    allowed: list[Transition] = []
    refused: list[tuple[Transition, tuple[Reason, ...]]] = []
    for transition in definition.transitions_from(state):
        if not transition.by_person:
            continue
        reasons = arrows[id(transition)].reasons(acting, facts, None, now)
        if reasons:
            refused.append((transition, reasons))
        else:
            allowed.append(transition)
    return Options(tuple(allowed), tuple(refused))


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition of a move as it stands now: `asked` is False where what is handed in decides it.

    One that is `fixed` asks about nothing that is handed in: what it refuses is refused whatever is typed.
    """

    title: Text
    asked: bool
    reason: Reason | None
    fixed: bool


def rules_of(
    definition: Definition, transition: Transition, *, acting: Acting, facts: Facts, now: datetime,
    chosen: Mapping[str, Any] | None = None,
) -> tuple[Rule, ...]:
    """Return every condition of a move before anything is typed, each with its answer. Changes nothing.

    `chosen` is what was chosen from lists: what asks about nothing else has its answer too.
    """
    arrow, given = _compiled(definition).arrows[id(transition)], chosen or {}

    def answered(guard: Guard) -> Rule:
        if guard.reads_input and not (guard.reads and all(name in given for name in guard.reads)):
            return Rule(guard.title, False, None, False)
        data = chosen if guard.reads_input else None
        return Rule(guard.title, True, arrow.worded(guard.ask(facts, acting, data, now)), not guard.reads_input)

    return tuple(answered(guard) for guard in arrow.guards)


def role_for(transition: Transition, acting: Acting) -> str | None:
    """Return the role in which this actor may fire the arrow, or None."""
    if acting.system and (transition.on_due is not None or SYSTEM_ROLE in transition.roles):
        return SYSTEM_ROLE
    return next((role for role in transition.roles if role in acting.roles and role != SYSTEM_ROLE), None)


def _unknown_trigger(trigger: str) -> Reason:
    return Reason(
        "unknown_trigger",
        Text(f"本流程没有“{trigger}”这一操作。", f"This procedure has no move called “{trigger}”."),
    )


def _wrong_state(definition: Definition, state: str | None, trigger: str) -> Reason:
    title = next(item.title for item in definition.transitions if item.trigger == trigger)
    known_state = definition.states.get(state) if state is not None else None
    if state is None:
        return Reason(
            "wrong_state",
            Text(f"“{title.zh}”不能用来新开一件。", f"“{title.en}” cannot open a case."),
        )
    where = known_state.title if known_state is not None else Text(state, state)
    return Reason(
        "wrong_state",
        Text(
            f"本件现在是“{where.zh}”，不能办理“{title.zh}”；请刷新后查看可以办理的事项。",
            f"The case is “{where.en}” now, so “{title.en}” is not possible; reload to see what is.",
        ),
    )


def _role_missing(transition: Transition) -> Reason:
    if transition.on_due is not None:
        return Reason(
            "only_by_clock",
            Text("这一步到期由系统自动办理。", "The system takes this step when the time limit ends."),
        )
    titles = [ROLE_TITLES[role] for role in transition.roles if role in ROLE_TITLES]
    if not titles:
        return Reason(
            "only_by_system",
            Text("这一步由系统随其他办件自动办理。", "The system takes this step with another case."),
        )
    zh, en = "或".join(title.zh for title in titles), " or ".join(title.en.lower() for title in titles)
    return Reason("role_missing", Text(f"需由{zh}办理。", f"Only {en} can do this."))
