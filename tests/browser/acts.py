"""What people do on the pages, and what they read there. One act is one thing a person would say they did."""

from playwright.sync_api import Page, expect

from app.demo.building import one_page_pdf
from workflows.loader import library

PANEL = "form[data-choices]"
PAPERS = ("application", "premises_right", "capital_verification", "responsible_persons", "charter_draft")
FIGURES = ("appropriated", "available", "reserved", "committed", "payable", "transit", "paid")
EMPTY = dict.fromkeys(FIGURES, "0.00")


def state_title(kind: str, state: str, *, english: bool = False) -> str:
    """Return what a state is called."""
    definition = next(d for d in library().definitions if d.kind == kind)
    title = definition.states[state].title
    return title.en if english else title.zh


def attach(page: Page, slot: str) -> None:
    """Choose a paper for a slot of the form."""
    file = {"name": f"{slot}.pdf", "mimeType": "application/pdf", "buffer": one_page_pdf(slot)}
    page.set_input_files(f"#documents-{slot}-file", files=[file])


def fill(page: Page, **values: str) -> None:
    """Fill fields by name; lists are chosen from."""
    for name, value in values.items():
        field = page.locator(f"#{name}")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)


def send(page: Page) -> None:
    """Press the button that does what the form is for."""
    with page.expect_navigation():
        page.locator("#form .c-form__foot button[type=submit]").first.click()


def decide(page: Page, trigger: str, **values: str) -> None:
    """Choose a move in the panel, fill what it asks for and press the button."""
    page.locator(f"{PANEL} input[value={trigger}]").check()
    for name, value in values.items():
        field = page.locator(f"[id='{trigger}-{name}']")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    with page.expect_navigation():
        page.locator(f"{PANEL} button[type=submit]").click()


def open_waiting(page: Page, words: str) -> None:
    """Open a case from one's worklist by what it is about, or by whose it is."""
    page.goto("/worklist")
    page.locator("[data-row]", has_text=words).locator(".c-table__main").first.click()
    page.wait_for_selector(".c-case")


def stands(page: Page, kind: str, state: str, *, english: bool = False) -> None:
    """Check that the case on the page is in a state."""
    expect(page.locator(".c-case .c-pill")).to_have_text(state_title(kind, state, english=english))


def number_on(page: Page) -> str:
    """Return the case number of a receipt page."""
    return page.locator(".c-receipt__number").inner_text().strip()


def balances(page: Page, line: int) -> dict[str, str]:
    """Return the seven figures of a budget line as its page shows them."""
    page.goto(f"/budget-lines/{line}")
    return dict(zip(FIGURES, page.locator(".c-flow li b").all_inner_texts(), strict=True))


def fill_registration(page: Page) -> None:
    """Fill an application for registration, all but its papers and the declaration."""
    fill(
        page, field="community_service", scope="社区服务；为老服务。", domicile="示例街道幸福里1号",
        start_up_fund_fen="30,000", route="direct",
        legal_representative="林示例", identity_number="110102190001010002", phone="010-00000000",
        staff_count="6",
    )
    page.fill("[name='founders-0-name']", "林示例")
    page.fill("[name='founders-0-role']", "举办者")


def ask_to_join(page: Page) -> None:
    """Hand in the application to the hub whose page one came from."""
    attach(page, "membership_request")
    send(page)
    assert number_on(page).startswith("SN")


def ask_for_instalment(page: Page, payee: str) -> str:
    """Apply for the first instalment that is free, from the organization's own page; return the case's number."""
    page.goto("/")
    page.locator(".c-card[href^='/organizations/']").first.click()
    page.locator("#projects a.c-button").first.click()
    assert page.input_value("#payee_name") == payee
    fill(page, invoice_no="26117000000012345678", payee_bank="示例银行西城支行",
         payee_account="0200 0012 0900 1234 567", report="完成活动 12 场。")
    for slot in ("invoice", "stage_report"):
        attach(page, slot)
    send(page)
    return number_on(page)


def import_bank_statement(page: Page) -> None:
    """Take the bank's answers to all open instructions, as the demo's bank gives them, and import them."""
    page.goto("/statements")
    with page.expect_download() as download:
        page.locator("form[action*='sample'] button").click()
    page.set_input_files("#statement", download.value.path())
    with page.expect_navigation():
        page.locator("form[action='/statements'] button[type=submit]").click()
    assert "/statements/" in page.url
