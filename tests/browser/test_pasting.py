"""Rows of a spreadsheet are pasted into a table of a form; what cannot be read is named by row and reason."""

from playwright.sync_api import Page, expect

from tests.browser.acts import send
from tests.browser.conftest import Open

PASTE = """([selector, text]) => {
  const data = new DataTransfer();
  data.setData("text", text);
  document.querySelector(selector).dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def paste(page: Page, text: str) -> None:
    """Paste a block of cells into the first cell of the packages."""
    page.evaluate(PASTE, ["[name=packages-0-title]", text])


def packages(page: Page) -> list[tuple[str, str]]:
    """Return what stands in the rows."""
    rows = page.locator("[data-rows=packages] tbody tr")
    return [
        (rows.nth(n).locator("input").nth(0).input_value(), rows.nth(n).locator("input").nth(1).input_value())
        for n in range(rows.count())
    ]


def test_twenty_four_packages_come_from_a_spreadsheet_and_are_summed(open_page: Open) -> None:
    page = open_page("project")
    page.goto("/apply/call")
    lines = [f"第{n}包\t{'90,000.00' if n == 21 else '70000'}" for n in range(1, 25)]
    lines[2] = '"第3包 ""示例""\n运营"\t70,000.00'

    paste(page, "\r\n".join(lines) + "\r\n")

    found = packages(page)
    assert (len(found), found[0], found[20]) == (24, ("第1包", "70000"), ("第21包", "90,000.00"))
    assert found[2][0].startswith('第3包 "示例"')
    expect(page.locator("[data-total-of=amount_fen]")).to_have_text("1,700,000.00")


def test_a_cell_that_begins_with_a_lone_quote_swallows_no_other_row(open_page: Open) -> None:
    page = open_page("project")
    page.goto("/apply/call")

    paste(page, '"第1包\t1\n第2包\t2')

    assert packages(page) == [('"第1包', "1"), ("第2包", "2")]


def test_what_cannot_be_read_is_told_by_row_and_reason_and_every_cell_stays(open_page: Open) -> None:
    page = open_page("project", english=True)
    page.goto("/apply/call")
    lines = ["第1包\t70000", "第2包\t七万", "第3包\t30.55", "第4包\t410.195"]
    paste(page, "\n".join(lines))

    page.locator("form#form, #form form").first.evaluate("form => { form.noValidate = true; }")
    send(page)

    words = page.locator(".c-errors").inner_text()
    assert "Row 2: Most to be paid: This is not an amount" in words
    assert "Row 1" not in words and "Row 3" not in words
    assert "Row 4: Most to be paid: The smallest unit is the fen" in words
    assert packages(page) == [tuple(line.split("\t")) for line in lines]
