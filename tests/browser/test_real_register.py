"""The same road for an organization that really exists: a published register, affiliation and a payment."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from app.access.models import Node
from app.clock import business_now
from app.demo.building import Builder
from app.demo.district import PASSWORD
from app.extensions import db
from app.ledger.models import BudgetLine
from app.organizations.importing import import_register
from app.organizations.models import Organization
from tests.browser.acts import ask_for_instalment, ask_to_join, decide, import_bank_statement, open_waiting, stands
from tests.browser.conftest import Open, Site

FILES = ("beijing_social_org_licences.csv", "beijing_assessed_orgs_sample.csv")
XICHENG = "52110102%"
CONTRACT = "社区服务项目（真实名录）"


@pytest.fixture(scope="module")
def real(site: Site, shared: Path) -> tuple[int, str]:
    """Import both published files; return id and name of an organization of Xicheng, with staff and a contract."""
    with site.app.app_context():
        now = business_now(db.session)
        for name in FILES:
            import_register(db.session, shared / name, now=now)
        of_xicheng = select(Organization).where(Organization.uscc.like(XICHENG), Organization.known_from == "list")
        organization = db.session.scalars(of_xicheng.order_by(Organization.id.desc()).limit(1)).one()
        builder = Builder(db.session, site.app.config["DOCUMENTS"], now)
        line = db.session.scalars(select(BudgetLine).order_by(BudgetLine.id).limit(1)).one()
        builder.person("真小名", "real", [("staff", builder.node(organization.node_id))], password=PASSWORD)
        builder.contract("XC2026-900", CONTRACT, organization, db.session.get_one(Node, line.node_id), line, 6_000_000)
        db.session.commit()
        return organization.id, organization.name


def test_a_real_organization_is_confirmed_joins_a_hub_and_is_paid(open_page: Open, real: tuple[int, str]) -> None:
    organization_id, name = real
    _is_confirmed(open_page, organization_id)
    staff, hub = open_page("real"), open_page("hub")
    staff.goto("/hubs")
    staff.locator(".c-table__main").first.click()
    staff.locator(".c-header__actions a").click()
    ask_to_join(staff)
    hub.goto("/worklist")
    hub.locator(".c-table__main").first.click()
    decide(hub, "accept")
    stands(hub, "affiliation", "affiliated")
    number = ask_for_instalment(staff, name)
    for login, trigger, values in (
        ("project", "check_business", {"opinion": "一致。"}), ("finance", "check_finance", {"opinion": "无误。"}),
        ("approver", "approve", {"amount_fen": "30,000.00", "account_end": "4567"}), ("cashier", "instruct", {}),
    ):
        page = open_page(login)
        open_waiting(page, CONTRACT)
        decide(page, trigger, **values)
    import_bank_statement(open_page("finance"))
    staff.goto(f"/cases/{number}")
    stands(staff, "payment", "paid")


def _is_confirmed(open_page: Open, organization_id: int) -> None:
    """The list only names it; the registrar enters what the certificate proves."""
    page = open_page("registrar")
    page.goto(f"/organizations/{organization_id}")
    page.fill("#registered_on", "2015-05-05")
    page.fill("#evidence", "证书副本")
    with page.expect_navigation():
        page.locator("form[action$='/confirm'] button").click()
    expect(page.locator(".c-pill").first).to_have_class("c-pill is-green")
