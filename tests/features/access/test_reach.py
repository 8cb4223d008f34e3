"""Who reaches which case, today: every way a grant counts, and every way it does not."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.access.nodes import move_node
from app.access.reach import people_holding, roles_held, roles_reaching_case, visible_cases, who_would_do
from app.access.roles import ADMINISTRATORS, CASE_ROLES, ORGANIZATION_ROLES, PLACE_ROLES, ROLES
from app.cases.models import Case
from app.clock import real_now
from tests.builders_access import (
    a_bare_case,
    a_bare_organization,
    a_person,
    a_place,
    an_account,
    holds,
    somebody,
)
from tests.queries import counted
from workflows.definition import ROLE_CODES

TODAY = date(2026, 3, 2)


@pytest.fixture
def city(session):
    return a_place(session, "110000", "甲市")


@pytest.fixture
def district(session, city):
    return a_place(session, "110102", "甲区", parent=city)


@pytest.fixture
def organization(session, district):
    return a_place(session, "ORG-1", "甲社", parent=district, kind="organization")


def reached(session, person, district, *, case_id=None, organization=None, on=TODAY):
    return roles_reaching_case(
        session,
        person.id,
        case_id=case_id,
        case_node_path=district.path,
        organization_node_id=organization.id if organization else None,
        on=on,
    )


def test_every_role_of_the_definitions_has_a_reach(session):
    assert set(ROLES) == ROLE_CODES


def test_a_role_on_a_place_reaches_the_cases_there_and_below(session, city, district):
    for role in PLACE_ROLES:
        here, above = somebody(session, role, district), somebody(session, role, city)

        assert reached(session, here, district) == {role}
        assert reached(session, above, district) == {role}


def test_a_role_on_a_place_does_not_reach_what_lies_beside_or_above(session, city, district):
    for role in PLACE_ROLES:
        beside = somebody(session, role, a_place(session, "110105", "乙区", parent=city))

        assert reached(session, beside, district) == set(), role
        assert reached(session, beside, city) == set(), role


def test_a_role_of_an_organization_reaches_its_cases_wherever_they_lie(session, district, organization):
    elsewhere = a_place(session, "520100", "乙市")
    for role in ORGANIZATION_ROLES:
        person = somebody(session, role, organization)

        assert reached(session, person, district, organization=organization) == {role}
        assert reached(session, person, elsewhere, organization=organization) == {role}


def test_a_role_of_an_organization_does_not_reach_the_cases_of_others(session, district, organization):
    other = a_place(session, "ORG-2", "乙社", parent=district, kind="organization")
    for role in ORGANIZATION_ROLES:
        person, on_the_district = somebody(session, role, other), somebody(session, role, district)

        assert reached(session, person, district, organization=organization) == set(), role
        assert reached(session, on_the_district, district, organization=organization) == set(), role


def test_administrators_and_residents_reach_no_case(session, city, district):
    for role in (*ADMINISTRATORS, "resident"):
        person = somebody(session, role, city)
        holds(session, person, role, district, case_id=7)

        assert reached(session, person, district, case_id=7) == set(), role


def test_experts_and_their_like_reach_only_the_case_they_were_called_to(session, district):
    for role in (code for code in CASE_ROLES if ROLES[code].reach == "case"):
        person = somebody(session, role, district)
        holds(session, person, role, district, case_id=7)

        assert reached(session, person, district, case_id=7) == {role}
        assert reached(session, person, district, case_id=8) == set(), role
        assert reached(session, person, district) == set(), role


def test_a_grant_on_one_case_does_not_open_the_others_of_the_place(session, district):
    person = a_person(session)
    holds(session, person, "registrar", district, case_id=7)

    assert reached(session, person, district, case_id=7) == {"registrar"}
    assert reached(session, person, district, case_id=8) == set()


def test_a_grant_counts_from_its_first_day_until_the_day_it_ends(session, district):
    person = a_person(session)
    holds(session, person, "registrar", district, since=TODAY, until=TODAY + timedelta(days=2))

    days = [TODAY + timedelta(days=days) for days in (-1, 0, 1, 2)]

    assert [bool(reached(session, person, district, on=day)) for day in days] == [False, True, True, False]


def test_a_person_whose_only_account_is_disabled_reaches_nothing(session, district):
    person = somebody(session, "registrar", district)
    person.accounts[0].disabled_at = real_now()
    session.flush()

    assert reached(session, person, district) == set()
    assert roles_held(session, person.id, TODAY) == set()


def test_a_person_with_another_account_still_reaches(session, district):
    person = somebody(session, "registrar", district)
    person.accounts[0].disabled_at = real_now()
    an_account(session, person)

    assert reached(session, person, district) == {"registrar"}


def test_rights_follow_the_place_when_it_is_moved(session, city, district):
    other = a_place(session, "520100", "乙市")
    old, new = somebody(session, "registrar", city), somebody(session, "registrar", other)
    assert reached(session, old, district) == {"registrar"}

    move_node(session, district, parent=other)

    assert reached(session, old, district) == set()
    assert reached(session, new, district) == {"registrar"}


def test_the_second_account_of_a_person_has_the_persons_rights(session, district):
    person = somebody(session, "registrar", district)
    second = an_account(session, person)

    assert second.person_id == person.id
    assert roles_held(session, second.person_id, TODAY) == {"registrar"}


@pytest.fixture
def two_cities(session):
    """Two cities, each with a district, an organization and two cases, one of them the organization's."""
    made = {}
    for code in ("110", "520"):
        city = a_place(session, f"{code}000", f"市{code}")
        district = a_place(session, f"{code}102", f"区{code}", parent=city)
        node = a_place(session, f"ORG-{code}", f"社{code}", parent=district, kind="organization")
        organization_id = a_bare_organization(session, node)
        cases = {
            a_bare_case(session, f"{code}-1", district, organization_id),
            a_bare_case(session, f"{code}-2", district),
        }
        made[code] = {"city": city, "district": district, "organization": node, "cases": cases}
    return made


