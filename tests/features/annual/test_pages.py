"""Who has not reported a year, what was concluded, and what an organization's people see of it."""

import csv
import io
from datetime import date, timedelta

import pytest

from app import clock
from app.access.models import Person
from app.access.reach import holdings
from app.annual.queries import conclusions, unreported
from app.organizations.models import Organization, Registration
from tests.browsing import form_on
from tests.builders import make_actor, make_organization
from tests.builders_access import apart, browser_of
from tests.builders_annual import a_foundation, concluded, move, registered_on, submit
from tests.builders_dissolution import a_bare_project
from tests.builders_ledger import MORNING
from tests.builders_payments import register
from tests.builders_register import a_code
from tests.builders_restriction import a_bureau, proposed
from tests.queries import counted

MARCH, JUNE = timedelta(0), timedelta(days=100)
LIST, PUBLIC = "/annual-reports", "/publicity/annual-reports"


@pytest.fixture
def project(session):
    return a_bare_project(session)


@pytest.fixture
def day(monkeypatch):
    """Move the business day on, from 2 March 2026; sign-in stays on real time."""

    def moved(by=MARCH):
        monkeypatch.setattr(clock, "real_now", lambda: MORNING + by)

    return moved


@pytest.fixture
def see(app, session, day):
    """Read a page in English as somebody, or as nobody; on 2 March unless the clock was moved."""
    day()

    def reading(actor, address, status=200):
        client = browser_of(app, session, session.get(Person, actor.person_id)) if actor else app.test_client()
        client.set_cookie("lang", "en")
        answer = apart(client.get, address)
        assert answer.status_code == status, address
        return answer

    return reading


def another(session, project, n, *, since=date(2020, 1, 1), legal_type="social_service", parent=None):
    organization = make_organization(session, parent or project.place.district, f"示例机构{n:02d}")
    register(session, organization)
    organization.legal_type, organization.uscc = legal_type, a_code(700_000 + n)
    entry = session.query(Registration).filter_by(organization_id=organization.id).one()
    entry.registered_on, entry.known_since = since, since
    session.commit()
    return organization


def names(session, project, year=2025, **more):
    held = holdings(session, project.actors["registrar"].person_id, MORNING.date())
    rows, _after = unreported(session, held, year, skip_months=6, **more)
    return [row.name for row in rows]


def test_who_must_report_and_has_not_is_listed_and_nobody_else(session, project):
    own = session.get(Organization, project.place.organization.id).name
    another(session, project, 1)
    another(session, project, 2, since=date(2025, 7, 1))
    another(session, project, 3, since=date(2025, 6, 30), legal_type="foundation")
    another(session, project, 4, legal_type="other")
    elsewhere = another(session, project, 5, parent=project.place.city)
    ended = another(session, project, 6)
    session.query(Registration).filter_by(organization_id=ended.id).one().ended_on = date(2026, 1, 5)
    session.commit()
    assert names(session, project) == ["示例机构03", "示例机构01", own]
    assert names(session, project, legal_type="foundation") == ["示例机构03"]
    assert elsewhere.name not in names(session, project)

    submit(session, project)
    assert names(session, project) == ["示例机构03", "示例机构01"]
    assert own in names(session, project, 2024)


def test_of_whom_only_a_decision_is_known_the_year_is_asked_from_that_day_on(session, project):
    registered_on(session, project, None)
    entry = session.query(Registration).filter_by(organization_id=project.place.organization.id).one()

    listed = []
    for known_since in (date(2025, 6, 30), date(2025, 7, 1)):
        entry.known_since = known_since
        session.commit()
        listed.append(len(names(session, project)))
    assert listed == [1, 0]


def test_a_withdrawn_report_is_missing_again(session, project):
    number = submit(session, project).number
    assert names(session, project) == []
    move(session, project, number, "withdraw")

    assert len(names(session, project)) == 1


def test_the_list_says_until_when_and_offers_a_listing_only_after_that_day(session, project, see, day):
    another(session, project, 1)
    registrar = project.actors["registrar"]
    before = see(registrar, LIST).text
    assert "31 May 2026" in before and "art. 28" in before and "Propose a listing" not in before
    assert "示例机构01" in before and "not known: look before" in before and "history before is unknown" in before

    day(JUNE)
    after = see(registrar, LIST).text
    code = session.query(Organization.uscc).filter_by(name="示例机构01").scalar()
    assert "10 days late" in after
    assert f"/apply/restriction?organization_code={code}&amp;ground=no_report" in after
    form = see(registrar, f"/apply/restriction?organization_code={code}&ground=no_report").text
    filled = dict(form_on(form, "/apply/restriction").values)
    assert (filled["organization_code"], filled["ground"]) == (code, "no_report")


