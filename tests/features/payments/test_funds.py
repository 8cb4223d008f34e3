"""The overview of funds: every number is the sum of the transfers behind it, and nobody else's money shows."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select, text

from app.access.models import Person
from app.cases.models import Case
from app.ledger import steps
from app.ledger.models import BudgetLine
from app.ledger.queries import PARTS
from app.ledger.steps import Because
from app.payments.funds import (
    ALL_PARTS,
    Selection,
    by_organization,
    by_programme,
    fund_rows,
    paid_by_month,
    total_of,
)
from app.payments.late import late_instalments, late_sums
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from tests.builders import make_actor, make_district
from tests.builders_access import a_place, apart, browser_of
from tests.builders_ledger import a_budget_line
from tests.builders_payments import MORNING, a_contract, a_payment, a_project, move
from tests.queries import counted

EVERYTHING = BudgetLine.id > 0
JANUARY, MARCH = datetime(2026, 1, 31, 15, 59, tzinfo=UTC), datetime(2026, 2, 28, 16, 0, tzinfo=UTC)
"""The last minute of January and the first of March, in Shanghai."""


@pytest.fixture
def money(session):
    """A project whose money stands in every part, some of it paid in two months, and a line beside it."""
    project = a_project(session, budget_fen=500_000_01, contract_fen=100_000_07)
    line, package = project.line_id, project.contract_number
    steps.reserve(session, line, "BX-1", 30_000_03, Because(now=MORNING))
    for at, fen in ((JANUARY, 10_000_01), (MARCH, 20_000_02)):
        because = Because(now=at)
        for step in (steps.accrue, steps.instruct, steps.settle):
            step(session, line, package, fen, because)
    steps.give_back(session, line, package, 1_000_00, Because(now=MARCH))
    steps.accrue(session, line, package, 9_000_04, Because(now=MARCH))
    steps.instruct(session, line, package, 4_000_00, Because(now=MARCH))
    steps.curtail(session, line, 5_000_00, Because(now=MARCH))
    a_budget_line(session, 70_000_00, node=project.place.buyer, name="另一条指标")
    session.commit()
    return project


def recount(session, **where):
    """Return what stands in each part, from the balances that the database's trigger keeps."""
    condition = " AND ".join(f"{name} = :{name}" for name in where) or "true"
    rows = session.execute(text(
        "SELECT a.name, sum(a.credits - a.debits) FROM ledger_accounts a JOIN budget_lines b ON b.id = a.budget_line_id"
        f" WHERE {condition} GROUP BY a.name"
    ), where)
    there = {name: int(fen) for name, fen in rows}
    return {"appropriated": -there.get("source", 0), **{part: there.get(part, 0) for part in PARTS}}


def all_rows(session, chosen, limit=2):
    """Walk through all pages."""
    found, before = [], None
    while page := fund_rows(session, chosen, before=before, limit=limit):
        found += page
        before = page[-1].key
    return found


def test_each_number_equals_the_ledgers_recount_and_the_sum_of_its_rows(session, money):
    told = {part: total_of(session, Selection(EVERYTHING, part)) for part in ALL_PARTS}

    assert told == recount(session)
    for part in ALL_PARTS:
        rows = all_rows(session, Selection(EVERYTHING, part))
        assert sum(row.fen for row in rows) == told[part], part
        assert len({row.key for row in rows}) == len(rows)
    assert all(told.values()), told


def test_months_begin_at_midnight_in_shanghai_have_no_gap_and_sum_to_what_is_paid(session, money):
    months = paid_by_month(session, EVERYTHING)

    assert months == [(date(2026, 1, 1), 10_000_01), (date(2026, 2, 1), 0), (date(2026, 3, 1), 19_000_02)]
    assert sum(fen for _month, fen in months) == recount(session)["paid"]
    for month, fen in months:
        assert sum(row.fen for row in all_rows(session, Selection(EVERYTHING, "paid", month=month))) == fen


