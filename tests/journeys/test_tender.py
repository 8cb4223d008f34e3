"""A tender through the API: from the call to the opening, and what everybody else can learn before it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from nacl import pwhash
from sqlalchemy import select

from app.access.models import Person
from app.cases.due import move_clock
from app.cases.models import Case
from app.clock import business_now
from app.purchasing import sealing
from tests.builders import make_actor
from tests.builders_access import apart, token_of
from tests.builders_purchasing import (
    A_BID,
    PASSPHRASE,
    a_bidder,
    a_plan,
    a_programme,
    an_office,
    call_data,
    some_officers,
)

GETS = ("/api/v1/worklist", "/", "/cases", "/worklist", "/notices", "/documents")


class Caller:
    """One person at the API."""

    def __init__(self, client: Any, session: Any, actor: Any) -> None:
        self.client = client
        self.headers = token_of(session, session.get_one(Person, actor.person_id))
        self.person_id = actor.person_id
        self.sent = 0

    def get(self, path: str) -> Any:
        return apart(self.client.get, path, headers=self.headers)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        self.sent += 1
        headers = {**self.headers, "Idempotency-Key": f"{self.person_id}-{self.sent}"}
        return apart(self.client.post, path, json=body, headers=headers)

    def open(self, kind: str, data: dict[str, Any]) -> str:
        answer = self.post(f"/api/v1/cases/{kind}", {"data": data})
        assert answer.status_code == 201, answer.text
        return answer.json["number"]

    def move(self, number: str, trigger: str, data: dict[str, Any] | None = None) -> Any:
        case = self.get(f"/api/v1/cases/{number}").json
        body = {"revision": case["revision"], "data": data or {}}
        return self.post(f"/api/v1/cases/{case['kind']}/{number}/{trigger}", body)


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


def test_three_bid_nobody_learns_of_it_and_two_officers_open(client, session):
    office = an_office(session)
    office.now = business_now(session)
    session.commit()
    plan = a_plan(session, office, a_programme(session, office))
    officers = some_officers(session, office)
    due = office.now + timedelta(days=25)
    officer, buyer = (Caller(client, session, actor) for actor in (office.project_officer, office.buyer))
    said = {"bids_due_at": due.isoformat(), "documents_until": due.date().isoformat()}
    call = officer.open("call", call_data(session, plan, officers, **said))
    assert buyer.move(call, "publish").status_code == 200
    package = session.scalars(select(Case).where(Case.kind == "package").order_by(Case.id)).first()
    package_id, package_number = package.id, package.number

    auditor = make_actor(session, "审计", ("auditor", office.place.city.id))
    session.commit()
    watchers = [officer, buyer, Caller(client, session, auditor)]
    paths = [*GETS, f"/api/v1/cases/{package_number}", f"/cases/{package_number}"]
    before = [[plain(watcher.get(path)) for path in paths] for watcher in watchers]
    bidders = [a_bidder(session, office) for _ in range(3)]
    callers = [Caller(client, session, bidder.staff) for bidder in bidders]
    bids = [
        caller.open("bid", {"organization": bidder.organization_id, "package": package_id, **A_BID})
        for caller, bidder in zip(callers, bidders, strict=True)
    ]
    after = [[plain(watcher.get(path)) for path in paths] for watcher in watchers]

    assert [changed(was, now) for was, now in zip(before, after, strict=True)] == [[], [], []]
    assert all(watcher.get(f"/api/v1/cases/{bid}").status_code == 404 for watcher in watchers for bid in bids)
    assert callers[0].get(f"/api/v1/cases/{bids[0]}").json["state"] == "handed_in"
    assert callers[0].get(f"/api/v1/cases/{bids[1]}").status_code == 404
    assert "8888831" not in callers[0].get(f"/api/v1/cases/{bids[0]}").text

    move_clock(session, to=due + timedelta(hours=1), environment="test")
    late = callers[0].move(bids[0], "withdraw")
    assert (late.status_code, late.json["reasons"][0]["code"]) == (403, "too_late")
    opening = {
        "officer": officers[0].person_id, "passphrase": PASSPHRASE,
        "second_officer": officers[1].person_id, "second_passphrase": PASSPHRASE,
    }
    assert officer.move(package_number, "open_bids", opening).json["state"] == "opened"
    for bid in bids:
        case = officer.get(f"/api/v1/cases/{bid}").json
        assert case["history"][-1]["data"]["price_fen"] == 88_888_31
        assert officer.move(bid, "qualify").json["state"] == "qualified"
    assert officer.move(package_number, "finish_qualification").json["state"] == "qualified"
    assert PASSPHRASE not in officer.get(f"/api/v1/cases/{package_number}").text


def plain(answer: Any) -> tuple[int, str]:
    """Return an answer without what differs in every answer: keys of forms and the request's name."""
    if answer.is_json:
        return answer.status_code, str({k: v for k, v in answer.json.items() if k != "request_id"})
    lines = [line for line in answer.text.splitlines() if "_key" not in line and "csrf" not in line]
    return answer.status_code, re.sub(r"\b[0-9a-f]{16}\b", "", "\n".join(lines))


def changed(was: list[tuple[int, str]], now: list[tuple[int, str]]) -> list[str]:
    """Return the lines that differ in any answer."""
    lines = []
    for one, other in zip(was, now, strict=True):
        lines += sorted(set(other[1].splitlines()) ^ set(one[1].splitlines()))
        lines += [f"status {other[0]}"] * (one[0] != other[0])
    return lines