def seen(session, person):
    condition = visible_cases(session, person.id, TODAY, Case)
    return set(session.scalars(select(Case.number).where(condition)))


@pytest.mark.parametrize("where", ["city", "district", "organization"])
def test_a_list_holds_exactly_the_cases_that_each_role_reaches_one_by_one(session, two_cities, where):
    for role in ROLES:
        person = somebody(session, role, two_cities["110"][where])
        expected = set()
        for case in session.scalars(select(Case)):
            place = two_cities[case.number[:3]]
            organization = place["organization"] if case.organization_id else None
            if reached(session, person, place["district"], case_id=case.id, organization=organization):
                expected.add(case.number)

        assert seen(session, person) == expected, role
        assert not any(number.startswith("520") for number in expected), role


def test_who_holds_roles_in_both_cities_sees_both(session, two_cities):
    person = somebody(session, "auditor", two_cities["110"]["city"])
    holds(session, person, "staff", two_cities["520"]["organization"])

    assert seen(session, person) == {"110-1", "110-2", "520-1"}


def test_a_grant_on_one_case_lists_that_case_alone(session, two_cities):
    person = a_person(session)
    case_id = min(two_cities["520"]["cases"])
    holds(session, person, "expert", two_cities["520"]["city"], case_id=case_id)

    assert seen(session, person) == {"520-1"}


def test_who_holds_nothing_sees_nothing(session, two_cities):
    assert seen(session, a_person(session)) == set()


def test_an_ended_grant_lists_nothing_from_that_day_on(session, two_cities):
    person = a_person(session)
    holds(session, person, "auditor", two_cities["110"]["city"], until=TODAY)

    assert seen(session, person) == set()


def test_a_count_by_the_filter_takes_two_queries_however_many_grants_there_are(session, two_cities):
    person = a_person(session)
    for code in two_cities:
        holds(session, person, "auditor", two_cities[code]["city"])
        holds(session, person, "registrar", two_cities[code]["district"])
        holds(session, person, "staff", two_cities[code]["organization"])

    with counted() as statements:
        condition = visible_cases(session, person.id, TODAY, Case)
        count = session.scalar(select(func.count()).select_from(Case).where(condition))

    assert count == 4
    assert len(statements) == 2


def test_a_refusal_names_the_nearest_place_where_the_role_is_held(session, city, district, organization):
    somebody(session, "registrar", city)

    told = who_would_do(
        session,
        ["registrar", "cashier", "staff"],
        case_node_path=district.path,
        organization_node_id=organization.id,
        on=TODAY,
    )

    assert [(holder.role.code, holder.node.id, holder.held) for holder in told] == [
        ("registrar", city.id, True),
        ("cashier", district.id, False),
        ("staff", organization.id, False),
    ]


def test_a_notice_to_a_role_reaches_those_who_hold_it_there_or_above(session, city, district, organization):
    above, here = somebody(session, "registrar", city), somebody(session, "registrar", district)
    somebody(session, "registrar", a_place(session, "520100"))
    staff = somebody(session, "staff", organization)
    somebody(session, "staff", district)

    registrars = people_holding(session, "registrar", node_path=district.path, on=TODAY)
    members = people_holding(session, "staff", node_path=organization.path, on=TODAY)

    assert [person.id for person in registrars] == [above.id, here.id]
    assert [person.id for person in members] == [staff.id]
