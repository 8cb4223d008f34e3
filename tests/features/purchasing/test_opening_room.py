"""The opening room: before the deadline a countdown, then who is there, after the opening its record for everybody."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.access.sign_in import open_session
from app.cases.due import fire_due, move_clock
from app.cases.models import Clock
from app.clock import real_now
from app.errors import InvalidInput, MoveRefused
from app.purchasing.sealed import OpeningPresence
from tests.browsing import Person
from tests.builders_access import apart
from tests.builders_purchasing import (
    DUE,
    PASSPHRASE,
    a_bid,
    a_bidder,
    a_tender,
    moved,
    open_data,
)
from tests.features.purchasing.test_applying import a_published_call

LATER = DUE + timedelta(minutes=5)


def browser(client, session, actor=None) -> Person:
    client.delete_cookie("sid")
    if actor is not None:
        token = open_session(session, account_id=actor.account_id, user_agent="test", now=real_now())
        session.commit()
        client.set_cookie("sid", token)
    client.set_cookie("lang", "en")
    return Person(client)


def seen(client, session, actor, address: str) -> str:
    return apart(browser(client, session, actor).see, address)


def there(session) -> list[int]:
    return list(session.scalars(select(OpeningPresence.person_id).order_by(OpeningPresence.arrived_at)))


def test_an_officer_takes_a_seat_with_the_own_passphrase_once(session):
    tender = a_tender(session)
    number, officer = tender.packages[0].number, tender.officers[1]
    fire_due(session, DUE)
    due = select(Clock.due_at).where(Clock.case_id == tender.packages[0].id, Clock.name == "bid_opening")
    before = session.execute(due).scalar_one()
    with pytest.raises(InvalidInput) as wrong:
        moved(session, tender.office, number, "arrive", officer, at=LATER, passphrase="three lanterns by the sea")
    assert set(wrong.value.errors) == {"passphrase"} and there(session) == []

    moved(session, tender.office, number, "arrive", officer, at=LATER, passphrase=PASSPHRASE)

    with pytest.raises(MoveRefused) as again:
        moved(session, tender.office, number, "arrive", officer, at=LATER, passphrase=PASSPHRASE)
    assert [reason["code"] for reason in again.value.reasons] == ["there_already"]
    assert there(session) == [officer.person_id]
    assert session.execute(due).scalar_one() == before
    bodies = session.execute(text("SELECT string_agg(encode(body, 'escape'), ' ') FROM history")).scalar_one()
    assert "lanterns" not in bodies


def test_nobody_takes_a_seat_before_the_deadline_nor_without_being_named(session):
    tender = a_tender(session)
    number = tender.packages[0].number
    with pytest.raises(MoveRefused):
        moved(session, tender.office, number, "arrive", tender.officers[0], passphrase=PASSPHRASE)
    fire_due(session, DUE)
    session.execute(text("UPDATE calls SET officers = ARRAY[:a, :b, :c]"), {
        "a": tender.officers[0].person_id, "b": tender.officers[1].person_id, "c": tender.office.outsider.person_id})
    session.commit()

    with pytest.raises(MoveRefused) as refused:
        moved(session, tender.office, number, "arrive", tender.officers[2], at=LATER, passphrase=PASSPHRASE)

    assert [reason["code"] for reason in refused.value.reasons] == ["not_an_opening_officer"]
    assert there(session) == []


def test_the_room_counts_down_then_shows_who_is_there_and_then_is_the_record_for_everybody(client, session):
    tender = a_published_call(session)
    office, officers = tender.office, tender.officers
    package_number, call_due = tender.packages[0].number, office.now + timedelta(days=25)
    room = f"/openings/{package_number}"
    bidders = [a_bidder(session, office, f"投标单位{n}") for n in range(4)]
    empty = [seen(client, session, actor, room) for actor in (None, office.buyer)]
    bids = [a_bid(session, tender, bidder) for bidder in bidders]
    moved(session, office, bids[3], "withdraw", bidders[3].staff)
    session.execute(text(
        "UPDATE sealed_inputs SET ciphertext = overlay(ciphertext placing '\\x00'::bytea from 100) WHERE case_id ="
        " (SELECT id FROM cases WHERE number = :number)"), {"number": bids[2]})
    session.commit()
    full = [seen(client, session, actor, room) for actor in (None, office.buyer)]
    assert "Deadline for bids" in full[0]
    assert [without_keys(page) for page in empty] == [without_keys(page) for page in full]
    assert "Opening officers" not in full[0] and "not there yet" in full[1]

    move_clock(session, to=call_due + timedelta(hours=1), environment="test")
    moved(session, office, package_number, "arrive", officers[0], at=call_due + timedelta(hours=1),
          passphrase=PASSPHRASE)
    assert seen(client, session, office.buyer, room).count("key opened") == 1
    assert "key opened" not in seen(client, session, None, room)
    moved(session, office, package_number, "open_bids", officers[0], at=call_due + timedelta(hours=2),
          **open_data(tender, minutes="现场无异议。"))

    for actor in (None, bidders[0].staff, bidders[3].staff, office.buyer):
        page = seen(client, session, actor, room)
        assert "Record of the opening" in page and "现场无异议。" in page
        assert page.count("88,888.31") == 2
        assert all(f"投标单位{n}" in page for n in range(4))
        assert "Cannot be opened" in page and "Withdrawn" in page
        assert "Signature" in page


def without_keys(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrf" not in line and "_key" not in line]


def test_a_room_of_something_else_is_not_found(client, session):
    tender = a_tender(session)
    for number in (tender.call, "CB26-0000-0000"):
        assert apart(client.get, f"/openings/{number}").status_code == 404