def test_an_organization_that_is_being_listed_is_not_offered_twice(session, project, see, day):
    bureau = a_bureau(session, project.place)
    number = proposed(session, bureau)
    day(JUNE)

    page = see(project.actors["registrar"], LIST).text
    assert number in page and "Propose a listing" not in page


def test_pages_follow_by_key_and_the_file_holds_all_of_them(session, project, see, day):
    for n in range(1, 60):
        another(session, project, n)
    day(JUNE)
    registrar = project.actors["registrar"]
    first = see(registrar, LIST).text
    last = session.query(Organization.id).filter_by(name="示例机构10").scalar()
    assert "示例机构59" in first and "示例机构10" in first and "示例机构09" not in first
    assert f"after={last}" in first
    assert "示例机构09" in see(registrar, f"{LIST}?after={last}").text
    assert see(registrar, f"{LIST}?after=x", 422)

    answer = see(registrar, f"{LIST}.csv?class=social_service")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert (len(rows), answer.mimetype) == (61, "text/csv")
    assert rows[1][0] == "示例机构59" and rows[1][4:6] == ["2026-05-31", "10"]


@pytest.mark.parametrize("address", [LIST, f"{LIST}.csv"])
def test_only_a_registrar_reads_the_list(session, project, see, address):
    see(project.actors["staff"], address, 403)
    see(project.actors["auditor"], address, 403)


def test_a_registrar_of_elsewhere_sees_none_of_it(session, project, see):
    there = make_actor(session, "外区", ("registrar", project.place.buyer.id))
    session.commit()

    assert "Nobody is missing" in see(there, LIST).text


def test_lists_take_as_many_questions_for_many_as_for_one(app, session, project, see):
    concluded(session, project)
    registrar = project.actors["registrar"]

    def asked(actor, address):
        see(actor, address)
        with counted() as sent:
            see(actor, address)
        return len(sent)

    few = [asked(registrar, f"{LIST}?year=2024"), asked(None, PUBLIC), asked(project.actors["staff"], "/")]
    for n in range(1, 20):
        another(session, project, n)
    many = [asked(registrar, f"{LIST}?year=2024"), asked(None, PUBLIC), asked(project.actors["staff"], "/")]

    assert many == few
    assert max(many[:2]) <= 20


def test_conclusions_are_for_everybody_and_reports_under_way_for_nobody(session, project, see):
    name = session.get(Organization, project.place.organization.id).name
    submit(session, project, 2024)
    assert name not in see(None, PUBLIC).text
    concluded(session, project, "disqualify")

    page = see(None, PUBLIC).text
    assert name in page and "unqualified" in page and "2025" in page and "财务支出" not in page
    assert name not in see(None, f"{PUBLIC}?year=2024").text
    assert name in see(None, f"{PUBLIC}?q={name[:4]}").text
    assert "No conclusion matches" in see(None, f"{PUBLIC}?q=没有").text
    rows, after = conclusions(session, limit=1)
    assert (len(rows), after) == (1, None)


def test_the_file_of_the_organization_tells_everybody_the_conclusion_and_its_own_people_the_rest(
    session, project, see
):
    number = submit(session, project, 2024).number
    concluded(session, project, "qualify_basically")
    address = f"/organizations/{project.place.organization.id}"
    own, other = see(project.actors["staff"], address).text, see(project.actors["finance_officer"], address).text

    assert "basically qualified" in own and number in own and "Hand in the annual report" in own
    assert "basically qualified" in other and number not in other and "Hand in the annual report" not in other


def test_the_start_page_says_what_is_to_be_handed_in_and_until_when(session, project, see, day):
    staff = project.actors["staff"]
    page = see(staff, "/").text
    assert "Annual report of 2025" in page and "working days left" in page

    day(JUNE)
    assert "Overdue by" in see(staff, "/").text
    submit(session, project, at=MORNING + JUNE)
    assert "Annual report of 2025" not in see(staff, "/").text


def test_a_year_that_is_skipped_is_on_no_start_page_and_the_kind_says_why(session, project, see):
    registered_on(session, project, date(2025, 8, 1))
    entry = session.query(Registration).filter_by(organization_id=project.place.organization.id).one()
    entry.known_since = date(2025, 8, 1)
    session.commit()

    page = see(project.actors["staff"], "/").text
    assert "Annual report of 2025" not in page
    assert "At the end of 2025 it had been registered for less than 6 months" in page


def test_each_class_is_offered_its_own_report_only(session, project, see):
    staff = project.actors["staff"]
    assert "/guide/annual_report?class=foundation" not in see(staff, "/").text
    a_foundation(session, project)

    page = see(staff, "/").text
    assert "/guide/annual_report?class=foundation" in page and 'href="/guide/annual_report"' not in page
    assert "due on 31 Mar 2026" in see(staff, "/apply/annual_report").text
    assert "another legal class" in see(staff, "/guide/annual_report").text
