"""Bad luck with money on its way: a contract that ends, a bank that answers oddly, an organization that is frozen."""

import io
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from nacl import pwhash
from sqlalchemy import func, select, text, true

from app.cases.models import Case
from app.ledger.models import BudgetLine
from app.organizations.models import Organization
from app.payments.bank_orders import sample_statement
from app.payments.models import PaymentInstruction
from app.payments.queries import in_transit
from app.purchasing import sealing
from app.purchasing.models import Contract, Instalment
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from tests.builders import make_actor
from tests.builders_award import (
    HALVES,
    WORK_FIRST,
    Ranked,
    a_letter,
    a_ranked_package,
    a_signed_contract,
    an_accepted_report,
    an_agreed_contract,
    pay,
)
from tests.builders_ledger import MORNING
from tests.builders_payments import Project, a_contract, a_payment, a_project, instruction_of
from tests.builders_purchasing import (
    A_BID,
    Bidder,
    Office,
    a_plan,
    a_programme,
    call_data,
    moved,
    opened,
    some_officers,
)
from tests.builders_restriction import DECISION, Bureau, a_bureau, paper, propose_data
from tests.journeys.story import Caller, Story

BUDGET, FIRST_LOT, SECOND_LOT = 500_000_00, 100_000_00, 90_000_01
PRICE, FIRST = 88_888_31, 44_444_16


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive keys from passphrases at the quickest cost."""
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


class Bank:
    """The bank, whose statements a finance officer takes in by page."""

    def __init__(self, story: Story, finance: Caller) -> None:
        self.story, self.finance = story, finance

    def sends(self, data: bytes, status: int = 303) -> str:
        """Take a file in; return the page that follows, which says what became of each line."""
        answer = self.finance.post("/statements", data={"statement": (io.BytesIO(data), "statement.csv")})
        assert answer.status_code == status, answer.text
        return self.finance.reads(answer.headers["Location"]) if status == 303 else answer.text

    def answers(self, result: str) -> str:
        """Answer every instruction that is on its way."""
        orders = in_transit(self.story.session, true())
        self.story.session.rollback()
        wanted = {order.instruction_no: result for order in orders}
        return self.sends(sample_statement(orders, wanted, on=self.story.now().date()))


def a_file(*lines: tuple[str, int, int, str]) -> bytes:
    """Return a statement of (serial, debit, credit, remark) that opens with a million."""
    closing = 100_000_000 - sum(debit - credit for _, debit, credit, _ in lines)
    head = f"账号,11001000000059600001\n期初余额,1000000.00\n期末余额,{closing / 100:.2f}\n日期,流水号,借方,贷方,附言\n"
    return (head + "\n".join(
        f"2026-11-20,{serial},{debit / 100:.2f},{credit / 100:.2f},{remark}" for serial, debit, credit, remark in lines
    )).encode()


def row_of(page: str, serial: str) -> str:
    """Return the row of a statement's page that is about this serial."""
    found = [row for row in page.split("<tr")[1:] if f">{serial}<" in row]
    assert len(found) == 1, (serial, len(found))
    return found[0]


def asked(session: Any, bidder: Bidder, contract: Contract, position: int) -> dict[str, Any]:
    """Return an application for an instalment."""
    part = session.scalars(
        select(Instalment.id).where(Instalment.contract_id == contract.id, Instalment.position == position)
    ).one()
    name = session.get_one(Organization, bidder.organization_id).name
    return {
        "organization": bidder.organization_id, "instalment": part, "invoice_no": "25117000000123456789",
        "payee_name": name, "payee_bank": "示例银行", "payee_account": "0200001209001234", "report": "已完成。",
        "documents": [a_letter(session, bidder, "invoice")],
    }


@pytest.mark.parametrize(("terms", "result"), [(HALVES, "settled"), (HALVES, "rejected"), (WORK_FIRST, "rejected")],
                         ids=["an advance arrives", "an advance comes back", "pay for accepted work comes back"])
