"""An officer's key: enrolled, rehearsed with the own passphrase, retired; calls ask for a fresh rehearsal."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.access.grants import revoke
from app.access.models import RoleGrant
from app.cases.due import move_clock
from app.cases.kinds import choices_for_person
from app.clock import business_now
from app.errors import InvalidInput, MoveRefused
from app.purchasing.opening_key.effects import newest_keys, opening_officers
from app.purchasing.sealed import OpeningKey
from tests.builders import make_actor
from tests.builders_purchasing import (
    PASSPHRASE,
    a_plan,
    a_programme,
    an_expert,
    an_office,
    call_data,
    moved,
    opened,
    some_officers,
    state_of,
)


def enrolled(session, office, officer) -> str:
    key = opened(session, office, "opening_key", "enrol", officer, office=office.node_id, passphrase=PASSPHRASE)
    return key.number


def key(session) -> OpeningKey:
    session.expire_all()
    return session.scalars(select(OpeningKey)).one()


def test_a_rehearsal_is_dated_and_keeps_no_passphrase(session):
    office = an_office(session)
    number = enrolled(session, office, office.buyer)
    assert key(session).rehearsed_at is None

    moved(session, office, number, "rehearse", office.buyer, passphrase=PASSPHRASE)

    assert key(session).rehearsed_at == office.now + timedelta(minutes=1)
    bodies = session.execute(text("SELECT string_agg(encode(body, 'escape'), ' ') FROM history")).scalar_one()
    assert "lanterns" not in bodies


def test_a_wrong_passphrase_rehearses_nothing_and_no_other_officer_may_try(session):
    office = an_office(session)
    number = enrolled(session, office, office.buyer)

    with pytest.raises(InvalidInput) as wrong:
        moved(session, office, number, "rehearse", office.buyer, passphrase="three lanterns by the sea")
    assert set(wrong.value.errors) == {"passphrase"}
    with pytest.raises(MoveRefused) as refused:
        moved(session, office, number, "rehearse", office.second_buyer, passphrase=PASSPHRASE)

    assert [reason["code"] for reason in refused.value.reasons] == ["not_your_key"]
    assert key(session).rehearsed_at is None


def test_a_damaged_key_fails_its_rehearsal_and_not_the_opening(session):
    office = an_office(session)
    number = enrolled(session, office, office.buyer)
    session.execute(text("UPDATE opening_keys SET public_key = sha256('another')"))
    session.commit()

    with pytest.raises(InvalidInput):
        moved(session, office, number, "rehearse", office.buyer, passphrase=PASSPHRASE)


def test_a_retired_key_stands_on_no_new_call(session):
    office = an_office(session)
    number = enrolled(session, office, office.buyer)
    person = office.buyer.person_id
    assert list(newest_keys(session, [person], office.node_id)) == [person]

    moved(session, office, number, "retire", office.buyer)

    assert newest_keys(session, [person], office.node_id) == {}
    assert opening_officers(session, person) == []


def test_a_call_is_published_only_after_every_officer_rehearsed_lately(session):
    office = an_office(session)
    plan = a_plan(session, office, a_programme(session, office))
    officers = some_officers(session, office)
    session.execute(
        text("UPDATE opening_keys SET rehearsed_at = rehearsed_at - interval '31 days' WHERE person_id = :p"),
        {"p": officers[2].person_id},
    )
    session.commit()
    call = opened(session, office, "call", "draft", office.project_officer, **call_data(session, plan, officers))
    with pytest.raises(MoveRefused) as refused:
        moved(session, office, call.number, "publish", office.buyer)
    assert [reason["code"] for reason in refused.value.reasons] == ["officers_not_rehearsed"]

    number = session.execute(text("SELECT c.number FROM cases c JOIN opening_keys k ON k.case_id = c.id"
                                  " WHERE k.person_id = :p"), {"p": officers[2].person_id}).scalar_one()
    moved(session, office, number, "rehearse", officers[2], passphrase=PASSPHRASE)
    moved(session, office, call.number, "publish", office.buyer)

    assert state_of(session, call.number) == "published"


def offered(session, name: str, actor) -> list[int]:
    return [value for value, _label in choices_for_person(name, session, None, None, actor.person_id)]


def test_a_supervisor_chooses_the_office_for_the_own_key_and_enters_nothing_else_for_it(session):
    office = an_office(session)
    supervisor = make_actor(session, "监督", ("procurement_supervisor", office.node_id))
    session.commit()

    assert offered(session, "offices_to_open_for", supervisor) == [office.node_id]
    assert offered(session, "offices_to_open_for", office.outsider) == offered(session, "offices_held", office.outsider)
    assert offered(session, "offices_held", supervisor) == []
    assert enrolled(session, office, supervisor).startswith("MY")


def test_offices_and_experts_are_asked_for_on_the_day_of_the_business_clock(session):
    office = an_office(session)
    expert = an_expert(session, office)
    tomorrow = business_now(session) + timedelta(days=40)
    ends = tomorrow.date() - timedelta(days=10)
    for actor in (office.buyer, expert):
        given = session.scalars(select(RoleGrant).where(RoleGrant.person_id == actor.person_id)).one()
        revoke(session, given, on=ends, by=None, now=business_now(session))
    session.commit()
    experts = offered(session, "experts_to_list", office.project_officer)
    assert (offered(session, "offices_held", office.buyer), experts) == ([office.node_id], [expert.person_id])

    move_clock(session, to=tomorrow, environment="test")

    assert offered(session, "offices_held", office.buyer) == []
    assert offered(session, "experts_to_list", office.project_officer) == []
