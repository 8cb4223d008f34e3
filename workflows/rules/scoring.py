"""What do scores add up to? Rubrics, totals, means and places, in whole numbers from end to end."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from itertools import pairwise
from typing import Literal, TypeVar

from workflows.definition import Text
from workflows.rules import bands as partition
from workflows.rules.bands import Band, Bands

HUNDREDTHS = 100
NO_HELP = Text("", "")
Key = TypeVar("Key", bound=Hashable)
Fault = Literal["unknown", "twice", "missing", "out_of_range"]


@dataclass(frozen=True)
class Criterion:
    """What is scored: a leaf from 0 to `max`, each point counting `weight` times, or a group of `parts`.

    `from_ratings`: no sheet has it; the ratings of those served fill it.
    """

    name: str
    title: Text
    max: int
    weight: int = 1
    help: Text = NO_HELP
    parts: tuple["Criterion", ...] = ()
    from_ratings: bool = False

    @property
    def worth(self) -> int:
        """The points that the criterion can add to the total."""
        return sum(part.worth for part in self.parts) if self.parts else self.max * self.weight

    def leaves(self) -> tuple["Criterion", ...]:
        """Return what is really scored, in order."""
        return tuple(leaf for part in self.parts for leaf in part.leaves()) if self.parts else (self,)


@dataclass(frozen=True)
class Level:
    """The name of all totals from `low` points up to, but not including, the next level's."""

    name: str
    title: Text
    low: int


