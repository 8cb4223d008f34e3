"""When is it due? Working days, days and months in China, from the day after the start.

民法典 art. 201: the day on which a period begins is not counted. Art. 202: a period of months ends on the
same day of its last month, or on that month's last day. Art. 203: a last day that is a legal day off rolls to
the day after. A year without a published arrangement knows weekends only, and says so (provisional).
"""

import calendar as month_lengths
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

import chinese_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)

Pause = tuple[datetime, datetime]


class Calendar(Protocol):
    """Which days are worked, and for which years somebody has said so officially. It never changes its mind."""

    def __hash__(self) -> int:
        """Return the same for equal calendars: what was counted once by one is remembered."""

    def is_working_day(self, day: date) -> bool:
        """Return whether offices are open; in a year that is not published, whether it is no weekend."""

    def published(self, year: int) -> bool:
        """Return whether the year's holiday arrangement is known."""


class OfficialCalendar:
    """The arrangements of the State Council as kept by the package chinesecalendar, from 2004 on."""

    def is_working_day(self, day: date) -> bool:
        """Return whether offices are open, make-up days on weekends included."""
        return _worked(day)

    def published(self, year: int) -> bool:
        """Return whether the package knows the year's arrangement."""
        return _package_knows(year)


@lru_cache(maxsize=10_000)
def _worked(day: date) -> bool:
    """The package looks through all its years for each day that it is asked about."""
    return chinese_calendar.is_workday(day) if _package_knows(day.year) else day.weekday() < 5


@cache
def _package_knows(year: int) -> bool:
    try:
        chinese_calendar.is_workday(date(year, 7, 1))
    except NotImplementedError:
        return False
    return True


@cache
def official_calendar() -> OfficialCalendar:
    """Return the calendar in use."""
    return OfficialCalendar()


def holiday_of(day: date) -> tuple[str, str] | None:
    """Return the holiday in Chinese and English that makes the day free or, on a weekend, a make-up day; or None."""
    if not _package_knows(day.year):
        return None
    name = chinese_calendar.get_holiday_detail(day)[1]
    return (chinese_calendar.Holiday(name).chinese, name) if name else None


@dataclass(frozen=True)
class PublishedCalendar:
    """A calendar given as data: days off on weekdays, days worked on weekends, and the years they cover."""

    days_off: frozenset[date]
    days_worked: frozenset[date]
    years: frozenset[int]

    def is_working_day(self, day: date) -> bool:
        """Return whether offices are open."""
        return day in self.days_worked or (day.weekday() < 5 and day not in self.days_off)

    def published(self, year: int) -> bool:
        """Return whether the data cover the year."""
        return year in self.years


@dataclass(frozen=True)
class Due:
    """The last day of a period; provisional while a year it touches has no published arrangement."""

    date: date
    provisional: bool


@dataclass(frozen=True)
class Deadline:
    """The moment at which a period is over: the end of its last day in Shanghai, in UTC."""

    due: datetime
    provisional: bool


@lru_cache(maxsize=10_000)
def add_working_days(start: date, n: int, calendar: Calendar) -> Due:
    """Return the n-th working day after `start`."""
    if n < 1:
        raise ValueError("a period has at least one day")
    day, left = start, n
    while left:
        day += ONE_DAY
        left -= calendar.is_working_day(day)
    return Due(day, _touches_unpublished(start + ONE_DAY, day, calendar))


def add_days(start: date, n: int, calendar: Calendar) -> Due:
    """Return the n-th calendar day after `start`, rolled to the next working day."""
    if n < 1:
        raise ValueError("a period has at least one day")
    return next_working_day(start + timedelta(days=n), calendar)


def add_months(start: date, n: int, calendar: Calendar) -> Due:
    """Return the same day n months on, or that month's last day, rolled to the next working day."""
    if n < 1:
        raise ValueError("a period has at least one month")
    return next_working_day(months_on(start, n), calendar)


def next_working_day(day: date, calendar: Calendar) -> Due:
    """Return `day` itself if it is worked, else the first working day after it."""
    first = day
    while not calendar.is_working_day(day):
        day += ONE_DAY
    return Due(day, _touches_unpublished(first, day, calendar))


@lru_cache(maxsize=10_000)
def working_days_between(start: date, end: date, calendar: Calendar) -> int:
    """Return how many working days lie after `start` up to and with `end`; negative if end is earlier."""
    if end < start:
        return -working_days_between(end, start, calendar)
    return sum(calendar.is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


def deadline(start: datetime, number: int, unit: str, calendar: Calendar) -> Deadline:
    """Return when a period of `number` working_days, days or months that begins at `start` is over."""
    return due_after_pauses(start, unit, number, (), calendar)


def due_after_pauses(
    started: datetime, unit: str, number: int, pauses: Sequence[Pause], calendar: Calendar
) -> Deadline:
    """Return when a period is over that stood still from the first to the second moment of each pause.

    A pause that begins in time lengthens the period by the days after its first day up to its last (working
    days for a period of working days), and the period never ends before the day on which it goes on. Pauses
    that overlap count once; one that begins after the last day changes nothing.
    """
    first = local_day(started)
    due = _end_of_period(first, unit, number, 0, calendar)
    extra = 0
    for begun, ended in _joined(pauses):
        if begun > due.date:
            break
        extra += (
            working_days_between(begun, ended, calendar) if unit == "working_days" else (ended - begun).days
        )
        due = _end_of_period(first, unit, number, extra, calendar)
        if due.date < ended:
            resumed = next_working_day(ended, calendar)
            due = Due(resumed.date, due.provisional or resumed.provisional)
    return Deadline(end_of_day(due.date), due.provisional)


def local_day(moment: datetime) -> date:
    """Return the day in Shanghai on which the moment falls."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone falls on no particular day")
    return moment.astimezone(SHANGHAI).date()


def end_of_day(day: date) -> datetime:
    """Return the end (24:00) of the day in Shanghai, in UTC."""
    return datetime.combine(day + ONE_DAY, time.min, SHANGHAI).astimezone(UTC)


def _end_of_period(first: date, unit: str, number: int, extra: int, calendar: Calendar) -> Due:
    if unit == "working_days":
        return add_working_days(first, number + extra, calendar)
    if unit == "days":
        return add_days(first, number + extra, calendar)
    if unit == "months":
        return next_working_day(months_on(first, number) + timedelta(days=extra), calendar)
    raise ValueError(f"a period is counted in working_days, days or months, not in {unit!r}")


def _joined(pauses: Sequence[Pause]) -> list[tuple[date, date]]:
    joined: list[tuple[date, date]] = []
    for begun, ended in sorted((local_day(begun), local_day(ended)) for begun, ended in pauses):
        if ended < begun:
            raise ValueError("a pause ends before it begins")
        if joined and begun <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ended, joined[-1][1]))
        else:
            joined.append((begun, ended))
    return joined


def months_on(start: date, n: int) -> date:
    """Return the same day n months later, or the last day of a month that is too short."""
    years, month = divmod(start.month - 1 + n, 12)
    year = start.year + years
    return date(year, month + 1, min(start.day, month_lengths.monthrange(year, month + 1)[1]))


def _touches_unpublished(first: date, last: date, calendar: Calendar) -> bool:
    return not all(calendar.published(year) for year in range(first.year, last.year + 1))
