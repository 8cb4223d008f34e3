"""Points, ratings, bands and the cap: every amount that matters stands in the test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.evaluation import (
    BANDS,
    FULL,
    RUBRICS,
    Outcome,
    Ratings,
    WrongPoints,
    outcome_of,
    points_from,
    points_text,
)

ENOUGH = Ratings(handed=20, answered=20, stars=100)
FULL_MARKS = {line.code: line.most for line in RUBRICS["final"].scored}


def test_every_rubric_sums_to_a_hundred_points():
    assert {stage: sum(line.most for line in rubric.criteria) for stage, rubric in RUBRICS.items()} == {
        "mid": FULL, "final": FULL,
    }


@pytest.mark.parametrize(
    ("total", "grade"),
    [(0, "fail"), (5999, "fail"), (6000, "pass"), (7999, "pass"), (8000, "good"), (8950, "good"), (8999, "good"),
     (9000, "excellent"), (10000, "excellent")],
)
def test_a_band_holds_its_lower_end_and_not_its_upper_one(total: int, grade: str):
    assert BANDS.of(total).name == grade


@pytest.mark.parametrize(("text", "points"), [("0", 0), ("18.5", 1850), ("18.05", 1805), ("100", 10000)])
def test_points_are_read_exactly(text: str, points: int):
    assert points_from(text) == points
    assert points_from(points_text(points)) == points


@pytest.mark.parametrize("text", ["", "-1", "1.234", "1e2", ".5", "1.", "一", "１8"])
def test_what_is_no_number_of_points_is_refused(text: str):
    with pytest.raises(ValueError):
        points_from(text)


def test_full_marks_and_full_stars_are_a_hundred_points():
    assert outcome_of("final", FULL_MARKS, ENOUGH, sample=10, response_bp=3000) == Outcome(10_000, "excellent", "")


def test_no_ratings_earn_no_points_and_cap_the_grade():
    none = Ratings(handed=0, answered=0, stars=0)

    assert outcome_of("final", FULL_MARKS, none, sample=10, response_bp=3000) == Outcome(9_000, "pass", "sample")


def test_a_sample_too_small_by_one_caps_and_one_more_does_not():
    nine, ten = Ratings(20, 9, 45), Ratings(20, 10, 50)

    assert outcome_of("final", FULL_MARKS, nine, sample=10, response_bp=3000).grade == "pass"
    assert outcome_of("final", FULL_MARKS, ten, sample=10, response_bp=3000).grade == "excellent"


def test_a_low_response_caps_although_the_sample_is_large_enough():
    few = Ratings(handed=40, answered=11, stars=55)

    assert outcome_of("final", FULL_MARKS, few, sample=10, response_bp=3000) == Outcome(10_000, "pass", "response")


def test_a_cap_never_lifts_and_never_lowers_what_is_below_it():
    points = {**FULL_MARKS, "output": 0}
    none = Ratings(0, 0, 0)

    assert outcome_of("final", points, none, sample=10, response_bp=3000) == Outcome(6_000, "pass", "")
    assert outcome_of("final", {**points, "decision": 0}, none, sample=10, response_bp=3000).grade == "fail"


@pytest.mark.parametrize(
    ("changes", "criterion", "code"),
    [({"output": 3001}, "output", "range"), ({"output": -1}, "output", "range"), ({"satisfaction": 1000},
     "satisfaction", "unknown"), ({"beauty": 1}, "beauty", "unknown")],
)
def test_points_outside_the_rubric_are_named(changes: dict[str, int], criterion: str, code: str):
    with pytest.raises(WrongPoints) as wrong:
        outcome_of("final", {**FULL_MARKS, **changes}, ENOUGH, sample=10, response_bp=3000)
    assert (wrong.value.criterion, wrong.value.code) == (criterion, code)


def test_a_line_left_out_is_named():
    with pytest.raises(WrongPoints) as wrong:
        outcome_of("final", {"decision": 1}, ENOUGH, sample=10, response_bp=3000)
    assert wrong.value.code == "missing"


@given(st.lists(st.integers(1, 5), max_size=60))
def test_an_average_lies_between_the_lowest_and_the_highest_rating(stars: list[int]):
    ratings = Ratings(len(stars), len(stars), sum(stars))

    assert 0 <= ratings.points(1000) <= 1000
    if stars:
        assert min(stars) * 100 <= ratings.average <= max(stars) * 100
