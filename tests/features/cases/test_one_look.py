"""What is remembered is asked once during one look, and anew by everybody else."""

import pytest
from sqlalchemy import text

from app.cases.numbers import own_organizations
from app.clock import business_now
from app.database.one_look import one_look
from tests.builders import grant_role, make_district, make_organization
from tests.queries import counted


@pytest.fixture
def person(session):
    district = make_district(session)
    return district, district.actors["staff"].person_id


def test_during_one_look_a_question_is_asked_once(session, person):
    _district, id_ = person
    with one_look(session), counted() as sent:
        now = business_now(session)
        told = [own_organizations(session, id_, now) for _ in range(5)]
        assert business_now(session) == now
    assert len(sent) == 2 and all(each == told[0] for each in told)


def test_another_question_has_another_answer(session, person):
    district, id_ = person
    with one_look(session):
        now = business_now(session)
        assert own_organizations(session, id_, now) == [district.organization.id]
        assert own_organizations(session, district.actors["registrar"].person_id, now) == []


def test_after_the_look_it_is_asked_anew_even_when_the_look_failed(session, person):
    district, id_ = person
    with pytest.raises(RuntimeError), one_look(session):
        own_organizations(session, id_, business_now(session))
        raise RuntimeError
    other = make_organization(session, district.district, "另一家服务中心（示例）")
    grant_role(session, id_, "staff", other.node_id)
    session.execute(text("UPDATE business_clock SET ahead_seconds = 3600"))

    assert own_organizations(session, id_, business_now(session)) == [district.organization.id, other.id]