@dataclass(frozen=True)
class Rubric:
    """A tree of criteria with its declared maximum, and what a total means.

    `cap` names the highest level that a total can have when too few of those served have rated ('': no such rule).
    """

    name: str
    title: Text
    max: int
    criteria: tuple[Criterion, ...]
    levels: tuple[Level, ...]
    cite: Text
    verified: bool
    place: str = ""
    version: int = 0
    cap: str = ""

    @property
    def pin(self) -> str:
        """What a case keeps for life to find this very rubric again, such as `base:1:admission`."""
        return f"{self.place}:{self.version}:{self.name}"

    def leaves(self) -> tuple[Criterion, ...]:
        """Return every criterion that adds points, in order."""
        return tuple(leaf for criterion in self.criteria for leaf in criterion.leaves())

    def scored(self) -> tuple[Criterion, ...]:
        """Return the criteria of a sheet, in order: all but those that ratings fill."""
        return tuple(leaf for leaf in self.leaves() if not leaf.from_ratings)

    @property
    def lowest(self) -> Level:
        """The level of those who have not passed."""
        return self.levels[0]

    def level(self, name: str) -> Level:
        """Return the level with this name."""
        return next(level for level in self.levels if level.name == name)

    def level_of(self, mean: "Mean") -> Level:
        """Return the level of a mean. A mean just below a boundary stays below: nothing is rounded up."""
        band = Bands(_bands(self), low=0, high=self.max * HUNDREDTHS).of(mean.total * HUNDREDTHS // mean.count)
        return self.level(band.name)


@dataclass(frozen=True)
class ScoreMistake:
    """What is wrong with the score of one criterion; `most` are the points that it can have at most."""

    fault: Fault
    criterion: str
    most: int = 0


@total_ordering
@dataclass(frozen=True, eq=False)
class Mean:
    """A mean kept as a sum and a count, so that comparing two of them is exact."""

    total: int
    count: int

    @property
    def hundredths(self) -> int:
        """The mean in hundredths of a point, a half rounded up: only for showing."""
        return (self.total * 2 * HUNDREDTHS + self.count) // (2 * self.count)

    def __eq__(self, other: object) -> bool:
        """Tell whether both are the same number."""
        return isinstance(other, Mean) and self.total * other.count == other.total * self.count

    def __lt__(self, other: "Mean") -> bool:
        """Tell whether this is the smaller number."""
        return self.total * other.count < other.total * self.count

    def __hash__(self) -> int:
        """Return the same for equal means."""
        return hash(Fraction(self.total, self.count))


def rubric_mistakes(rubric: Rubric) -> list[str]:
    """Return what keeps the rubric from being used: names, maxima, the declared total, the levels."""
    found: list[str] = []
    names = [criterion.name for criterion in _all(rubric.criteria)]
    found += [f"{name}: named twice" for name in sorted(set(names)) if names.count(name) > 1]
    for criterion in _all(rubric.criteria):
        if criterion.max < 1 or criterion.weight < 1:
            found.append(f"{criterion.name}: max and weight are at least 1")
        if criterion.parts and criterion.worth != criterion.max:
            found.append(f"{criterion.name}: its parts make {criterion.worth}, not {criterion.max}")
    worth = sum(criterion.worth for criterion in rubric.criteria)
    if worth != rubric.max:
        found.append(f"the criteria make {worth}, not {rubric.max}")
    found += partition.mistakes(_bands(rubric), low=0, high=rubric.max * HUNDREDTHS)
    return found + _mistakes_of_ratings(rubric)


def score_mistakes(rubric: Rubric, scores: Iterable[tuple[str, int]], *, unit: int = 1) -> list[ScoreMistake]:
    """Return what is wrong with a filled-in sheet: every criterion once, each within its range.

    `unit` says in how many parts of a point the scores count (HUNDREDTHS: 1850 is 18.5 points).
    """
    given = list(scores)
    leaves = {leaf.name: leaf for leaf in rubric.scored()}
    names = [name for name, _points in given]
    found = [ScoreMistake("unknown", name) for name in dict.fromkeys(names) if name not in leaves]
    found += [ScoreMistake("twice", name) for name in dict.fromkeys(names) if names.count(name) > 1]
    found += [ScoreMistake("missing", name, leaf.max) for name, leaf in leaves.items() if name not in names]
    found += [
        ScoreMistake("out_of_range", name, leaves[name].max)
        for name, points in given
        if name in leaves and not 0 <= points <= leaves[name].max * unit
    ]
    return found


def total(rubric: Rubric, scores: Mapping[str, int], *, unit: int = 1) -> int:
    """Return the points of a complete sheet, in the `unit` of its scores; ValueError when it is not one."""
    if mistakes := score_mistakes(rubric, scores.items(), unit=unit):
        raise ValueError(", ".join(f"{mistake.criterion}: {mistake.fault}" for mistake in mistakes))
    return sum(scores[leaf.name] * leaf.weight for leaf in rubric.scored())


def panel_mean(totals: Sequence[int]) -> Mean:
    """Return the mean of a panel's totals; ValueError for a panel of nobody."""
    if not totals:
        raise ValueError("a panel of nobody has no mean")
    return Mean(sum(totals), len(totals))


def places(means: Mapping[Key, Mean]) -> list[tuple[int, Key]]:
    """Return (place, key), the best first. Equal means share a place, and the places after it stay empty."""
    in_order = sorted(means, key=lambda key: means[key], reverse=True)
    listed: list[tuple[int, Key]] = [(1, key) for key in in_order[:1]]
    for position, (before, key) in enumerate(pairwise(in_order), start=2):
        listed.append((listed[-1][0] if means[before] == means[key] else position, key))
    return listed


def _mistakes_of_ratings(rubric: Rubric) -> list[str]:
    rated = [criterion for criterion in _all(rubric.criteria) if criterion.from_ratings]
    found = [f"{criterion.name}: ratings fill a criterion, not a group" for criterion in rated if criterion.parts]
    if rated and not rubric.cap:
        found.append("what ratings fill needs a cap for when there are too few of them")
    if rubric.cap and rubric.cap not in [level.name for level in rubric.levels]:
        found.append(f"cap: there is no level called {rubric.cap}")
    return found


def _all(criteria: Iterable[Criterion]) -> list[Criterion]:
    return [found for criterion in criteria for found in (criterion, *_all(criterion.parts))]


def _bands(rubric: Rubric) -> list[Band]:
    lows = [level.low * HUNDREDTHS for level in rubric.levels]
    # The highest total must be inside, so the top level ends one step above it.
    highs = [*lows[1:], rubric.max * HUNDREDTHS + 1]
    return [Band(level.name, low, high) for level, low, high in zip(rubric.levels, lows, highs, strict=True)]