def test_a_contract_is_terminated_with_an_instalment_in_transit_and_the_bank_answers_later(
    client, session, terms, result
):
    ranked = a_ranked_package(session)
    contract_case, contract = a_signed_contract(session, ranked, terms=terms)
    if terms is WORK_FIRST:
        an_accepted_report(session, ranked, contract)
    payment = pay(session, ranked, contract, 1, "instruct")
    office = ranked.tender.office
    auditor_actor = make_actor(session, "审计", ("auditor", office.place.city.id))
    session.commit()
    story = Story(client, session, office.line_id)
    finance, cashier = (story.who(office.place.actors[role]) for role in ("finance_officer", "cashier"))
    auditor, buyer, staff = story.who(auditor_actor), story.who(ranked.buyer), story.who(ranked.bidders[0].staff)
    officer, bank = story.who(office.project_officer), Bank(story, finance)
    rest = {"available": BUDGET - SECOND_LOT - FIRST, "reserved": SECOND_LOT}
    assert story.money(finance, auditor) == {
        "available": BUDGET - SECOND_LOT - PRICE, "reserved": SECOND_LOT, "committed": PRICE - FIRST, "transit": FIRST,
    }
    told = buyer.may_not(contract_case, "terminate", ground="failed_evaluation", reason="未合格。未合格。")
    assert list(told) == ["no_failed_evaluation"]
    reason = "服务场所拆迁，继续履行将损害公共利益。"

    assert buyer.moves(contract_case, "terminate", ground="public_interest", reason=reason) == "terminated"

    for reader in (staff, officer, finance):
        assert reader.told()[0] == f"case_ended {contract_case}"
        assert reader.last(contract_case)[2] == {"ground": "public_interest", "reason": reason}
    assert auditor.last(contract_case)[0] == "terminated"
    assert (staff.case(payment)["state"], story.money(finance, auditor)) == ("in_transit", rest | {"transit": FIRST})
    second = staff.may_not_open("payment", asked(session, ranked.bidders[0], contract, 2))
    assert "terminated" in second["instalment_condition_open"]

    bank.answers(result)

    if (terms, result) == (HALVES, "rejected"):
        # No work was accepted for it, and none will follow: it goes no more, and nobody need do anything.
        told = [f"case_ended {payment}", f"payment_bounced {payment}"]
        assert staff.told()[:2] == told
        for reader in (officer, finance, cashier):
            assert reader.told()[0] == told[0] and payment not in reader.waiting()
        for reader in (staff, officer, finance, cashier, auditor):
            assert reader.last(payment)[:2] == ("called_off", "call_off")
        assert list(cashier.may_not(payment, "instruct")) == ["wrong_state"]
        assert story.money(finance, auditor) == {"available": BUDGET - SECOND_LOT, "reserved": SECOND_LOT}
        assert session.scalars(select(PaymentInstruction.outcome)).all() == ["rejected"]
        return
    if result == "rejected":
        assert staff.told()[0] == f"payment_bounced {payment}" and cashier.told()[0] == f"task_waiting {payment}"
        assert payment in cashier.waiting()
        assert story.money(finance, auditor) == rest | {"payable": FIRST}
        assert cashier.moves(payment, "instruct") == "in_transit"
        bank.answers("settled")
    assert staff.told()[0] == f"payment_settled {payment}"
    assert [reader.case(payment)["state"] for reader in (staff, finance, auditor)] == ["paid"] * 3
    assert story.money(finance, auditor) == rest | {"paid": FIRST}
    outcomes = session.scalars(select(PaymentInstruction.outcome).order_by(PaymentInstruction.id)).all()
    assert outcomes == (["settled"] if result == "settled" else ["rejected", "settled"])


def several_payments(session: Any, project: Project, count: int) -> list[str]:
    """Return payments of 60,000.00 yuan in transit, each of a contract of its own."""
    numbers = [a_payment(session, project, until="in_transit")]
    line = session.get_one(BudgetLine, project.line_id)
    for _ in range(count - 1):
        made = a_contract(session, project.place, line, 100_000_00)
        session.flush()
        parts = session.scalars(
            select(Instalment.id).where(Instalment.contract_id == made.id).order_by(Instalment.position)
        ).all()
        other = replace(project, contract_id=made.id, contract_number=made.number, instalments=tuple(parts))
        session.commit()
        numbers.append(a_payment(session, other, until="in_transit"))
    return numbers


