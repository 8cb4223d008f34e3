"""What can somebody begin now, and why not the rest? The start page, the guide and the organization's page agree."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.access.models import Account, Person
from app.demo.building import Builder
from app.demo.district import THIRD_NAME, build_district
from app.organizations.models import Organization
from tests.builders_access import apart, browser_of
from tests.builders_register import an_application, an_office
from tests.queries import counted


@pytest.fixture
def district(app, session, now):
    builder = Builder(session, app.config["DOCUMENTS"], now + timedelta(days=91))
    build_district(builder)
    session.commit()
    return builder


@pytest.fixture
def page(app, session, district):
    """Return a function that reads a page in English as somebody of the district."""
    clients: dict[str, FlaskClient] = {}

    def read(login: str, address: str) -> str:
        if login not in clients:
            person = session.scalars(select(Person).join(Account).where(Account.login == login)).one()
            clients[login] = browser_of(app, session, person)
            clients[login].set_cookie("lang", "en")
        answer = apart(clients[login].get, address)
        assert answer.status_code == 200
        return answer.text

    return read


def offered(text: str) -> set[str]:
    """Return the kinds whose cards stand on a start page."""
    return set(re.findall(r'c-card" href="/(?:guide|apply)/(\w+)[?"]', text))


def withheld(text: str) -> dict[str, str]:
    """Return what a start page says cannot be begun now, with the words why."""
    found = re.findall(r'<dt><a href="/guide/(\w+)(?:\?[^"]*)?">.*?</dt><dd>(.*?)</dd>', text)
    return {kind: re.sub(r"<[^>]+>", " ", words).strip() for kind, words in found}


def test_an_organization_of_the_register_is_not_offered_registration_and_is_told_why(session, page):
    home = page("staff3", "/")
    assert withheld(home)["registration"].startswith("This organization is registered already")
    assert "registration" not in offered(home)

    guide = page("staff3", "/guide/registration")
    assert "This organization is registered already" in guide and 'href="/apply/registration"' not in guide

    third = session.scalars(select(Organization.id).where(Organization.name == THIRD_NAME)).one()
    assert f'href="/apply/registration?organization={third}"' not in page("staff3", f"/organizations/{third}")

    form = page("staff3", "/apply/registration")
    assert "This cannot be handed in as things stand" in form and "This organization is registered already" in form


def test_who_has_applied_is_led_to_the_open_application_and_not_to_another(app, session, now):
    office = an_office(session, now)
    first = an_application(session, office)
    client = browser_of(app, session, session.get(Person, office.staff.person_id))
    client.set_cookie("lang", "en")

    home = apart(client.get, "/").text
    form = apart(client.get, "/apply/registration").text

    told = f'An application for registration is under way (<a href="/cases/{first.number}">{first.number}</a>)'
    assert "registration" not in offered(home) and told in home
    assert told in form and not has_form(form)


def test_a_district_says_that_it_registers_no_foundation_before_anybody_types(app, session, now):
    office = an_office(session, now)
    client = browser_of(app, session, session.get(Person, office.staff.person_id))
    client.set_cookie("lang", "en")

    foundation = apart(client.get, "/apply/registration?legal_type=foundation").text
    other = apart(client.get, "/apply/registration?legal_type=association").text

    assert "Foundations are registered by the Ministry of Civil Affairs or a province" in foundation
    assert not has_form(foundation) and "legal_type=association" in foundation
    assert has_form(other)


def test_what_somebody_had_typed_stays_before_their_eyes_when_it_can_no_longer_be_handed_in(app, session, now):
    office = an_office(session, now)
    client = browser_of(app, session, session.get(Person, office.staff.person_id))
    an_application(session, office)
    sent = apart(client.post, "/apply/registration", data={"proposed_name": "某名", "_save": "1"})
    assert sent.status_code == 303

    page = apart(client.get, "/apply/registration").text

    assert has_form(page) and 'value="某名"' in page


def has_form(text: str) -> bool:
    """Tell whether a page has a form to fill in."""
    return '<form class="c-panel c-panel--pad c-form"' in text


def test_an_organization_in_preparation_is_offered_registration_and_what_needs_one_says_so(page):
    home = page("staff", "/")
    assert offered(home) >= {"registration", "incubation"}
    assert "register first" in withheld(home)["affiliation"]
    assert "register first" in withheld(home)["payment"]  # it has a contract, signed before it was registered
    assert withheld(home)["objection"] == "No package for which you bid has a published result."


def test_every_kind_of_an_organization_stands_on_its_start_page_once_and_nothing_is_offered_in_vain(page):
    told = {login: withheld(page(login, "/")) for login in ("staff3", "young7", "staff7")}
    for login in told:
        assert offered(page(login, "/")) | set(told[login]) == {
            "registration", "affiliation", "disaffiliation", "incubation", "bid", "objection", "milestone_report",
            "acceptance", "payment", "registration_change", "deregistration", "annual_report",
        }
        assert not offered(page(login, "/")) & set(told[login])
    assert told["young7"]["incubation"] == (
        "The organization has another application or incubation; close or withdraw that first."
    )
    assert told["staff7"]["milestone_report"] == "No instalment of a contract of yours waits for a stage report."
    assert told["staff7"]["objection"] == "No package for which you bid has a published result."


def test_an_office_goes_straight_to_the_form_and_a_visitor_is_refused_nothing(app, page):
    project = page("project", "/")
    assert {"plan", "evaluation", "closure"} <= offered(project)
    assert withheld(project)["call"] == "No approved plan waits for a call; hand in a plan first."
    assert not offered(project) & set(withheld(project)) and 'href="/apply/plan"' in project
    assert "registration" not in offered(project) | set(withheld(project))

    visitor = apart(app.test_client().get, "/").text
    assert withheld(visitor) == {} and "registration" in offered(visitor)


def test_the_start_page_asks_little_however_many_kinds_there_are(page):
    page("staff3", "/")
    with counted() as sent:
        page("staff3", "/")
    assert len(sent) <= 90
