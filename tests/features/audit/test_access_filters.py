"""Changes of access are found by person, by kind and by day; nothing else of the page changes by that."""

from datetime import date, datetime

import pytest

from app.access.accounts import disable, enable
from app.access.changes import KINDS, ChangesAsked, access_changes
from app.access.grants import grant
from app.access.invitations import invite
from app.access.password_links import issue
from app.clock import SHANGHAI
from tests.builders_access import a_person, browser_of, somebody

MARCH_2 = datetime(2026, 3, 2, tzinfo=SHANGHAI)
LAST_MOMENT = datetime(2026, 3, 3, 23, 59, 59, 999999, tzinfo=SHANGHAI)


@pytest.fixture
def busy(session, city):
    """A city in which on two days five things were done, by two administrators to three people."""
    chief, second = a_person(session, "管理员甲", login="chief"), a_person(session, "管理员乙", login="second")
    clerk = somebody(session, "registrar", city, name="林小溪", login="linxi")
    buyer = a_person(session, "周远山", login="zhou")
    grant(session, person_id=buyer.id, role="buyer", node=city, on=date(2026, 3, 2), by=second.id, now=MARCH_2)
    issue(session, clerk.accounts[0], by=chief.id, now=MARCH_2)
    disable(session, clerk.accounts[0], by=chief.id, now=LAST_MOMENT)
    enable(session, clerk.accounts[0], by=second.id, now=LAST_MOMENT)
    invite(session, role="staff", node=city, email="Z@example.org", by=second.id, now=LAST_MOMENT)
    session.commit()
    return city


def found(session, busy, **asked):
    rows, _following = access_changes(session, [busy.path], after=None, limit=50, asked=ChangesAsked(**asked))
    return sorted(row.what for row in rows if row.by is not None)


ALL_OF_IT = ["disabled", "enabled", "invited", "link_issued", "role_given"]


def test_without_a_filter_everything_is_told(session, busy):
    assert found(session, busy) == ALL_OF_IT


@pytest.mark.parametrize(("person", "which"), [
    ("林小溪", ["disabled", "enabled", "link_issued"]), ("小溪", ["disabled", "enabled", "link_issued"]),
    ("LINXI", ["disabled", "enabled", "link_issued"]), ("管理员乙", ["enabled", "invited", "role_given"]),
    ("周", ["role_given"]), ("z@example.org", ["invited"]), ("管理员", ALL_OF_IT), ("何清", []), ("lin", []),
    ("%", []), ("_", []),
])
def test_a_person_is_found_by_name_or_login_whether_they_did_it_or_it_was_done_to_them(session, busy, person, which):
    assert found(session, busy, person=person) == which


@pytest.mark.parametrize("what", KINDS)
def test_each_kind_of_change_is_told_alone(session, busy, what):
    assert found(session, busy, what=what) == [what] * (what in ALL_OF_IT)


@pytest.mark.parametrize(("first", "last", "which"), [
    (date(2026, 3, 2), date(2026, 3, 2), ["link_issued", "role_given"]),
    (date(2026, 3, 3), None, ["disabled", "enabled", "invited"]),
    (None, date(2026, 3, 3), ALL_OF_IT), (None, date(2026, 3, 1), []), (date(2026, 3, 4), None, []),
])
def test_a_period_holds_its_first_and_its_last_day_whole(session, busy, first, last, which):
    assert found(session, busy, first=first, last=last) == which


def test_filters_hold_together_and_over_pages(session, busy):
    asked = ChangesAsked(person="林小溪", first=date(2026, 3, 2), last=date(2026, 3, 3))
    seen, after = [], None
    while True:
        rows, after = access_changes(session, [busy.path], after=after, limit=1, asked=asked)
        seen += [row.what for row in rows]
        if after is None:
            break

    assert seen == ["link_ended", "enabled", "disabled", "link_issued"]


def test_the_page_filters_keeps_the_filter_over_pages_and_takes_it_off(app, session, busy):
    reader = browser_of(app, session, somebody(session, "audit_admin", busy))
    for _ in range(51):
        invite(session, role="staff", node=busy, email=None, by=None, now=LAST_MOMENT)
    session.commit()

    page = reader.get("/audit/access?what=invited&from=2026-03-03&lang=en").text

    table = page.split("<table", 1)[1]
    assert (table.count("Invitation made"), table.count("Account disabled")) == (50, 0)
    assert "what=invited&amp;from=2026-03-03&amp;after=" in page
    assert 'href="/audit/access?from=2026-03-03"' in page
    assert "No change matches" in reader.get("/audit/access?q=nobody").text
    assert "Nothing was searched" not in page


@pytest.mark.parametrize(("arguments", "words"), [
    ("from=2026-03-04&to=2026-03-03", "截止日早于起始日"), ("from=2026-02-30", "2026-03-02"), ("to=soon", "2026-03-02"),
])
def test_days_that_are_none_are_said_and_nothing_is_searched(app, session, busy, arguments, words):
    reader = browser_of(app, session, somebody(session, "audit_admin", busy))

    answer = reader.get(f"/audit/access?{arguments}")

    assert answer.status_code == 422
    assert words in answer.text and "<table" not in answer.text


def test_a_kind_that_is_none_filters_nothing(app, session, busy):
    reader = browser_of(app, session, somebody(session, "audit_admin", busy))

    assert "林小溪" in reader.get("/audit/access?what=everything").text
