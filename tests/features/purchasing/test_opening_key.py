"""An officer's key: enrolled, rehearsed with the own passphrase, retired; calls ask for a fresh rehearsal."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.errors import InvalidInput, MoveRefused
from app.purchasing.opening_key.effects import newest_keys, opening_officers
from app.purchasing.sealed import OpeningKey
from tests.builders_purchasing import (
    PASSPHRASE,
    a_plan,
    a_programme,
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
