"""Scores: a rubric adds up, a sheet is whole, and a mean is exact."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.definition import Text
from workflows.loader import library
from workflows.rubrics import NoRubric
from workflows.rules.scoring import (
    Criterion,
    Level,
    Mean,
    Rubric,
    panel_mean,
    places,
    rubric_mistakes,
    score_mistakes,
    total,
)

WORDS = Text("词", "word")


LOW_AND_HIGH = (("low", 0), ("high", 6))


def a_rubric(*criteria: Criterion, most: int, levels: tuple[tuple[str, int], ...] = LOW_AND_HIGH) -> Rubric:
    return Rubric("r", WORDS, most, criteria, tuple(Level(name, WORDS, low) for name, low in levels), WORDS, False)


def leaf(name: str, most: int, weight: int = 1) -> Criterion:
    return Criterion(name, WORDS, most, weight)


TREE = a_rubric(
    Criterion("first", WORDS, 6, parts=(leaf("a", 2), leaf("b", 2, weight=2))), leaf("c", 4), most=10
)


RATED = replace(a_rubric(leaf("a", 8), Criterion("r", WORDS, 2, from_ratings=True), most=10), cap="low")


@pytest.mark.parametrize("file", library().rubric_files, ids=lambda file: f"{file.place}.v{file.version}")
def test_every_shipped_rubric_makes_its_declared_maximum(file):
    for rubric in file.rubrics.values():
        assert rubric_mistakes(rubric) == []
        assert sum(leaf.worth for leaf in rubric.leaves()) == rubric.max
        assert library().rubric_pinned(rubric.pin) is rubric


def test_a_pin_that_nobody_has_is_an_error():
    with pytest.raises(NoRubric):
        library().rubric_pinned("base:99:admission")


def test_a_full_sheet_of_a_tree_with_weights_makes_the_maximum():
    assert rubric_mistakes(TREE) == []
    assert [leaf.name for leaf in TREE.leaves()] == ["a", "b", "c"]
    assert total(TREE, {"a": 2, "b": 2, "c": 4}) == 10
    assert total(TREE, {"a": 0, "b": 1, "c": 0}) == 2


def test_what_ratings_fill_stands_on_no_sheet():
    assert rubric_mistakes(RATED) == []
    assert [leaf.name for leaf in RATED.scored()] == ["a"]
    assert score_mistakes(RATED, [("a", 8)]) == []
    assert [mistake.fault for mistake in score_mistakes(RATED, [("a", 8), ("r", 2)])] == ["unknown"]


def test_a_sheet_in_hundredths_may_have_parts_of_a_point_and_not_one_more_than_the_most():
    assert total(RATED, {"a": 750}, unit=100) == 750
    assert score_mistakes(RATED, [("a", 800)], unit=100) == []
    assert [(m.fault, m.most) for m in score_mistakes(RATED, [("a", 801)], unit=100)] == [("out_of_range", 8)]


@pytest.mark.parametrize(("rubric", "mistake"), [
    (replace(TREE, max=11), "the criteria make 10, not 11"),
    (a_rubric(leaf("a", 4), leaf("a", 6), most=10), "a: named twice"),
    (a_rubric(leaf("a", 0), leaf("b", 10), most=10), "a: max and weight are at least 1"),
    (a_rubric(Criterion("g", WORDS, 9, parts=(leaf("a", 10),)), most=10), "g: its parts make 10, not 9"),
    (a_rubric(leaf("a", 10), most=10, levels=(("high", 6),)), "high: begins at 600 instead of 0"),
    (a_rubric(leaf("a", 10), most=10, levels=(("low", 0), ("high", 11))), "high: empty, 1100 is not below 1001"),
    (replace(RATED, cap=""), "what ratings fill needs a cap for when there are too few of them"),
    (replace(RATED, cap="top"), "cap: there is no level called top"),
    (a_rubric(Criterion("g", WORDS, 10, parts=(leaf("a", 10),), from_ratings=True), most=10),
     "g: ratings fill a criterion, not a group"),
])
def test_a_rubric_that_does_not_add_up_is_told(rubric: Rubric, mistake: str):
    assert mistake in rubric_mistakes(rubric)


@pytest.mark.parametrize(("sheet", "found"), [
    ([("a", 2), ("b", 2), ("c", 4)], []),
    ([("a", 2), ("b", 2)], [("missing", "c")]),
    ([("a", 3), ("b", 2), ("c", 4)], [("out_of_range", "a")]),
    ([("a", -1), ("b", 2), ("c", 4)], [("out_of_range", "a")]),
    ([("a", 1), ("a", 1), ("b", 2), ("c", 4)], [("twice", "a")]),
    ([("a", 1), ("b", 2), ("c", 4), ("d", 1)], [("unknown", "d")]),
    ([("first", 6), ("a", 1), ("b", 2), ("c", 4)], [("unknown", "first")]),
])
def test_a_sheet_has_every_criterion_once_within_its_range(sheet, found):
    assert [(mistake.fault, mistake.criterion) for mistake in score_mistakes(TREE, sheet)] == found


def test_a_sheet_that_is_not_whole_has_no_total():
    with pytest.raises(ValueError, match="c: missing"):
        total(TREE, {"a": 2, "b": 2})


TOTALS = st.lists(st.integers(0, 1000), min_size=1, max_size=15)


@given(TOTALS)
def test_a_mean_is_exact_and_shown_to_the_nearest_hundredth(totals: list[int]):
    mean, exact = panel_mean(totals), Fraction(sum(totals), len(totals))

    assert abs(Fraction(mean.hundredths, 100) - exact) <= Fraction(1, 200)
    assert min(totals) * 100 <= mean.hundredths <= max(totals) * 100
    assert mean == Mean(exact.numerator, exact.denominator)
    assert hash(mean) == hash(Mean(exact.numerator, exact.denominator))


@given(TOTALS, TOTALS)
def test_means_are_compared_as_the_fractions_that_they_are(one: list[int], other: list[int]):
    left, right = panel_mean(one), panel_mean(other)

    assert (left < right) == (Fraction(sum(one), len(one)) < Fraction(sum(other), len(other)))
    assert (left == right) == (Fraction(sum(one), len(one)) == Fraction(sum(other), len(other)))


@given(st.lists(st.integers(0, 10), min_size=1, max_size=15))
def test_a_level_holds_exactly_what_reaches_its_boundary(totals: list[int]):
    reached = Fraction(sum(totals), len(totals)) >= 6

    assert TREE.level_of(panel_mean(totals)).name == ("high" if reached else "low")


def test_nothing_is_rounded_up_into_a_better_level():
    just_below = Mean(6 * 1000 - 1, 1000)

    assert just_below.hundredths == 600
    assert TREE.level_of(just_below).name == "low"


@given(st.dictionaries(st.integers(), TOTALS.map(panel_mean), max_size=8))
def test_equal_means_share_a_place_and_leave_those_after_it_empty(means: dict[int, Mean]):
    listed = places(means)

    assert sorted(key for _place, key in listed) == sorted(means)
    for place, key in listed:
        assert place == 1 + sum(means[other] > means[key] for other in means)


def test_a_panel_of_nobody_has_no_mean():
    with pytest.raises(ValueError, match="nobody"):
        panel_mean([])
