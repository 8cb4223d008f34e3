"""How are values written for a reader? Money, days, deadlines and masked numbers, in the reader's language.

Every page takes its words from here, so a deadline reads the same on the worklist, the case and in mail.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Flask
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from app.clock import SHANGHAI
from app.doors.assets import css_href, js_href, mark_href
from app.doors.icons import icon
from app.formats import amount, clock_time, day, day_and_time, iso, language, money, text
from workflows.rules.working_days import Calendar, working_days_between

SOON_WORKING_DAYS = 3
CASE_NUMBER = re.compile(r"\b[A-Z]{2,4}\d{2}-\d{4}-\d{4}\b", re.ASCII)


@dataclass(frozen=True)
class DueWords:
    """A deadline in words. `tone` is late, today, soon, ok, paused or none; `detail` is the day itself."""

    words: str
    detail: str
    tone: str


def due_day(due_at: datetime) -> date:
    """Return the last day on which a deadline can be kept: 24:00 belongs to the day that ends with it."""
    return (due_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()


def due_words(
    due_at: datetime | None, now: datetime, calendar: Calendar, *,
    paused: bool = False, provisional: bool = False, ends: bool = False,
) -> DueWords:
    """Return how a deadline reads at `now`, counted in working days of the calendar.

    One that `ends` is a time that runs out by itself, such as that of publicity: behind it nobody is late.
    """
    if paused:
        detail = "" if due_at is None else day(due_day(due_at), "short")
        return DueWords(_("Deadline paused"), detail, "paused")
    if due_at is None:
        return DueWords(_("No deadline"), "", "none")
    last, today = due_day(due_at), now.astimezone(SHANGHAI).date()
    detail = _("%(day)s (provisional)", day=day(last, "short")) if provisional else day(last, "short")
    if now >= due_at and ends:
        return DueWords(_("The time is over"), _("ended %(day)s", day=day(last, "short")), "none")
    if now >= due_at:
        days = max(1, working_days_between(last, today, calendar))
        return DueWords(ngettext("Overdue by %(num)d working day", "Overdue by %(num)d working days", days),
                        _("Was due %(day)s", day=day(last, "short")), "late")
    if last == today:
        return DueWords(_("Due today"), detail, "today")
    days = working_days_between(today, last, calendar)
    if days == 0:
        return DueWords(_("No working day left"), detail, "today")
    words = ngettext("%(num)d working day left", "%(num)d working days left", days)
    return DueWords(words, detail, "soon" if days <= SOON_WORKING_DAYS else "ok")


def mask(value: str | None, keep_first: int = 3, keep_last: int = 4) -> str:
    """Return a number with its middle hidden; a value too short to hide anything is hidden whole."""
    if not value:
        return "—"
    bare = value.replace(" ", "")
    if len(bare) <= keep_first + keep_last:
        return "••••"
    return f"{bare[:keep_first]} •••• {bare[len(bare) - keep_last:]}"


def file_size(size: int) -> str:
    """Return a size in the unit people read: 88 KB, 6.1 MB."""
    if size < 1024:
        return f"{size} B"
    if size < 1024 * 1024:
        return f"{size / 1024:.0f} KB"
    return f"{size / 1024 / 1024:.1f} MB"


def digest(value: str | None) -> str:
    """Return a hash so short that it can be compared by eye: 9f2c41d0…e41a."""
    return "—" if not value else value if len(value) <= 14 else f"{value[:8]}…{value[-4:]}"


def initial(name: str | None) -> str:
    """Return the one character that stands for a person or an organization."""
    return name.strip()[:1].upper() if name and name.strip() else "·"


def with_cases(words: str) -> Markup:
    """Return words in which every number of a case leads to that case."""
    return Markup(CASE_NUMBER.sub(r'<a href="/cases/\g<0>">\g<0></a>', str(escape(words))))  # noqa: S704 - escaped first


def register_markup(app: Flask) -> None:
    """Give the app's templates these filters and the functions icon(), css_href() and js_href()."""
    app.jinja_env.filters.update(
        text=text, amount=amount, money=money, day=day, time=clock_time, datetime=day_and_time, iso=iso,
        mask=mask, file_size=file_size, digest=digest, initial=initial,
        with_cases=with_cases,
    )
    app.jinja_env.globals.update(
        icon=icon, css_href=css_href, js_href=js_href, mark_href=mark_href, language=language
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
