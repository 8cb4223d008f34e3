"""A page asks the database a fixed number of questions, however much there is to show."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from app.access.models import Person
from app.affiliation.steps import recognize_hub
from app.cases.perform import perform
from tests.builders import LONG_AGO, make_district, make_organization
from tests.builders_access import apart, browser_of, token_of
from tests.builders_payments import a_payment, a_project, move
from tests.fourth_kind import loan_kind
from tests.queries import counted

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ASK = {"purpose": "居民议事会", "day": "2026-03-20", "phone": "13800001234", "deposit_fen": 10000, "documents": []}
MOST = 30


@pytest.fixture
def district(session):
    with loan_kind():
        yield make_district(session)


@pytest.fixture
def ask(app, session) -> Callable[..., int]:
    """Ask for a page as somebody; return how many statements it took."""

    def asking(actor: Any, address: str, status: int = 200) -> int:
        browser = browser_of(app, session, session.get(Person, actor.person_id))
        apart(browser.get, address)  # the first look fills caches of the process
        with counted() as sent:
            answer = apart(browser.get, address)
        assert answer.status_code == status, address
        return len(sent)

    return asking


def loans(session: Any, district: Any, number: int) -> list[str]:
    """Ask for this many rooms."""
    return [
        perform(session, kind="loan", trigger="ask", actor=district.actors["staff"], data=ASK, now=NOW).number
        for _ in range(number)
    ]


@pytest.mark.parametrize(
    "address", ["/worklist", "/cases", "/", "/api/v1/worklist", "/cases?q=居民", "/worklist?due=late"]
)
def test_a_list_takes_as_many_questions_for_twenty_cases_as_for_one(session, district, ask, address):
    registrar = district.actors["registrar"]
    loans(session, district, 1)
    one = ask(registrar, address)
    loans(session, district, 19)
    twenty = ask(registrar, address)

    assert twenty == one
    assert twenty <= MOST


def federation(session: Any, district: Any, n: int) -> None:
    """Recognize one more hub."""
    recognize_hub(session, parent=district.district, name_zh=f"示例联合会{n}", name_en=f"Federation {n}",
                  level="district", recognized_on=LONG_AGO)
    session.commit()


@pytest.mark.parametrize("address", ["/organizations", "/api/v1/organizations", "/hubs"])
def test_the_register_takes_as_many_questions_for_many_organizations_as_for_few(session, district, ask, address):
    registrar = district.actors["registrar"]
    federation(session, district, 0)
    few = ask(registrar, address)
    for n in range(1, 20):
        federation(session, district, n)
        make_organization(session, district.district, f"示例机构{n}")
    session.commit()

    many = ask(registrar, address)

    assert many == few
    assert many <= MOST


@pytest.mark.parametrize("role", ["registrar", "staff", "auditor"])
@pytest.mark.parametrize("address", ["/cases/{}", "/api/v1/cases/{}"])
def test_a_case_takes_as_many_questions_with_a_long_history_as_with_a_short_one(session, ask, role, address):
    project = a_project(session)
    actor = project.actors["finance_officer" if role == "registrar" else role]
    number = a_payment(session, project, until="approved")
    move(session, project, number, "suspend")
    move(session, project, number, "resume")
    short = ask(actor, address.format(number))
    for _ in range(9):
        move(session, project, number, "suspend")
        move(session, project, number, "resume")
    long = ask(actor, address.format(number))

    assert long == short
    assert long <= MOST


def test_a_case_takes_as_many_questions_with_twenty_papers_as_with_one(session, district, ask):
    staff = district.actors["staff"]
    numbers = []
    for papers in (1, 20):
        ids = list(session.execute(text(
            "INSERT INTO documents"
            " (sha256, size, media_type, name, organization_id, uploaded_by, uploaded_at, issued)"
            " SELECT md5(:salt || n) || md5(n::text), 10, 'application/pdf', 'p' || n || '.pdf', :organization,"
            " :person, now(), false FROM generate_series(1, :papers) n RETURNING id"
        ), {"salt": str(papers), "papers": papers, "organization": district.organization.id,
            "person": staff.person_id}).scalars())
        session.commit()
        documents = [{"slot": "plan", "document_id": id_} for id_ in ids]
        numbers.append(perform(session, kind="loan", trigger="ask", actor=staff, now=NOW,
                               data={**ASK, "documents": documents}).number)

    counts = [[ask(district.actors[role], f"/cases/{number}") for number in numbers] for role in ("registrar", "staff")]

    assert all(one == twenty <= MOST for one, twenty in counts), counts


def test_the_budget_page_takes_as_many_questions_for_many_transfers_as_for_few(session, ask):
    project = a_project(session)
    officer = project.actors["finance_officer"]
    address = f"/budget-lines/{project.line_id}"
    number = a_payment(session, project, until="approved")
    few, few_listed = ask(officer, address), ask(officer, "/budget-lines")
    for _ in range(5):
        move(session, project, number, "suspend")
        move(session, project, number, "resume")
    move(session, project, number, "instruct")
    many, many_listed = ask(officer, address), ask(officer, "/budget-lines")

    assert (many, many_listed) == (few, few_listed)
    assert many <= MOST


def test_the_page_around_everything_costs_little(session, district, ask):
    assert ask(district.actors["registrar"], "/help") <= 8


def test_a_program_is_known_by_one_question(app, session, district):
    headers = token_of(session, session.get(Person, district.actors["registrar"].person_id))
    client = app.test_client()
    apart(client.get, "/api/v1/worklist", headers=headers)
    with counted() as sent:
        apart(client.get, "/api/v1/worklist", headers=headers)

    assert len(sent) <= 5, "\n".join(sent)
