"""The whole journey in a browser: an organization registers, joins a hub, is paid, and is audited."""

import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, Request, expect
from sqlalchemy import select

from app.access.grants import grant
from app.access.models import Account, Node
from app.clock import real_now
from app.demo.district import NEW_NAME
from app.extensions import db
from app.ledger.models import BudgetLine
from tests.browser.acts import (
    EMPTY,
    PAPERS,
    ask_for_instalment,
    ask_to_join,
    attach,
    balances,
    decide,
    fill,
    fill_registration,
    import_bank_statement,
    number_on,
    open_waiting,
    send,
    stands,
)
from tests.browser.conftest import PHONE, Open, Site
from workflows.rules.uscc import parse

LISTENING = "北京市西城区听雨书屋阅读推广服务中心"
CONTRACT = "楼门文化与邻里互助"
HUB = "西城区社会组织联合会"
START = EMPTY | {"appropriated": "2,000,000.00", "available": "1,824,000.00", "committed": "176,000.00"}


def test_an_organization_registers_joins_a_hub_is_paid_and_audited(site: Site, open_page: Open, tmp_path: Path) -> None:
    _finance_may_also_approve(site)
    staff, registrar = open_page("staff"), open_page("registrar")
    assert staff.locator("html").get_attribute("lang") == "zh-CN"
    registration = _applies_for_registration(staff)
    _is_asked_for_a_correction(registrar)
    _answers(staff, registration)
    _is_registered(registrar, registration)
    _finds_certificate_and_code(staff, registration, tmp_path)
    _joins_the_hub(staff, open_page("hub"))
    payment = _is_paid(open_page)
    _is_audited(open_page("auditor"), payment, tmp_path)


def test_the_main_parts_go_in_english_on_a_phone(open_page: Open) -> None:
    registrar = open_page("registrar", width=PHONE, english=True)
    assert registrar.locator("html").get_attribute("lang") == "en"
    open_waiting(registrar, LISTENING)
    registrar.locator(".c-jump").click()
    decide(registrar, "accept")
    decide(registrar, "approve", document_number="西民社〔2026〕9号")
    stands(registrar, "registration", "approved", english=True)
    fourth = open_page("staff4", width=PHONE, english=True)
    fourth.goto("/hubs")
    fourth.locator(".c-table__main").click()
    fourth.locator(".c-header__actions a").click()
    ask_to_join(fourth)
    hub = open_page("hub", width=PHONE, english=True)
    hub.goto("/worklist")
    hub.locator(".c-table__main").first.click()
    decide(hub, "accept")
    stands(hub, "affiliation", "affiliated", english=True)
    finance = open_page("finance", width=PHONE, english=True)
    open_waiting(finance, "失能老人居家照护指导")
    decide(finance, "check_finance", opinion="Contract, invoice and account agree.")
    auditor = open_page("auditor", width=PHONE, english=True)
    auditor.goto("/audit")
    auditor.locator(".c-table__main").first.click()
    expect(auditor.locator("h1")).to_be_visible()


def _finance_may_also_approve(site: Site) -> None:
    """In a small office one person may hold both roles; the history of the case tells them apart."""
    with site.app.app_context():
        person = db.session.execute(select(Account.person_id).where(Account.login == "finance")).scalar_one()
        office = db.session.get_one(Node, db.session.execute(select(BudgetLine.node_id).limit(1)).scalar_one())
        grant(db.session, person_id=person, role="finance_approver", node=office, on=date(2026, 1, 1), by=None,
              now=real_now())
        db.session.commit()


def _applies_for_registration(page: Page) -> str:
    page.goto("/guide")
    page.locator("a[href^='/guide/registration']").first.click()
    page.locator("a[href='/apply/registration?legal_type=social_service']").click()
    assert page.input_value("#proposed_name") == NEW_NAME
    with page.expect_response(lambda answer: "/drafts/" in answer.url and _holds_a_role(answer.request)):
        fill_registration(page)
    expect(page.locator("[data-draft-state]")).to_have_attribute("data-state", "saved")
    page.reload()
    assert page.input_value("#domicile") == "示例街道幸福里1号"
    assert page.input_value("[name='founders-0-name']") == "林示例"
    for slot in PAPERS[:-1]:
        attach(page, slot)
    page.fill("#identity_number", "110102190001010001")
    send(page)
    expect(page.locator(".c-errors")).to_be_focused()
    assert page.locator("#identity_number").get_attribute("aria-invalid") == "true"
    assert page.input_value("#start_up_fund_fen") == "30,000.00"
    assert page.locator("input[name^='documents-']:checked").count() == len(PAPERS) - 1
    page.fill("#identity_number", "110102190001010002")
    page.locator("#declaration").check()
    send(page)
    assert page.locator(".c-errors").count() == 1  # the charter is missing, and the page says so
    attach(page, PAPERS[-1])
    send(page)
    number = number_on(page)
    assert number.startswith("DJ")
    return number


def _holds_a_role(request: Request) -> bool:
    """Tell whether a draft was sent with the last field that was typed."""
    return "举办者".encode() in (request.post_data_buffer or b"")


def _is_asked_for_a_correction(page: Page) -> None:
    open_waiting(page, NEW_NAME)
    expect(page.locator(".c-ring")).to_contain_text("工作日")
    page.locator("a[href$='/do/ask_correction']").click()
    item = page.locator("[name^='items-0-']")
    for place in range(item.count()):
        item.nth(place).fill(("章程草案", "缺少业务范围", "请补充后重新提交")[place])
    page.fill("#contact", "王立 010-00000000")
    send(page)
    stands(page, "registration", "correcting")


