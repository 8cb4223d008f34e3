"""Builders of incubators and panels. All organizations and people are invented."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from app.access.actor import Actor
from app.cases.due import fire_due
from app.cases.perform import perform
from app.cases.reading import read_case
from app.documents.models import Document
from app.errors import Answer
from app.incubation.steps import recognize_incubator
from app.organizations.models import Organization
from app.organizations.places import territory
from app.organizations.steps import Certificate, confirm_entry, open_in_preparation
from tests.builders import make_actor
from tests.builders_register import XICHENG, a_code, data_for
from tests.builders_workflows import case
from workflows.definition import Text
from workflows.kinds.case import Step
from workflows.kinds.incubation import IncubationFacts, IncubationReviewFacts

OPENING_SLOTS = ("entry_form", "work_plan")
SIGNING_SLOTS = ("agreement", "commitment")
GRADUATION_SLOTS = ("graduation_report", "audit_report", "project_evidence")
EXPERTS = 5


@dataclass
class Base:
    """A district with an incubator, its operator, a registrar, a pool of experts and a registered organization."""

    incubator_id: int
    node_id: int
    district_id: int
    organization_id: int
    staff: Actor
    operator: Actor
    registrar: Actor
    experts: list[Actor]
    now: datetime

    def later(self, **passed: float) -> "Base":
        """Return the same base at a later time."""
        return replace(self, now=self.now + timedelta(**passed))


def a_base(session: Any, now: datetime, *, places: int = 3, registered: bool = True) -> Base:
    """Return a committed base in Xicheng."""
    district = territory(session, XICHENG)
    registrar = make_actor(session, "登记员乙", ("registrar", district.id))
    organization = an_organization(session, now, "初创社会工作服务中心", registrar if registered else None)
    incubator = recognize_incubator(
        session, parent=district, name_zh="示例孵化基地", level="district", capacity=places + 1, places=places,
        term_months=12, recognized_on=date(2020, 1, 1),
    )
    base = Base(
        incubator_id=incubator.id, node_id=incubator.node_id, district_id=district.id,
        organization_id=organization.id, now=now, registrar=registrar,
        staff=make_actor(session, "经办甲", ("staff", organization.node_id)),
        operator=make_actor(session, "运营丙", ("incubator_operator", incubator.node_id)),
        experts=[make_actor(session, f"专家{n}", ("expert", district.id)) for n in range(EXPERTS)],
    )
    session.commit()
    return base


def an_organization(session: Any, now: datetime, name: str, registrar: Actor | None) -> Organization:
    """Return an organization, in the register where a registrar confirms it."""
    organization = open_in_preparation(
        session, name=name, legal_type="social_service", division=XICHENG, now=now, known_from="list"
    )
    if registrar is not None:
        organization.uscc = a_code(880_000 + organization.id)
        session.flush()
        certificate = Certificate(registered_on=date(2025, 6, 1), authority="某局", evidence="证书副本")
        confirm_entry(session, organization_id=organization.id, person_id=registrar.person_id or 0,
                      certificate=certificate, now=now)
    return organization


def another_applicant(session: Any, base: Base, name: str) -> Base:
    """Return the same base with another registered organization and its staff."""
    organization = an_organization(session, base.now, name, base.registrar)
    staff = make_actor(session, f"{name}经办", ("staff", organization.node_id))
    organization_id = organization.id
    session.commit()
    return replace(base, organization_id=organization_id, staff=staff)


def papers(session: Any, base: Base, *slots: str) -> list[dict[str, Any]]:
    """Return references to one committed document for each slot."""
    listed = []
    for slot in slots:
        document = Document(
            sha256=f"{base.organization_id:032x}{slot.encode().hex():0>32}"[:64], size=1,
            media_type="application/pdf", name=f"{slot}.pdf", organization_id=base.organization_id,
            uploaded_by=base.staff.person_id, uploaded_at=base.now, issued=False,
        )
        session.add(document)
        session.flush()
        listed.append({"slot": slot, "document_id": document.id})
    session.commit()
    return listed


def apply(session: Any, base: Base, **changes: Any) -> Answer:
    """Hand in a complete application to the base's incubator."""
    documents = papers(session, base, *OPENING_SLOTS)
    data = data_for("incubation", "apply", documents=documents, incubator=base.node_id, organization=None) | changes
    return perform(session, kind="incubation", trigger="apply", actor=base.staff, data=data, now=base.now)