def test_a_statement_with_duplicate_unknown_and_rejected_lines_says_of_each_what_became_of_it(client, session):
    project = a_project(session)
    paid, back, differs, silent = several_payments(session, project, 4)
    sent = {number: instruction_of(session, number).instruction_no for number in (paid, back, differs, silent)}
    auditor_actor = project.actors["auditor"]
    session.commit()
    story = Story(client, session, project.line_id)
    staff, finance, cashier = (story.who(project.actors[role]) for role in ("staff", "finance_officer", "cashier"))
    auditor, bank, part = story.who(auditor_actor), Bank(story, finance), 60_000_00
    whole = {"available": 100_000_00, "committed": 4 * 40_000_00}
    assert story.money(finance, auditor) == whole | {"transit": 4 * part}

    page = bank.sends(a_file(
        ("A1", part, 0, sent[paid]), ("A2", part, 0, sent[paid]), ("A3", part, 0, sent[back]),
        ("A4", 0, part, sent[back]), ("A5", part - 1, 0, sent[differs]), ("A6", 5_00, 0, "手续费"),
        ("A7", part, 0, "ZF2020010100000000"),
    ))

    address = f"/statements/{story.session.execute(text('SELECT max(id) FROM bank_statements')).scalar_one()}"
    story.session.rollback()
    expected = {
        "A1": ("Arrived", paid), "A2": ("Find out whether it was paid twice", None),
        "A3": ("It came back in the same statement", None), "A4": ("Came back", back),
        "A5": ("The amount is not that of the instruction", None),
        "A6": ("The remark carries no instruction number", None), "A7": ("No instruction has this number", None),
    }
    for shown in (page, cashier.reads(address), auditor.reads(address)):
        for serial, (words, number) in expected.items():
            assert words in row_of(shown, serial)
            assert (f"/cases/{number}" in row_of(shown, serial)) if number else "/cases/" not in row_of(shown, serial)
    assert "7 new lines; 2 payments moved" in page
    assert [staff.case(number)["state"] for number in sent] == ["paid", "approved", "in_transit", "in_transit"]
    assert {f"payment_settled {paid}", f"payment_bounced {back}"} <= set(staff.told())
    assert not any(number in line for line in staff.told()[:2] for number in (differs, silent))
    assert cashier.told()[0] == f"task_waiting {back}" and back in cashier.waiting()
    assert story.money(finance, auditor) == whole | {"paid": part, "payable": part, "transit": 2 * part}

    overlap = a_file(("A1", part, 0, sent[paid]), ("B1", part, 0, sent[paid]), ("B2", part, 0, sent[differs]))
    page = bank.sends(overlap)
    assert "2 new lines; 1 payments moved" in page and "not booked again: A1" in page
    assert "The bank answered this instruction before" in row_of(page, "B1")
    assert "Arrived" in row_of(page, "B2")
    assert "imported before" in bank.sends(overlap)
    changed = bank.sends(a_file(("A1", part + 1, 0, sent[paid]), ("C1", part, 0, sent[silent])), status=422)
    assert "imported before with another date or amount" in changed
    assert story.money(finance, auditor) == whole | {"paid": 2 * part, "payable": part, "transit": part}

    assert cashier.moves(back, "instruct") == "in_transit"
    again = instruction_of(session, back).instruction_no
    session.rollback()
    assert again != sent[back]
    late = bank.sends(a_file(("D1", part, 0, sent[back]), ("D2", part, 0, again), ("D3", part, 0, sent[silent])))
    assert "The bank answered this instruction before" in row_of(late, "D1")
    assert [staff.case(number)["state"] for number in sent] == ["paid"] * 4
    assert story.money(finance, auditor) == whole | {"paid": 4 * part}
    settled = select(func.count()).where(PaymentInstruction.outcome == "settled")
    assert session.execute(settled).scalar_one() == 4


