"""Who leaves an incubator has handed in its reports, as far as anybody can know."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.cases.perform import perform
from app.organizations.annual import known_overdue
from app.organizations.models import Organization, Registration
from tests.builders_dissolution import a_bare_project
from tests.builders_ledger import MORNING
from tests.builders_register import a_registration, an_office, data_for, some_papers
from workflows.loader import library

LATER = date(2027, 6, 1)


@pytest.fixture
def policy():
    return library().policy(("base",), MORNING.date())


def test_of_whom_was_registered_here_it_is_known_that_a_report_is_overdue(session, policy):
    office = an_office(session, MORNING)
    a_registration(session, office)
    asked = [known_overdue(session, office.organization_id, day, policy) for day in (date(2027, 5, 31), LATER)]
    assert asked == [None, 2026]

    then = MORNING + timedelta(days=400)
    papers = some_papers(session, office.organization_id, office.staff.person_id, then,
                         ("report_form", "financial_report"))
    perform(session, kind="annual_report", trigger="submit", actor=office.staff, now=then,
            data=data_for("annual_report", "submit", year=2026, documents=papers))
    assert known_overdue(session, office.organization_id, LATER, policy) is None


def test_a_change_of_the_entry_does_not_make_the_past_unknown_nor_known(session, policy):
    office = an_office(session, MORNING)
    a_registration(session, office)
    present = session.scalars(select(Registration)).one()
    present.ended_on = date(2026, 9, 1)
    session.flush()
    session.add(Registration(
        organization_id=present.organization_id, uscc=present.uscc, name=present.name, known_since=date(2026, 9, 1),
        registered_on=present.registered_on, source="case", authority="示例", case_id=present.case_id,
        sequence=present.sequence, entered_at=MORNING,
    ))
    session.commit()

    assert known_overdue(session, office.organization_id, LATER, policy) == 2026


@pytest.mark.parametrize("source", ["establishment_decision", "change_decision", "certificate"])
def test_of_whom_only_a_list_or_a_certificate_is_known_nobody_can_say_it(session, policy, source):
    project = a_bare_project(session)
    entry = session.scalars(select(Registration)).one()
    entry.source = source
    entry.entered_by = project.actors["registrar"].person_id if source == "certificate" else None
    session.commit()

    assert known_overdue(session, project.place.organization.id, LATER, policy) is None


def test_what_is_no_social_organization_or_not_registered_owes_no_report(session, policy):
    office = an_office(session, MORNING)
    assert known_overdue(session, office.organization_id, LATER, policy) is None
    a_registration(session, office)
    session.get_one(Organization, office.organization_id).legal_type = "other"
    session.commit()
    assert known_overdue(session, office.organization_id, LATER, policy) is None
