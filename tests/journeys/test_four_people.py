"""From the first application to the last payment on the pages, as four people do it, and a fifth who checks."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import create_app
from app.clock import SHANGHAI
from app.config import Settings
from app.demo.district import NEW_NAME
from app.ledger.queries import PARTS
from tests.browsing import Person, form_on
from tests.journeys.town import Town, a_town
from workflows.rules.money import format_yuan
from workflows.rules.uscc import parse

NAME = NEW_NAME
PAPERS = ("application", "premises_right", "capital_verification", "responsible_persons", "charter_draft")
APPLICATION = {
    "proposed_name": NAME, "field": "community_service", "scope": "社区服务；为老服务。", "domicile": "幸福里1号楼底商",
    "start_up_fund_fen": "30,000.00", "route": "direct", "legal_representative": "林示例",
    "identity_number": "110102190001010002", "phone": "010-00000000", "staff_count": "6",
}
FOUNDERS = {
    "founders-0-name": "林示例", "founders-0-role": "举办者", "founders-1-name": "周示例", "founders-1-role": "理事",
}
CONTRACT_FEN, FIRST_FEN = 8_000_000, 4_000_000


@pytest.fixture(scope="module")
def town(server, tmp_path_factory) -> Iterator[Town]:
    """The demo's district; whoever checks the finances may also approve, as in a small office."""
    with a_town(server, tmp_path_factory, "journey_pages") as made:
        made.also("finance", "finance_approver")
        yield made


def number_in(answer) -> str:
    """Return the number of the case whose receipt the answer leads to."""
    found = re.fullmatch(r"/cases/([A-Z]{2}\d\d-\d{4}-\d{4})/receipt", answer.headers["Location"])
    assert found, answer.headers["Location"]
    return found.group(1)


def test_from_the_first_application_to_the_first_payment_and_its_audit(town, tmp_path):
    registration = applies_with_a_draft_that_survives(town)
    is_asked_for_a_correction_once_and_answers(town, registration)
    stands_in_the_register_with_a_valid_code(town, registration)
    joins_the_hub(town)
    payment = is_paid_the_first_instalment(town)
    the_auditor_sees_everything(town, registration, payment)
    the_bundle_holds_and_one_changed_byte_is_named(town, payment, tmp_path)


# -- 1 and 2: registration


def applies_with_a_draft_that_survives(town: Town) -> str:
    staff = town.person("staff")
    guide = staff.see("/guide/registration?place=110102")
    assert "charter" in guide and "working days" in guide
    assert 'href="/apply/registration?legal_type=social_service"' in guide

    page = staff.see("/apply/registration")
    form = form_on(page, "/apply/registration")
    staff.send("/apply/registration", form, proposed_name=NAME, start_up_fund_fen="thirty", _save="1")
    again = staff.see("/apply/registration")
    values = dict(form_on(again, "/apply/registration").values)
    assert (values["proposed_name"], values["start_up_fund_fen"]) == (NAME, "thirty")

    with_row = staff.send("/apply/registration", form_on(again, "/apply/registration"), status=200, _add_row="founders")
    form = form_on(with_row.text, "/apply/registration")
    files = [f"documents-{slot}-file" for slot in PAPERS]
    mistaken = staff.send("/apply/registration", form, status=422, files=files, **{
        **APPLICATION, **FOUNDERS, "identity_number": "110102190001010001", "declaration": "y",
    })
    assert "check character" in mistaken.text
    form = form_on(mistaken.text, "/apply/registration")
    assert dict(form.values)["founders-1-name"] == "周示例"
    answer = staff.send("/apply/registration", form, identity_number="110102190001010002")

    number = number_in(answer)
    receipt = staff.see(f"/cases/{number}/receipt")
    assert number in receipt and re.search(rf"{number}:1:[0-9a-f]{{64}}", receipt)
    assert town.rows("SELECT count(*) FROM documents WHERE name = 'documents-application-file.pdf'") == [(1,)]
    assert town.rows("SELECT count(*) FROM drafts") == [(0,)]
    return number


