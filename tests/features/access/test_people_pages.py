"""What an administrator may do for other people, and where that ends."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.access.accounts import disable
from app.access.grants import GrantRefused, grant, revoke
from app.access.models import Invitation, RoleGrant
from app.access.people import PAGE, list_people
from app.access.reach import roles_held
from app.access.roles import ADMINISTRATORS, ROLES, may_be_held_together
from app.clock import SHANGHAI, real_now
from tests.builders_access import PASSWORD, a_person, an_account, browser_of, holds, somebody
from tests.queries import counted

TODAY = date(2026, 3, 2)


def today():
    return real_now().astimezone(SHANGHAI).date()


def test_people_are_listed_with_roles_below_the_administrators_place_only(
    session, administrator, district, other_city
):
    somebody(session, "registrar", district, name="林小溪")
    both = somebody(session, "cashier", district, name="周远山")
    holds(session, both, "registrar", other_city)
    somebody(session, "registrar", other_city, name="何清")
    session.commit()

    page = administrator.get("/people").text

    assert "林小溪" in page and "周远山" in page
    assert "何清" not in page
    assert "乙市" not in page


def test_nobody_but_the_system_administrator_comes_in_here(app, session, district):
    data = {"login": "x", "role": "auditor", "place": "110102"}
    for role in (code for code in ROLES if code != "system_admin"):
        client = browser_of(app, session, somebody(session, role, district))

        answers = [client.get("/people")] + [
            client.post(f"/people/{address}", data=data)
            for address in (
                "invitations",
                "grants",
                "grants/1/revoke",
                "accounts/1/disable",
                "accounts/1/enable",
            )
        ]

        assert [answer.status_code for answer in answers] == [403] * 6, role
    assert session.scalars(select(Invitation)).all() == []


def test_people_are_paged_by_key_in_three_queries(session, city, district):
    for number in range(PAGE + 5):
        somebody(session, "staff", district, name=f"甲{number}")
    session.expire_all()

    with counted() as statements:
        first, after = list_people(session, [city.path], on=TODAY)
    assert len(statements) == 3 + 1  # one more reads the expired city
    second, end = list_people(session, [city.path], on=TODAY, after=after)

    assert (len(first), len(second), end) == (PAGE, 5, None)
    assert {row.person.id for row in first}.isdisjoint(row.person.id for row in second)


def test_people_are_found_by_name_and_wildcards_are_letters(session, city, district):
    somebody(session, "staff", district, name="林小溪")
    somebody(session, "staff", district, name="周100%")

    def found(named):
        return [row.person.name for row in list_people(session, [city.path], on=TODAY, named=named)[0]]

    assert found("小溪") == ["林小溪"]
    assert found("%") == ["周100%"]
    assert found("_") == []


def test_an_invitation_is_made_below_the_administrators_place(session, administrator, district):
    session.commit()
    answer = administrator.post("/people/invitations", data={"role": "registrar", "place": "110102"})

    assert answer.status_code == 200
    assert re.search(r"http://localhost/invitations/[\w-]{43}", answer.text)
    assert session.scalars(select(Invitation.node_id)).one() == district.id
    assert not re.search(r"/invitations/[\w-]{43}", administrator.get("/people").text)


@pytest.mark.parametrize("place", ["520000", "000000", "999999", ""])
def test_nobody_is_invited_to_a_place_beside_above_or_unknown(session, administrator, other_city, place):
    session.commit()
    answer = administrator.post("/people/invitations", data={"role": "registrar", "place": place})

    assert answer.status_code == 422
    assert session.scalars(select(Invitation)).all() == []


def test_a_role_is_given_from_today_and_ended_today(session, administrator, district):
    person = a_person(session, login="linxi")
    session.commit()

    administrator.post("/people/grants", data={"login": "LINXI", "role": "registrar", "place": "110102"})
    assert roles_held(session, person.id, today()) == {"registrar"}

    given = session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id)).one()
    assert given.granted_by is not None
    administrator.post(f"/people/grants/{given.id}/revoke")

    assert roles_held(session, person.id, today()) == set()
    session.refresh(given)
    assert (given.valid_to, given.revoked_by) == (today(), given.granted_by)


@pytest.mark.parametrize("place", ["520000", "000000"])
def test_no_role_is_given_beyond_the_administrators_place(session, administrator, other_city, place):
    person = a_person(session, login="linxi")
    session.commit()

    answer = administrator.post(
        "/people/grants", data={"login": "linxi", "role": "registrar", "place": place}
    )

    assert answer.status_code == 422
    assert roles_held(session, person.id, today()) == set()


def test_a_role_of_another_city_is_not_there_for_the_administrator(session, administrator, other_city):
    given = holds(session, a_person(session), "registrar", other_city)
    session.commit()

    answers = [administrator.post(f"/people/grants/{number}/revoke") for number in (given.id, 999999)]

    assert [answer.status_code for answer in answers] == [404, 404]
    session.refresh(given)
    assert given.valid_to is None


def test_an_account_is_disabled_at_once_and_let_in_again(app, session, administrator, district):
    person = somebody(session, "registrar", district, login="linxi", password=PASSWORD)
    theirs = browser_of(app, session, person)
    assert theirs.get("/account").status_code == 200

    administrator.post(f"/people/accounts/{person.accounts[0].id}/disable")
    assert theirs.get("/account").status_code == 303
    client = app.test_client()
    data = {"login": "linxi", "password": PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 401

    administrator.post(f"/people/accounts/{person.accounts[0].id}/enable")
    assert theirs.get("/account").status_code == 303
    assert client.post("/sign-in", data=data).status_code == 303


def test_an_administrator_disables_neither_their_own_account_nor_one_from_elsewhere(
    app, session, city, district, other_city
):
    own = somebody(session, "system_admin", city)
    client = browser_of(app, session, own)
    stranger = somebody(session, "registrar", other_city)
    both = somebody(session, "registrar", district)
    holds(session, both, "cashier", other_city)
    session.commit()

    answers = [
        client.post(f"/people/accounts/{person.accounts[0].id}/disable") for person in (own, stranger, both)
    ]

    assert [answer.status_code for answer in answers] == [303, 404, 403]
    assert [person.accounts[0].disabled_at for person in (own, stranger, both)] == [None, None, None]


def test_nobody_changes_their_own_roles(session, city, now):
    person = somebody(session, "system_admin", city)
    second = an_account(session, person)
    given = session.scalars(select(RoleGrant)).one()

    with pytest.raises(GrantRefused):
        grant(
            session,
            person_id=person.id,
            role="system_admin",
            node=city,
            on=TODAY,
            by=second.person_id,
            now=now,
        )
    with pytest.raises(GrantRefused):
        revoke(session, given, on=TODAY, by=second.person_id, now=now)

    assert session.scalars(select(RoleGrant.valid_to)).all() == [None]


@pytest.mark.parametrize(
    "held, wanted",
    [("system_admin", "cashier"), ("auditor", "audit_admin"), ("security_admin", "system_admin")],
)
def test_an_administrator_holds_no_second_role(session, city, now, held, wanted):
    person = somebody(session, held, city)

    with pytest.raises(GrantRefused):
        grant(session, person_id=person.id, role=wanted, node=city, on=TODAY, by=None, now=now)


def test_business_roles_may_be_held_together_and_an_ended_one_does_not_count(session, city, now):
    person = somebody(session, "registrar", city)
    grant(session, person_id=person.id, role="cashier", node=city, on=TODAY, by=None, now=now)
    for given in session.scalars(select(RoleGrant).where(RoleGrant.person_id == person.id)):
        revoke(session, given, on=TODAY, by=None, now=now)

    grant(session, person_id=person.id, role="system_admin", node=city, on=TODAY, by=None, now=now)

    assert roles_held(session, person.id, TODAY) == {"system_admin"}
    assert all(may_be_held_together({role}) for role in ADMINISTRATORS)


def test_a_grant_that_ends_before_it_begins_or_has_ended_is_refused(session, city, now):
    person = a_person(session)
    with pytest.raises(GrantRefused):
        grant(
            session, person_id=person.id, role="cashier", node=city, on=TODAY, until=TODAY, by=None, now=now
        )
    given = holds(session, person, "cashier", city, until=TODAY)
    with pytest.raises(GrantRefused):
        revoke(session, given, on=TODAY, by=None, now=now)


def test_a_role_does_not_end_with_a_day_in_the_past(session, city, now):
    given = holds(session, a_person(session), "cashier", city, since=TODAY - timedelta(days=30))

    with pytest.raises(GrantRefused):
        revoke(session, given, on=TODAY - timedelta(days=1), by=None, now=now)

    assert (given.valid_to, given.revoked_at) == (None, None)
    revoke(session, given, on=TODAY, by=None, now=now)
    assert given.valid_to == TODAY


def test_a_grant_for_the_future_that_is_revoked_never_counts(session, city, now):
    person = a_person(session)
    given = holds(session, person, "cashier", city, since=TODAY + timedelta(days=10))

    revoke(session, given, on=TODAY, by=None, now=now)

    assert all(roles_held(session, person.id, TODAY + timedelta(days=days)) == set() for days in range(30))


def test_disabling_all_accounts_takes_every_right(session, city, now):
    person = somebody(session, "registrar", city)
    second = an_account(session, person)

    disable(session, person.accounts[0], by=None, now=now)
    assert roles_held(session, person.id, TODAY) == {"registrar"}
    disable(session, second, by=None, now=now)

    assert roles_held(session, person.id, TODAY) == set()
