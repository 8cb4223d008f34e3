"""Periods in China: working days with make-up days, days, months, pauses, years not yet published."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.rules.working_days import (
    Due,
    PublishedCalendar,
    add_days,
    add_months,
    add_working_days,
    deadline,
    due_after_pauses,
    end_of_day,
    local_day,
    next_working_day,
    official_calendar,
    working_days_between,
)

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
OFFICIAL = official_calendar()
published_days = st.dates(min_value=date(2023, 1, 1), max_value=date(2025, 12, 31))


def morning(day: date) -> datetime:
    """Nine o'clock in Shanghai, which is one o'clock UTC."""
    return datetime(day.year, day.month, day.day, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        (date(2026, 9, 28), 5, date(2026, 10, 10)),
        (date(2026, 9, 28), 7, date(2026, 10, 13)),
        (date(2026, 2, 13), 5, date(2026, 2, 27)),
        (date(2026, 4, 29), 7, date(2026, 5, 12)),
        (date(2025, 9, 29), 15, date(2025, 10, 27)),
        (date(2026, 6, 18), 2, date(2026, 6, 23)),
        (date(2025, 1, 24), 30, date(2025, 3, 13)),
        (date(2026, 9, 18), 3, date(2026, 9, 22)),
    ],
)
def test_working_days_skip_holidays_and_count_make_up_days(start, n, due):
    assert add_working_days(start, n, OFFICIAL) == Due(due, provisional=False)


def test_a_last_day_inside_a_holiday_rolls_to_the_day_after_it():
    assert add_days(date(2026, 8, 3), 60, OFFICIAL) == Due(date(2026, 10, 8), provisional=False)


def test_a_last_day_that_is_worked_stays():
    assert add_days(date(2026, 3, 2), 2, OFFICIAL) == Due(date(2026, 3, 4), provisional=False)


def test_months_end_on_the_same_day_or_the_last_day_of_the_month():
    assert add_months(date(2026, 3, 2), 1, OFFICIAL).date == date(2026, 4, 2)
    assert add_months(date(2024, 1, 31), 1, OFFICIAL).date == date(2024, 2, 29)
    assert add_months(date(2025, 10, 31), 6, OFFICIAL).date == date(2026, 4, 30)
    assert add_months(date(2025, 12, 1), 1, OFFICIAL).date == date(2026, 1, 4)  # Sunday 4 is made up


def test_a_year_without_an_arrangement_knows_weekends_only_and_says_so():
    assert add_working_days(date(2098, 9, 29), 5, OFFICIAL) == Due(date(2098, 10, 6), provisional=True)
    assert add_days(date(2098, 9, 29), 4, OFFICIAL) == Due(date(2098, 10, 3), provisional=True)
    assert not OFFICIAL.published(2098)
    assert OFFICIAL.published(2026)


def test_a_period_that_only_reaches_into_an_unknown_year_is_provisional():
    known = PublishedCalendar(frozenset(), frozenset(), frozenset({2026}))

    assert not add_working_days(date(2026, 12, 30), 1, known).provisional
    assert add_working_days(date(2026, 12, 31), 1, known).provisional


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_the_official_calendar_agrees_with_the_published_paper(year):
    file = SHARED_DATA / f"holiday_cn_{year}.json"
    if not file.exists():
        pytest.skip(f"needs {file}, which is not part of the project")
    paper = json.loads(file.read_text())["days"]
    listed = {date.fromisoformat(day["date"]): day["isOffDay"] for day in paper}
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]

    expected = [not listed.get(day, day.weekday() >= 5) for day in days]

    assert [OFFICIAL.is_working_day(day) for day in days] == expected


@given(published_days, st.integers(1, 60))
def test_the_nth_working_day_is_worked_and_n_working_days_away(start, n):
    due = add_working_days(start, n, OFFICIAL)

    assert OFFICIAL.is_working_day(due.date)
    assert working_days_between(start, due.date, OFFICIAL) == n
    assert working_days_between(due.date, start, OFFICIAL) == -n


@given(published_days, published_days)
def test_working_days_between_are_counted_one_by_one(start, end):
    days = (end - start).days
    counted = sum(OFFICIAL.is_working_day(start + timedelta(days=n)) for n in range(1, days + 1))

    if days >= 0:
        assert working_days_between(start, end, OFFICIAL) == counted


@pytest.mark.parametrize("add", [add_working_days, add_days, add_months])
def test_a_period_has_at_least_one_unit(add):
    with pytest.raises(ValueError):
        add(date(2026, 3, 2), 0, OFFICIAL)


def test_a_deadline_is_the_end_of_the_day_in_shanghai():
    late_evening_of_the_28th = datetime(2026, 9, 28, 15, 59, tzinfo=UTC)
    first_minute_of_the_29th = datetime(2026, 9, 28, 16, 0, tzinfo=UTC)

    assert local_day(late_evening_of_the_28th) == date(2026, 9, 28)
    assert local_day(first_minute_of_the_29th) == date(2026, 9, 29)
    due = deadline(late_evening_of_the_28th, 7, "working_days", OFFICIAL).due
    assert due == datetime(2026, 10, 13, 16, tzinfo=UTC)
    assert due == end_of_day(date(2026, 10, 13))


def test_deadlines_know_three_units_and_no_other():
    start = morning(date(2026, 3, 2))

    assert deadline(start, 2, "working_days", OFFICIAL).due == end_of_day(date(2026, 3, 4))
    assert deadline(start, 2, "days", OFFICIAL).due == end_of_day(date(2026, 3, 4))
    assert deadline(start, 2, "months", OFFICIAL).due == end_of_day(date(2026, 5, 6))
    with pytest.raises(ValueError, match="weeks"):
        deadline(start, 2, "weeks", OFFICIAL)


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        deadline(datetime(2026, 3, 2), 2, "days", OFFICIAL)


@given(published_days, st.integers(1, 60), st.integers(0, 90), st.integers(0, 90))
def test_a_pause_adds_its_own_working_days(start, n, wait, length):
    begun = start + timedelta(days=wait)
    ended = begun + timedelta(days=length)
    undisturbed = add_working_days(start, n, OFFICIAL).date

    due = due_after_pauses(
        morning(start), "working_days", n, [(morning(begun), morning(ended))], OFFICIAL
    ).due

    if begun > undisturbed:
        assert due == end_of_day(undisturbed)
    else:
        added = working_days_between(begun, ended, OFFICIAL)
        lengthened = add_working_days(start, n + added, OFFICIAL).date
        # A period cannot end while it stands still: at the earliest on the working day on which it goes on.
        assert due == end_of_day(max(lengthened, next_working_day(ended, OFFICIAL).date) if ended > lengthened
                                 else lengthened)


@pytest.mark.parametrize(("unit", "number", "due"), [
    ("working_days", 7, date(2026, 3, 13)), ("days", 5, date(2026, 3, 9)),
])
def test_a_pause_from_tuesday_to_thursday_adds_two_days(unit, number, due):
    pause = (morning(date(2026, 3, 3)), morning(date(2026, 3, 5)))

    deadline_then = due_after_pauses(morning(date(2026, 3, 2)), unit, number, [pause], OFFICIAL)

    assert deadline_then.due == end_of_day(due)


def test_a_pause_of_months_is_added_in_days():
    pause = (morning(date(2026, 3, 3)), morning(date(2026, 3, 5)))

    due = due_after_pauses(morning(date(2026, 3, 2)), "months", 1, [pause], OFFICIAL).due

    assert due == end_of_day(date(2026, 4, 7))  # April 4, rolled over 清明 (4-6 off)


def test_a_pause_on_the_last_day_leaves_the_day_of_going_on():
    start, last = date(2026, 3, 2), date(2026, 3, 4)
    pause = (morning(last), morning(date(2026, 3, 14)))  # goes on on a Saturday

    due = due_after_pauses(morning(start), "working_days", 2, [pause], OFFICIAL).due

    assert due == end_of_day(date(2026, 3, 16))


def test_a_pause_within_one_day_and_a_pause_after_the_end_change_nothing():
    start = morning(date(2026, 3, 2))
    short = (morning(date(2026, 3, 3)), morning(date(2026, 3, 3)) + timedelta(hours=3))
    late = (morning(date(2026, 3, 20)), morning(date(2026, 3, 27)))

    assert due_after_pauses(start, "days", 8, [short, late], OFFICIAL) == deadline(start, 8, "days", OFFICIAL)


def test_pauses_that_overlap_count_once():
    start = morning(date(2026, 3, 2))
    first = (morning(date(2026, 3, 3)), morning(date(2026, 3, 6)))
    inside = (morning(date(2026, 3, 4)), morning(date(2026, 3, 5)))

    assert due_after_pauses(start, "working_days", 5, [inside, first], OFFICIAL) == due_after_pauses(
        start, "working_days", 5, [first], OFFICIAL
    )


def test_a_pause_that_ends_before_it_begins_is_a_mistake():
    with pytest.raises(ValueError, match="before it begins"):
        due_after_pauses(
            morning(date(2026, 3, 2)), "days", 5,
            [(morning(date(2026, 3, 5)), morning(date(2026, 3, 3)))], OFFICIAL,
        )
