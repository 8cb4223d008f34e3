"""Points, ratings, bands and the cap: every amount that matters stands in the test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.loader import library
from workflows.rules.evaluation import Outcome, Ratings, outcome_of, points_from, points_text
from workflows.rules.scoring import HUNDREDTHS, Mean

ENOUGH = Ratings(handed=20, answered=20, stars=100)
FINAL = library().rubric_pinned("base:1:evaluation_final")
FULL_MARKS = {leaf.name: leaf.max * HUNDREDTHS for leaf in FINAL.scored()}


@pytest.mark.parametrize(("stage", "from_sheet"), [("mid", 90), ("final", 90)])
def test_an_evaluation_has_a_hundred_points_of_which_ten_come_from_ratings(stage: str, from_sheet: int):
    rubric = library().rubric_pinned(f"base:1:evaluation_{stage}")

    assert (rubric.max, sum(leaf.worth for leaf in rubric.scored())) == (100, from_sheet)
    assert [leaf.name for leaf in rubric.leaves() if leaf.from_ratings] == ["satisfaction"]


@pytest.mark.parametrize(
    ("total", "grade"),
    [(0, "fail"), (5999, "fail"), (6000, "pass"), (7999, "pass"), (8000, "good"), (8950, "good"), (8999, "good"),
     (9000, "excellent"), (10000, "excellent")],
)
def test_a_grade_holds_its_lower_end_and_not_its_upper_one(total: int, grade: str):
    assert FINAL.level_of(Mean(total, HUNDREDTHS)).name == grade


@pytest.mark.parametrize(("text", "points"), [("0", 0), ("18.5", 1850), ("18.05", 1805), ("100", 10000)])
def test_points_are_read_exactly(text: str, points: int):
    assert points_from(text) == points
    assert points_from(points_text(points)) == points


@pytest.mark.parametrize("text", ["", "-1", "1.234", "1e2", ".5", "1.", "一", "１8"])
def test_what_is_no_number_of_points_is_refused(text: str):
    with pytest.raises(ValueError):
        points_from(text)


def test_full_marks_and_full_stars_are_a_hundred_points():
    assert outcome_of(FINAL, FULL_MARKS, ENOUGH, sample=10, response_bp=3000) == Outcome(10_000, "excellent", True, "")


def test_no_ratings_earn_no_points_and_cap_the_grade():
    none = Ratings(handed=0, answered=0, stars=0)

    assert outcome_of(FINAL, FULL_MARKS, none, sample=10, response_bp=3000) == Outcome(9_000, "pass", True, "sample")


def test_a_sample_too_small_by_one_caps_and_one_more_does_not():
    nine, ten = Ratings(20, 9, 45), Ratings(20, 10, 50)

    assert outcome_of(FINAL, FULL_MARKS, nine, sample=10, response_bp=3000).grade == "pass"
    assert outcome_of(FINAL, FULL_MARKS, ten, sample=10, response_bp=3000).grade == "excellent"


def test_a_low_response_caps_although_the_sample_is_large_enough():
    few = Ratings(handed=40, answered=11, stars=55)

    assert outcome_of(FINAL, FULL_MARKS, few, sample=10, response_bp=3000) == Outcome(10_000, "pass", True, "response")


def test_a_cap_never_lifts_and_never_lowers_what_is_below_it():
    points = {**FULL_MARKS, "output": 0}
    none = Ratings(0, 0, 0)

    assert outcome_of(FINAL, points, none, sample=10, response_bp=3000) == Outcome(6_000, "pass", True, "")
    failed = outcome_of(FINAL, {**points, "decision": 0}, none, sample=10, response_bp=3000)
    assert failed == Outcome(5_000, "fail", False, "")


@pytest.mark.parametrize("changes", [{"output": 3001}, {"output": -1}, {"satisfaction": 1000}, {"beauty": 1}])
def test_a_sheet_outside_the_rubric_has_no_outcome(changes: dict[str, int]):
    with pytest.raises(ValueError, match=next(iter(changes))):
        outcome_of(FINAL, {**FULL_MARKS, **changes}, ENOUGH, sample=10, response_bp=3000)


def test_a_sheet_that_leaves_a_criterion_out_has_no_outcome():
    with pytest.raises(ValueError, match="output: missing"):
        outcome_of(FINAL, {"decision": 1}, ENOUGH, sample=10, response_bp=3000)


@given(st.lists(st.integers(1, 5), max_size=60))
def test_an_average_lies_between_the_lowest_and_the_highest_rating(stars: list[int]):
    ratings = Ratings(len(stars), len(stars), sum(stars))

    assert 0 <= ratings.points(1000) <= 1000
    if stars:
        assert min(stars) * 100 <= ratings.average <= max(stars) * 100
