"""A registrar enters what a certificate proves; codes are allotted once, whoever asks at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.organizations.importing import import_register
from app.organizations.models import Organization, Registration, UsccAllotment
from app.organizations.places import territory
from app.organizations.queries import is_registered
from app.organizations.steps import (
    CannotConfirm,
    Certificate,
    NoCodeLeft,
    NotARegistrar,
    add_code_range,
    allot_code,
    confirm_entry,
    has_code_left,
)
from tests.builders import make_actor
from tests.builders_register import (
    XICHENG,
    a_code,
    a_decision,
    a_file,
    a_preparation,
    a_second_district,
    an_office,
)
from workflows.rules.uscc import parse

CERTIFICATE = Certificate(date(2015, 5, 5), "某市某区民政局", "证书副本，编号 0001")


@pytest.fixture
def office(session, now):
    return an_office(session, now)


@pytest.fixture
def listed(session, now, tmp_path):
    """The id of an organization that only a list names."""
    import_register(session, a_file(tmp_path, f"甲会,{a_code(1)}", header="name,uscc"), now=now)
    return session.scalars(select(Organization.id).where(Organization.uscc == a_code(1))).one()


def test_a_registrar_enters_the_registration_of_a_listed_organization(session, office, listed, now):
    confirm_entry(
        session, organization_id=listed, person_id=office.registrar.person_id, certificate=CERTIFICATE,
        now=now,
    )
    session.commit()

    assert is_registered(session, listed)
    row = session.scalars(select(Registration)).one()
    assert (row.source, row.registered_on, row.entered_by, row.evidence, row.uscc) == (
        "certificate", date(2015, 5, 5), office.registrar.person_id, CERTIFICATE.evidence, a_code(1),
    )


def test_a_change_decisions_entry_becomes_a_full_registration(session, office, now, tmp_path):
    import_register(session, a_file(tmp_path, a_decision(2, family="变")), now=now)
    organization = session.scalars(select(Organization).where(Organization.uscc == a_code(2))).one()

    confirm_entry(
        session, organization_id=organization.id, person_id=office.registrar.person_id,
        certificate=CERTIFICATE, now=now,
    )

    row = session.scalars(select(Registration)).one()
    assert (row.source, row.registered_on) == ("certificate", date(2015, 5, 5))


def test_a_later_import_leaves_what_a_registrar_entered(session, office, listed, now, tmp_path):
    confirm_entry(
        session, organization_id=listed, person_id=office.registrar.person_id, certificate=CERTIFICATE,
        now=now,
    )
    session.commit()
    import_register(session, a_file(tmp_path, a_decision(1, name="甲新会")), now=now)

    row = session.scalars(select(Registration)).one()
    assert (row.source, row.registered_on) == ("certificate", date(2015, 5, 5))


def test_nobody_but_the_registrar_of_the_place_enters_a_registration(session, office, listed, now):
    elsewhere = make_actor(session, "外区登记员", ("registrar", a_second_district(session).id))
    session.commit()

    for actor in (office.staff, office.hub_officer, elsewhere):
        with pytest.raises(NotARegistrar):
            confirm_entry(
                session, organization_id=listed, person_id=actor.person_id, certificate=CERTIFICATE, now=now
            )
        session.rollback()

    assert not is_registered(session, listed)


def test_a_registration_in_force_is_not_entered_twice(session, office, listed, now):
    values = {"organization_id": listed, "person_id": office.registrar.person_id, "now": now}
    confirm_entry(session, certificate=CERTIFICATE, **values)
    session.commit()

    with pytest.raises(CannotConfirm):
        confirm_entry(session, certificate=CERTIFICATE, **values)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Registration)) == 1


def test_an_organization_without_a_code_has_nothing_to_confirm(session, office, now):
    with pytest.raises(CannotConfirm):
        confirm_entry(
            session, organization_id=office.organization_id, person_id=office.registrar.person_id,
            certificate=CERTIFICATE, now=now,
        )


def test_a_certificate_is_not_from_the_future(session, office, listed, now):
    tomorrow = Certificate(date(2026, 3, 3), "某市某区民政局", "证书副本")

    with pytest.raises(CannotConfirm):
        confirm_entry(
            session, organization_id=listed, person_id=office.registrar.person_id, certificate=tomorrow,
            now=now,
        )


def test_codes_are_allotted_in_turn_with_both_check_characters(session, now):
    place = territory(session, XICHENG)
    add_code_range(session, division=XICHENG, legal_type="social_service", prefix="MJ", first=7, last=8)

    codes = [allot_code(session, place, "social_service") for _ in range(2)]

    assert codes == [a_code(7), a_code(8)]
    assert [parse(code).division for code in codes] == [XICHENG, XICHENG]
    assert not has_code_left(session, place.id, "social_service")
    with pytest.raises(NoCodeLeft):
        allot_code(session, place, "social_service")


def test_the_next_range_follows_when_one_is_used_up(session):
    place = territory(session, XICHENG)
    for first in (1, 500):
        add_code_range(
            session, division=XICHENG, legal_type="social_service", prefix="MJ", first=first, last=first
        )

    assert [allot_code(session, place, "social_service") for _ in range(2)] == [a_code(1), a_code(500)]


def test_a_code_that_the_register_knows_is_passed_over(session, listed):
    place = territory(session, XICHENG)
    add_code_range(session, division=XICHENG, legal_type="social_service", prefix="MJ", first=1, last=2)

    assert allot_code(session, place, "social_service") == a_code(2)


def test_a_range_belongs_to_one_type_and_one_registrar(session):
    place = territory(session, XICHENG)
    add_code_range(session, division=XICHENG, legal_type="social_service", prefix="MJ", first=1, last=2)

    assert not has_code_left(session, place.id, "foundation")
    assert not has_code_left(session, a_second_district(session).id, "social_service")


def test_registrars_who_ask_at_once_never_get_the_same_code(app, session):
    place_id = territory(session, XICHENG).id
    add_code_range(session, division=XICHENG, legal_type="social_service", prefix="MJ", first=1, last=12)
    session.commit()

    def take(_number):
        with app.app_context():
            place = territory(db.session, XICHENG)
            code = allot_code(db.session, place, "social_service")
            db.session.commit()
            db.session.remove()
            return code

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(take, range(12)))

    assert sorted(codes) == sorted(a_code(number) for number in range(1, 13))
    session.expire_all()
    assert session.scalars(select(UsccAllotment.next_number)).one() == 13
    assert place_id


def test_people_who_need_the_same_new_place_at_once_make_it_once(app, session):
    def make(_number):
        with app.app_context():
            node_id = territory(db.session, "520102").id
            db.session.commit()
            db.session.remove()
            return node_id

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(make, range(6)))) == 1


def test_an_organization_in_preparation_stands_below_its_district(session, now):
    organization = a_preparation(session, now, "筹备会")

    assert (organization.known_from, organization.uscc) == ("self", None)
    place = territory(session, XICHENG)
    assert organization.node_id
    assert place.name_zh == "西城区"
