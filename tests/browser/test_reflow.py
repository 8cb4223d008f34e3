"""On the narrowest screen nothing scrolls sideways, and words twice as large still fit."""

import pytest

from tests.browser.addresses import pages_by_reader
from tests.browser.conftest import PHONE, Open, Site

NARROW = 320
TOO_WIDE = """width => [...document.querySelectorAll('body *')]
  .filter(element => element.getBoundingClientRect().right > width + 1)
  .filter(element => !element.closest('.c-scroll, .c-diagram, .u-hidden, dialog'))
  .slice(0, 3).map(element => element.tagName + '.' + element.className)"""


@pytest.mark.parametrize("english", [False, True])
@pytest.mark.parametrize("reader", ["registrar", "staff3"])
def test_long_forms_and_cases_opened_narrow_fit_320_pixels(
    site: Site, open_page: Open, reader: str, english: bool
) -> None:
    page = open_page(reader, width=NARROW, english=english)
    for address in pages_by_reader(site)[reader]:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == NARROW, page.evaluate(TOO_WIDE, NARROW)


@pytest.mark.parametrize("reader", ["staff2", "buyer", "finance", "auditor"])
def test_in_english_on_a_phone_nothing_scrolls_sideways(site: Site, open_page: Open, reader: str) -> None:
    page = open_page(reader, width=PHONE, english=True)
    for address in pages_by_reader(site)[reader]:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE, page.evaluate(TOO_WIDE, PHONE)


def test_what_leads_through_a_long_page_stays_one_row_on_an_english_phone(site: Site, open_page: Open) -> None:
    page = open_page("staff3", width=PHONE, english=True)
    seen = 0
    for address in pages_by_reader(site)["staff3"]:
        page.goto(address)
        tabs = page.locator(".c-tabs--sticky")
        if not tabs.count():
            continue
        seen += 1
        assert tabs.evaluate("e => e.offsetHeight") <= 52, address
        for link in tabs.locator("a").all():
            link.focus()
            box = link.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE, (address, link.inner_text())
    assert seen


def test_the_style_guide_fits_320_pixels(open_page: Open) -> None:
    page = open_page(width=NARROW)
    page.goto("/_styleguide")
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW


def test_words_twice_as_large_fit_a_desk(site: Site, open_page: Open) -> None:
    page = open_page("finance")
    for address in pages_by_reader(site)["finance"]:
        page.goto(address)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width[0] == width[1], address
