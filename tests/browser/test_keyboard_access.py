"""People, accounts, links and the record of them need no mouse either; the focus is seen everywhere on the way."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from app.access.invitations import invite
from app.access.invitations import link_to as invitation_to
from app.access.models import Account, RoleGrant
from app.access.nodes import ensure_root
from app.access.password_links import issue, link_to
from app.clock import real_now
from app.demo.district import PASSWORD
from app.extensions import db
from tests.browser.conftest import DESK, PHONE, Open, Site
from tests.browser.keys import tab_to, walk

NEW = "three-kites-over-the-roofs"
GIVE = "form[action='/people/grants']"


def a_link(site: Site, login: str) -> str:
    """Return the address at which the owner of this login sets a new password."""
    with site.app.app_context():
        account = db.session.scalars(select(Account).where(Account.login == login)).one()
        token = issue(db.session, account, by=None, now=real_now())
        db.session.commit()
        return link_to(token, base=site.url)


def an_invitation(site: Site) -> str:
    """Return the address at which somebody makes an account."""
    with site.app.app_context():
        root = ensure_root(db.session)
        token = invite(db.session, role="auditor", node=root, email=None, by=None, now=real_now())
        db.session.commit()
        return invitation_to(token, base=site.url)


def known(site: Site, login: str) -> tuple[int, str, int]:
    """Return the account, the name and the newest grant of whoever signs in by this name."""
    with site.app.app_context():
        account = db.session.scalars(select(Account).where(Account.login == login)).one()
        newest = select(func.max(RoleGrant.id)).where(RoleGrant.person_id == account.person_id)
        return account.id, account.person.name, db.session.execute(newest).scalar_one()


def press(page: Page, selector: str) -> None:
    """Tab to a button and press Enter on it."""
    tab_to(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_focus_is_seen_on_every_page_of_access(site: Site, open_page: Open, width: int) -> None:
    wrong = []
    for login, addresses in (
        ("admin", ["/people", "/account"]), ("auditor", ["/audit/access?what=role_given"]),
        (None, ["/sign-in", a_link(site, "finance"), an_invitation(site)]),
    ):
        page = open_page(login, width=width)
        for address in addresses:
            page.goto(address)
            wrong += walk(page)
    assert wrong == []


def test_a_role_is_given_and_ended_and_a_link_issued_and_used_without_a_mouse(site: Site, open_page: Open) -> None:
    admin = open_page("admin")
    admin.goto("/people")
    tab_to(admin, ".c-panel--folds details:last-of-type summary")
    admin.keyboard.press("Enter")
    tab_to(admin, f"{GIVE} [name=role]")
    admin.keyboard.press("ArrowDown")
    tab_to(admin, f"{GIVE} [name=place]")
    admin.keyboard.type("110102")
    tab_to(admin, f"{GIVE} [name=login]")
    admin.keyboard.type("registrar")
    press(admin, f"{GIVE} button")
    expect(admin.locator(".c-notice.is-green")).to_be_visible()
    account, name, given = known(site, "registrar")
    admin.goto(f"/people?q={name}")
    press(admin, f"form[action='/people/grants/{given}/revoke'] button")
    expect(admin.locator(".c-notice.is-green")).to_be_visible()
    admin.goto(f"/people?q={name}")
    press(admin, f"form[action='/people/accounts/{account}/password-link'] button")
    link = admin.locator(".c-notice pre").inner_text()

    page = open_page()
    page.goto(link)
    tab_to(page, "#new")
    page.keyboard.type(NEW)
    tab_to(page, "#again")
    page.keyboard.type(NEW)
    page.keyboard.press("Enter")
    page.wait_for_url("**/sign-in")
    tab_to(page, "#login")
    page.keyboard.type("registrar")
    tab_to(page, "#password")
    page.keyboard.type(NEW)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


def test_a_password_is_changed_on_the_account_page_without_a_mouse(open_page: Open) -> None:
    page = open_page("hub")
    page.goto("/account")
    for name, words in (("current", PASSWORD), ("new", NEW), ("again", NEW)):
        tab_to(page, f"form[action='/account/password'] input[name={name}]")
        page.keyboard.type(words)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".c-notice.is-green")).to_be_visible()


def test_changes_of_access_are_filtered_without_a_mouse(site: Site, open_page: Open) -> None:
    a_link(site, "cashier")
    page = open_page("auditor")
    page.goto("/audit/access")
    tab_to(page, "#filter-q")
    page.keyboard.type("cashier")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=cashier**")
    expect(page.locator("tbody tr").first).to_contain_text("cashier")
    tab_to(page, ".c-chip")
    page.keyboard.press("Enter")
    page.wait_for_url("**/audit/access")