def contract_of(session: Any, office: Office, bidder: Bidder, number: str) -> Contract:
    """Return a contract of 20,000.00 yuan in one instalment. Commits."""
    made = sign_contract(session, ContractTerms(
        number=number, title="社区助餐", organization_id=bidder.organization_id, node_id=office.node_id,
        budget_line_id=office.line_id, amount_fen=20_000_00, signed_on=date(2026, 1, 5), ends_on=date(2026, 12, 31),
        instalments=[InstalmentTerm(10_000, "签订后")],
    ), now=MORNING)
    session.commit()
    return made


def another_call(session: Any, office: Office) -> int:
    """Publish another call now; return the id of its first package. Commits."""
    plan = a_plan(session, office, a_programme(session, office), amount_fen=195_000_00)
    officers, due = some_officers(session, office), office.now + timedelta(days=25)
    said = {"bids_due_at": due.isoformat(), "documents_until": due.date().isoformat()}
    call = opened(session, office, "call", "draft", officers[0], **call_data(session, plan, officers, **said))
    moved(session, office, call.number, "publish", office.buyer)
    found = session.scalars(select(Case.id).where(Case.kind == "package", Case.state == "open").order_by(Case.id))
    return int(found.first() or 0)


def listed(story: Story, bureau: Bureau, kind: str) -> str:
    """List the organization at the doors, as two registrars and its staff do it; return the number of the case."""
    first, second, staff = (story.who(each) for each in (bureau.first, bureau.second, bureau.staff))
    number = first.opens("restriction", propose_data(story.session, bureau, kind))
    assert staff.told()[0] == f"restriction_announced {number}"
    decided = {"decision_number": DECISION, "opinion": "经核实，情形属实。"}
    assert first.may_not(number, "impose", **decided).keys() >= {"four_eyes"}
    if kind != "dissolving":
        assert list(second.may_not(number, "impose", **decided)) == ["not_heard_yet"]
        assert staff.moves(number, "answer", statement="已向法院申请复核。") == "heard"
    assert second.moves(number, "impose", **decided) == "in_force"
    assert staff.told()[0] == f"restriction_imposed {number}"
    return number


def removed(story: Story, bureau: Bureau, number: str) -> None:
    """Remove it again: the organization applies, one registrar checks, another decides."""
    first, second, staff = (story.who(each) for each in (bureau.first, bureau.second, bureau.staff))
    proof, record = (
        [paper(story.session, slot, actor)] for slot, actor in (("proof", bureau.staff), ("check_record", bureau.first))
    )
    asked_for = {"lifting_reason": "mistaken", "done": "复核后名单已经更正。", "documents": proof}
    assert staff.moves(number, "apply_for_lifting", **asked_for) == "lifting_applied"
    found = {"lifting_reason": "mistaken", "checked": "已核对更正后的名单。", "documents": record}
    assert first.moves(number, "propose_lifting", **found) == "lifting_proposed"
    assert list(first.may_not(number, "lift", decision_number="公告〔2026〕9号")) == ["removal_was_yours"]
    assert second.moves(number, "lift", decision_number="公告〔2026〕9号") == "lifted"
    assert staff.told()[0] == f"restriction_lifted {number}"


