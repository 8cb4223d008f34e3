"""A contract through the doors: report, ratings, evaluations, acceptance, every instalment, closure."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from app.access.cookies import LANGUAGE
from app.access.models import Person
from app.clock import business_now
from app.payments.bank_orders import sample_statement
from app.payments.queries import in_transit
from app.payments.statements import Importer, import_statement
from tests.builders_access import apart, browser_of, token_of
from tests.builders_delivery import NUMBER, STANDARDS, Delivery, a_delivery, inspection, login_of, scores_data
from tests.builders_payments import ACCOUNT, a_paper

AMOUNTS = (50_000_00, 10_000_00, 20_000_00, 20_000_00)


@dataclass
class Doors:
    """The running application, and everybody's way in."""

    app: Flask
    session: Any
    delivery: Delivery
    keys: Any = field(default_factory=count)
    statements: Any = field(default_factory=lambda: count(1))

    def program(self, who: str) -> dict[str, str]:
        """Return the headers of a program of this person."""
        person = self.session.get(Person, self.delivery.actors[who].person_id)
        return {**token_of(self.session, person), "Idempotency-Key": f"k{next(self.keys)}", "Accept-Language": "en"}

    def browser(self, who: str) -> FlaskClient:
        """Return a browser of this person."""
        client = browser_of(self.app, self.session, self.session.get(Person, self.delivery.actors[who].person_id))
        client.set_cookie(LANGUAGE, "en")
        return client

    def open(self, kind: str, who: str, data: dict[str, Any], status: int = 201) -> Any:
        """Open a case; return the number, or the codes of the reasons."""
        answer = self.app.test_client().post(f"/api/v1/cases/{kind}", json={"data": data}, headers=self.program(who))
        assert answer.status_code == status, answer.text
        return answer.json["number"] if status == 201 else [reason["code"] for reason in answer.json["reasons"]]

    def move(self, number: str, trigger: str, who: str, data: dict[str, Any] | None = None, status: int = 200) -> Any:
        """Move a case at its present revision; return its state, or the codes of the reasons."""
        row = self.session.execute(text("SELECT kind, revision FROM cases WHERE number = :n"), {"n": number}).one()
        self.session.rollback()
        answer = self.app.test_client().post(
            f"/api/v1/cases/{row.kind}/{number}/{trigger}", json={"revision": row.revision, "data": data or {}},
            headers=self.program(who),
        )
        assert answer.status_code == status, answer.text
        return answer.json["state"] if status == 200 else [reason["code"] for reason in answer.json["reasons"]]

    def pay_data(self, position: int) -> dict[str, Any]:
        """Return an application for an instalment."""
        return {
            "instalment": self.delivery.instalments[position - 1], "invoice_no": f"25{position}",
            "payee_name": self.delivery.place.organization.name, "payee_bank": "示例银行", "payee_account": ACCOUNT,
            "report": "完成。",
            "documents": [{"slot": "invoice", "document_id": a_paper(self.session, self.delivery)}],
        }

    def pay(self, position: int) -> None:
        """Take an instalment from application to the bank line that proves it."""
        number = self.open("payment", "staff", self.pay_data(position))
        self.move(number, "check_business", "project_officer", {"opinion": "一致。"})
        self.move(number, "check_finance", "finance_officer", {"opinion": "一致。"})
        retyped = {"amount_fen": AMOUNTS[position - 1], "account_end": "1234"}
        self.move(number, "approve", "finance_approver", retyped)
        self.move(number, "instruct", "cashier")
        orders = in_transit(self.session, text("true"))
        now = business_now(self.session)
        file = sample_statement(orders, {order.instruction_no: "settled" for order in orders}, on=now.date())
        by = Importer(self.delivery.actors["finance_officer"], self.delivery.place.buyer.id, now, "")
        import_statement(self.session, file, by)
        state = self.session.execute(text("SELECT state FROM cases WHERE number = :n"), {"n": number}).scalar_one()
        assert state == "paid"

    def page(self, who: str) -> str:
        """Return the page of the contract."""
        # Apart: the language of a context is read once, and earlier requests have read that of the test's own.
        answer = apart(self.browser(who).get, f"/contracts/{self.delivery.contract_id}")
        assert answer.status_code == 200, answer.text
        return answer.text


@pytest.fixture
def doors(app: Flask, session: Any) -> Doors:
    """A contract of four instalments, each of which waits for something else."""
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return Doors(app, session, a_delivery(session))


def _rated_evaluation(doors: Doors, stage: str) -> str:
    evaluator = login_of(doors.session, doors.delivery.actors["evaluator"])
    number = doors.open("evaluation", "project_officer", {"contract": NUMBER, "stage": stage, "evaluator": evaluator})
    assert doors.move(number, "hand_out_codes", "evaluator", {"count": 12}) == "commissioned"
    shown = doors.browser("evaluator").post(f"/evaluations/{number}/codes").text
    codes = [part.split("<")[0] for part in shown.split("/rate/")[1:]]
    assert len(codes) == 12
    anybody = doors.app.test_client()
    for code in codes[:11]:
        assert anybody.get(f"/rate/{code}").status_code == 200
        assert anybody.post(f"/rate/{code}", data={"stars": "4", "comment": ""}).status_code == 200
    assert anybody.post(f"/rate/{codes[0]}", data={"stars": "1"}).status_code == 404
    assert doors.move(number, "score", "evaluator", scores_data(stage)) == "scored"
    assert doors.move(number, "publish_result", "second_officer") == "published"
    assert doors.move(number, "accept_result", "staff") == "final"
    return number


