"""Bands: every value falls into exactly one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.bands import Band, Bands, mistakes

GRADES = [Band("failed", 0, 60), Band("passed", 60, 80), Band("good", 80, 90), Band("excellent", 90, 101)]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0, "failed"), (59, "failed"), (60, "passed"), (79, "passed"), (80, "good"), (90, "excellent"),
        (100, "excellent"),
    ],
)
def test_a_band_holds_its_lower_edge_and_not_its_upper(value, name):
    assert Bands(GRADES, low=0, high=100).of(value).name == name


@pytest.mark.parametrize("value", [-1, 101])
def test_a_value_outside_the_range_is_in_no_band(value):
    with pytest.raises(ValueError):
        Bands(GRADES, low=0, high=100).of(value)


@pytest.mark.parametrize(
    ("bands", "found"),
    [
        ([], ["there is no band"]),
        (GRADES[1:], ["passed: begins at 60 instead of 0"]),
        (GRADES[:-1], ["good: ends before 90 instead of 101"]),
        ([Band("a", 0, 50), Band("b", 60, 101)], ["nothing covers 50 to 60"]),
        ([Band("a", 0, 61), Band("b", 60, 101)], ["a and b overlap from 60"]),
        ([Band("a", 0, 60), Band("a", 60, 101)], ["a: named twice"]),
        ([Band("a", 0, 101), Band("b", 101, 101)], ["b: empty, 101 is not below 101"]),
    ],
)
def test_every_mistake_of_a_division_is_named(bands, found):
    assert mistakes(bands, low=0, high=100) == found


def test_a_division_with_mistakes_cannot_be_built():
    with pytest.raises(ValueError, match="begins at 60"):
        Bands(GRADES[1:], low=0, high=100)


@given(st.sets(st.integers(1, 99), max_size=10), st.integers(0, 100))
def test_any_cuts_make_a_partition(cuts, value):
    edges = [0, *sorted(cuts), 101]
    bands = [Band(f"band{n}", low, high) for n, (low, high) in enumerate(pairwise(edges))]

    assert mistakes(bands, low=0, high=100) == []
    holding = [band for band in bands if band.low <= value < band.high]
    assert holding == [Bands(bands, low=0, high=100).of(value)]
