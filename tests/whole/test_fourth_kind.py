"""A kind that nobody foresaw: a definition, inputs, facts and an effect, and every door has it."""

import re
from pathlib import Path

import pytest

from app.access.models import Person
from tests.builders import grant_role, make_district
from tests.builders_access import apart, browser_of, token_of
from tests.fourth_kind import loan_kind

DOORS = Path(__file__).resolve().parents[2] / "app" / "doors"
FORM = {"purpose": "居民议事会", "day": "2026-12-20", "phone": "13800001234", "deposit_fen": "100.50"}


@pytest.fixture
def district(session):
    with loan_kind():
        yield make_district(session)


@pytest.fixture
def people(app, session, district):
    """A browser for each role, that speaks English."""
    found = {}
    for role in ("staff", "registrar", "auditor"):
        browser = browser_of(app, session, session.get(Person, district.actors[role].person_id))
        browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        browser.set_cookie("lang", "en")
        found[role] = browser
    return found


def key_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    return dict(re.findall(r'name="(_key|_revision)" value="([^"]*)"', page))


def opened(people) -> str:
    """Open a case on the pages and return its number."""
    page = people["staff"].get("/apply/loan").text
    answer = people["staff"].post("/apply/loan", data={**FORM, **key_of(page)})
    assert answer.status_code == 303, answer.text
    return re.fullmatch(r"/cases/([A-Z0-9-]+)/receipt", answer.headers["Location"]).group(1)


def test_it_stands_in_the_guide_with_its_conditions_papers_questions_and_times(app, district):
    client = app.test_client()

    listed, guide = client.get("/guide?lang=en").text, client.get("/guide/loan?lang=en").text

    assert "Loan of a room" in listed and 'href="/guide/loan"' in listed
    for words in ("Loan of a room", "Borrow a room of the district.", "Plan of the event", "用途", "押金"):
        assert words in guide
    assert "<svg" in guide


def test_it_is_offered_to_whoever_may_open_it_and_to_nobody_else(people):
    assert 'href="/apply/loan"' in people["staff"].get("/guide/loan").text
    assert 'href="/apply/loan"' not in people["registrar"].get("/guide/loan").text


def test_its_form_has_a_field_for_each_of_its_inputs(people):
    page = people["staff"].get("/apply/loan").text

    for name in ("purpose", "day", "phone", "deposit_fen"):
        assert f'name="{name}"' in page
    assert 'type="date"' in page and 'type="file"' in page
    assert "Ask for a room" in page


def test_it_is_opened_and_moved_on_the_pages_to_its_end(people):
    number = opened(people)

    receipt = people["staff"].get(f"/cases/{number}/receipt").text
    worklist = people["registrar"].get("/worklist").text
    case = people["registrar"].get(f"/cases/{number}").text
    lent = people["registrar"].post(f"/cases/{number}", data={"trigger": "lend", **key_of(case)})
    after = people["staff"].get(f"/cases/{number}").text
    back = people["staff"].post(f"/cases/{number}", data={"trigger": "bring_back", **key_of(after)})
    closed = people["staff"].get(f"/cases/{number}").text

    assert f"{number}:1:" in receipt
    assert f'href="/cases/{number}"' in worklist and "借用会议室：居民议事会" in worklist
    assert "Lend it" in case and "The applicant gets the key." in case and "100.50" in case
    assert "13800001234" not in case
    assert (lent.status_code, back.status_code) == (303, 303)
    assert "Lent" in after and "Please bring it back in time." in after
    assert "Returned" in closed and "The case is closed" in closed


def test_who_lacks_the_role_reads_whom_it_waits_for_and_is_refused_with_the_reason(people):
    number = opened(people)
    page = people["staff"].get(f"/cases/{number}").text

    refused = people["staff"].post(f"/cases/{number}", data={"trigger": "lend", "_revision": "1", "_key": "k"})

    assert 'value="lend"' not in page
    assert "Waits for Registrar." in page
    assert refused.status_code == 403
    assert "Only registrar can do this." in refused.text


def test_who_asked_may_not_lend_and_reads_why_where_the_button_would_be(session, district, people):
    asker = district.actors["staff"]
    grant_role(session, asker.person_id, "registrar", district.district.id)
    session.commit()
    number = opened(people)
    page = people["staff"].get(f"/cases/{number}").text

    refused = people["staff"].post(f"/cases/{number}", data={"trigger": "lend", **key_of(page)})

    panel = page[page.index('id="act"'):]
    assert 'value="lend"' not in panel and 'value="decline"' in panel
    assert "Not possible for you now" in panel and "Lend it" in panel and "You have already handled this case" in panel
    assert refused.status_code == 403
    assert "You have already handled this case" in refused.text


def test_it_is_opened_and_moved_through_the_api_to_its_end(app, session, district):
    def headers(role, key):
        person = session.get(Person, district.actors[role].person_id)
        return {**token_of(session, person), "Idempotency-Key": key}

    client = app.test_client()
    data = {"purpose": "居民议事会", "day": "2026-12-20", "phone": "13800001234", "deposit_fen": 10050}
    number = client.post("/api/v1/cases/loan", json={"data": data}, headers=headers("staff", "a")).json["number"]
    told = apart(client.get, f"/api/v1/cases/{number}", headers=headers("registrar", "b")).json
    option = next(o for o in told["allowed"] if o["trigger"] == "lend")
    lent = client.post(f"/api/v1/cases/loan/{number}/lend", json={"revision": 1, "data": option["example"]},
                       headers=headers("registrar", "c"))
    returned = client.post(f"/api/v1/cases/loan/{number}/bring_back", json={"revision": 2, "data": {}},
                           headers=headers("staff", "d"))
    work = apart(client.get, "/api/v1/worklist", headers=headers("registrar", "e")).json

    assert told["kind"] == "loan" and told["waits_for"]["role"] == "registrar"
    assert (lent.json["state"], returned.json["state"]) == ("lent", "returned")
    assert work["cases"] == []


def test_it_stands_in_openapi_with_every_move_of_a_person(app, district):
    paths = app.test_client().get("/api/v1/openapi.json").json["paths"]

    assert {path for path in paths if "/loan" in path} == {
        "/api/v1/cases/loan", "/api/v1/cases/loan/{number}/lend", "/api/v1/cases/loan/{number}/decline",
        "/api/v1/cases/loan/{number}/bring_back",
    }


def test_the_lists_can_be_narrowed_to_it(people):
    number = opened(people)

    assert number in people["registrar"].get("/cases?kind=loan").text
    assert number not in people["registrar"].get("/cases?kind=payment").text
    assert number in people["registrar"].get("/worklist?kind=loan").text
    assert f"/cases/{number}" in people["registrar"].get(f"/search?q={number}").headers["Location"]


def test_no_door_names_a_kind():
    """What is shown above would prove little if some door knew the three kinds by name."""
    composed = {"hub_pages", "organization_pages", "styleguide_samples", "styleguide"}
    kind = re.compile(r"""["'](registration|affiliation|payment|loan)["']""")
    found = [
        f"{path.name}:{number}" for path in sorted(DOORS.glob("*.py")) if path.stem not in composed
        for number, line in enumerate(path.read_text().splitlines(), 1) if kind.search(line)
    ]

    assert found == []
