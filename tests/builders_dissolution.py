"""Builders of deregistrations: an organization with a contract, and its end as far as needed."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.cases.models import Case
from app.cases.perform import perform
from app.delivery.models import ContractClosure
from app.errors import Answer
from tests.builders import make_district
from tests.builders_ledger import MORNING
from tests.builders_payments import Project, a_paper, register
from tests.builders_register import data_for

RESOLVED = {"resolved_on": "2026-02-20"}
BY = {"accept": "registrar", "ask_correction": "registrar", "approve": "registrar", "refuse": "registrar",
      "extend_decision": "registrar"}
PAPERS = {
    "resolve": ("resolution", "sponsor_consent"), "apply": ("application", "liquidation_report", "handed_in"),
}
ROAD = ("finish_liquidation", "apply", "accept")


def papers(session: Any, project: Project, *slots: str) -> list[dict[str, Any]]:
    """Return a paper of the organization for each slot."""
    return [{"slot": slot, "document_id": a_paper(session, project, f"{slot}.pdf")} for slot in slots]


def resolve(session: Any, project: Project, *, at: datetime = MORNING, **changes: Any) -> Answer:
    """Let the organization report its end, with every paper unless `changes` say which."""
    data = data_for("deregistration", "resolve") | RESOLVED | changes
    data.setdefault("documents", [])
    if "documents" not in changes:
        data["documents"] = papers(session, project, *PAPERS["resolve"])
    return perform(
        session, kind="deregistration", trigger="resolve", actor=project.actors["staff"], data=data, now=at
    )


def move(
    session: Any, project: Project, number: str, trigger: str, *, at: datetime = MORNING, **changes: Any
) -> Answer:
    """Make one step of the deregistration, as the person whose step it is."""
    by = changes.pop("by", BY.get(trigger, "staff"))
    data = data_for("deregistration", trigger)
    if trigger == "finish_liquidation":
        data["liquidated_on"] = at.date().isoformat()
    if trigger in PAPERS and "documents" not in changes:
        data["documents"] = papers(session, project, *PAPERS[trigger])
    revision = session.execute(select(Case.revision).where(Case.number == number)).scalar_one()
    return perform(
        session, kind="deregistration", number=number, trigger=trigger, actor=project.actors[by], revision=revision,
        data=data | changes, now=at,
    )


def a_deregistration(session: Any, project: Project, *, until: str = "liquidating") -> str:
    """Return the number of a deregistration that stands in the state `until` of its spine."""
    number = resolve(session, project).number
    states = ("liquidating", "liquidated", "submitted", "accepted")
    for trigger in ROAD[: states.index(until)]:
        move(session, project, number, trigger)
    return number


def a_bare_project(session: Any) -> Project:
    """Return a registered organization that has signed nothing. Commits."""
    place = make_district(session)
    register(session, place.organization)
    session.commit()
    return Project(place, 0, 0, "", ())


def closed(session: Any, project: Project, number: str) -> None:
    """Close the project's contract as of the first move of a case; its money is not walked. Commits."""
    case_id = session.execute(select(Case.id).where(Case.number == number)).scalar_one()
    session.add(ContractClosure(
        case_id=case_id, sequence=1, contract_id=project.contract_id, returned_fen=0, closed_on=MORNING.date(),
    ))
    session.commit()