def is_asked_for_a_correction_once_and_answers(town: Town, number: str) -> None:
    staff, registrar = town.person("staff"), town.person("registrar")
    assert number in registrar.see("/worklist")
    case = registrar.see(f"/cases/{number}")
    assert "110102190001010002" not in case and "working day" in case

    address = f"/cases/{number}/do/ask_correction"
    form = form_on(registrar.see(address), address)
    more = registrar.send(address, form, status=200, _add_row="items")
    registrar.send(address, form_on(more.text, address), contact="登记窗口", **{
        "items-0-what": "章程草案", "items-0-wrong": "缺少终止程序。", "items-0-mend": "请补充终止程序。",
        "items-1-what": "住所证明", "items-1-wrong": "租期不足一年。", "items-1-mend": "请补充续租协议。",
    })

    asked = staff.see(f"/cases/{number}/do/answer_correction")
    assert "缺少终止程序。" in asked and "租期不足一年。" in asked
    assert number in staff.see("/worklist")
    staff.fill(f"/cases/{number}/do/answer_correction", answers="已补充终止程序与续租协议。", declaration="y",
               files=["documents-charter_draft-file"])

    panel = registrar.see(f"/cases/{number}")
    assert "ask_correction" not in registrar.offered(number)
    assert "once" in panel[panel.index("Not possible for you now"):]
    refused = registrar.client.post(f"/cases/{number}/do/ask_correction", data={
        "_revision": "3", "_key": "again", "contact": "登记窗口",
        "items-0-what": "x", "items-0-wrong": "x", "items-0-mend": "x",
    })
    assert refused.status_code == 403


def stands_in_the_register_with_a_valid_code(town: Town, number: str) -> None:
    staff, registrar = town.person("staff"), town.person("registrar")
    registrar.decide(number, "accept", contact="登记窗口 010-00000000")
    registrar.decide(number, "approve", document_number="西民社许准字〔2026〕9号")
    registrar.decide(number, "deliver", method="electronic")

    page = staff.see(f"/cases/{number}")
    assert "Registered" in page and "The case is closed" in page
    papers = re.findall(r'href="(/documents/\d+)"', page)
    kinds = {staff.client.get(href).headers["Content-Type"] for href in papers}
    assert kinds == {"application/pdf"}
    assert town.rows("SELECT count(*) FROM case_documents c JOIN cases k ON k.id = c.case_id"
                     " WHERE k.number = :n AND c.slot = 'certificate'", n=number) == [(1,)]
    found = staff.see(f"/organizations?q={NAME}")
    code = re.search(r"\b5[123]110102[0-9A-Z]{10}\b", found).group(0)
    assert parse(code).division == "110102"
    assert town.one("SELECT r.uscc FROM registrations r JOIN organizations o ON o.id = r.organization_id"
                    " WHERE o.name = :name AND r.ended_on IS NULL", name=NAME) == code


# -- 3: the hub


def joins_the_hub(town: Town) -> None:
    staff, officer = town.person("staff"), town.person("hub")
    hub = town.one("SELECT node_id FROM hubs")
    assert NAME not in officer.see(f"/hubs/{hub}")

    number = number_in(staff.fill("/apply/affiliation", hub=str(hub), wants_primary="y", purpose="业务指导"))
    assert number in officer.see("/worklist")
    officer.decide(number, "accept", remark="欢迎加入。")

    assert NAME in officer.see(f"/hubs/{hub}")
    organization = town.one("SELECT id FROM organizations WHERE name = :name", name=NAME)
    assert f"/hubs/{hub}" in staff.see(f"/organizations/{organization}")


# -- 4: the payment