def test_organizations_and_programmes_sum_to_what_contracts_and_packages_hold(session, money):
    organizations, others = by_organization(session, EVERYTHING)
    programmes = by_programme(session, EVERYTHING)
    whole = recount(session)

    assert others == 0 and [each.id for each in organizations] == [money.place.organization.id]
    assert organizations[0].fen == {part: whole[part] for part in ("committed", "payable", "transit", "paid")}
    assert sum(each.total for each in programmes) == sum(
        whole[part] for part in ("reserved", "committed", "payable", "transit", "paid")
    )
    for name, rows in (("organization_id", organizations), ("programme_id", programmes)):
        for each in rows:
            for part, fen in each.fen.items():
                behind = all_rows(session, Selection(EVERYTHING, part, **{name: each.id}))
                assert sum(row.fen for row in behind) == fen, (name, part)


@pytest.fixture
def look(app, session, money):
    def looking(role, address, status=200):
        browser = browser_of(app, session, session.get(Person, money.actors[role].person_id))
        browser.set_cookie("lang", "en")
        answer = apart(browser.get, address)
        assert answer.status_code == status, address
        return answer

    return looking


def links(page):
    """Return (address, the number it stands on) of all links of the page that lead to rows."""
    found = re.findall(r'<a href="(/funds/rows[^"]*)">([0-9,.]+)</a>', page)
    return [(unescape(address), int(words.replace(",", "").replace(".", ""))) for address, words in found]


def test_every_number_on_the_page_leads_to_rows_that_sum_to_it_on_the_page_and_in_the_file(look):
    numbers = links(look("finance_officer", "/funds").text)

    assert len(numbers) > 20
    for address, fen in numbers:
        rows = look("finance_officer", address).text
        shown = re.search(r'Sum of all rows: <span class="u-number">CNY ([0-9,.]+)<', rows).group(1)
        file = look("finance_officer", address.replace("/rows?", "/rows.csv?")).data.decode("utf-8-sig")
        amounts = [int(line["Amount (yuan)"].replace(".", "")) for line in csv.DictReader(io.StringIO(file))]
        assert int(shown.replace(",", "").replace(".", "")) == fen == sum(amounts), address


def test_every_segment_of_a_picture_leads_where_the_number_beside_it_leads(look):
    page = look("finance_officer", "/funds").text
    drawn = {unescape(each) for each in re.findall(r'<a href="(/funds/rows[^"]*)" tabindex="-1"', page)}

    assert drawn and drawn <= {address for address, _fen in links(page)}


@pytest.mark.parametrize("role", ["registrar", "staff"])
def test_who_has_nothing_to_do_with_money_sees_none_of_it(look, role):
    for address in ("/funds", "/funds/rows?part=paid", "/funds/rows.csv?part=paid", "/funds/late", "/funds/late.csv"):
        look(role, address, 403)


def test_another_offices_officer_sees_none_of_these_numbers_whatever_the_address_names(app, session, money):
    office = a_place(session, "BUYER-9", "别的办公室", parent=money.place.district, kind="buyer")
    stranger = make_actor(session, "别处财务", ("finance_officer", office.id))
    session.commit()
    browser = browser_of(app, session, session.get(Person, stranger.person_id))

    for address in ("/funds", f"/funds/rows?part=paid&line={money.line_id}", f"/funds?place={money.place.buyer.id}",
                    f"/funds/rows?part=committed&organization={money.place.organization.id}", "/funds/late"):
        page = apart(browser.get, address).text
        assert money.contract_number not in page and "29,000.03" not in page, address
    file = apart(browser.get, f"/funds/rows.csv?part=paid&line={money.line_id}").data.decode("utf-8-sig")
    assert len(file.splitlines()) == 1


@pytest.mark.parametrize("query", ["part=no", "part=", "part=paid&month=2026-13", "part=paid&month=x"])
def test_what_names_no_number_is_not_there(look, query):
    look("auditor", f"/funds/rows?{query}", 404)
    look("auditor", f"/funds/rows.csv?{query}", 404)


def test_a_cell_that_a_spreadsheet_would_run_is_plain_text(session, look, money):
    steps.reserve(session, money.line_id, "BX-2", 1_00, Because(now=MORNING, reference='=HYPERLINK("x")'))
    session.commit()

    file = look("auditor", f"/funds/rows.csv?part=available&line={money.line_id}").data.decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(file)))
    assert "'=HYPERLINK(\"x\")" in {row["Reference"] for row in rows}
    assert "-1.00" in {row["Amount (yuan)"] for row in rows}


