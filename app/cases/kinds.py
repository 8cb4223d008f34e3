"""What does the app add to a definition? For each (kind, trigger) its input and effect, for each kind its facts.

Features register here when their modules are imported; doors and `perform()` look here and nowhere else.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from marshmallow import Schema

    from app.cases.inputs import Input
    from app.cases.move import FollowOn, Move
    from app.cases.overview import Material, Overview

Effect = Callable[["Move"], "list[FollowOn] | None"]
FactsOf = Callable[..., Any]
FactsAsked = Callable[..., tuple[str, dict[str, Any]]]
OpeningNode = Callable[..., int]
OpeningOrganization = Callable[..., int | None]
OpeningClasses = Callable[..., Sequence[str]]
Choices = Callable[..., list[tuple[Any, str]]]
Reachable = Callable[..., bool]

_INPUTS: dict[tuple[str, str, str | None], "type[Input]"] = {}
_DIFFER: set[tuple[str, str]] = set()
_EFFECTS: dict[tuple[str, str], Effect] = {}
_FACTS: dict[str, FactsOf] = {}
_FACTS_ASKED: dict[str, FactsAsked] = {}
_OPENING_NODES: dict[str, OpeningNode] = {}
_OPENING_ORGANIZATIONS: dict[str, OpeningOrganization] = {}
_OPENING_CLASSES: dict[str, OpeningClasses] = {}
_CHOICES: dict[str, Choices] = {}
_OPENING_PARENTS: dict[str, Callable[..., int | None]] = {}
_SEALERS: dict[str, Callable[["Move"], bytes]] = {}
_CHOICES_HELD: dict[str, Choices] = {}
_REACHABLE: dict[str, Reachable] = {}
_EXAMPLES: dict[str, Callable[..., Any]] = {}
_OVERVIEWS: "dict[str, Callable[..., Overview]]" = {}
_BESIDE: "dict[str, Callable[..., list[Material]]]" = {}
_AMOUNTS: dict[str, Callable[..., dict[int, int]]] = {}

F = TypeVar("F", bound=Callable[..., Any])


def input_for(
    kind: str, *triggers: str, legal_class: str | None = None
) -> "Callable[[type[Input]], type[Input]]":
    """Register the schema of what these triggers of the kind take; `legal_class`: of this class, where it differs."""

    def register(schema: "type[Input]") -> "type[Input]":
        for trigger in triggers:
            _INPUTS[kind, trigger, legal_class] = schema
            if legal_class is not None:
                _DIFFER.add((kind, trigger))
        return schema

    return register


def effect(kind: str, *triggers: str) -> Callable[[F], F]:
    """Register what these triggers do to the feature's own rows, in the move's transaction."""

    def register(function: F) -> F:
        for trigger in triggers:
            _EFFECTS[kind, trigger] = function
        return function

    return register


def _registrar(table: dict[str, Any]) -> Callable[[str], Callable[[F], F]]:
    def of(name: str) -> Callable[[F], F]:
        def register(function: F) -> F:
            table[name] = function
            return function

        return register

    return of


facts = _registrar(_FACTS)
"""Register facts(session, case, data, case_facts) -> the kind's frozen facts."""
facts_asked = _registrar(_FACTS_ASKED)
"""Register facts_asked(number, case, data) -> the one (statement, parameters) that reads what `facts` needs.

For a kind whose moves must be quick: a move sends it with its first message, behind the lock, when all that is known
of the case is its number (`case` is None); a case that is yet to be opened has none. `facts` then gets the rows that
it answers instead of the session."""
opening_node = _registrar(_OPENING_NODES)
"""Register opening_node(session, organization_id, data) -> the node where a new case happens.

What places a case gets what the schema took; before a form is sent, fields that do not fit yet are absent."""
opening_organization = _registrar(_OPENING_ORGANIZATIONS)
"""Register opening_organization(session, data) -> the organization that a case is about which an office opens."""
opening_classes = _registrar(_OPENING_CLASSES)
"""Register opening_classes(session, organization_id) -> the legal classes among which who opens a case may choose.

The field `legal_type` says which (`fixed_field`); unsaid, or where there is no choice, it is the organization's own."""
choices = _registrar(_CHOICES)
"""Register choices(session, case, organization_id) -> [(value, label)] for a field's `choices_from`."""
opening_parent = _registrar(_OPENING_PARENTS)
"""Register opening_parent(session, data) -> the id of the case to which a new one belongs."""
sealer = _registrar(_SEALERS)
"""Register sealer(move) -> the ciphertext of what was handed in with a move of a sealed case."""
choices_held = _registrar(_CHOICES_HELD)
"""Register choices_held(session, person_id) -> [(value, label)] for a list that depends on what somebody holds."""
reachable = _registrar(_REACHABLE)
"""Register reachable(session, asker, value) -> whether what a field names is there for whoever asks.

For a list that is shorter than what may be named (what it leaves out has reasons of its own, which guards tell), or
for a field without a list (`names`). What is public is there for everybody. Without one it is the list that counts."""
example = _registrar(_EXAMPLES)
"""Register example(session, case) -> the value that fits this very case, for a field's `example_from`."""
overview = _registrar(_OVERVIEWS)
"""Register overview(session, case, held) -> the Overview that the case page shows first."""
beside = _registrar(_BESIDE)
"""Register beside(session, case) -> the Materials that are read beside a sheet, for "kind.trigger"."""
amounts = _registrar(_AMOUNTS)
"""Register amounts(session, case_ids) -> {case id: fen} for the lists; one query for all of them."""


