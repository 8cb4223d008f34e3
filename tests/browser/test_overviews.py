"""Pictures lead to the rows behind them, and a sheet counts along without being handed in half-filled."""

import pytest
from playwright.sync_api import expect

from tests.browser.addresses import sheet_to_score
from tests.browser.conftest import DESK, PHONE, Open, Site


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_a_segment_of_the_picture_of_funds_leads_to_its_rows_and_their_sum(open_page: Open, width: int) -> None:
    page = open_page("finance", width=width)
    page.goto("/funds")
    segment = page.locator("figure.c-picture a[href*='part=committed']").first
    shown = segment.locator("title").text_content()
    segment.click()
    page.wait_for_url("**/funds/rows?*part=committed*")
    total = page.locator("#list h2 .u-number").inner_text()
    assert shown is not None
    assert total in shown
    assert page.locator("#list [data-row]").count() > 0


def test_a_sheet_totals_while_one_types_and_enter_goes_down_instead_of_handing_in(site: Site, open_page: Open) -> None:
    found = sheet_to_score(site)
    if found is None:
        pytest.skip("no expert of the demo district has a sheet to fill")
    login, address = found
    page = open_page(login)
    page.goto(address)
    first = page.locator("[data-rows]").first
    points, total = first.locator("[data-column=points]"), first.locator("[data-total-of=points]")
    expect(total).to_have_text("0")
    points.nth(0).focus()
    page.keyboard.type("7")
    expect(total).to_have_text("7")
    page.keyboard.press("Enter")
    expect(points.nth(1)).to_be_focused()
    page.keyboard.type("5")
    expect(total).to_have_text("12")
    assert page.url.endswith(address)
    assert page.locator(".c-errors").count() == 0
    page.locator("[data-rows]").last.locator("[data-column=points]").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.url.endswith(address)
    assert page.locator(".c-errors").count() == 0


def test_a_sheet_handed_in_half_filled_says_what_is_missing_and_keeps_what_was_typed(
    site: Site, open_page: Open
) -> None:
    found = sheet_to_score(site)
    if found is None:
        pytest.skip("no expert of the demo district has a sheet to fill")
    page = open_page(found[0])
    page.goto(found[1])
    page.locator("[data-column=points]").first.fill("3")
    with page.expect_navigation():
        page.locator("#form .c-form__foot button[type=submit]").first.click()
    expect(page.locator(".c-errors")).to_be_visible()
    assert page.locator("[data-column=points]").first.input_value() == "3"


def test_on_a_phone_a_form_begins_with_what_its_conditions_come_to(open_page: Open) -> None:
    page = open_page("staff", width=PHONE)
    page.goto("/apply/registration")
    ahead = page.locator(".c-ahead")
    expect(ahead).to_be_visible()
    assert ahead.bounding_box()["y"] < page.locator("#form").bounding_box()["y"]
    page.set_viewport_size({"width": DESK, "height": 900})
    expect(ahead).to_be_hidden()
