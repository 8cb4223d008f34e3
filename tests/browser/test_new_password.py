"""A clerk who forgot the password comes in again: by an administrator's link, of which auditors read."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.access.models import Account
from app.extensions import db
from tests.browser.conftest import DESK, PHONE, Open, Site, speak
from tests.browser.test_axe import violations
from tests.browser.test_reflow import TOO_WIDE

CLERK = "registrar"
LONG = "阿卜杜热合曼·买买提吐尔逊·" * 3 + "Wolfeschlegelsteinhausenbergerdorff"
NEW = "three-kites-over-the-roofs"


@pytest.fixture
def clerk(site: Site) -> str:
    """A clerk with the longest name that a form takes; return the login."""
    with site.app.app_context():
        account = db.session.scalars(select(Account).where(Account.login == CLERK)).one()
        account.person.name = LONG
        db.session.commit()
    return CLERK


def stands_well(page: Page) -> None:
    """The page breaks no rule and is not wider than a desk or a phone."""
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width, page.evaluate(TOO_WIDE, width)


@pytest.mark.parametrize("english", [False, True])
def test_a_forgotten_password_is_replaced_by_a_link_of_the_administrator(
    site: Site, open_page: Open, clerk: str, english: bool
) -> None:
    tongue = "en" if english else "zh"
    admin = open_page("admin", english=english)
    admin.goto("/people")
    row = admin.locator("tr", has_text=LONG)
    row.locator("form[action$='/password-link'] button").click()
    link = admin.locator(".c-notice pre").inner_text()
    assert link.startswith(f"{site.url}/new-password/")
    stands_well(admin)

    page = open_page(width=PHONE, english=english)
    page.goto("/sign-in")
    expect(page.get_by_text("Password forgotten?" if english else "忘记密码？")).to_be_visible()
    stands_well(page)
    page.goto(link)
    expect(page.locator(".c-avatar")).to_have_count(0)  # the link signs nobody in
    page.fill("#new", NEW + tongue)
    page.fill("#again", "something else")
    page.press("#again", "Enter")
    expect(page.locator("#again")).to_have_attribute("aria-invalid", "true")
    stands_well(page)
    page.fill("#new", NEW + tongue)
    page.fill("#again", NEW + tongue)
    page.press("#again", "Enter")
    page.wait_for_url("**/sign-in")
    expect(page.locator(".c-notice.is-green")).to_be_visible()
    page.fill("#login", clerk)
    page.fill("#password", NEW + tongue)
    page.press("#password", "Enter")
    page.wait_for_url("**/")
    speak(page, "en" if english else "zh-CN")
    page.goto("/account")
    stands_well(page)
    assert page.goto(link).status == 404
    stands_well(page)

    auditor = open_page("auditor", english=english)
    auditor.goto("/audit/access")
    expect(auditor.locator("tbody tr").first).to_contain_text(clerk)
    stands_well(auditor)