def input_of(kind: str, trigger: str, legal_class: str | None = None) -> "type[Input] | None":
    """Return the schema of a trigger for cases of this class; None for a trigger that only a clock fires."""
    return _INPUTS.get((kind, trigger, legal_class)) or _INPUTS.get((kind, trigger, None))


def differs_by_class(kind: str, trigger: str) -> bool:
    """Tell whether some legal class has a schema of its own for this trigger."""
    return (kind, trigger) in _DIFFER


def schema_of(kind: str, trigger: str, legal_class: str | None = None) -> "Schema | None":
    """Return an object of that schema, for reading: the same each time."""
    schema = input_of(kind, trigger, legal_class)
    return _made(schema) if schema is not None else None


@lru_cache(maxsize=1024)
def _made(schema: "type[Input]") -> "Schema":
    """One object for each schema: making one copies all its fields, which takes longer than loading."""
    return schema()


def effect_of(kind: str, trigger: str) -> Effect | None:
    """Return the effect of a trigger; None where the move changes nothing but the case."""
    return _EFFECTS.get((kind, trigger))


def facts_of(kind: str) -> FactsOf:
    """Return the function that reads the kind's facts; a kind without one is a programming error."""
    return _FACTS[kind]


def facts_asked_of(kind: str) -> FactsAsked | None:
    """Return the function that says with which one statement the kind's facts are read, or None: they take more."""
    return _FACTS_ASKED.get(kind)


def opening_node_of(kind: str) -> OpeningNode | None:
    """Return the function that places a new case, or None: it happens where the organization belongs."""
    return _OPENING_NODES.get(kind)


def opening_organization_of(kind: str) -> OpeningOrganization | None:
    """Return the function that says whom a new case is about, or None: the organization of who opens it."""
    return _OPENING_ORGANIZATIONS.get(kind)


def opening_classes_of(kind: str) -> OpeningClasses | None:
    """Return the function that lists the legal classes of which a new case may be, or None: as its organization is."""
    return _OPENING_CLASSES.get(kind)


def opening_parent_of(kind: str) -> Callable[..., int | None] | None:
    """Return the function that names the case above a new one, or None."""
    return _OPENING_PARENTS.get(kind)


def sealer_of(kind: str) -> Callable[["Move"], bytes]:
    """Return the function that seals; a sealed kind without one is a programming error."""
    return _SEALERS[kind]


def choices_of(name: str) -> Choices:
    """Return a registered list of choices."""
    return _CHOICES[name]


def registered_choices() -> set[str]:
    """Return the names that a field's `choices_from` may say: lists of the case and lists of the person."""
    return {*_CHOICES, *_CHOICES_HELD}


def is_list_of_person(name: str) -> bool:
    """Tell whether a list depends on what somebody holds, and not on the case."""
    return name in _CHOICES_HELD


def choices_for_person(
    name: str, session: Any, case: Any, organization_id: int | None, person_id: int | None
) -> list[tuple[Any, str]]:
    """Return the list of a field's `choices_from` as this person may choose."""
    if name in _CHOICES_HELD:
        return _CHOICES_HELD[name](session, person_id)
    return _CHOICES[name](session, case, organization_id)


def reachable_of(name: str) -> Reachable | None:
    """Return the rule that says who reaches what a field names, or None: its list says it."""
    return _REACHABLE.get(name)


def example_of(name: str) -> Callable[..., Any]:
    """Return a registered example."""
    return _EXAMPLES[name]


def overview_of(kind: str) -> "Callable[..., Overview] | None":
    """Return the function that sums a case of the kind up, or None."""
    return _OVERVIEWS.get(kind)


def beside_of(kind: str, trigger: str) -> "Callable[..., list[Material]] | None":
    """Return the function that says what is read beside the sheet of this trigger; None: it is a plain form."""
    return _BESIDE.get(f"{kind}.{trigger}")


def amounts_of(kind: str) -> Callable[..., dict[int, int]] | None:
    """Return the function that knows the amounts of cases of the kind; None: its cases have none."""
    return _AMOUNTS.get(kind)


def registered_inputs() -> "dict[tuple[str, str, str | None], type[Input]]":
    """Return every (kind, trigger, legal class or None for all) with its schema."""
    return dict(_INPUTS)


def registered_effects() -> dict[tuple[str, str], Effect]:
    """Return every (kind, trigger) with its effect."""
    return dict(_EFFECTS)


def forget_kind(kind: str) -> None:
    """Remove everything registered for a kind: for tests that add one for a moment."""
    for key in [key for key in _INPUTS if key[0] == kind]:
        del _INPUTS[key]
    for pair in [pair for pair in _EFFECTS if pair[0] == kind]:
        del _EFFECTS[pair]
    _DIFFER.difference_update([pair for pair in _DIFFER if pair[0] == kind])
    for named in (_FACTS, _FACTS_ASKED, _OPENING_NODES, _OPENING_ORGANIZATIONS, _OPENING_CLASSES, _OVERVIEWS,
                  _AMOUNTS):
        named.pop(kind, None)
