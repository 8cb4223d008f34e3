"""Builders of listings: a bureau of two registrars, and each step of listing and removing an organization."""

import hashlib
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from app.access.actor import Actor
from app.cases.models import Case
from app.cases.perform import perform
from app.documents.models import Document
from app.organizations.models import Organization
from tests.builders import District, make_actor
from tests.builders_purchasing import data_of
from tests.builders_register import a_code

GROUND_OF = {"abnormal": "no_report", "dishonest": "judgment_defaulter", "dissolving": "liquidation"}
"""A ground of each list."""
MARCH = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DECISION = "公告〔2026〕3号"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bureau:
    """Two registrars of a district, and an organization of it with its staff."""

    first: Actor
    second: Actor
    organization_id: int
    staff: Actor


def a_bureau(session: Any, place: District, organization_id: int | None = None, staff: Actor | None = None) -> Bureau:
    """Return the district's registrar with a second one, and who is to be listed. Commits."""
    organization = session.get_one(Organization, organization_id or place.organization.id)
    organization.uscc = organization.uscc or a_code(900_000 + next(_numbers))
    second = make_actor(session, "登记员乙", ("registrar", place.district.id))
    bureau = Bureau(place.actors["registrar"], second, organization.id, staff or place.actors["staff"])
    session.commit()
    return bureau


def paper(session: Any, slot: str, actor: Actor) -> dict[str, Any]:
    """Return a reference to a paper that the person has just uploaded. Commits."""
    row = Document(
        sha256=hashlib.sha256(f"{slot} {next(_numbers)}".encode()).hexdigest(), size=1000,
        media_type="application/pdf", name=f"{slot}.pdf", organization_id=None, uploaded_by=actor.person_id,
        uploaded_at=MARCH, issued=False,
    )
    session.add(row)
    session.commit()
    return {"slot": slot, "document_id": row.id}


def propose_data(session: Any, bureau: Bureau, kind: str = "abnormal", **changes: Any) -> dict[str, Any]:
    """Return a proposal to put the organization on this list."""
    code = session.scalars(select(Organization.uscc).where(Organization.id == bureau.organization_id)).one()
    given = {"organization_code": code, "ground": GROUND_OF[kind],
             "documents": [paper(session, "evidence", bureau.first)]}
    return data_of("restriction", "propose", **(given | changes))


def proposed(session: Any, bureau: Bureau, kind: str = "abnormal", at: datetime = MARCH, **changes: Any) -> str:
    """Let the first registrar propose a listing; return its number."""
    data = propose_data(session, bureau, kind, **changes)
    return perform(
        session, kind="restriction", trigger="propose", actor=bureau.first, data=data, now=at
    ).number


def step(
    session: Any, number: str, trigger: str, actor: Actor, slot: str | None = None, at: datetime = MARCH, **changes: Any
) -> Any:
    """Make the next move with its input's example, a paper for the slot if one is named, and these changes."""
    revision = session.scalars(select(Case.revision).where(Case.number == number)).one()
    papers = {"documents": [paper(session, slot, actor)]} if slot is not None else {}
    return perform(
        session, kind="restriction", number=number, trigger=trigger, actor=actor, revision=revision, now=at,
        data=data_of("restriction", trigger, **(papers | changes)),
    )


def listed(session: Any, bureau: Bureau, kind: str = "abnormal", at: datetime = MARCH, number: str = DECISION) -> str:
    """List the organization: proposed by the first, answered by its staff, decided by the second."""
    case = proposed(session, bureau, kind, at)
    step(session, case, "answer", bureau.staff, at=at)
    step(session, case, "impose", bureau.second, at=at, decision_number=number)
    return case


def removed(session: Any, bureau: Bureau, case: str, at: datetime = MARCH, reason: str = "mistaken") -> None:
    """Remove it again: checked by the first registrar, decided by the second."""
    step(session, case, "propose_lifting", bureau.first, "check_record", at=at, lifting_reason=reason)
    step(session, case, "lift", bureau.second, at=at)
