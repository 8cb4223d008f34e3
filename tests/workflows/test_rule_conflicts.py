"""Walls: a tie bars from its first day, and for the years after its last."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.conflicts import TIES, Tie, wall
from workflows.rules.working_days import months_on

THREE_YEARS = 36
DAYS = st.dates(date(2000, 1, 1), date(2035, 1, 1))


@pytest.mark.parametrize(("on", "barred"), [
    (date(2019, 12, 31), False),
    (date(2020, 1, 1), True),
    (date(2024, 3, 1), True),
    (date(2024, 3, 2), True),
    (date(2027, 3, 1), True),
    (date(2027, 3, 2), False),
])
def test_a_tie_bars_from_its_first_day_until_three_years_after_its_end(on: date, barred: bool):
    tie = Tie("employment", date(2020, 1, 1), date(2024, 3, 2))

    assert (wall([tie], on=on, months=THREE_YEARS) is not None) == barred


def test_a_tie_that_goes_on_and_kinship_have_no_end():
    on = date(2035, 1, 1)

    for tie in (Tie("mentoring", date(2020, 1, 1)), Tie("kinship", date(2000, 1, 1), date(2001, 1, 1))):
        found = wall([tie], on=on, months=THREE_YEARS)
        assert found is not None and found.until is None


def test_of_several_walls_the_one_that_stands_longest_is_told():
    short, long = Tie("mentoring", date(2020, 1, 1), date(2024, 1, 1)), Tie("employment", date(2020, 1, 1))
    found = wall([long, short], on=date(2025, 1, 1), months=THREE_YEARS)

    assert found is not None and found.tie == long
    alone = wall([short], on=date(2025, 1, 1), months=THREE_YEARS)
    assert alone is not None and "2027-01-01" in alone.reason().zh and "2027-01-01" in alone.reason().en


@given(st.sampled_from([kind for kind in TIES if kind != "kinship"]), DAYS, st.integers(0, 3000), DAYS)
def test_a_wall_stands_exactly_between_its_days(kind: str, first: date, days: int, on: date):
    last = first + timedelta(days=days)
    found = wall([Tie(kind, first, last)], on=on, months=THREE_YEARS)

    assert (found is not None) == (first <= on < months_on(last, THREE_YEARS))


def test_the_last_day_of_february_ends_three_years_later_on_one():
    assert months_on(date(2024, 2, 29), THREE_YEARS) == date(2027, 2, 28)


def test_a_tie_that_nobody_knows_is_an_error():
    with pytest.raises(ValueError, match="friendship"):
        wall([Tie("friendship", date(2020, 1, 1))], on=date(2020, 1, 1), months=THREE_YEARS)
