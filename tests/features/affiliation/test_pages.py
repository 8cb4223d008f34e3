"""The pages of the register, of one organization and of a hub: what they show, to whom, at what cost."""

import pytest
from sqlalchemy import func, select

from app.access.models import Person
from app.organizations.importing import import_register
from app.organizations.models import Organization, Registration
from app.organizations.queries import is_registered
from tests.builders import make_person
from tests.builders_access import apart, browser_of
from tests.builders_register import a_code, a_decision, a_file, a_registration, an_office, step
from tests.features.affiliation.test_steps import apply
from tests.queries import counted


@pytest.fixture
def office(session, now):
    return an_office(session, now)


@pytest.fixture
def browser(app, session):
    """A browser of the person behind an actor."""
    return lambda actor: browser_of(app, session, session.get(Person, actor.person_id))


@pytest.fixture
def listed(session, now, tmp_path):
    import_register(session, a_file(tmp_path, f"甲示例会,{a_code(1)}", header="name,uscc"), now=now)
    return session.scalars(select(Organization.id).where(Organization.uscc == a_code(1))).one()


CERTIFICATE = {
    "registered_on": "2015-05-05", "authority": "某市某区民政局", "evidence": "证书副本，编号 0001"
}


def read(client, address):
    return apart(client.get, address)


def test_a_visitor_is_sent_to_sign_in(client, listed):
    for address in ("/organizations", f"/organizations/{listed}", "/hubs"):
        assert client.get(address).status_code in (302, 303)


def test_the_register_lists_searches_and_filters(browser, office, listed, session, now, tmp_path):
    elsewhere = a_decision(2, name="乙示例会", code=a_code(2, division="110108"))
    import_register(session, a_file(tmp_path, elsewhere), now=now)
    client = browser(office.staff)

    everything = read(client, "/organizations").text
    assert "甲示例会" in everything and "乙示例会" in everything
    one = read(client, "/organizations?q=乙示").text
    assert "乙示例会" in one and "甲示例会" not in one
    place = read(client, "/organizations?place=110102").text
    assert "甲示例会" in place and "乙示例会" not in place
    assert "No organization matches" in read(client, "/organizations?q=没有&lang=en").text


def test_a_page_key_that_nobody_gave_is_answered_as_wrong_input(browser, office):
    assert read(browser(office.staff), "/organizations?after=x").status_code == 422


def test_the_list_costs_the_same_for_one_row_and_for_many(browser, office, session, now, tmp_path):
    client = browser(office.staff)
    counts = []
    for rows in (1, 30):
        import_register(session, a_file(tmp_path, *(a_decision(n) for n in range(1, rows + 1))), now=now)
        read(client, "/organizations")
        with counted() as seen:
            assert read(client, "/organizations").status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_who_only_prepares_is_seen_by_those_who_reach_it(browser, office, session):
    _person, account = make_person(session, "旁人")
    session.commit()
    stranger = browser_of_account(browser, account)
    address = f"/organizations/{office.organization_id}"

    assert read(browser(office.staff), address).status_code == 200
    assert read(browser(office.registrar), address).status_code == 200
    assert read(browser(office.hub_officer), address).status_code == 404
    assert read(stranger, address).status_code == 404


def browser_of_account(browser, account):
    class Actor:
        person_id = account.person_id

    return browser(Actor)


def test_an_organization_that_is_not_there_is_not_found(browser, office):
    client = browser(office.staff)

    assert read(client, "/organizations/999999").status_code == 404
    assert read(client, f"/organizations/{2**70}").status_code == 404
    assert read(client, "/hubs/999999").status_code == 404
    assert read(client, f"/hubs/{2**70}").status_code == 404


def test_a_registrar_enters_the_registration_on_the_page(browser, office, listed, session):
    client = browser(office.registrar)
    assert f"/organizations/{listed}/confirm" in read(client, f"/organizations/{listed}").text

    answer = apart(client.post, f"/organizations/{listed}/confirm", data=CERTIFICATE)

    assert answer.status_code == 303
    session.expire_all()
    assert is_registered(session, listed)
    page = read(client, f"/organizations/{listed}").text
    assert "证书副本，编号 0001" in page
    assert f"/organizations/{listed}/confirm" not in page


def test_the_form_names_what_is_missing(browser, office, listed, session):
    client = browser(office.registrar)

    answer = apart(client.post, f"/organizations/{listed}/confirm", data={"authority": "某局"})

    assert answer.status_code == 422
    assert not is_registered(session, listed)


def test_nobody_else_is_offered_or_allowed_the_entry(browser, office, listed, session):
    client = browser(office.staff)
    assert f"/organizations/{listed}/confirm" not in read(client, f"/organizations/{listed}").text

    answer = apart(client.post, f"/organizations/{listed}/confirm", data=CERTIFICATE)

    assert answer.status_code == 403
    assert session.scalar(select(func.count()).select_from(Registration)) == 0


def test_a_hub_shows_its_members_and_the_organization_its_hub(browser, office, session):
    a_registration(session, office)
    step(session, apply(session, office), "accept", office.hub_officer, office)
    client = browser(office.hub_officer)

    assert "示例社会工作服务中心" in read(client, f"/hubs/{office.hub_node_id}").text
    assert "示例枢纽" in read(client, "/hubs").text
    assert "示例枢纽" in read(client, f"/organizations/{office.organization_id}").text


def test_a_hub_offers_to_join_or_says_why_not(browser, office, session, now):
    address, form = f"/hubs/{office.hub_node_id}?lang=en", f"/apply/affiliation?hub={office.hub_node_id}"
    staff = browser(office.staff)
    before = read(staff, address).text
    assert form not in before and "register first" in before

    a_registration(session, office)
    assert form in read(staff, address).text
    step(session, apply(session, office), "accept", office.hub_officer, office)
    member = read(staff, address).text
    assert form not in member and "is a member of this hub already" in member

    nobody = read(browser(office.hub_officer), address).text
    assert form not in nobody and "is a member of this hub already" not in nobody


def test_who_chose_a_hub_by_its_page_is_told_in_the_form_what_stands_against_it(browser, office, session):
    a_registration(session, office)
    step(session, apply(session, office), "accept", office.hub_officer, office)

    page = read(browser(office.staff), f"/apply/affiliation?hub={office.hub_node_id}&lang=en").text

    assert "is a member of this hub already" in page
    assert "<form class=\"c-panel" in page  # another hub can still be chosen


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pages_are_there_in_both_languages(browser, office, listed, language):
    client = browser(office.registrar)

    for address in ("/organizations", f"/organizations/{listed}", "/hubs", f"/hubs/{office.hub_node_id}"):
        assert read(client, f"{address}?lang={language}").status_code == 200
