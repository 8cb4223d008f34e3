"""The pages of budget and bank: what each role finds there, and that nobody finds what is not theirs."""

import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from app.access.cookies import LANGUAGE
from app.access.models import Person, Read
from app.organizations.models import Organization
from app.organizations.steps import Particulars, change_entry
from app.payments.models import BankLine
from app.payments.statements import Importer, import_statement
from tests.builders import make_district
from tests.builders_access import browser_of
from tests.builders_ledger import MORNING
from tests.builders_payments import a_payment, a_project, case_of, instruction_of, move


@pytest.fixture
def project(session):
    return a_project(session)


@pytest.fixture
def number(session, project):
    return a_payment(session, project, until="in_transit")


def browser(app, session, actor):
    client = browser_of(app, session, session.get(Person, actor.person_id))
    client.set_cookie(LANGUAGE, "en")
    return client


def upload(client, data, name="statement.csv"):
    return client.post("/statements", data={"statement": (io.BytesIO(data), name)})


def test_the_budget_page_shows_where_the_money_stands_after_each_step(app, session, project):
    officer = browser(app, session, project.actors["finance_officer"])
    address = f"/budget-lines/{project.line_id}"

    before = officer.get(address).text
    number = a_payment(session, project, until="approved")
    after = officer.get(address).text

    assert "100,000.00" in before and "60,000.00" not in before
    assert "60,000.00" in after and "40,000.00" in after
    assert f'href="/cases/{number}"' in after
    assert project.contract_number in after


