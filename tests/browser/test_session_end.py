"""A session that ends while somebody types: what they typed stays, and goes in once they are signed in again."""

from playwright.sync_api import expect

from app.demo.district import PASSWORD
from tests.browser.conftest import Open

TYPED = "示例街道幸福里二号"
STATE = "[data-draft-state]"


def test_what_was_typed_after_the_session_ended_is_kept_and_handed_in_after_signing_in_elsewhere(
    open_page: Open,
) -> None:
    page = open_page("staff", english=True)
    page.goto("/apply/registration")
    page.context.clear_cookies(name="sid")
    page.fill("[name=domicile]", TYPED)
    expect(page.locator(STATE)).to_contain_text("You are no longer signed in", timeout=15_000)

    page.click(".c-form__foot .c-button--primary")
    expect(page.locator(STATE)).to_be_in_viewport()
    assert page.url.endswith("/apply/registration") and page.input_value("[name=domicile]") == TYPED

    beside = page.context.new_page()
    beside.goto("/sign-in")
    beside.fill("[name=login]", "staff")
    beside.fill("[name=password]", PASSWORD)
    beside.click("main form >> nth=0 >> button[type=submit]")
    beside.wait_for_url("**/")
    page.click(".c-form__foot .c-button--primary")
    expect(page.locator(".c-errors")).to_be_visible(timeout=15_000)
    assert page.input_value("[name=domicile]") == TYPED