@pytest.mark.parametrize("kind", ["dissolving", "dishonest"])
def test_an_organization_frozen_while_everything_is_open_is_told_everywhere_and_nothing_moves_by_itself(
    client, session, kind
):
    ranked: Ranked = a_ranked_package(session)
    office, bidder = ranked.tender.office, ranked.bidders[0]
    contract = an_agreed_contract(session, ranked)
    checked, approved, transit = (
        pay(session, ranked, contract_of(session, office, bidder, f"HT-{until}"), 1, until)
        for until in ("check_finance", "approve", "instruct")
    )
    claim = asked(session, bidder, contract_of(session, office, bidder, "HT-later"), 1)
    bureau = a_bureau(session, office.place, bidder.organization_id, bidder.staff)
    auditor_actor = make_actor(session, "审计", ("auditor", office.place.city.id))
    session.commit()
    story = Story(client, session, office.line_id)
    office.now = story.now()
    package = another_call(session, office)
    place = office.place.actors
    finance, cashier, approver = (
        story.who(place[role]) for role in ("finance_officer", "cashier", "finance_approver")
    )
    staff, buyer, auditor, bank = (
        story.who(bidder.staff), story.who(ranked.buyer), story.who(auditor_actor), Bank(story, finance)
    )
    body = {"organization": bidder.organization_id, "package": package, **A_BID}
    bid = staff.opens("bid", body)
    held = {"reserved": 2 * (FIRST_LOT + SECOND_LOT)}
    money = {"available": BUDGET - 80_000_00 - held["reserved"], **held,
             "committed": 40_000_00, "payable": 20_000_00, "transit": 20_000_00}
    assert story.money(finance, auditor) == money
    everything = select(Case.number, Case.state, Case.revision).where(Case.kind != "restriction").order_by(Case.id)
    before = session.execute(everything).all()

    listing = listed(story, bureau, kind)
    # The approver, on whom a payment waits, and the buyer, who signs next, are told on what they carry; no other case
    # of the offices is named, and nobody of them sees the listing's.
    assert approver.told()[0] == f"restriction_elsewhere {checked}" and not approver.sees(listing)
    assert buyer.told()[0] == f"restriction_elsewhere {contract}"
    story.wait_until(story.now() + timedelta(hours=1))

    assert session.execute(everything).all() == before, "something moved by itself"
    session.rollback()
    code = f"organization_{kind}"
    words = {"dissolving": "it is being dissolved", "dishonest": "it is on the list of grave dishonesty"}[kind]
    refusals = [
        staff.may_not_open("bid", body), staff.may_not(bid, "replace", **A_BID),
        buyer.may_not(contract, "sign", declaration=True),
        approver.may_not(checked, "approve", amount_fen=20_000_00, account_end="1234"),
        cashier.may_not(approved, "instruct"), staff.may_not_open("payment", claim),
    ]
    assert all(words in refused[code] for refused in refusals)
    assert "not frozen" in staff.reads(f"/apply/bid?package={package}")
    for form in (f"/apply/bid?package={package}", f"/apply/payment?organization={bidder.organization_id}"):
        assert words in staff.reads(form)
    assert finance.moves(approved, "suspend", reason="单位被冻结，暂停拨付。") == "suspended"
    assert staff.told()[0] == f"clock_stopped {approved}"
    assert list(finance.may_not(approved, "resume")) == [code]
    for reader in (staff, finance, auditor):
        page = reader.reads(f"/organizations/{bidder.organization_id}")
        assert DECISION in page and "Frozen" in page
    assert words in auditor.reads(f"/audit/cases/{approved}")
    bank.answers("settled")
    assert staff.case(transit)["state"] == "paid"  # it had left before
    assert story.money(finance, auditor) == {**{k: v for k, v in money.items() if k != "transit"}, "paid": 20_000_00}

    removed(story, bureau, listing)
    assert approver.told()[0] == f"restriction_gone_elsewhere {checked}"
    assert "Frozen" not in staff.reads(f"/apply/payment?organization={bidder.organization_id}")
    assert staff.case(staff.opens("payment", claim))["state"] == "applied"
    assert finance.moves(approved, "resume") == "approved"
    assert staff.told()[0] == f"clock_resumed {approved}"
    assert cashier.moves(approved, "instruct") == "in_transit"
    assert approver.moves(checked, "approve", amount_fen=20_000_00, account_end="1234") == "approved"
    assert buyer.moves(contract, "sign", declaration=True) == "signed"
    assert staff.moves(bid, "replace", **A_BID) == "handed_in"
    assert story.money(finance, auditor) == {
        "available": BUDGET - 80_000_00 - held["reserved"] + FIRST_LOT - PRICE,
        "reserved": held["reserved"] - FIRST_LOT,
        "committed": PRICE + 20_000_00, "payable": 20_000_00, "transit": 20_000_00, "paid": 20_000_00,
    }
