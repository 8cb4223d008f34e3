"""Which definition and which numbers hold for a case: here, today, and pinned for its whole life?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from workflows.definition import Definition
from workflows.policy import Policy, PolicyFile, combine
from workflows.reading import (
    VERSIONED,
    Place,
    open_table,
    read_definition,
    read_place,
    read_policy,
)
from workflows.rubrics import NoRubric, RubricFile, read_rubrics
from workflows.rules.scoring import Rubric

ROOT = Path(__file__).with_name("definitions")
BASE = "base"


class LoadError(ValueError):
    """Files could not be read as definitions; `problems` has every mistake, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class NoDefinition(LookupError):
    """No definition of this kind is in force, or has this version, where it was asked for."""


class NoPolicy(LookupError):
    """No policy file has this place and version."""


class Library:
    """Everything the files say. Read once; asked by place chain, from specific to general."""

    def __init__(
        self,
        definitions: Iterable[Definition] = (),
        policies: Iterable[PolicyFile] = (),
        places: Iterable[Place] = (),
        rubrics: Iterable[RubricFile] = (),
    ) -> None:
        self._definitions = list(definitions)
        self._pinned = {_pin(known): known for known in self._definitions}
        self._policies = tuple(policies)
        self._rubrics = tuple(rubrics)
        self.places = {place.code: place for place in places}
        self._policy_by_pins = lru_cache(maxsize=256)(self._combined)

    @classmethod
    def load(cls, root: Path = ROOT) -> Library:
        """Return the library of all files under `root`, or raise LoadError with every mistake."""
        library, problems = read_all(root)
        if problems:
            raise LoadError(problems)
        return library

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """Return every definition of every place and version."""
        return tuple(self._definitions)

    @property
    def policies(self) -> tuple[PolicyFile, ...]:
        """Return every policy file of every place and version."""
        return self._policies

    @property
    def rubric_files(self) -> tuple[RubricFile, ...]:
        """Return every rubric file of every place and version."""
        return self._rubrics

    def kinds(self) -> tuple[str, ...]:
        """Return the names of all kinds, sorted."""
        return tuple(sorted({definition.kind for definition in self._definitions}))

    def add(self, definition: Definition) -> None:
        """Add a definition, for tests with throw-away kinds; the same place, kind and version is refused."""
        if _pin(definition) in self._pinned:
            raise ValueError(f"{definition.name} is in the library already")
        self._definitions.append(definition)
        self._pinned[_pin(definition)] = definition

    def remove(self, definition: Definition) -> None:
        """Take back what `add` added."""
        self._definitions.remove(definition)
        del self._pinned[_pin(definition)]

    def in_force(self, kind: str, places: Sequence[str], legal_class: str | None, on: date) -> Definition:
        """Return the definition a case opened on that day takes, or raise NoDefinition.

        The most specific place wins; there, the one for the legal class wins over one for all classes.
        A caller who names no class gets the one for all classes, or the only class there is.
        """
        for place in places:
            effective = self._effective(kind, place, on)
            if legal_class in effective:
                return effective[legal_class]
            if None in effective:
                return effective[None]
            if legal_class is None and len(effective) == 1:
                return next(iter(effective.values()))
        raise NoDefinition(f"no {kind} (class {legal_class}) is in force on {on} in {', '.join(places)}")

    def in_force_anywhere(self, kind: str, on: date) -> tuple[Definition, ...]:
        """Return every definition of the kind that some place would use on that day; base first."""
        places = sorted({known.place for known in self._definitions if known.kind == kind})
        places.sort(key=lambda place: place != BASE)
        return tuple(found for place in places for found in self._effective(kind, place, on).values())

    def exact(self, kind: str, place: str, version: int, legal_class: str | None = None) -> Definition:
        """Return the pinned definition, or raise NoDefinition. A version number belongs to one class."""
        known = self._pinned.get((kind, place, version))
        if known is None or legal_class not in (None, known.legal_class):
            raise NoDefinition(f"{place}/{kind}.v{version} (class {legal_class}) does not exist")
        return known

    def policy(self, places: Sequence[str], on: date) -> Policy:
        """Return the numbers a case opened on that day takes: each from the most specific place."""
        chosen = []
        for place in reversed(places):
            effective = [file for file in self._policies if file.place == place and file.effective_from <= on]
            if effective:
                newest = max(effective, key=lambda file: (file.effective_from, file.version))
                chosen.append(f"{newest.place}:{newest.version}")
        return self._policy_by_pins(",".join(chosen))

    def policy_pinned(self, pins: str) -> Policy:
        """Return the policy that `Policy.pins` named, or raise NoPolicy."""
        return self._policy_by_pins(pins)

    def rubric(self, name: str, places: Sequence[str], on: date) -> Rubric:
        """Return the rubric that the most specific place has on that day, or raise NoRubric."""
        for place in places:
            files = [
                file
                for file in self._rubrics
                if file.place == place and file.effective_from <= on and name in file.rubrics
            ]
            if files:
                return max(files, key=lambda file: (file.effective_from, file.version)).rubrics[name]
        raise NoRubric(f"no rubric {name} on {on} in {', '.join(places)}")

    def rubric_pinned(self, pin: str) -> Rubric:
        """Return the rubric that `Rubric.pin` named, or raise NoRubric."""
        for file in self._rubrics:
            for rubric in file.rubrics.values():
                if rubric.pin == pin:
                    return rubric
        raise NoRubric(f"no rubric {pin}")

    def place_chain(self, division_code: str) -> tuple[str, ...]:
        """Return the places whose files matter for a division, the most specific first, base last."""
        code = division_code
        candidates = (code, code[:9], code[:6], f"{code[:4]}00", f"{code[:2]}0000")
        known = dict.fromkeys(place for place in candidates if place in self.places and place != BASE)
        return (*known, BASE)

    def _effective(self, kind: str, place: str, on: date) -> dict[str | None, Definition]:
        newest: dict[str | None, Definition] = {}
        for known in self._definitions:
            if known.kind != kind or known.place != place or known.effective_from > on:
                continue
            best = newest.get(known.legal_class)
            if best is None or (best.effective_from, best.version) < (known.effective_from, known.version):
                newest[known.legal_class] = known
        return newest

    def _combined(self, pins: str) -> Policy:
        files = []
        for pin in filter(None, pins.split(",")):
            place, _, version = pin.partition(":")
            match = [file for file in self._policies if f"{file.place}:{file.version}" == pin]
            if not match:
                raise NoPolicy(f"no policy file of {place} has version {version}")
            files.append(match[0])
        return combine(tuple(files))