def test_a_contract_is_delivered_evaluated_accepted_paid_and_closed(doors: Doors):
    assert doors.open("payment", "staff", doors.pay_data(2), 403) == ["earlier_instalment_open",
                                                                      "instalment_condition_open"]
    doors.pay(1)

    assert doors.open("payment", "staff", doors.pay_data(2), 403) == ["instalment_condition_open"]
    assert "missing: its stage report" in doors.page("staff")
    report = doors.open("milestone_report", "staff", {
        "instalment": doors.delivery.instalments[1], "done": "完成探访。",
        "indicators": [{"name": "探访人次", "planned": 120, "achieved": 126}],
    })
    assert doors.move(report, "accept_report", "project_officer", {"opinion": "一致。"}) == "accepted"
    doors.pay(2)

    assert doors.open("payment", "staff", doors.pay_data(3), 403) == ["instalment_condition_open"]
    _rated_evaluation(doors, "mid")
    doors.pay(3)

    finding = {"contract": NUMBER, "findings": [{"finding": "记录缺签字", "basis": "合同第七条"}]}
    order = doors.open("rectification", "project_officer", finding)
    assert doors.open("acceptance", "staff", {"contract": doors.delivery.contract_id, "standards": STANDARDS},
                      403) == ["rectification_open"]
    assert "A rectification order is open" in doors.page("project_officer")
    doors.move(order, "answer", "staff", {"answer": "已补签。"})
    assert doors.move(order, "confirm_done", "second_officer", {"opinion": "属实。"}) == "done"

    _rated_evaluation(doors, "final")
    asked = doors.open("acceptance", "staff", {"contract": doors.delivery.contract_id, "standards": STANDARDS})
    assert doors.move(asked, "accept", "buyer", inspection("met", "met")) == "accepted"
    doors.pay(4)

    closing = {"contract": NUMBER, "summary": "完成。", "confirmed": True}
    doors.open("closure", "project_officer", closing)
    page = doors.page("auditor")
    assert "The project was closed on" in page and "Excellent" in page
    rows = doors.session.execute(text(
        "SELECT name, credits - debits FROM ledger_accounts WHERE package = :p AND credits <> debits"), {"p": NUMBER})
    assert dict(rows.all()) == {"paid": 100_000_00}


def test_an_outsider_finds_no_contract_and_no_codes(doors: Doors):
    number = doors.open("evaluation", "project_officer", {
        "contract": NUMBER, "stage": "mid", "evaluator": login_of(doors.session, doors.delivery.actors["evaluator"]),
    })
    address = f"/contracts/{doors.delivery.contract_id}"
    assert doors.browser("registrar").get(address).status_code == 404
    assert doors.browser("evaluator").get(address).status_code == 404
    assert doors.browser("staff").get(f"/evaluations/{number}/codes").status_code in (403, 404)
    assert doors.browser("evaluator").get(f"/evaluations/{number}/codes").status_code == 200
    assert doors.browser("evaluator").post(f"/evaluations/{number}/codes").status_code == 409


def test_an_officer_opens_a_case_from_the_contract_by_page(doors: Doors):
    page = doors.page("project_officer")
    assert f"/apply/rectification?contract={NUMBER}" in page
    browser = doors.browser("project_officer")
    form = browser.get(f"/apply/rectification?contract={NUMBER}")
    assert form.status_code == 200 and f'value="{NUMBER}"' in form.text

    answer = browser.post("/apply/rectification", data={
        "contract": NUMBER, "findings-0-finding": "记录缺签字", "findings-0-basis": "合同第七条",
        "_key": "a-key-of-a-form",
    })

    assert answer.status_code == 303, answer.text
    rows = doors.session.execute(select(text("state")).select_from(text("cases")).where(text("kind = 'rectification'")))
    assert rows.scalars().all() == ["ordered"]


@pytest.mark.parametrize("who", ["staff", "project_officer", "buyer", "finance_officer", "auditor"])
def test_everybody_who_takes_part_sees_the_contract(doors: Doors, who: str):
    assert "社区为老服务项目" in doors.page(who)


def test_the_pages_of_every_case_of_delivery_open_for_those_who_wait(doors: Doors):
    evaluator = login_of(doors.session, doors.delivery.actors["evaluator"])
    number = doors.open("evaluation", "project_officer", {"contract": NUMBER, "stage": "mid", "evaluator": evaluator})
    asked = doors.open("acceptance", "staff", {"contract": doors.delivery.contract_id, "standards": STANDARDS})
    for who, address in (
        ("evaluator", f"/cases/{number}"), ("evaluator", f"/cases/{number}/do/score"), ("staff", f"/cases/{number}"),
        ("buyer", f"/cases/{asked}"), ("buyer", f"/cases/{asked}/do/accept"),
        ("staff", "/apply/milestone_report"), ("project_officer", "/apply/evaluation"),
    ):
        answer = doors.browser(who).get(address)
        assert answer.status_code == 200, (who, address, answer.text[-2000:])
    score = doors.browser("evaluator").get(f"/cases/{number}/do/score").text
    assert score.count('name="scores-') >= 18
