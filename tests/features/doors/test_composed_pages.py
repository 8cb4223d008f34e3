"""The pages that stand above all features: an organization with its cases and contracts, a hub with its applicants."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.models import Account, Person
from app.affiliation.models import Hub
from app.demo.building import Builder
from app.demo.district import OLD_NAME, THIRD_NAME, build_district
from app.organizations.models import Organization
from tests.builders_access import apart, browser_of

CONTRACT = "失能老人居家照护指导"


@pytest.fixture
def district(app, session, now):
    # The district's incubator is older than it by 75 days; there are rules of incubation since the new year.
    builder = Builder(session, app.config["DOCUMENTS"], now + timedelta(days=91))
    build_district(builder)
    return builder


@pytest.fixture
def page(app, session, district):
    """Return a function that reads a page as somebody of the district."""
    clients: dict[str, FlaskClient] = {}

    def read(login: str, address: str) -> str:
        if login not in clients:
            person = session.scalars(select(Person).join(Account).where(Account.login == login)).one()
            clients[login] = browser_of(app, session, person)
        answer = apart(clients[login].get, address)
        assert answer.status_code == 200
        return answer.text

    return read


def organization(session, name):
    return session.scalars(select(Organization.id).where(Organization.name == name)).one()


def test_an_organizations_own_people_see_its_contracts_cases_and_what_they_may_apply_for(session, page):
    third = organization(session, THIRD_NAME)
    text = page("staff3", f"/organizations/{third}")
    assert CONTRACT in text and "96,000.00" in text
    assert f"/apply/payment?organization={third}&amp;instalment=" in text
    assert 'href="/#services"' in text
    assert f'href="/apply/registration?organization={third}"' not in text  # it is registered
    assert text.count("/cases/BF") >= 1


def test_the_buyers_office_sees_the_contract_and_applies_for_nothing(session, page):
    text = page("finance", f"/organizations/{organization(session, THIRD_NAME)}")
    assert CONTRACT in text
    assert "/apply/" not in text


@pytest.mark.parametrize("login", ["registrar", "staff2", "hub"])
def test_others_see_no_contract_and_apply_for_nothing_but_the_registrar_who_may_propose_a_listing(session, page, login):
    text = page(login, f"/organizations/{organization(session, THIRD_NAME)}")
    assert "XC2026-003" not in text and "96,000.00" not in text
    assert set(re.findall(r"/apply/(\w+)", text)) == ({"restriction"} if login == "registrar" else set())


@pytest.mark.parametrize("login", ["staff2", "hub"])
def test_who_does_not_reach_a_payment_does_not_find_it_on_the_organizations_page(session, page, login):
    assert "/cases/BF" not in page(login, f"/organizations/{organization(session, THIRD_NAME)}")


def test_a_hub_offers_itself_to_staff_and_shows_applicants_to_its_officer_only(session, district, page):
    hub = session.scalars(select(Hub.node_id)).one()
    staff = next(member for member in district.members if member.login == "staff2")
    district.open(staff, "affiliation", "apply", {"hub": hub, "wants_primary": True, "purpose": "希望加入。"})
    session.commit()
    applicant = OLD_NAME
    assert f"/apply/affiliation?hub={hub}" in page("staff8", f"/hubs/{hub}")
    assert f"/apply/affiliation?hub={hub}" not in page("staff3", f"/hubs/{hub}")
    assert "该单位已经是该枢纽组织的成员" in page("staff3", f"/hubs/{hub}")
    assert applicant in page("hub", f"/hubs/{hub}")
    assert applicant not in page("staff8", f"/hubs/{hub}")
    assert f"/apply/affiliation?hub={hub}" not in page("hub", f"/hubs/{hub}")


def test_a_payment_says_its_amount_contract_and_budget_line_to_who_may_see_the_line(session, page):
    worklist = page("finance", "/worklist")
    assert "48,000.00" in worklist
    number = worklist.split('href="/cases/')[1].split('"')[0]
    assert "/budget-lines/" in page("finance", f"/cases/{number}")
    assert "/budget-lines/" not in page("staff3", f"/cases/{number}")
    assert "48,000.00" in page("staff3", f"/cases/{number}")