def move(session: Any, base: Base, number: str, trigger: str, actor: Actor, **data: Any) -> Answer:
    """Make the next move on a case, with its input's example and these changes."""
    read = read_case(session.connection(), number)
    assert read is not None
    return perform(
        session, kind=read.kind, number=number, trigger=trigger, actor=actor,
        data=data_for(read.kind, trigger) | data, revision=read.revision, now=base.now,
    )


def named(*experts: Actor) -> list[dict[str, Any]]:
    """Return the rows that name these experts."""
    return [{"person": expert.person_id} for expert in experts]


def a_panel(session: Any, base: Base, number: str, *experts: Actor) -> None:
    """Let the operator pass the application to these experts, the first three if none is named."""
    move(session, base, number, "pass_preliminary", base.operator, experts=named(*(experts or base.experts[:3])))


def review_of(session: Any, number: str, expert: Actor) -> str:
    """Return the number of the review of this expert."""
    query = text("""SELECT r.number FROM panel_seats s JOIN cases r ON r.id = s.review_case_id
                    JOIN cases p ON p.id = s.case_id WHERE p.number = :number AND s.person_id = :person""")
    return session.execute(query, {"number": number, "person": expert.person_id}).scalar_one()


ADMISSION = {"mission": 20, "need": 20, "team": 20, "plan": 15, "growth": 10, "compliance": 10, "resources": 5}
GRADUATION = {"governance": 25, "finance": 20, "service": 25, "funding": 15, "credit": 10, "esteem": 5}


def sheet(rubric: dict[str, int], *, missing: int = 0) -> list[dict[str, Any]]:
    """Return a full sheet, this many points taken from its first criterion."""
    first = next(iter(rubric))
    return [{"criterion": name, "points": most - (missing if name == first else 0)} for name, most in rubric.items()]


def score(session: Any, base: Base, number: str, expert: Actor, *, missing: int = 0) -> Answer:
    """Let the expert declare and hand in a sheet."""
    review = review_of(session, number, expert)
    move(session, base, review, "declare", expert)
    return move(session, base, review, "submit_scores", expert, scores=sheet(ADMISSION, missing=missing))


def to_sign(session: Any, base: Base) -> str:
    """Return the number of an application that has come through publicity; the clock closed it."""
    number = apply(session, base).number
    a_panel(session, base, number)
    for expert in base.experts[:3]:
        score(session, base, number, expert)
    move(session, base, number, "publish", base.registrar)
    fire_due(session, base.now + timedelta(days=20))
    return number


def signed(session: Any, base: Base) -> str:
    """Return the number of an incubation that has begun today."""
    number = to_sign(session, base)
    base = base.later(days=20)
    documents = papers(session, base, *SIGNING_SLOTS)
    move(session, base, number, "sign_agreement", base.staff, documents=documents)
    return number


def incubation_facts(*steps: Step, **changes: Any) -> IncubationFacts:
    """Return facts with which every guard of an incubation is content."""
    facts = IncubationFacts(
        case=case(*steps), organization_registered=True, incubator_in_force=True, is_the_operator=False,
        other_incubation_open=False, takes_a_place=True, places_free=1, capacity_free=1, pool=frozenset({1, 2, 3, 4}),
        walled=((4, Text("受雇于该单位", "employed")),), panel=(3,), ever_seated=frozenset({1, 2, 3}), seats_open=1,
        all_scores_in=True, recommended=True, since=date(2026, 2, 10), logged=frozenset({date(2026, 2, 1)}),
    )
    return replace(facts, **changes)


def review_facts(*steps: Step, **changes: Any) -> IncubationReviewFacts:
    """Return facts of an expert whom nothing ties to the applicant."""
    return replace(IncubationReviewFacts(case=case(*steps), ties=()), **changes)