def is_paid_the_first_instalment(town: Town) -> str:
    staff = town.person("staff")
    money = Money(town)
    page = staff.see("/apply/payment")
    choices = form_on(page, "/apply/payment").options["instalment"]
    instalment = next(value for value, words in choices if "XC2026-002" in words and "40,000.00" in words)
    number = number_in(staff.fill(
        "/apply/payment", instalment=instalment, invoice_no="26117000000012345678", payee_name=NAME,
        payee_bank="示例银行西城支行", payee_account="0200 0012 0900 1234 567", report="入户探访 120 人次。",
        files=["documents-invoice-file", "documents-stage_report-file"],
    ))
    assert "0200001209001234567" not in staff.see(f"/cases/{number}")

    town.person("project").decide(number, "check_business", opinion="合同、报告与发票一致。")
    finance = town.person("finance")
    finance.decide(number, "check_finance", opinion="预算与票据无误。")
    money.stands_as()  # nothing is owed before it is approved
    may_not_approve_what_they_checked(finance, number)
    approver = town.person("approver")
    wrong = approver.decide(number, "approve", status=422, amount_fen="40,000.01", account_end="4567")
    assert "This is not the amount applied for" in wrong.text
    assert dict(form_on(wrong.text, f"/cases/{number}").values)["approve-amount_fen"] == "40,000.01"
    approver.decide(number, "approve", amount_fen="40,000.00", account_end="4567")
    money.stands_as(committed=-FIRST_FEN, payable=FIRST_FEN)
    town.person("cashier").decide(number, "instruct")
    money.stands_as(payable=-FIRST_FEN, transit=FIRST_FEN)
    the_bank_proves_it(town, finance, number)
    money.stands_as(transit=-FIRST_FEN, paid=FIRST_FEN)
    assert "Paid" in staff.see(f"/cases/{number}")
    return number


def may_not_approve_what_they_checked(finance: Person, number: str) -> None:
    page = finance.see(f"/cases/{number}")
    assert "approve" not in finance.offered(number)
    panel = page[page.index("Not possible for you now"):]
    assert "You have already handled this case" in panel
    refused = finance.client.post(f"/cases/{number}", data={
        "trigger": "approve", "_revision": "3", "_key": "own", "approve-amount_fen": "40,000.00",
        "approve-account_end": "4567",
    })
    assert refused.status_code == 403
    assert "You have already handled this case" in refused.text


def the_bank_proves_it(town: Town, finance: Person, number: str) -> None:
    sent = town.one("SELECT instruction_no FROM payment_instructions i JOIN cases c ON c.id = i.case_id"
                    " WHERE c.number = :n", n=number)
    statement = finance.client.get(f"/statements/sample.csv?result-{sent}=settled").data
    taken = finance.client.post("/statements", data={"statement": (io.BytesIO(statement), "statement.csv")})
    assert taken.status_code == 303
    assert number in finance.see(taken.headers["Location"])
    again = finance.client.post("/statements", data={"statement": (io.BytesIO(statement), "again.csv")})
    assert again.status_code == 303
    assert "imported before" in finance.see(again.headers["Location"])


class Money:
    """The figures of the budget line, followed step by step: on the page and through the API."""

    def __init__(self, town: Town) -> None:
        self.reader, self.program = town.person("finance"), town.program("finance")
        self.line = town.line()
        self.now = self.told()

    def told(self) -> dict[str, int]:
        """Return what the API tells."""
        answer = self.program.get(f"/api/v1/budget-lines/{self.line}").json
        assert answer["balanced"] is True
        return {part: answer[f"{part}_fen"] for part in ("appropriated", *PARTS)}

    def stands_as(self, **changes: int) -> None:
        """Check every figure after a step: those named moved by so much, the others not at all."""
        wanted = {part: fen + changes.get(part, 0) for part, fen in self.now.items()}
        assert self.told() == wanted
        page = self.reader.see(f"/budget-lines/{self.line}")
        for fen in wanted.values():
            assert format_yuan(fen) in page
        self.now = wanted


# -- 5: the audit


