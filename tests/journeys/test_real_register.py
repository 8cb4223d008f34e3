"""The published register of Beijing, imported as it is; one of its organizations joins a hub and is paid."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.clock import business_now
from app.demo.building import Builder
from app.demo.district import (
    ENDING_NAME,
    FOUNDED,
    LISTED_NAME,
    OLD_NAME,
    OTHERS,
    PASSWORD,
    RENAMED,
    THIRD_NAME,
    YOUNG,
)
from app.extensions import db
from app.ledger.models import BudgetLine
from app.organizations.commands import registry
from app.organizations.models import Organization
from tests.browsing import Person, form_on
from tests.journeys.town import Town, a_town
from workflows.rules.uscc import parse

FILES = ("beijing_social_org_licences.csv", "beijing_assessed_orgs_sample.csv")
NUMBER, FIRST_FEN = "XC2026-900", 3_000_000


@contextmanager
def a_town_with_the_register(server, factory, shared, name: str) -> Iterator[Town]:
    """Yield the demo's district with the published register in it; skip where the register is not here."""
    missing = [name for name in FILES if not (shared / name).is_file()]
    if missing:
        pytest.skip(f"needs third-party data, which is not here: {', '.join(missing)}")
    with a_town(server, factory, name) as made:
        runner = made.app.test_cli_runner()
        for name in FILES:
            result = runner.invoke(registry, ["import", str(shared / name)])
            assert result.exit_code == 0, result.output
        yield made


@pytest.fixture(scope="module")
def town(server, tmp_path_factory, shared) -> Iterator[Town]:
    """The demo's district with the published register in it."""
    with a_town_with_the_register(server, tmp_path_factory, shared, "journey_register") as made:
        yield made


def test_the_register_counts_what_the_files_hold_beside_the_demos_own(town):
    counted = town.app.test_cli_runner().invoke(registry, ["count"]).stdout.split()
    own = town.one("SELECT count(*) FROM organizations WHERE name LIKE '%（演示%' OR known_from IN ('self')")

    assert (counted[0], counted[2]) == ("organizations", "decisions")
    assert int(counted[3]) == 640
    assert int(counted[1]) >= 583 + own


def test_every_code_of_the_register_is_valid_and_twenty_six_carry_xichengs_division(town):
    codes = {row.uscc for row in town.rows("SELECT uscc FROM organizations WHERE uscc IS NOT NULL")}
    of_xicheng = {code for code in codes if parse(code).division == "110102"}
    demos = town.rows("""
        SELECT o.uscc, o.name FROM registrations r JOIN organizations o ON o.id = r.organization_id
         WHERE r.ended_on IS NULL AND (r.authority = '演示登记机关' OR r.case_id IS NOT NULL)
    """)

    assert {row.uscc for row in demos} == town.own_codes
    assert {row.name for row in demos} == {
        OLD_NAME, THIRD_NAME, LISTED_NAME, RENAMED, ENDING_NAME, OTHERS[1][0], FOUNDED[0][0],
        *(name for name, _person, _login in YOUNG),
    }
    assert len(of_xicheng - town.own_codes) == 26


def test_importing_again_changes_nothing(town, shared):
    sizes = "SELECT (SELECT count(*) FROM organizations), (SELECT count(*) FROM register_decisions)"
    before = town.rows(sizes)
    for name in FILES:
        assert town.app.test_cli_runner().invoke(registry, ["import", str(shared / name)]).exit_code == 0

    assert town.rows(sizes) == before


def a_real_organization(town: Town) -> tuple[int, str]:
    """Return id and name of one of Xicheng that is only known from the published list."""
    ((id_, name),) = town.rows("""
        SELECT o.id, o.name FROM organizations o
         WHERE substr(o.uscc, 3, 6) = '110102' AND o.known_from = 'list'
           AND NOT EXISTS (SELECT FROM registrations r WHERE r.organization_id = o.id)
         ORDER BY o.uscc LIMIT 1
    """)
    return id_, name


def test_one_of_them_is_confirmed_joins_the_hub_and_is_paid_its_first_instalment(town):
    organization_id, name = a_real_organization(town)
    staff = somebody_works_there(town, organization_id)
    hub = town.one("SELECT node_id FROM hubs")

    # Before anything is typed: there is no form, but what stands against it.
    refused = staff.see(f"/apply/affiliation?hub={hub}")
    assert "no registration in force" in refused and 'name="wants_primary"' not in refused
    town.person("registrar").fill(
        f"/organizations/{organization_id}", registered_on="2019-05-20", authority="北京市西城区民政局",
        evidence="法人登记证书原件，编号示例1号",
    )
    joined = staff.fill("/apply/affiliation", hub=str(hub), wants_primary="y").headers["Location"].split("/")[2]
    town.person("hub").decide(joined, "accept")
    assert name in town.person("hub").see(f"/hubs/{hub}")

    def line() -> Any:
        return town.program("finance").get(f"/api/v1/budget-lines/{town.line()}").json

    paid_before = line()["paid_fen"]
    number = is_paid(town, staff, name)
    assert "Paid" in staff.see(f"/cases/{number}")
    assert (line()["paid_fen"], line()["balanced"]) == (paid_before + FIRST_FEN, True)


def somebody_works_there(town: Town, organization_id: int) -> Person:
    """Give the organization a member of staff and a contract; return that person's browser."""
    with town.app.app_context():
        builder = Builder(db.session, town.app.config["DOCUMENTS"], business_now(db.session))
        organization = db.session.get_one(Organization, organization_id)
        line = db.session.get_one(BudgetLine, town.line())
        works = [("staff", builder.node(organization.node_id))]
        town.members["real"] = builder.person("真小名", "real", works, password=PASSWORD)
        builder.contract(NUMBER, "社区服务项目（真实名录）", organization, builder.node(line.node_id), line, 6_000_000)
        db.session.commit()
    return town.person("real")


def is_paid(town: Town, staff: Person, name: str) -> str:
    """Carry the first instalment from application to the bank's answer, and return the case's number."""
    choices = form_on(staff.see("/apply/payment"), "/apply/payment").options["instalment"]
    instalment = next(value for value, words in choices if NUMBER in words and "30,000.00" in words)
    answer = staff.fill(
        "/apply/payment", instalment=instalment, invoice_no="26117000000012345678", payee_name=name,
        payee_bank="示例银行西城支行", payee_account="0200001209001234567", report="入户探访 120 人次。",
        files=["documents-invoice-file", "documents-stage_report-file"],
    )
    number = str(answer.headers["Location"].split("/")[2])
    town.person("project").decide(number, "check_business", opinion="一致。")
    town.person("finance").decide(number, "check_finance", opinion="无误。")
    town.person("approver").decide(number, "approve", amount_fen="30,000.00", account_end="4567")
    town.person("cashier").decide(number, "instruct")
    finance = town.person("finance").client
    statement = finance.get("/statements/sample.csv").data
    assert finance.post("/statements", data={"statement": (io.BytesIO(statement), "s.csv")}).status_code == 303
    return number
