"""The calendar of deadlines: every clock that runs, nobody's beyond reach, overdue first, the law beside each."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from app.access.models import Person
from app.access.reach import holdings
from app.cases.deadlines import Choice, OpenClock, clocks_by_day, count_overdue, open_clocks
from app.cases.models import Clock
from app.doors.icalendar import Event, calendar_file
from tests.builders import make_actor, make_district, make_organization
from tests.builders_access import apart, browser_of
from tests.fourth_kind import loan_kind
from tests.queries import counted
from tests.whole.test_query_counts import loans
from workflows.definition import Text
from workflows.loader import library

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday; five working days from it end on Monday, the 9th
DUE = date(2026, 3, 9)


@pytest.fixture
def district(session):
    with loan_kind():
        yield make_district(session)


@pytest.fixture
def look(app, session, district):
    """Return a function that reads a page in English as somebody of the district."""

    def looking(role: str, address: str):
        browser = browser_of(app, session, session.get(Person, district.actors[role].person_id))
        browser.set_cookie("lang", "en")
        answer = apart(browser.get, address)
        assert answer.status_code == 200, address
        return answer

    return looking


def held_by(session, actor):
    return holdings(session, actor.person_id, NOW.date())


def test_a_clock_stands_with_its_case_its_day_whom_it_waits_for_and_the_law(session, district, look):
    number = loans(session, district, 1)[0]

    page = look("registrar", "/calendar/list").text

    assert f'href="/cases/{number}"' in page
    assert "Intake check" in page and "9 Mar 2026" in page and "Registrar" in page
    assert "Administrative Licensing Law art. 32(1)(4), art. 82" in page


def test_what_nobody_has_verified_is_marked_in_its_row_and_explained_once(session, district, look, monkeypatch):
    loans(session, district, 2)
    plain = look("registrar", "/calendar/list").text
    number = replace(
        library().policy_pinned("base:2").number("intake_check"), verified=False,
        cite=Text("默认值，无来源", "Default, no source"),
    )
    monkeypatch.setattr("app.doors.calendar_pages._number", lambda _clock: number)

    page = look("registrar", "/calendar/list").text

    assert (plain.count("not verified"), plain.count("Not verified")) == (0, 0)
    assert (page.count("not verified"), page.count("Not verified means")) == (2, 1)
    assert "no source" not in page.lower()
    assert "not verified" in look("registrar", "/calendar?month=2026-03").text


def test_a_deadline_that_ends_at_midnight_stands_on_the_day_it_ends(session, district, look):
    number = loans(session, district, 1)[0]

    page = look("staff", "/calendar?month=2026-03").text

    cell = re.search(r'<td [^>]*>(?:(?!</td>).)*datetime="2026-03-09".*?</td>', page, re.S).group(0)
    assert f"/cases/{number}" in cell
    assert page.count(f'href="/cases/{number}"') == 1


def test_who_does_not_reach_a_case_finds_none_of_its_clocks(app, session, district):
    number = loans(session, district, 1)[0]
    other = make_organization(session, district.district, "别的中心（示例）")
    stranger = make_actor(session, "示例外人", ("staff", other.node_id))
    session.commit()
    browser = browser_of(app, session, session.get(Person, stranger.person_id))

    for address in ("/calendar?month=2026-03", "/calendar/list", "/calendar.ics", "/calendar/list?on=2026-03-09"):
        assert number not in apart(browser.get, address).text, address


def test_a_sealed_case_shows_its_clock_to_its_own_organization_only(session, district):
    loans(session, district, 1)
    session.execute(text("UPDATE cases SET sealed = true"))
    session.commit()
    seen = {
        role: len(open_clocks(session, held_by(session, actor), actor.person_id, Choice()).rows)
        for role, actor in district.actors.items() if role in ("staff", "registrar", "auditor")
    }

    assert seen == {"staff": 1, "registrar": 0, "auditor": 0}


def test_a_stopped_clock_is_gone_a_paused_one_is_marked_and_never_overdue(session, district, look):
    loans(session, district, 2)
    first, second = session.query(Clock).order_by(Clock.case_id)
    first.stopped_at, second.paused_since = NOW, NOW
    session.commit()

    page = look("registrar", "/calendar/list").text
    held = held_by(session, district.actors["registrar"])

    assert page.count('data-row') == 1 and "paused since 2 Mar" in page
    assert count_overdue(session, held, 0, Choice(), NOW + timedelta(days=400)) == 0


def test_what_is_overdue_stands_first_and_is_counted(session, district):
    loans(session, district, 3)
    last = session.query(Clock).order_by(Clock.case_id.desc()).first()
    last.due_at = NOW - timedelta(days=3)
    session.commit()
    actor = district.actors["registrar"]
    held = held_by(session, actor)

    rows = open_clocks(session, held, actor.person_id, Choice()).rows

    assert rows[0].case_id == last.case_id and [r.due_at for r in rows] == sorted(r.due_at for r in rows)
    assert count_overdue(session, held, actor.person_id, Choice(), NOW) == 1


def test_pages_by_key_hold_every_clock_once(session, district):
    loans(session, district, 7)
    actor = district.actors["registrar"]
    seen, after = [], None
    while True:
        page = open_clocks(session, held_by(session, actor), actor.person_id, Choice(), after=after, limit=3)
        seen += [clock.case_id for clock in page.rows]
        after = page.after
        if after is None:
            break

    assert len(seen) == len(set(seen)) == 7


def test_a_day_shows_no_more_than_it_has_room_for_and_leads_to_the_rest(session, district, look):
    loans(session, district, 5)
    actor = district.actors["registrar"]

    found = clocks_by_day(session, held_by(session, actor), actor.person_id, Choice(), first=date(2026, 3, 1), days=31,
                          most=3)

    assert {day: len(clocks) for day, clocks in found.items()} == {DUE: 4}
    assert 'href="/calendar/list?on=2026-03-09"' in look("registrar", "/calendar?month=2026-03").text
    assert look("registrar", "/calendar/list?on=2026-03-09").text.count("data-row") == 5
    assert look("registrar", "/calendar/list?on=2026-03-10").text.count("data-row") == 0


def test_filters_keep_ones_own_work_a_kind_and_promises_apart(session, district, look):
    loans(session, district, 1)

    rows = {
        (role, query): look(role, f"/calendar/list?{query}").text.count("data-row")
        for role in ("registrar", "staff")
        for query in ("own=1", "kind=loan", "kind=payment", "which=promised", "which=statutory", "kind=no-such")
    }

    assert rows == {
        ("registrar", "own=1"): 1, ("registrar", "kind=loan"): 1, ("registrar", "kind=payment"): 0,
        ("registrar", "which=promised"): 0, ("registrar", "which=statutory"): 1, ("registrar", "kind=no-such"): 1,
        ("staff", "own=1"): 0, ("staff", "kind=loan"): 1, ("staff", "kind=payment"): 0,
        ("staff", "which=promised"): 0, ("staff", "which=statutory"): 1, ("staff", "kind=no-such"): 1,
    }


def test_days_off_and_make_up_days_are_those_by_which_clocks_count(look):
    october = look("registrar", "/calendar?month=2026-10").text

    holiday = re.search(r'<td [^>]*>(?:(?!</td>).)*datetime="2026-10-01".*?</td>', october, re.S).group(0)
    made_up = re.search(r'<td [^>]*>(?:(?!</td>).)*datetime="2026-10-10".*?</td>', october, re.S).group(0)
    assert "is-free" in holiday and "National Day" in holiday
    assert "is-free" not in made_up and "make-up working day" in made_up


def test_a_year_without_published_holidays_says_so(look):
    assert "not published yet" in look("registrar", "/calendar?month=2031-05").text


def test_the_file_holds_an_event_for_each_deadline_and_keeps_its_name(session, district, look):
    number = loans(session, district, 1)[0]

    answers = [look("registrar", "/calendar.ics") for _ in range(2)]

    lines = answers[0].data.replace(b"\r\n ", b"").decode().split("\r\n")
    assert answers[0].content_type == "text/calendar; charset=utf-8"
    assert [line for line in lines if line.startswith("UID:")] == [f"UID:{number}.intake_check.1@localhost"]
    assert "DTSTART;VALUE=DATE:20260309" in lines and "DTEND;VALUE=DATE:20260310" in lines
    assert lines[0] == "BEGIN:VCALENDAR" and lines[-2:] == ["END:VCALENDAR", ""]
    assert "art. 32(1)(4)\\, art. 82" in answers[0].data.replace(b"\r\n ", b"").decode()
    assert len(set(re.findall(r"UID:[^\r]*", answers[1].text))) == 1


def test_no_words_add_a_line_to_the_file_and_no_line_is_wider_than_75_octets():
    event = Event("u", DUE, "标题" * 60 + "\r\nEND:VCALENDAR", "a;b,c\\d\x00\ne", "https://example.org/cases/1")

    data = b"".join(calendar_file("示例", [event], NOW))

    assert data.count(b"\r\nEND:VCALENDAR") == 1
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"DESCRIPTION:a\\;b\\,c\\\\d\\ne\r\n" in data
    for line in data.split(b"\r\n"):
        line.decode()  # never folded inside a character


@pytest.mark.parametrize("address", ["/calendar?month=2026-03", "/calendar/list", "/calendar.ics"])
def test_the_calendar_takes_as_many_questions_for_twenty_clocks_as_for_one(app, session, district, address):
    browser = browser_of(app, session, session.get(Person, district.actors["registrar"].person_id))
    counts = []
    for more in (1, 19):
        loans(session, district, more)
        apart(browser.get, address)
        with counted() as sent:
            apart(browser.get, address)
        counts.append(len(sent))

    assert counts[0] == counts[1] <= 14


def test_clocks_are_read_from_the_index_and_not_from_the_whole_table(session, district):
    loans(session, district, 1)
    actor = district.actors["auditor"]
    for way in ("seqscan", "bitmapscan"):
        session.execute(text(f"SET LOCAL enable_{way} = off"))
    plan = "\n".join(row[0] for row in session.execute(text(
        "EXPLAIN SELECT due_at FROM clocks WHERE stopped_at IS NULL ORDER BY due_at, case_id, name, run LIMIT 51"
    )))

    assert "ix_clocks_open" in plan and "Sort" not in plan
    assert isinstance(open_clocks(session, held_by(session, actor), 0, Choice()).rows[0], OpenClock)


@pytest.mark.parametrize("query", [
    "month=9999-99", "month=0001-01", "on=2026-02-30", "after=x,y", "after=2026-03-09,1,a,1",
    f"after=2026-03-09T00:00:00%2B08:00,{'9' * 25},x,1",
])
def test_odd_questions_are_answered(look, query):
    look("registrar", f"/calendar?{query}")
    look("registrar", f"/calendar/list?{query}")
