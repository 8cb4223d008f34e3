"""Builders of registers, applications and hubs. All organizations, codes and people are invented."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.access.actor import Actor
from app.access.models import Node
from app.affiliation.steps import recognize_hub
from app.cases.inputs import example_row
from app.cases.kinds import input_of
from app.cases.perform import perform
from app.documents.models import Document
from app.errors import Answer
from app.organizations.models import Organization
from app.organizations.places import territory
from app.organizations.steps import add_code_range, open_in_preparation
from tests.builders import make_actor
from workflows.loader import library
from workflows.rules.uscc import issue

XICHENG = "110102"
SLOTS = ("application", "premises_right", "capital_verification", "responsible_persons", "charter_draft")
HEADER = "name,uscc,doc_no,decision_date,authority"


def a_code(number: int, *, type_code: str = "52", division: str = XICHENG) -> str:
    """Return a well-formed invented code."""
    return issue(type_code, division, f"MJ{number:06d}")


def a_decision(
    number: int, *, name: str | None = None, family: str = "登", date: str = "2017-10-13",
    authority: str = "某市民政局", code: str | None = None,
) -> str:
    """Return one row of a list of decisions."""
    name = name or f"示例组织{number}"
    return f"{name},{code or a_code(number)},某民民许准{family}字〔2017〕{number}号,{date},{authority}"


def a_file(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    """Write a register and return its path."""
    path = folder / "register.csv"
    path.write_bytes("\r\n".join((header, *rows, "")).encode(encoding))
    return path


@dataclass
class Office:
    """A district with a registrar, a hub, and one organization in preparation with its staff."""

    organization_id: int
    district_id: int
    hub_node_id: int
    staff: Actor
    registrar: Actor
    hub_officer: Actor
    now: datetime


def an_office(
    session: Any, now: datetime, *, codes: int = 5, legal_type: str = "social_service", division: str = XICHENG
) -> Office:
    """Return a committed office in Xicheng, or elsewhere, with a range of so many codes for this legal class."""
    district = territory(session, division)
    if codes:
        add_code_range(
            session, division=division, legal_type=legal_type, prefix="MJ", first=990001, last=990000 + codes
        )
    organization = a_preparation(session, now, "筹备中的甲组织", legal_type=legal_type, division=division)
    hub = recognize_hub(
        session, parent=district, name_zh="示例枢纽", level="district", recognized_on=now.date()
    )
    office = Office(
        organization_id=organization.id, district_id=district.id, hub_node_id=hub.node_id, now=now,
        staff=make_actor(session, "经办甲", ("staff", organization.node_id)),
        registrar=make_actor(session, "登记员乙", ("registrar", district.id)),
        hub_officer=make_actor(session, "枢纽丙", ("hub_officer", hub.node_id)),
    )
    session.commit()
    return office


def a_preparation(
    session: Any, now: datetime, name: str, *, legal_type: str = "social_service", division: str = XICHENG
) -> Organization:
    """Return an organization in preparation."""
    return open_in_preparation(session, name=name, legal_type=legal_type, division=division, now=now)


def some_papers(
    session: Any, organization_id: int, person_id: int, now: datetime, slots: Sequence[str] = SLOTS
) -> list[dict[str, Any]]:
    """Return references to one committed document for each of these slots."""
    papers = []
    for number, slot in enumerate(slots):
        document = Document(
            sha256=f"{organization_id:032x}{number:032x}", size=1, media_type="application/pdf",
            name=f"{slot}.pdf", organization_id=organization_id, uploaded_by=person_id, uploaded_at=now,
            issued=False,
        )
        session.add(document)
        session.flush()
        papers.append({"slot": slot, "document_id": document.id})
    session.commit()
    return papers


def data_for(kind: str, trigger: str, *, legal_class: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return the example of an input, with these fields changed."""
    schema = input_of(kind, trigger, legal_class)
    assert schema is not None
    return example_row(schema) | changes


def an_application(session: Any, office: Office, **changes: Any) -> Answer:
    """Hand in a complete application for the office's organization."""
    person = office.staff.person_id
    assert person is not None
    papers = some_papers(session, office.organization_id, person, office.now)
    legal_class = session.get_one(Organization, office.organization_id).legal_type
    said = changes.get("legal_type")
    chosen = said if said in ("social_service", "association", "foundation") else legal_class
    data = data_for("registration", "apply", legal_class=chosen, documents=papers) | changes
    return perform(
        session, kind="registration", trigger="apply", actor=office.staff, data=data, now=office.now
    )


def step(session: Any, answer: Answer, trigger: str, actor: Actor, office: Office, **changes: Any) -> Answer:
    """Make the next move on a case, with its input's example and these changes."""
    kind = next(known.kind for known in library().definitions if answer.number.startswith(known.number_prefix))
    return perform(
        session, kind=kind, number=answer.number, trigger=trigger, actor=actor,
        data=data_for(kind, trigger) | changes, revision=answer.revision, now=office.now,
    )


def a_registration(session: Any, office: Office) -> Answer:
    """Carry the office's organization into the register."""
    answer = an_application(session, office)
    answer = step(session, answer, "accept", office.registrar, office)
    return step(session, answer, "approve", office.registrar, office, **DECIDED_TODAY)


CHANGE_SLOTS = (
    "application", "resolution", "sponsor_consent", "premises_right", "financial_audit", "responsible_person",
    "capital_verification", "charter",
)


def a_change(session: Any, office: Office, *, slots: Sequence[str] = CHANGE_SLOTS, **changes: Any) -> Answer:
    """Apply for a change of the office's organization, by default of its domicile, with papers in these slots."""
    person = office.staff.person_id
    assert person is not None
    papers = some_papers(session, office.organization_id, person, office.now, slots)
    data = data_for("registration_change", "apply", documents=papers, consented_on="2026-02-20") | changes
    return perform(
        session, kind="registration_change", trigger="apply", actor=office.staff, data=data, now=office.now
    )


def a_changed(session: Any, office: Office, **changes: Any) -> Answer:
    """Carry a change into the register."""
    answer = step(session, a_change(session, office, **changes), "accept", office.registrar, office)
    return step(session, answer, "approve", office.registrar, office)


DECIDED_TODAY = {"registered_on": None, "uscc": None}


def a_second_district(session: Any, code: str = "110108") -> Node:
    """Return another district."""
    return territory(session, code)