def the_auditor_sees_everything(town: Town, registration: str, payment: str) -> None:
    auditor = town.person("auditor")
    page = auditor.see(f"/audit/cases/{registration}")
    moves = town.rows("SELECT h.hash FROM history h JOIN cases c ON c.id = h.case_id WHERE c.number = :n",
                      n=registration)
    assert len(moves) == 6
    assert all(bytes(row.hash).hex()[:8] in page for row in moves)
    assert "once" in page  # the second request for a correction, refused
    paid = auditor.see(f"/audit/cases/{payment}")
    assert "You have already handled this case" in paid
    assert auditor.offered(payment) == []
    assert payment in auditor.see(f"/audit?q={payment}")
    assert town.person("staff").client.get(f"/audit/cases/{payment}").status_code == 403


def the_bundle_holds_and_one_changed_byte_is_named(town: Town, payment: str, folder) -> None:
    answer = town.person("auditor").client.get(f"/cases/{payment}/bundle")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    bundle = folder / "bundle.zip"
    bundle.write_bytes(answer.data)
    with zipfile.ZipFile(bundle) as opened:
        (folder / "verify.py").write_bytes(opened.read("verify.py"))
        members = opened.infolist()
    assert {"manifest.json", "history.jsonl", "checkpoint.txt", "verify.py"} <= {each.filename for each in members}

    honest = _verify(folder, bundle)
    assert honest.returncode == 0, honest.stdout
    for each in members:
        if each.filename != "verify.py":
            changed = bytearray(answer.data)
            changed[each.header_offset + 30 + len(each.filename.encode()) + each.compress_size // 2] ^= 1
            bundle.write_bytes(bytes(changed))
            found = _verify(folder, bundle)
            assert found.returncode == 1, each.filename
            assert each.filename in found.stdout, (each.filename, found.stdout)
    assert town.rows("SELECT count(*) FROM reads WHERE what LIKE 'bundle%'") == [(1,)]


def _verify(folder, bundle):
    command = [sys.executable, "-I", folder / "verify.py", bundle]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


# -- time


def test_time_moved_forward_stops_at_the_due_date_where_silence_accepts(town):
    registrar, admin = town.person("registrar"), town.person("admin")
    number = town.one("SELECT number FROM cases WHERE kind = 'registration' AND state = 'submitted'")
    due = town.one("SELECT k.due_at FROM clocks k JOIN cases c ON c.id = k.case_id"
                   " WHERE c.number = :n AND k.name = 'intake_check'", n=number)
    target = (due.astimezone(SHANGHAI) + timedelta(days=40)).date()

    moved = admin.client.post("/demo/clock", data={"until": target.isoformat()})

    assert moved.status_code == 303
    told = town.rows("SELECT h.trigger, h.at, h.person_id, h.role FROM history h JOIN cases c ON c.id = h.case_id"
                     " WHERE c.number = :n ORDER BY h.sequence", n=number)
    assert [(row.trigger, row.person_id) for row in told[1:]] == [("deem_accepted", None)]
    assert told[1].at == due
    page = registrar.see(f"/cases/{number}")
    assert f"{target.day}" in page
    assert "accept" not in registrar.offered(number) and "approve" in registrar.offered(number)
    assert registrar.client.post("/demo/clock", data={"until": "2020-01-01"}).status_code == 422


def test_a_production_instance_has_no_such_clock(server, tmp_path):
    assert "/demo/clock" in {rule.rule for rule in _app(server, tmp_path, "test").url_map.iter_rules()}
    assert "/demo/clock" not in {rule.rule for rule in _app(server, tmp_path, "production").url_map.iter_rules()}


def _app(server, folder, environment):
    settings = Settings(
        environment=environment, instance=folder, database_url=None, host="127.0.0.1", port=0, smtp_url=None,
        mail_from="x@localhost", public_url="http://127.0.0.1",
    )
    return create_app(settings, server.url("app", "template_shuniu"))
