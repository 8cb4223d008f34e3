"""Auditors read who gave, took and issued what for whom, at their places; nobody else does."""

import re
from datetime import timedelta

import pytest

from app.access.accounts import change_password, disable, enable, void_links
from app.access.changes import access_changes
from app.access.grants import grant, revoke
from app.access.invitations import NewPerson, accept, invite
from app.access.password_links import issue, use
from app.access.roles import ROLES
from app.clock import SHANGHAI
from tests.builders_access import PASSWORD, a_bare_case, a_person, a_place, browser_of, somebody
from tests.queries import counted

READERS = ("auditor", "audit_admin")
HOUR = timedelta(hours=1)


def told(session, *places, after=None, limit=50):
    rows, following = access_changes(session, [place.path for place in places], after=after, limit=limit)
    return [(row.what, row.by, row.whom) for row in rows], following


def test_every_change_is_told_with_who_did_it_for_whom(session, city, district, now):
    chief = a_person(session, "管理员甲", login="chief")
    clerk = a_person(session, "林小溪", login="linxi", password=PASSWORD)
    account, on = clerk.accounts[0], now.astimezone(SHANGHAI).date()
    given = grant(session, person_id=clerk.id, role="registrar", node=district, on=on, by=chief.id, now=now)
    issue(session, account, by=chief.id, now=now + HOUR)
    token = issue(session, account, by=chief.id, now=now + 2 * HOUR)
    use(session, token, new="a-kite-over-the-roofs", now=now + 3 * HOUR)
    change_password(session, account, new="another-kite-over-it", now=now + 4 * HOUR, keep_session=None)
    disable(session, account, by=chief.id, now=now + 5 * HOUR)
    enable(session, account, by=chief.id, now=now + 6 * HOUR)
    revoke(session, given, on=on, by=chief.id, now=now + 7 * HOUR)
    token = invite(session, role="staff", node=district, email="z@example.org", by=chief.id, now=now + 8 * HOUR)
    accept(session, token, NewPerson("周远山", "zhou", PASSWORD), now=now + 9 * HOUR, on=on)
    session.commit()

    with counted() as statements:
        rows, following = told(session, city)

    assert len(statements) <= 2  # one more reads the expired city
    assert following is None
    assert sorted(rows[:2]) == [("invitation_used", "周远山", "周远山"), ("role_given", "管理员甲", "周远山")]
    assert rows[2:6] == [
        ("invited", "管理员甲", None), ("role_ended", "管理员甲", "林小溪"), ("enabled", "管理员甲", "林小溪"),
        ("disabled", "管理员甲", "林小溪"),
    ]
    assert rows[6:9] == [
        ("password_changed", "林小溪", "林小溪"), ("link_used", "林小溪", "林小溪"),
        ("link_issued", "管理员甲", "林小溪"),
    ]
    assert rows[9:] == [
        ("link_ended", None, "林小溪"), ("link_issued", "管理员甲", "林小溪"), ("role_given", "管理员甲", "林小溪"),
    ]


def test_what_the_operator_did_is_told_without_a_name_and_to_the_whole_country_only(session, city, now):
    clerk = somebody(session, "registrar", city, name="林小溪")
    issue(session, clerk.accounts[0], by=None, now=now)
    invite(session, role="system_admin", node=None, email=None, by=None, now=now)
    root = a_place(session, "000000")
    session.commit()

    assert ("link_issued", None, "林小溪") in told(session, city)[0]
    assert ("invited", None, None) not in told(session, city)[0]
    assert ("invited", None, None) in told(session, root)[0]


def test_what_happens_beside_or_above_the_place_and_on_a_case_alone_is_not_told(
    session, city, district, other_city, now
):
    on = now.astimezone(SHANGHAI).date()
    expert = a_person(session, "何清")
    for place in (other_city, city):
        person = somebody(session, "registrar", place)
        issue(session, person.accounts[0], by=None, now=now)
        disable(session, person.accounts[0], by=None, now=now)
        invite(session, role="staff", node=place, email=None, by=None, now=now)
    case = a_bare_case(session, "PAY-2026-0001", district)
    grant(session, person_id=expert.id, role="expert", node=district, on=on, by=None, now=now, case_id=case)
    session.commit()

    assert told(session, district) == ([], None)


def test_pages_go_by_key_and_each_change_is_told_once(session, city, now):
    for number in range(3):
        clerk = somebody(session, "staff", city, name=f"甲{number}")
        issue(session, clerk.accounts[0], by=None, now=now)
        void_links(session, clerk.accounts[0].id, now=now)
        disable(session, clerk.accounts[0], by=None, now=now)
    session.commit()
    everything, _ = told(session, city)

    seen, after = [], None
    while True:
        rows, after = told(session, city, after=after, limit=2)
        seen += rows
        if after is None:
            break

    assert seen == everything
    assert len(seen) == len(set(seen)) == 12


@pytest.mark.parametrize("after", ["x", "1,2,3", "2026-03-02,a,1", ",,", "９,a,９"])
def test_a_key_that_is_none_begins_at_the_newest(app, session, city, now, after):
    reader = browser_of(app, session, somebody(session, "auditor", city))

    assert reader.get("/audit/access", query_string={"after": after}).status_code == 200


@pytest.mark.parametrize("role", list(ROLES))
def test_auditors_read_it_and_nobody_else(app, session, city, district, now, role):
    clerk = somebody(session, "registrar", district, name="林小溪", login="linxi")
    chief = a_person(session, "管理员甲")
    issue(session, clerk.accounts[0], by=chief.id, now=now)

    answer = browser_of(app, session, somebody(session, role, city)).get("/audit/access")

    assert answer.status_code == (200 if role in READERS else 403)
    if role in READERS:
        assert re.search(r"签发重设密码链接.*林小溪.*linxi.*管理员甲", answer.text, re.S)
    assert ('href="/audit/access"' in browser_of(app, session, clerk).get("/").text) is False


def test_an_administrator_of_audits_finds_the_page(app, session, city):
    reader = browser_of(app, session, somebody(session, "audit_admin", city))

    assert 'href="/audit/access"' in reader.get("/").text
    assert 'href="/people"' not in browser_of(app, session, somebody(session, "security_admin", city)).get("/").text
