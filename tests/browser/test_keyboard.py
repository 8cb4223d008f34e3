"""Whoever has no mouse does the same work, and always sees where they are."""

import pytest
from playwright.sync_api import Page, expect

from app.demo.district import PASSWORD
from tests.browser.acts import stands
from tests.browser.addresses import pages_by_reader
from tests.browser.conftest import DESK, PHONE, Open, Site
from tests.browser.keys import MOST_STEPS, tab_to, walk


def down_to(page: Page, subject: str) -> None:
    """Press j until the line of a list that names this subject has the focus."""
    for _step in range(MOST_STEPS):
        if subject in page.evaluate("document.activeElement.innerText"):
            return
        page.keyboard.press("j")
    pytest.fail(f"j never reaches {subject}")


def test_signing_in_and_deciding_need_no_mouse(open_page: Open) -> None:
    page = open_page()
    page.goto("/sign-in")
    tab_to(page, "#login")
    page.keyboard.type("registrar")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    tab_to(page, "a[href='/worklist']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/worklist")
    page.keyboard.press("j")
    expect(page.locator(".c-table__main").first).to_be_focused()
    down_to(page, "听雨书屋")
    page.keyboard.press("Enter")
    page.wait_for_selector(".c-case")
    tab_to(page, "form[data-choices] input[name=trigger]")
    page.keyboard.press("Space")
    tab_to(page, "form[data-choices] button[type=submit]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    stands(page, "registration", "accepted")


def test_the_first_tab_offers_to_skip_to_the_content(open_page: Open) -> None:
    page = open_page("finance")
    page.goto("/worklist")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_focus_is_always_seen(site: Site, open_page: Open, width: int) -> None:
    finance = pages_by_reader(site)["finance"]
    page = open_page("finance", width=width)
    wrong = []
    for address in (finance[0], finance[1], "/statements"):
        page.goto(address)
        wrong += walk(page)
    assert wrong == []


def test_the_focus_is_always_seen_in_a_long_form(open_page: Open) -> None:
    page = open_page("staff")
    page.goto("/apply/registration")
    assert walk(page) == []


def test_the_menu_of_a_phone_opens_takes_the_focus_and_closes(open_page: Open) -> None:
    page = open_page("registrar", width=PHONE)
    tab_to(page, "[data-navigation]")
    page.keyboard.press("Enter")
    expect(page.locator("[data-navigation-close]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-navigation]")).to_be_focused()


def test_a_link_within_a_page_does_not_load_it_again(open_page: Open) -> None:
    page = open_page("finance")
    page.goto("/worklist")
    page.locator(".c-table__main").first.click()
    page.wait_for_selector(".c-case")
    page.evaluate("window.same = true")
    page.locator("a[href='#history']").click()
    page.wait_for_url("**#history")
    page.go_back()
    assert page.evaluate("window.same") is True