def _answers(page: Page, number: str) -> None:
    page.goto("/worklist")
    page.locator(".c-table__main", has_text=NEW_NAME).click()
    page.locator("a[href$='/do/answer_correction']").click()
    expect(page.locator(".c-notice.is-amber")).to_contain_text("章程草案")
    page.fill("#answers", "已补充业务范围。")
    attach(page, "charter_draft")
    page.locator("#declaration").check()
    send(page)
    assert page.url.endswith(f"/cases/{number}")
    stands(page, "registration", "submitted")


def _is_registered(page: Page, number: str) -> None:
    open_waiting(page, NEW_NAME)
    assert page.locator("a[href$='/do/ask_correction']").count() == 0
    assert page.locator(".c-refused").count() == 1  # a second correction is refused where its button would be
    decide(page, "accept")
    decide(page, "approve", document_number="西民社〔2026〕8号")
    stands(page, "registration", "approved")
    decide(page, "deliver", method="electronic")
    stands(page, "registration", "registered")


def _finds_certificate_and_code(page: Page, number: str, folder: Path) -> None:
    page.goto(f"/cases/{number}")
    certificate = page.locator(".c-paper", has_text="登记证书").locator("a")
    with page.expect_download() as download:
        page.evaluate("address => { const a = document.createElement('a'); a.href = address; a.download = '';"
                      " document.body.append(a); a.click(); }", certificate.get_attribute("href"))
    path = folder / "certificate.pdf"
    download.value.save_as(path)
    assert path.read_bytes().startswith(b"%PDF-")
    page.goto("/organizations?q=晨光")
    page.locator(".c-table__main").click()
    code = page.locator(".c-case__meta .u-mono").inner_text()
    assert parse(code).division == "110102"


def _joins_the_hub(page: Page, officer: Page) -> None:
    page.goto("/hubs")
    page.locator(".c-table__main", has_text=HUB).click()
    page.locator(".c-header__actions a").click()
    fill(page, purpose="希望获得业务指导。")
    ask_to_join(page)
    open_waiting(officer, NEW_NAME)
    decide(officer, "accept", remark="欢迎加入。")
    stands(officer, "affiliation", "affiliated")
    page.goto("/hubs")
    page.locator(".c-table__main", has_text=HUB).click()
    expect(page.locator("#list")).to_contain_text(NEW_NAME)


def _is_paid(open_page: Open) -> str:
    staff, finance = open_page("staff"), open_page("finance")
    number = ask_for_instalment(staff, NEW_NAME)
    assert balances(finance, 1) == START
    project = open_page("project")
    open_waiting(project, CONTRACT)
    decide(project, "check_business", opinion="服务与合同一致。")
    _checks_but_may_not_approve(finance, number)
    assert balances(finance, 1) == START
    approver = open_page("approver")
    open_waiting(approver, CONTRACT)
    decide(approver, "approve", amount_fen="40,000.00", account_end="4567")
    assert balances(finance, 1) == START | {"committed": "136,000.00", "payable": "40,000.00"}
    cashier = open_page("cashier")
    open_waiting(cashier, CONTRACT)
    decide(cashier, "instruct")
    stands(cashier, "payment", "in_transit")
    assert balances(finance, 1) == START | {"committed": "136,000.00", "transit": "40,000.00"}
    import_bank_statement(finance)
    assert balances(finance, 1) == START | {"committed": "136,000.00", "paid": "40,000.00"}
    staff.goto(f"/cases/{number}")
    stands(staff, "payment", "paid")
    return number


def _checks_but_may_not_approve(page: Page, number: str) -> None:
    """Who checked sees why they may not approve, where the button would be; trying it is recorded."""
    open_waiting(page, CONTRACT)
    decide(page, "check_finance", opinion="发票、账户与预算无误。")
    stands(page, "payment", "finance_checked")
    assert page.locator("form[data-choices] input[value=approve]").count() == 0
    expect(page.locator(".c-refused")).to_contain_text("批准")
    token = page.locator("input[name=csrf_token]").first.input_value()
    revision = page.locator("input[name=_revision]").first
    form = {"csrf_token": token, "trigger": "approve", "approve-amount_fen": "40,000.00", "approve-account_end": "4567",
            "_revision": revision.input_value() if revision.count() else "3"}
    answer = page.request.post(f"/cases/{number}", form=form)
    assert answer.status == 403


def _is_audited(page: Page, number: str, folder: Path) -> None:
    page.goto("/audit")
    page.goto(f"/audit/cases/{number}")
    text = page.locator("main").inner_text()
    for who in ("林晓", "孙越", "钱宁", "郑岚", "吴桐"):
        assert who in text
    refused = page.locator("section", has=page.locator("h2", has_text=re.compile("拒绝|Refused|未通过|被拒"))).last
    expect(refused).to_contain_text("钱宁")
    page.goto(f"/cases/{number}")
    with page.expect_download() as download:
        page.locator(f"a[href^='/cases/{number}/bundle']").first.click()
    bundle = folder / "bundle.zip"
    download.value.save_as(bundle)
    assert _verify(bundle, folder).returncode == 0, _verify(bundle, folder).stdout
    assert _verify(_with_one_byte_changed(bundle, folder), folder).returncode == 1


def _verify(bundle: Path, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Verify with the script that lies in the bundle, and with nothing but Python."""
    with zipfile.ZipFile(bundle) as archive:
        script = folder / "verify.py"
        script.write_bytes(archive.read("verify.py"))
    command = [sys.executable, "-I", "-S", str(script), str(bundle)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _with_one_byte_changed(bundle: Path, folder: Path) -> Path:
    content = bytearray(bundle.read_bytes())
    with zipfile.ZipFile(bundle) as archive:
        at = archive.getinfo("manifest.sig").header_offset + 40
    content[at] ^= 1
    changed = folder / "changed.zip"
    changed.write_bytes(content)
    return changed
