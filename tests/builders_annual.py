"""Builders of annual reports: an organization in the register, and the report of a year as far as needed."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.cases.models import Case
from app.cases.perform import perform
from app.errors import Answer
from app.organizations.models import Organization, Registration
from tests.builders_ledger import MORNING
from tests.builders_payments import Project, a_paper
from tests.builders_register import data_for

REGISTRARS = ("ask_correction", "qualify", "qualify_basically", "disqualify", "confirm_put_right", "send_back",
              "close_not_put_right", "accept_report", "refuse_report")
PAPERS = ("report_form", "financial_report", "audit_report")
BY = "2026-04-30"


def a_foundation(session: Any, project: Project) -> Project:
    """Make the project's organization a foundation. Commits."""
    session.get_one(Organization, project.place.organization.id).legal_type = "foundation"
    session.commit()
    return project


def registered_on(session: Any, project: Project, day: date | None, *, sponsor: str | None = None) -> None:
    """Say since when the organization is registered, and its supervising unit. Commits."""
    entry = session.scalars(
        select(Registration).where(Registration.organization_id == project.place.organization.id)
    ).one()
    entry.registered_on, entry.sponsor = day, sponsor
    if day is None:
        entry.source = "change_decision"
    session.commit()


def papers(session: Any, project: Project, *slots: str) -> list[dict[str, Any]]:
    """Return a paper of the organization for each slot."""
    return [{"slot": slot, "document_id": a_paper(session, project, f"{slot}.pdf")} for slot in slots]


def submit(session: Any, project: Project, year: int = 2025, *, at: datetime = MORNING, **changes: Any) -> Answer:
    """Hand in the report of a year, with every paper but the sponsor's unless `changes` say which."""
    legal_class = session.get_one(Organization, project.place.organization.id).legal_type
    data = data_for("annual_report", "submit", legal_class=legal_class) | {"year": year} | changes
    if "documents" not in changes:
        data["documents"] = papers(session, project, *PAPERS)
    return perform(
        session, kind="annual_report", trigger="submit", actor=project.actors["staff"], data=data, now=at
    )


def move(
    session: Any, project: Project, number: str, trigger: str, *, at: datetime = MORNING, **changes: Any
) -> Answer:
    """Make one step of the report, as the person whose step it is."""
    by = changes.pop("by", "registrar" if trigger in REGISTRARS else "staff")
    data = data_for("annual_report", trigger)
    if "put_right_by" in data:
        data["put_right_by"] = BY
    if trigger == "report_put_right" and "documents" not in changes:
        data["documents"] = papers(session, project, "put_right_report")
    revision = session.execute(select(Case.revision).where(Case.number == number)).scalar_one()
    return perform(
        session, kind="annual_report", number=number, trigger=trigger, actor=project.actors[by], revision=revision,
        data=data | changes, now=at,
    )


def concluded(session: Any, project: Project, trigger: str = "qualify", year: int = 2025) -> str:
    """Return the number of a report of the year that was concluded so."""
    number = submit(session, project, year).number
    move(session, project, number, trigger)
    return number