def _pin(definition: Definition) -> tuple[str, str, int]:
    return definition.kind, definition.place, definition.version


def read_all(root: Path) -> tuple[Library, list[str]]:
    """Return what could be read under `root`, and every mistake of shape; never raises for a bad file."""
    problems: list[str] = []
    places: list[Place] = []
    policies: list[PolicyFile] = []
    rubrics: list[RubricFile] = []
    definitions: list[Definition] = []
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        code = folder.name.partition("-")[0]
        for path in sorted(folder.iterdir()):
            table, content = open_table(path, root)
            match = VERSIONED.fullmatch(path.name)
            if table.problems:
                problems += table.problems
                continue
            if path.name == "place.toml":
                places.append(read_place(table, code))
            elif match is None:
                table.note("the name must be place.toml, policy.v<n>.toml, rubrics.v<n>.toml or <kind>.v<n>.toml")
            elif match["kind"] == "policy":
                policies.append(read_policy(table, code, int(match["version"])))
            elif match["kind"] == "rubrics":
                rubrics.append(read_rubrics(table, code, int(match["version"])))
            else:
                definitions.append(
                    read_definition(table, content, code, match["kind"], int(match["version"]))
                )
            problems += table.problems
        if code not in {place.code for place in places}:
            problems.append(f"{folder.name}: place.toml is missing")
    return Library(definitions, policies, places, rubrics), problems


@lru_cache(maxsize=1)
def library() -> Library:
    """Return the library of the shipped definitions, read once per process."""
    return Library.load()


def place_chain(division_code: str) -> tuple[str, ...]:
    """Return the place chain of a division in the shipped library."""
    return library().place_chain(division_code)
