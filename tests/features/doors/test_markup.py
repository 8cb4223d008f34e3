"""How values are written for a reader: the same words on every page, in either language."""

import gzip
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from app.doors import assets
from app.doors.icons import UnknownIcon, icon
from app.doors.markup import (
    amount,
    clock_time,
    day,
    day_and_time,
    digest,
    due_day,
    due_words,
    file_size,
    initial,
    iso,
    mask,
    money,
    text,
)
from workflows.definition import Text
from workflows.rules.working_days import official_calendar

CALENDAR = official_calendar()
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
END_OF_THURSDAY = datetime(2026, 3, 5, 16, 0, tzinfo=UTC)  # 24:00 in Shanghai


@pytest.fixture
def english() -> Iterator[None]:
    with Reader("en"):
        yield


@pytest.fixture
def chinese() -> Iterator[None]:
    with Reader("zh_Hans_CN"):
        yield


class Reader:
    """A request of somebody who reads this language."""

    def __init__(self, locale: str) -> None:
        app = Flask(__name__)
        Babel(app)
        self.context = app.test_request_context()
        self.locale = force_locale(locale)

    def __enter__(self) -> None:
        self.context.push()
        self.locale.__enter__()

    def __exit__(self, *error: object) -> None:
        self.locale.__exit__(None, None, None)
        self.context.pop()


def test_an_amount_has_its_unit_after_it_in_chinese(chinese: None) -> None:
    assert money(128_650_000) == "1,286,500.00 元"


def test_an_amount_has_its_currency_before_it_in_english(english: None) -> None:
    assert money(128_650_000) == "CNY 1,286,500.00"


def test_a_column_of_amounts_has_no_unit_and_a_missing_amount_is_a_dash(chinese: None) -> None:
    assert [amount(1), amount(None), money(None)] == ["0.01", "—", "—"]


def test_a_day_is_the_day_in_shanghai_not_in_utc(chinese: None) -> None:
    late = datetime(2026, 3, 1, 17, 30, tzinfo=UTC)
    assert [day(late), clock_time(late), day_and_time(late)] == [
        "2026 年 3 月 2 日", "01:30", "2026 年 3 月 2 日 01:30",
    ]


def test_a_day_in_english_names_its_month(english: None) -> None:
    assert [day(date(2026, 3, 2)), day(date(2026, 3, 2), "short")] == ["2 Mar 2026", "2 Mar"]


def test_machines_read_moments_in_utc_and_days_as_days() -> None:
    assert [iso(MONDAY), iso(date(2026, 3, 2)), iso(None)] == ["2026-03-02T01:00:00Z", "2026-03-02", ""]


def test_a_deadline_at_midnight_belongs_to_the_day_that_ends() -> None:
    assert due_day(END_OF_THURSDAY) == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("now", "words", "detail", "tone"),
    [
        (MONDAY, "3 working days left", "5 Mar", "soon"),
        (datetime(2026, 3, 4, 1, 0, tzinfo=UTC), "1 working day left", "5 Mar", "soon"),
        (datetime(2026, 2, 26, 1, 0, tzinfo=UTC), "6 working days left", "5 Mar", "ok"),
        (datetime(2026, 3, 5, 15, 59, tzinfo=UTC), "Due today", "5 Mar", "today"),
        (END_OF_THURSDAY, "Overdue by 1 working day", "Was due 5 Mar", "late"),
        (datetime(2026, 3, 7, 1, 0, tzinfo=UTC), "Overdue by 1 working day", "Was due 5 Mar", "late"),
        (datetime(2026, 3, 9, 1, 0, tzinfo=UTC), "Overdue by 2 working days", "Was due 5 Mar", "late"),
    ],
)
def test_a_deadline_is_told_in_working_days(
    english: None, now: datetime, words: str, detail: str, tone: str
) -> None:
    due = due_words(END_OF_THURSDAY, now, CALENDAR)
    assert (due.words, due.detail, due.tone) == (words, detail, tone)


def test_a_paused_deadline_says_so_however_late_it_would_be(english: None) -> None:
    due = due_words(END_OF_THURSDAY, datetime(2026, 4, 1, tzinfo=UTC), CALENDAR, paused=True)
    assert (due.words, due.tone) == ("Deadline paused", "paused")


def test_a_provisional_deadline_says_so(english: None) -> None:
    assert due_words(END_OF_THURSDAY, MONDAY, CALENDAR, provisional=True).detail == "5 Mar (provisional)"


def test_what_has_no_deadline_says_so(english: None) -> None:
    assert due_words(None, MONDAY, CALENDAR).tone == "none"


def test_a_masked_number_shows_its_ends_only() -> None:
    assert mask("110102199001012047") == "110 •••• 2047"


def test_a_number_too_short_to_hide_anything_is_hidden_whole() -> None:
    assert [mask("1234567"), mask(""), mask(None)] == ["••••", "—", "—"]


def test_a_text_is_in_the_readers_language_and_falls_back_to_chinese() -> None:
    with Reader("en"):
        assert [text(Text("受理", "Accept")), text(Text("受理", "")), text("plain"), text(None)] == [
            "Accept", "受理", "plain", "",
        ]
    with Reader("zh_Hans_CN"):
        assert text(Text("受理", "Accept")) == "受理"


def test_sizes_hashes_and_initials_are_short() -> None:
    assert [file_size(900), file_size(88_000), file_size(6_400_000)] == ["900 B", "86 KB", "6.1 MB"]
    assert [digest("9f2c41d0" + "0" * 52 + "e41a"), digest("short")] == ["9f2c41d0…e41a", "short"]
    assert [initial("周婧"), initial(" chen"), initial("")] == ["周", "C", "·"]


def test_an_icon_is_hidden_from_readers_and_an_unknown_one_is_an_error() -> None:
    assert 'aria-hidden="true"' in icon("check", 14)
    with pytest.raises(UnknownIcon):
        icon("no-such-icon")


def test_a_bundle_is_named_by_its_bytes_and_found_only_by_that_name() -> None:
    bundle = assets.css_bundle()
    assert assets.asset(bundle.name) == bundle
    assert assets.asset("app.00000000.css") is None


def test_the_style_sheet_declares_its_layers_first_and_fetches_nothing() -> None:
    content = assets.css_bundle().content.decode()
    layers = "@layer tokens, base, layout, components, utilities, print;"
    assert content.index(layers) < content.index("{")
    assert [word for word in ("@import", "url(", "http") if word in content] == []


def test_the_script_stays_small_and_builds_no_html() -> None:
    content = assets.js_bundle().content.decode()
    assert len(gzip.compress(content.encode())) <= 6_000
    assert [word for word in ("innerHTML", "insertAdjacentHTML", "eval(", "http") if word in content] == []
