"""What is tried next? What was rare so far, and what leads to it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.random_moves.watching import definition_of
from tests.random_moves.world import CITY, START, World
from workflows.definition import Definition, Transition
from workflows.loader import library

FURTHER = 0.7
TIRED = 0.35
PATIENCE = 0.3
SUPPLY = 0.5
PREPARES: dict[str, tuple[str, ...]] = {
    "registration": ("affiliation",), "affiliation": ("disaffiliation", "exclusion"),
    "programme": ("plan",), "plan": ("call",), "opening_key": ("call",),
    "call": ("package", "bid"), "package": ("bid", "bid_review", "contract", "objection"),
    "bid": ("package", "bid_review"), "pool_entry": ("bid_review", "package"), "bid_review": ("package", "bid"),
    "objection": ("package", "contract"), "contract": ("package",), "milestone_report": ("payment",),
    "evaluation": ("payment",), "acceptance": ("payment", "closure"), "payment": ("closure",),
    "rectification": ("payment", "closure"), "incubation_review": ("incubation",),
}
"""Which kinds come to pass only when another has come to a good end, or has moved on."""
Place = tuple[str, str]


@lru_cache(maxsize=256)
def distances(definition: Definition, state: str | None) -> dict[str, int]:
    """Return how many moves away from a state each trigger is; 0: it can be fired there."""
    found: dict[str, int] = {}
    reached, edge, far = {state}, [state], 0
    while edge:
        onward = []
        for at in edge:
            for way in definition.transitions_from(at):
                found.setdefault(way.trigger, far)
                if way.to not in reached:
                    reached.add(way.to)
                    onward.append(way.to)
        edge, far = onward, far + 1
    return found


def in_force() -> dict[str, Definition]:
    """Return of every kind the definition that holds in the city on its first day."""
    places = library().place_chain(CITY.division)
    return {kind: library().in_force(kind, places, "social_service", START.date()) for kind in library().kinds()}


@dataclass(frozen=True)
class Way:
    """One move that could be tried: of a case, or an opening."""

    case: Any
    definition: Definition
    transition: Transition

    @property
    def place(self) -> Place:
        """The kind and the trigger."""
        return self.definition.kind, self.transition.trigger

    @property
    def tired_of(self) -> tuple[Any, str]:
        """What a refusal makes less tempting: this trigger of this very case, or this opening."""
        return (self.case.id if self.case is not None else self.definition.kind, self.transition.trigger)


class Steering:
    """Counts what was fired and refused, and chooses."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fired: Counter[Place] = Counter()
        self.refused: Counter[Place] = Counter()
        self.tired: Counter[tuple[Any, str]] = Counter()
        self.urgent: set[Place] = set()

    def rarity(self, place: Place) -> float:
        """Return how much a trigger is wanted: 1 if it was never fired."""
        return 1 / (1 + self.fired[place]) ** 1.5

    def wanted_from(self, definition: Definition, state: str | None) -> float:
        """Return how rare the rarest trigger is that can still be reached from a state, less the way to it."""
        return max(
            (self.rarity((definition.kind, trigger)) * FURTHER**far
             for trigger, far in distances(definition, state).items()),
            default=0.0,
        )

    def waited_for(self, definition: Definition, state: str | None) -> int:
        """Return how many moves of the clock are possible in a state that were never made."""
        return sum(
            way.on_due is not None and not self.fired[definition.kind, way.trigger]
            for way in definition.transitions_from(state)
        )

    def supplies(self, kind: str) -> float:
        """Return how much the kinds are wanted for which this one prepares."""
        definitions = in_force()
        return max(
            (self.rarity((other, trigger))
             for other in PREPARES.get(kind, ()) if other in definitions for trigger in definitions[other].triggers()),
            default=0.0,
        )

    def rest(self) -> None:
        """Forget half of what was refused: the world has changed."""
        self.tired = Counter({what: count // 2 for what, count in self.tired.items() if count > 1})

    def press(self, places: set[Place]) -> None:
        """Say what is not to be put off."""
        self.urgent = places

    def ways(self, cases: dict[int, Any]) -> Iterator[tuple[float, Way]]:
        """Yield every move that a person could try, with how much it is wanted."""
        for definition in in_force().values():
            yield from self._from(None, definition)
        for case in cases.values():
            if case.closed_at is None:
                yield from self._from(case, definition_of(case))

    def _from(self, case: Any, definition: Definition) -> Iterator[tuple[float, Way]]:
        for transition in definition.transitions_from(case.state if case is not None else None):
            if not transition.by_person:
                continue
            way = Way(case, definition, transition)
            wanted = max(self.rarity(way.place), FURTHER * self.wanted_from(definition, transition.to))
            if definition.states[transition.to].outcome != "failure":
                wanted = max(wanted, SUPPLY * self.supplies(definition.kind))
            if case is not None and transition.to != case.state:
                # Where the clock alone can do what was never done, people had better wait.
                wanted *= PATIENCE ** self.waited_for(definition, case.state)
            yield 1.0 if way.place in self.urgent else wanted * TIRED ** self.tired[way.tired_of], way

    def next(self, cases: dict[int, Any]) -> Way:
        """Return one of them, the more wanted the likelier."""
        weights, ways = zip(*self.ways(cases), strict=True)
        return self.world.chance.choices(ways, [weight**3 for weight in weights])[0]

    def to_refuse(self) -> Place:
        """Return a kind and trigger that was refused less often than others."""
        places = [(kind, trigger) for kind, definition in in_force().items() for trigger in definition.triggers()]
        return self.world.chance.choices(places, [1 / (1 + self.refused[place]) ** 3 for place in places])[0]

    def never_fired(self) -> list[str]:
        """Return the triggers of all kinds that nothing fired."""
        return sorted(
            f"{kind}.{trigger}" for kind, definition in in_force().items() for trigger in definition.triggers()
            if not self.fired[kind, trigger]
        )

    def never_refused(self) -> list[str]:
        """Return the triggers of all kinds that nobody was refused."""
        return sorted(
            f"{kind}.{trigger}" for kind, definition in in_force().items() for trigger in definition.triggers()
            if not self.refused[kind, trigger]
        )
