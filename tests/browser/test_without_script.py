"""Where scripts are switched off everything still goes, only less quickly."""

from tests.browser.acts import PAPERS, attach, decide, fill_registration, number_on, open_waiting, send, stands
from tests.browser.conftest import Open

LISTENING = "听雨书屋"


def test_a_decision_goes_without_script(open_page: Open) -> None:
    page = open_page("registrar", script=False)
    open_waiting(page, LISTENING)
    decide(page, "accept")
    stands(page, "registration", "accepted")


def test_applying_goes_without_script_with_rows_added_and_a_draft_kept(open_page: Open) -> None:
    page = open_page("staff", script=False)
    page.goto("/apply/registration")
    fill_registration(page)
    with page.expect_navigation():
        page.locator("button[name=_add_row]").click()
    assert page.locator("[name='founders-0-name']").input_value() == "林示例"
    page.locator("[name='founders-1-name']").fill("周示例")
    page.locator("[name='founders-1-role']").fill("理事")
    with page.expect_navigation():
        page.locator("button[name=_save]").click()
    page.locator("a[href='/apply/registration']").first.click()
    assert page.locator("[name='founders-1-role']").input_value() == "理事"
    for slot in PAPERS:
        attach(page, slot)
    page.locator("#declaration").check()
    send(page)
    assert number_on(page).startswith("DJ")


def test_filtering_a_list_goes_without_script(open_page: Open) -> None:
    page = open_page("finance", script=False)
    page.goto("/cases")
    page.locator("main input[name=q]").fill("没有这样的办件")
    with page.expect_navigation():
        page.locator("form.c-filters button").click()
    assert page.locator(".c-empty").count() == 1