def test_a_line_with_many_contracts_shows_each_of_them_once_page_by_page(app, session, project, monkeypatch):
    monkeypatch.setattr("app.payments.line_page.LIST_LIMIT", 2)
    session.execute(text(
        "INSERT INTO contracts (number, title, organization_id, node_id, budget_line_id, amount_fen, signed_on,"
        " ends_on) SELECT 'MANY-' || n, 'c', organization_id, node_id, budget_line_id, 100, signed_on, ends_on"
        " FROM contracts, generate_series(1, 4) n WHERE number = :number"
    ), {"number": project.contract_number})
    session.commit()
    officer = browser(app, session, project.actors["finance_officer"])
    address, seen = f"/budget-lines/{project.line_id}?lang=en", []
    for _ in range(5):
        page = officer.get(address).text.split('id="contracts"')[1].split("</section>")[0]
        seen += re.findall(r'u-mono">([^<]+)</span>', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if following is None:
            break
        address = following[1].replace("&amp;", "&")

    assert seen == [project.contract_number, "MANY-1", "MANY-2", "MANY-3", "MANY-4"]


def test_the_list_shows_the_lines_of_ones_own_places_only(app, session, project):
    other = make_district(session, "520103")

    mine = browser(app, session, project.actors["buyer" if "buyer" in project.actors else "cashier"])
    theirs = browser(app, session, other.actors["finance_officer"])

    assert f"/budget-lines/{project.line_id}" in mine.get("/budget-lines").text
    assert f"/budget-lines/{project.line_id}" not in theirs.get("/budget-lines").text
    assert theirs.get(f"/budget-lines/{project.line_id}").status_code == 404
    assert theirs.get("/budget-lines/999999").status_code == 404


@pytest.mark.parametrize("address", ["/budget-lines", "/statements", "/statements/orders.csv"])
@pytest.mark.parametrize("role", ["staff", "registrar"])
def test_money_is_not_for_every_role(app, session, project, address, role):
    assert browser(app, session, project.actors[role]).get(address).status_code == 403


def test_the_demo_plays_the_bank_and_its_answer_settles_the_payment(app, session, project, number):
    officer = browser(app, session, project.actors["finance_officer"])
    sent = instruction_of(session, number).instruction_no

    page = officer.get("/statements").text
    answers = officer.get(f"/statements/sample.csv?result-{sent}=settled").data
    taken = upload(officer, answers)

    assert sent in page
    assert taken.status_code == 303
    shown = officer.get(taken.headers["Location"]).text
    assert number in shown and "Arrived" in shown
    assert case_of(session, number).state == "paid"
    assert sent not in officer.get("/statements").text


def test_the_demo_plays_no_bank_in_production(app, session, project, number):
    app.config["ENVIRONMENT"] = "production"
    officer = browser(app, session, project.actors["finance_officer"])

    assert officer.get("/statements/sample.csv").status_code == 404
    assert "sample.csv" not in officer.get("/statements").text


def test_a_bad_file_is_refused_with_every_row_named(app, session, project, number):
    officer = browser(app, session, project.actors["finance_officer"])
    head = "账号,11001000000059600001\n期初余额,1.00\n期末余额,1.00\n日期,流水号,借方,贷方\n"
    text = head + "x,A1,1.00,\n2026-03-03,,y,\n"

    answer = upload(officer, text.encode())

    assert answer.status_code == 422
    assert (
        "Row 5, 交易日期" in answer.text
        and "Row 6, 流水号" in answer.text
        and "Row 6, 借方金额" in answer.text
    )
    assert session.execute(select(BankLine.id)).all() == []


@pytest.mark.parametrize("data", [b"", b"x" * (5 * 1024 * 1024 + 1)])
def test_no_file_and_a_file_too_large_are_told(app, session, project, data):
    officer = browser(app, session, project.actors["finance_officer"])

    assert upload(officer, data).status_code == 422


def test_only_a_finance_officer_imports(app, session, project, number):
    for role in ("cashier", "auditor"):
        client = browser(app, session, project.actors[role])
        assert client.get("/statements").status_code == 200
        assert 'enctype="multipart/form-data"' not in client.get("/statements").text
        assert upload(client, b"x").status_code == 403


def test_a_statement_of_another_office_is_not_there(app, session, project, number):
    officer = browser(app, session, project.actors["finance_officer"])
    address = upload(officer, officer.get("/statements/sample.csv").data).headers["Location"]
    stranger = browser(app, session, make_district(session, "520103").actors["finance_officer"])

    assert officer.get(address).status_code == 200
    assert stranger.get(address).status_code == 404
    assert stranger.post(f"{address}/again").status_code == 404


def test_lines_that_were_left_undone_can_be_booked_later(app, session, project, number):
    officer = browser(app, session, project.actors["finance_officer"])
    data = officer.get("/statements/sample.csv").data
    cashier = Importer(project.actors["cashier"], project.place.buyer.id, MORNING + timedelta(days=1))
    statement = import_statement(session, data, cashier).statement_id

    page = officer.get(f"/statements/{statement}").text
    answer = officer.post(f"/statements/{statement}/again")

    assert f"/statements/{statement}/again" in page
    assert answer.status_code == 303
    assert case_of(session, number).state == "paid"
    assert f"/statements/{statement}/again" not in officer.get(f"/statements/{statement}").text


def test_the_cashiers_file_shows_whole_accounts_and_is_recorded(app, session, project, number):
    cashier = browser(app, session, project.actors["cashier"])

    answer = cashier.get("/statements/orders.csv")

    assert "0200001209001234" in answer.text
    read = session.execute(select(Read.person_id, Read.subject, Read.what)).all()
    assert read == [(project.actors["cashier"].person_id, f"case {number}", "payee account")]


def test_nobody_else_sees_a_whole_account_number(app, session, project, number):
    for role in ("finance_officer", "auditor"):
        client = browser(app, session, project.actors[role])
        pages = [client.get(address).text for address in
                 (f"/budget-lines/{project.line_id}", "/statements")]  # fmt: skip
        assert all("0200001209001234" not in page for page in pages)


def test_a_payment_that_came_back_can_be_instructed_again_and_then_paid(app, session, project, number):
    officer = browser(app, session, project.actors["finance_officer"])
    first = instruction_of(session, number).instruction_no
    upload(officer, officer.get(f"/statements/sample.csv?result-{first}=rejected").data)
    session.commit()

    assert case_of(session, number).state == "approved"
    move(session, project, number, "instruct", at=MORNING + timedelta(days=500))
    upload(officer, officer.get("/statements/sample.csv").data)
    session.commit()
    assert case_of(session, number).state == "paid"


def test_a_contract_shows_the_name_of_the_day_it_was_signed_on_beside_the_name_of_today(app, session, project):
    organization, actor = project.place.organization, project.actors["finance_officer"]
    a_payment(session, project)
    old = organization.name
    before = browser(app, session, actor).get(f"/contracts/{project.contract_id}").text
    change_entry(
        session, session.get(Organization, organization.id), name="改名后的服务中心", registered_on=date(2020, 1, 1),
        stated=Particulars(), changed_on=MORNING.date(), authority="示例登记机关", now=MORNING,
        **dict(zip(("case_id", "sequence"), session.execute(text(
            "SELECT case_id, sequence FROM history LIMIT 1")).one(), strict=True)),
    )
    session.commit()

    page = browser(app, session, actor).get(f"/contracts/{project.contract_id}").text

    assert old in before and "改名后的服务中心" not in before
    assert old in page and "now 改名后的服务中心" in page
