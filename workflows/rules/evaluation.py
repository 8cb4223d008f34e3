"""What does a project's evaluation come to? A sheet and the ratings of those served, exact in hundredths of a point."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.rules.scoring import HUNDREDTHS, Mean, Rubric, total

POINTS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")
MOST_STARS = 5


@dataclass(frozen=True)
class Ratings:
    """How many codes were handed out, how many came back as ratings, and the sum of their stars."""

    handed: int
    answered: int
    stars: int

    @property
    def average(self) -> int:
        """The average in hundredths of a star, halves up; 0 without ratings."""
        return _divided(self.stars * 100, self.answered)

    @property
    def response_bp(self) -> int:
        """The response rate in basis points, rounded down: a threshold is reached or not."""
        return self.answered * 10_000 // self.handed if self.handed else 0

    def points(self, most: int) -> int:
        """The points that the ratings earn on a line of `most` hundredths; no ratings, no points."""
        return _divided(self.stars * most, self.answered * MOST_STARS)


@dataclass(frozen=True)
class Outcome:
    """A total in hundredths, the level it has, whether that is passed, and why it was capped ('' when it was not)."""

    total: int
    grade: str
    passed: bool
    capped: str


def points_from(text: str) -> int:
    """Return points such as '18.5' in hundredths; ValueError for anything else."""
    if not POINTS.fullmatch(text):
        raise ValueError(text)
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or "0")


def points_text(hundredths: int) -> str:
    """Return hundredths as people write points: 18.5, 20."""
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)


def outcome_of(
    rubric: Rubric, points: Mapping[str, int], ratings: Ratings, *, sample: int, response_bp: int
) -> Outcome:
    """Return what a sheet in hundredths of a point and the ratings come to; ValueError for a sheet that is not whole.

    Fewer ratings than `sample`, or a lower response rate than `response_bp`, lead to no level above the rubric's cap.
    """
    rated = sum(ratings.points(leaf.worth * HUNDREDTHS) for leaf in rubric.leaves() if leaf.from_ratings)
    sum_of_all = total(rubric, points, unit=HUNDREDTHS) + rated
    reached = rubric.level_of(Mean(sum_of_all, HUNDREDTHS))
    capped = "sample" if ratings.answered < sample else "response" if ratings.response_bp < response_bp else ""
    if not rubric.cap or reached.low <= rubric.level(rubric.cap).low:
        capped = ""
    grade = rubric.cap if capped else reached.name
    return Outcome(sum_of_all, grade, grade != rubric.lowest.name, capped)


def _divided(above: int, below: int) -> int:
    return (2 * above + below) // (2 * below) if below else 0
