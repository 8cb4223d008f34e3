"""Every page against the rules of WCAG 2.2 AA that a machine can check, and the style guide in every look."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.acts import send
from tests.browser.addresses import composed_pages, pages_by_reader, sheet_to_score
from tests.browser.conftest import DESK, PHONE, Open, Site
from tests.browser.test_reflow import NARROW, TOO_WIDE

TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
READERS = (None, "staff", "staff2", "staff3", "registrar", "buyer", "finance", "auditor", "incubator", "evaluator",
           "admin")


def violations(page: Page) -> list[str]:
    """Return what axe finds on the page, each with the element it is about."""
    found = Axe().run(page, options={"runOnly": TAGS, "resultTypes": ["violations"]}).response["violations"]
    return [f"{page.url} {rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("reader", READERS)
def test_no_page_breaks_a_rule_or_scrolls_sideways_at_320_pixels(
    site: Site, open_page: Open, reader: str | None
) -> None:
    page = open_page(reader)
    found = []
    for address in pages_by_reader(site)[reader]:
        page.set_viewport_size({"width": DESK, "height": 900})
        page.goto(address)
        found += violations(page)
        for width in (PHONE, NARROW):
            page.set_viewport_size({"width": width, "height": 640})
            if page.evaluate("document.documentElement.scrollWidth") != width:
                found.append(f"{address} is wider than {width}: {page.evaluate(TOO_WIDE, width)}")
    assert found == []


def test_the_pages_that_people_live_in_break_no_rule_on_a_phone(site: Site, open_page: Open) -> None:
    found = []
    for reader, addresses in composed_pages(site).items():
        page = open_page(reader, width=PHONE)
        for address in addresses:
            page.goto(address)
            found += violations(page)
    assert found == []


def test_a_form_with_mistakes_breaks_no_rule(open_page: Open) -> None:
    page = open_page("staff")
    page.goto("/apply/registration")
    send(page)
    assert page.title().startswith(("错误", "Error"))
    assert violations(page) == []


@pytest.mark.parametrize("width", [DESK, PHONE])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_style_guide_breaks_no_rule_in_any_look(open_page: Open, width: int, dark: bool) -> None:
    page = open_page(width=width, dark=dark)
    page.goto("/_styleguide")
    assert violations(page) == []


def test_a_case_on_a_dark_phone_breaks_no_rule(site: Site, open_page: Open) -> None:
    page = open_page("finance", width=PHONE, dark=True)
    page.goto("/worklist")
    page.locator(".c-table__main").first.click()
    page.wait_for_selector(".c-case")
    assert violations(page) == []


def test_the_sheet_of_an_expert_breaks_no_rule_and_fits(site: Site, open_page: Open) -> None:
    found = sheet_to_score(site)
    if found is None:
        pytest.skip("no expert of the demo district has a sheet to fill")
    page = open_page(found[0])
    page.goto(found[1])
    assert violations(page) == []
    for width in (PHONE, NARROW):
        page.set_viewport_size({"width": width, "height": 844})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
