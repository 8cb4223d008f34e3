"""Is every file right? Proves what can be proved without running a case, and lists all mistakes at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path

from workflows.definition import NAME, ROLE_CODES, SYSTEM_ROLE, Definition, State, Transition
from workflows.guards import registered_guards
from workflows.kinds.known import FACTS
from workflows.library_checks import both, library_mistakes, title
from workflows.loader import BASE, ROOT, Library, read_all
from workflows.policy import TIME_UNITS, PolicyFile
from workflows.topology import Keep, arrows, leading_to_an_end, predecessors, reachable

PREFIX = re.compile(r"[A-Z]{2,6}")
MEDIA = re.compile(r"[a-z]+/[a-z0-9.+-]+")
OUTCOMES = ("success", "failure")

Mistakes = Iterator[str]


@dataclass(frozen=True, slots=True)
class ControlPoint:
    """No case of the kind may reach `state` without a transition marked `control`, guarded by `guard`."""

    state: str
    control: str
    guard: str


CONTROL_POINTS: dict[str, tuple[ControlPoint, ...]] = {
    "programme": (ControlPoint(state="in_force", control="confirm", guard="four_eyes"),),
    "plan": (ControlPoint(state="approved", control="approve", guard="four_eyes"),),
    "call": (ControlPoint(state="published", control="publish", guard="four_eyes"),),
    "package": (ControlPoint(state="contracted", control="award", guard="candidate_checked_by_another"),),
    "contract": (
        ControlPoint(state="signed", control="sign", guard="four_eyes"),
        ControlPoint(state="in_performance", control="sign", guard="four_eyes"),
    ),
    "pool_entry": (ControlPoint(state="listed", control="confirm", guard="four_eyes"),),
    "payment": (ControlPoint(state="paid", control="approve", guard="four_eyes"),),
    "restriction": (
        ControlPoint(state="in_force", control="impose", guard="four_eyes"),
        ControlPoint(state="lifted", control="lift", guard="removal_by_another"),
    ),
    "incubation": (
        ControlPoint(state="incubating", control="publish", guard="decided_by_another"),
        ControlPoint(state="graduated", control="graduate", guard="decided_by_another"),
    ),
}


@dataclass(frozen=True)
class Known:
    """What definitions may name. None for inputs or templates means that nobody asked to check them."""

    library: Library
    roles: Collection[str]
    inputs: Collection[tuple[str, str]] | None
    templates: Collection[str] | None


def check(
    library: Library,
    *,
    roles: Collection[str] = ROLE_CODES,
    inputs: Collection[tuple[str, str]] | None = None,
    templates: Collection[str] | None = None,
) -> list[str]:
    """Return every mistake of the library, one line each; an empty list means that all is proved."""
    known = Known(library, roles, inputs, templates)
    found = list(library_mistakes(library))
    for definition in library.definitions:
        for rule in RULES:
            found += [f"{definition.name}: {mistake}" for mistake in rule(definition, known)]
    return found


def check_folder(
    root: Path = ROOT,
    *,
    roles: Collection[str] = ROLE_CODES,
    inputs: Collection[tuple[str, str]] | None = None,
    templates: Collection[str] | None = None,
) -> list[str]:
    """Return every mistake of the files under `root`: those of shape, then those of meaning."""
    library, problems = read_all(root)
    return problems + check(library, roles=roles, inputs=inputs, templates=templates)


def _names(definition: Definition, known: Known) -> Mistakes:
    named = [("kind", definition.kind), ("class", definition.legal_class)]
    named += [("state", name) for name in definition.states]
    named += [("document", name) for name in definition.documents]
    for state in definition.states.values():
        named += [("clock", name) for name in (*state.clocks, *state.paused)]
    for transition in definition.transitions:
        named += [("trigger", transition.trigger), ("control", transition.control)]
    for what, name in dict.fromkeys(named):
        if name is not None and not NAME.fullmatch(name):
            yield f"{what} {name!r} is no name (a-z, 0-9, _, at most 40)"
    if not PREFIX.fullmatch(definition.number_prefix):
        yield f"number_prefix {definition.number_prefix!r} is not two to six capital letters"


def _texts(definition: Definition, known: Known) -> Mistakes:
    yield from both("title", definition.title)
    yield from both("summary", definition.summary)
    yield from both("who_may_apply", definition.who_may_apply)
    if not definition.legal_basis:
        yield "legal_basis is empty"
    for text in definition.legal_basis:
        yield from both("legal_basis", text)
    for state in definition.states.values():
        yield from title(f"state {state.name} title", state.title)
        yield from both(f"state {state.name} applicant_says", state.applicant_says)
    for slot in definition.documents.values():
        yield from both(f"document {slot.name} title", slot.title)
        yield from both(f"document {slot.name} help", slot.help)
    for transition in definition.transitions:
        yield from title(f"{transition.trigger} title", transition.title)
        if transition.consequence is None:
            yield f"{transition.trigger} does not say its consequence"
        else:
            yield from both(f"{transition.trigger} consequence", transition.consequence)
        if transition.cite is not None:
            yield from both(f"{transition.trigger} cite", transition.cite)


def _openings(definition: Definition, known: Known) -> Mistakes:
    openings = [transition.trigger for transition in definition.transitions if transition.opens]
    if len(openings) != 1:
        yield f"needs exactly one opening transition, not {len(openings)} ({', '.join(openings)})"


def _graph(definition: Definition, known: Known) -> Mistakes:
    seen: set[tuple[str | None, str]] = set()
    for source, target, transition in arrows(definition):
        if source is not None and source not in definition.states:
            yield f"{transition.trigger} comes from {source}, which is no state"
        elif source is not None and definition.states[source].final:
            yield f"{transition.trigger} leaves {source}, which is final"
        if target not in definition.states:
            yield f"{transition.trigger} leads to {target}, which is no state"
        if (source, transition.trigger) in seen:
            yield f"{transition.trigger} stands twice on {source or 'opening'}"
        seen.add((source, transition.trigger))


def _ends(definition: Definition, known: Known) -> Mistakes:
    reached, ending = reachable(definition), leading_to_an_end(definition)
    leaving = {source for source, _, _ in arrows(definition)}
    for state in definition.states.values():
        if state.name not in reached:
            yield f"state {state.name} cannot be reached"
        if state.outcome is not None and state.outcome not in OUTCOMES:
            yield f"state {state.name} has outcome {state.outcome!r}, not success or failure"
        if not state.final and state.name not in leaving:
            yield f"state {state.name} has no exit"
        elif state.name not in ending:
            yield f"state {state.name} cannot come to an end"
    if not any(state.outcome == "success" for state in definition.states.values()):
        yield "no state has the outcome success"


def _holders(definition: Definition, known: Known) -> Mistakes:
    for state in definition.states.values():
        if state.final:
            if state.waits_for or state.clocks or state.paused:
                yield f"state {state.name} is final, so nobody and no clock waits there"
        elif state.waits_for is None:
            if not _moves_by_itself(definition, state):
                yield f"state {state.name} waits for nobody"
        elif state.waits_for not in known.roles:
            yield f"state {state.name} waits for {state.waits_for}, which is no role"
        elif not _can_act(definition, state):
            yield f"state {state.name} waits for {state.waits_for}, who can do nothing there"


def _moves_by_itself(definition: Definition, state: State) -> bool:
    """Tell whether a clock or another case moves it on, so that no person has to."""
    leaving = definition.transitions_from(state.name)
    return any(transition.on_due is not None or SYSTEM_ROLE in transition.roles for transition in leaving)


def _can_act(definition: Definition, state: State) -> bool:
    return any(state.waits_for in transition.roles for transition in definition.transitions_from(state.name))


def _roles(definition: Definition, known: Known) -> Mistakes:
    for transition in definition.transitions:
        unknown = [role for role in transition.roles if role not in known.roles and role != SYSTEM_ROLE]
        for role in unknown:
            yield f"{transition.trigger} is for {role}, which is no role"
        if transition.on_due is None and not transition.roles:
            yield f"{transition.trigger} can be fired by nobody"
        if transition.on_due is not None and transition.roles:
            yield f"{transition.trigger} is fired by the clock, so it has no roles"
        if len(set(transition.roles)) != len(transition.roles):
            yield f"{transition.trigger} names a role twice"


def _guards(definition: Definition, known: Known) -> Mistakes:
    registered = registered_guards()
    facts = FACTS.get(definition.kind)
    has = {field.name for field in fields(facts)} if facts is not None else None
    for transition in definition.transitions:
        if len(set(transition.guards)) != len(transition.guards):
            yield f"{transition.trigger} names a guard twice"
        if transition.on_due is not None and transition.guards:
            yield f"{transition.trigger} is fired by the clock, so no guard may stop it"
        for name in transition.guards:
            if name not in registered:
                yield f"{transition.trigger} has guard {name}, which does not exist"
                continue
            missing = [need for need in registered[name].needs if has is not None and need not in has]
            if missing:
                yield f"{transition.trigger} has guard {name}, which needs facts {', '.join(missing)}"
            for number in registered[name].numbers:
                for file in _base_files(known.library, definition):
                    if number not in file.numbers:
                        yield f"guard {name} needs number {number}, which base/policy.v{file.version} does not have"


def _clocks(definition: Definition, known: Known) -> Mistakes:
    for state in definition.states.values():
        for clock in sorted({*state.clocks, *state.paused}):
            yield from _number(definition, known, clock, f"state {state.name}")
        for clock, _field in state.clock_until:
            if clock not in state.clocks:
                yield f"state {state.name} says until when {clock} runs, which does not run there"
        for clock in state.paused:
            before = [definition.states.get(name) for name in predecessors(definition, state.name)]
            if clock in state.clocks:
                yield f"state {state.name} both runs and pauses {clock}"
            elif not any(item and clock in (*item.clocks, *item.paused) for item in before):
                yield f"state {state.name} pauses {clock}, which does not run in any state before it"


def _clock_moves(definition: Definition, known: Known) -> Mistakes:
    fired: set[tuple[str, str]] = set()
    for transition in definition.transitions:
        if transition.on_due is not None:
            if transition.opens:
                yield f"{transition.trigger} opens a case, which no clock can do"
            if transition.cite is None:
                yield f"{transition.trigger} happens by lapse of time and must cite what allows it"
            yield from _runs_in(definition, transition, transition.on_due, "is fired by")
            for state in transition.from_:
                if (state, transition.on_due) in fired:
                    yield f"{transition.on_due} fires two transitions in {state}"
                fired.add((state, transition.on_due))
        if transition.extends is not None:
            yield from _runs_in(definition, transition, transition.extends, "extends")
            yield from _extension(definition, known, transition)


def _runs_in(definition: Definition, transition: Transition, clock: str, verb: str) -> Mistakes:
    for name in transition.from_:
        state = definition.states.get(name)
        if state is not None and clock not in state.clocks:
            yield f"{transition.trigger} {verb} {clock}, which does not run in {name}"


def _extension(definition: Definition, known: Known, transition: Transition) -> Mistakes:
    name = f"{transition.extends}_extension"
    yield from _number(definition, known, name, transition.trigger)
    target = definition.states.get(transition.to)
    if target is not None and transition.extends not in target.clocks:
        yield f"{transition.trigger} extends {transition.extends}, which does not run in {transition.to}"
    for file in _base_files(known.library, definition):
        clock, extension = file.numbers.get(str(transition.extends)), file.numbers.get(name)
        # A limit in days and its extension in working days would have no single length.
        if clock and extension and clock.unit != extension.unit:
            yield f"{name} is in {extension.unit}, but {clock.name} in {clock.unit}"


def _number(definition: Definition, known: Known, name: str, where: str) -> Mistakes:
    files = _base_files(known.library, definition)
    if not files:
        yield f"{where} needs number {name}, but no base policy is in force on {definition.effective_from}"
    for file in files:
        number = file.numbers.get(name)
        if number is None:
            yield f"{where} needs number {name}, which base/policy.v{file.version} does not have"
        elif number.unit not in TIME_UNITS:
            yield f"{where} needs a length of time, but {name} is in {number.unit}"


def _base_files(library: Library, definition: Definition) -> list[PolicyFile]:
    """Return the base policies that a case of this definition may be opened under."""
    base = sorted(
        (file for file in library.policies if file.place == BASE),
        key=lambda file: (file.effective_from, file.version),
    )
    later = [file for file in base if file.effective_from > definition.effective_from]
    return base[len(base) - len(later) - 1 :] if len(later) < len(base) else []


def _documents(definition: Definition, known: Known) -> Mistakes:
    handed_in: set[str] = set()
    for transition in definition.transitions:
        for name in transition.documents:
            slot = definition.documents.get(name)
            if slot is None:
                yield f"{transition.trigger} takes document {name}, which does not exist"
            elif slot.issued:
                yield f"{transition.trigger} takes document {name}, which the authority issues"
            handed_in.add(name)
        if transition.documents and not transition.by_person:
            yield f"{transition.trigger} takes documents, but no person fires it"
    for slot in definition.documents.values():
        if slot.issued and (slot.required or slot.media):
            yield f"document {slot.name} is issued, so nobody is required to hand it in"
        if slot.needed_with and (slot.issued or slot.required):
            yield f"document {slot.name} is needed with some fields, so it is neither issued nor always required"
        if not slot.issued and slot.name not in handed_in:
            yield f"document {slot.name} is taken by no transition"
        if not slot.issued and not slot.media:
            yield f"document {slot.name} does not say which media it takes"
        for media in slot.media:
            if not MEDIA.fullmatch(media):
                yield f"document {slot.name} takes {media!r}, which is no media type"


def _notices(definition: Definition, known: Known) -> Mistakes:
    for transition in definition.transitions:
        for notice in transition.notices:
            if notice.to not in known.roles:
                yield f"{transition.trigger} tells {notice.to}, which is no role"
            if not NAME.fullmatch(notice.template):
                yield f"{transition.trigger} has notice {notice.template!r}, which is no name"
            elif known.templates is not None and notice.template not in known.templates:
                yield f"{transition.trigger} has notice {notice.template}, which has no template"


def _seals(definition: Definition, known: Known) -> Mistakes:
    for name in definition.sealed_until:
        if name not in definition.states:
            yield f"sealed_until names {name}, which is no state"
    if not definition.sealed_until:
        return
    for transition in definition.transitions:
        for notice in transition.notices:
            if transition.to not in definition.sealed_until and notice.to not in ("staff", "legal_representative"):
                yield f"{transition.trigger} tells {notice.to} of a case that is still sealed"


def _spine(definition: Definition, known: Known) -> Mistakes:
    spine = definition.spine
    if not spine:
        yield "spine is empty"
        return
    unknown = [name for name in spine if name not in definition.states]
    if unknown or len(set(spine)) != len(spine):
        yield f"spine must name different states, not {', '.join(spine)}"
        return
    pairs = {(source, target) for source, target, _ in arrows(definition)}
    if (None, spine[0]) not in pairs:
        yield f"spine begins with {spine[0]}, which no opening leads to"
    if definition.states[spine[-1]].outcome != "success":
        yield f"spine ends with {spine[-1]}, which is no success"
    for pair in pairwise(spine):
        if pair not in pairs:
            yield f"spine goes from {pair[0]} to {pair[1]}, but no transition does"


def _dangers(definition: Definition, known: Known) -> Mistakes:
    for transition in definition.transitions:
        target = definition.states.get(transition.to)
        if (
            target is not None
            and target.outcome == "failure"
            and transition.by_person
            and not transition.danger
        ):
            yield f"{transition.trigger} ends the case in failure and must say danger = true"


def _inputs(definition: Definition, known: Known) -> Mistakes:
    for transition in definition.transitions:
        wanted = (definition.kind, transition.trigger)
        if known.inputs is not None and transition.by_person and wanted not in known.inputs:
            yield f"{transition.trigger} has no input"


def _controls(definition: Definition, known: Known) -> Mistakes:
    points = CONTROL_POINTS.get(definition.kind, ())
    controls = {point.control for point in points}
    for transition in definition.transitions:
        if transition.control is not None and transition.control not in controls:
            yield f"{transition.trigger} is control {transition.control}, unknown to {definition.kind}"
    for point in points:
        if point.state not in definition.states:
            yield f"control {point.control} keeps state {point.state}, which does not exist"
        for transition in definition.transitions:
            if transition.control == point.control and point.guard not in transition.guards:
                yield f"{transition.trigger} is control {point.control} and must have guard {point.guard}"
        if point.state in reachable(definition, _all_but(point.control)):
            yield f"state {point.state} can be reached without control {point.control}"


def _all_but(control: str) -> Keep:
    return lambda transition: transition.control != control


def _same_meaning(definition: Definition, known: Known) -> Mistakes:
    """One trigger, one meaning: effects are bound to (kind, trigger) in every place."""
    for other in known.library.definitions:
        if other.kind != definition.kind or other.place != BASE or other is definition:
            continue
        theirs = {item.trigger: item for item in other.transitions}
        for mine in definition.transitions:
            base = theirs.get(mine.trigger)
            if base is not None and _meaning(base) != _meaning(mine):
                yield f"{mine.trigger} means something else than in {other.name}"


def _meaning(transition: Transition) -> tuple[bool, bool, bool, str | None]:
    return transition.opens, transition.by_person, transition.danger, transition.control


RULES: tuple[Callable[[Definition, Known], Mistakes], ...] = (
    _names,
    _texts,
    _openings,
    _graph,
    _ends,
    _holders,
    _roles,
    _guards,
    _clocks,
    _clock_moves,
    _documents,
    _notices,
    _seals,
    _spine,
    _dangers,
    _inputs,
    _controls,
    _same_meaning,
)