def test_the_overview_takes_as_many_questions_for_many_contracts_as_for_one(session, look, money):
    def asked():
        look("auditor", "/funds")
        with counted() as sent:
            look("auditor", "/funds")
        return len(sent)

    one = asked()
    line = session.get(BudgetLine, money.line_id)
    for _n in range(12):
        a_contract(session, money.place, line, 2_000_00)
        a_budget_line(session, 5_00, node=money.place.buyer)
    session.commit()

    assert asked() == one <= 22


# -- late instalments


def late(session, at):
    return {each.cause: each for each in late_instalments(session, EVERYTHING, at)}


def test_nothing_is_late_while_its_clock_runs(session):
    project = a_project(session)
    a_payment(session, project, until="approved")

    assert late_sums(session, EVERYTHING, MORNING + timedelta(hours=1)) == {}


@pytest.mark.parametrize(("until", "cause"), [
    ("applied", "buyer"), ("business_checked", "treasury"), ("finance_checked", "treasury"), ("approved", "treasury"),
    ("in_transit", "treasury"),
])
def test_a_payment_that_is_late_is_laid_to_who_has_it(session, until, cause):
    project = a_project(session)
    number = a_payment(session, project, until=until)

    found = late(session, MORNING + timedelta(days=60))

    assert list(found) == [cause]
    assert found[cause].case_id == session.scalars(select(Case.id).where(Case.number == number)).one()
    assert (found[cause].position, found[cause].amount_fen) == (1, 60_000_00)


def test_a_payment_sent_back_is_laid_to_the_organization(session):
    project = a_project(session)
    move(session, project, a_payment(session, project), "return_for_changes")

    assert list(late(session, MORNING + timedelta(days=60))) == ["organization"]


@pytest.mark.parametrize(("waits_for", "cause"), [
    ("none", "invoice"), ("report", "organization"), ("mid_evaluation", "evaluation"),
    ("final_evaluation", "evaluation"), ("acceptance", "organization"),
])
def test_where_nobody_began_it_is_late_from_the_end_of_the_contract_on(session, waits_for, cause):
    place = make_district(session)
    line = a_budget_line(session, 200_00, node=place.buyer)
    terms = ContractTerms("HT-1", "为老服务", place.organization.id, place.buyer.id, line.id, 100_00, date(2026, 1, 5),
                          date(2026, 12, 31), [InstalmentTerm(10_000, "第1期", waits_for)])
    sign_contract(session, terms, now=MORNING)
    session.commit()

    before, after = datetime(2026, 12, 31, 1, 0, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
    assert late(session, before) == {}
    found = late(session, after)
    assert list(found) == [cause] and found[cause].due_on == date(2026, 12, 31) and found[cause].case_id is None


def test_the_sums_of_causes_equal_the_rows_behind_them_and_pages_hold_each_once(session):
    project = a_project(session)
    line = session.get(BudgetLine, project.line_id)
    for _n in range(4):
        a_contract(session, project.place, line, 3_000_00)
    a_payment(session, project, until="approved")
    at = datetime(2027, 2, 1, tzinfo=UTC)
    sums = late_sums(session, EVERYTHING, at)

    assert set(sums) == {"invoice", "treasury"}
    for cause, (count, fen) in sums.items():
        rows, after = [], 0
        while page := late_instalments(session, EVERYTHING, at, cause=cause, after=after, limit=3):
            rows += page
            after = page[-1].id
        assert (len(rows), sum(row.amount_fen for row in rows)) == (count, fen)
        assert len({row.id for row in rows}) == count


def test_a_month_in_which_more_came_back_than_went_out_hangs_below_the_line(app):
    months = [{"title": f"{n}", "short": f"{n}", "fen": fen, "href": f"/{n}"} for n, fen in
              ((1, 30_000_00), (2, 0), (3, -10_000_00))]
    with app.test_request_context():
        drawn = str(app.jinja_env.get_template("macros/pictures.html").module.columns("按月支付", months))

    zero = float(re.search(r'is-zero"[^>]* y1="([0-9.]+)"', drawn).group(1))
    bars = [(name, float(y), float(height)) for name, y, height in
            re.findall(r'<rect class="(is-s\d)"[^>]* y="([0-9.]+)"[^>]* height="([0-9.]+)"', drawn)]
    assert bars == [("is-s6", 30.0, 97.5), ("is-s6", zero, 0.0), ("is-s7", zero, 32.5)]
    assert zero == 127.5 and "-1.0" in drawn
