"""What does the opening room of a package show? Before the opening who is there; after it what was read out."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.access.models import Person
from app.access.nodes import AnySession
from app.cases.models import Case, History
from app.cases.snapshot import CaseRow
from app.organizations.models import Organization
from app.purchasing.package.facts import officers_of
from app.purchasing.sealed import Bid, BidPartner, OpeningPresence
from app.purchasing.tendering import Package


@dataclass(frozen=True)
class Seat:
    """An opening officer, and since when the officer is in the room with an opened key (None: not yet)."""

    person_id: int
    name: str
    arrived_at: datetime | None


@dataclass(frozen=True)
class ReadOut:
    """One bid as it was read out: its price, or None where it was withdrawn or could not be opened."""

    number: str
    organization: str
    state: str
    price_fen: int | None
    partners: int


@dataclass(frozen=True)
class Opening:
    """The room of one package. `opened_at` is None until its bids were opened; `bids` is empty until then.

    `ended` is why the package failed or was cancelled, None where it did neither.
    """

    title: str
    amount_fen: int
    seats: tuple[Seat, ...]
    opened_at: datetime | None
    opened_by: tuple[str, ...]
    minutes: str | None
    bids: tuple[ReadOut, ...]
    ended: str | None = None


ENDS = ("fail", "cancel", "void")


def opening_of(session: AnySession, case: CaseRow) -> Opening:
    """Return the room of a package. How many bid is not asked before its bids were opened."""
    lot = session.scalars(select(Package).where(Package.case_id == case.id)).one()
    people = officers_of(session, case)
    names = {row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))}
    there = {row.person_id: row.arrived_at for row in session.scalars(
        select(OpeningPresence).where(OpeningPresence.package_id == case.id))}
    seats = tuple(Seat(person, names[person], there.get(person)) for person in people)
    step = next((step for step in case.steps if step.trigger == "open_bids"), None)
    end = next((step for step in case.steps if step.trigger in ENDS), None)
    ended = _said(session, case.id, end.sequence)["reason"] if end is not None else None
    if step is None:
        return Opening(lot.title, lot.amount_fen, seats, None, (), None, (), ended)
    said = _said(session, case.id, step.sequence)
    by = tuple(names[person] for person in (said["officer"], said["second_officer"]))
    bids = _read_out(session, case.id)
    return Opening(lot.title, lot.amount_fen, seats, step.at, by, said.get("minutes"), bids, ended)


def _said(session: AnySession, case_id: int, sequence: int) -> dict[str, Any]:
    body = session.execute(
        select(History.body).where(History.case_id == case_id, History.sequence == sequence)
    ).scalar_one()
    data: dict[str, Any] = json.loads(bytes(body))["data"]
    return data


def _read_out(session: AnySession, package_id: int) -> tuple[ReadOut, ...]:
    partners: dict[int, int] = {}
    rows = session.execute(
        select(Case.id, Case.number, Case.state, Organization.name, Bid.price_fen)
        .join(Bid, Bid.case_id == Case.id).join(Organization, Organization.id == Case.organization_id)
        .where(Case.parent_id == package_id, Case.kind == "bid", Case.sealed.is_(False))
        .order_by(Bid.price_fen.nulls_last(), Case.number)
    ).all()
    for case_id in session.scalars(select(BidPartner.case_id).where(BidPartner.case_id.in_([row.id for row in rows]))):
        partners[case_id] = partners.get(case_id, 0) + 1
    return tuple(ReadOut(row.number, row.name, row.state or "", row.price_fen, partners.get(row.id, 0)) for row in rows)
