"""A year of contracts, as an office lives it: signed month by month, delivered well or badly, paid or sent back."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.access.actor import Actor
from app.cases.due import fire_due
from app.cases.perform import perform
from app.delivery.steps import make_codes, rate
from app.errors import MoveRefused
from app.ledger import steps
from app.ledger.steps import Because
from app.payments.statements import Importer, import_statement
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from tests.builders import District, make_actor, make_district, make_organization
from tests.builders_delivery import STANDARDS, inspection, scores_data
from tests.builders_ledger import MORNING
from tests.builders_payments import ACCOUNT, register
from tests.random_moves.bank import file_of

MONTHS = 12
LINES = 4
ORGANIZATIONS = 8
CONDITIONS = ("none", "report", "mid_evaluation", "final_evaluation", "acceptance")


@dataclass
class Contracted:
    """One contract under way, and what the year has in store for it."""

    contract_id: int
    number: str
    organization: int
    name: str
    staff: Actor
    fate: str
    deducts: bool
    closed: bool = False
    open_cases: dict[str, str] = field(default_factory=dict)


class Year:
    """The office, its people and its contracts. `given` is what was appropriated to each line, as the test did it."""

    def __init__(self, session: Any, chance: random.Random) -> None:
        self.session, self.chance, self.now, self.serial = session, chance, MORNING, 0
        self.place: District = make_district(session)
        office = self.place.buyer
        self.actors = dict(self.place.actors)
        self.actors["second_officer"] = make_actor(session, "另一经办人", ("project_officer", office.id))
        self.actors["buyer"] = make_actor(session, "示例负责人", ("buyer", office.id))
        self.actors["evaluator"] = make_actor(session, "示例评估人", ("evaluator", office.id))
        self.organizations = [self._organization(n) for n in range(ORGANIZATIONS)]
        self.given: dict[int, int] = {}
        for n in range(LINES):
            line = steps.open_budget_line(session, code=f"Y-{n}", name=f"专项{n}", year=2026, node_id=office.id)
            self.given[line.id] = 0
            self.appropriate(line.id, 400_000_000 + n)
        self.office_id, self.contracts = office.id, list[Contracted]()
        session.commit()

    def _organization(self, n: int) -> tuple[int, str, Actor]:
        organization = make_organization(self.session, self.place.district, f"全年服务中心{n}号")
        register(self.session, organization)
        staff = make_actor(self.session, f"全年经办{n}", ("staff", organization.node_id))
        return organization.id, organization.name, staff

    # -- money that no contract moves

    def appropriate(self, line_id: int, fen: int) -> None:
        """Give a line more money."""
        steps.appropriate(self.session, line_id, fen, Because(now=self.now, reference="下达"))
        self.given[line_id] += fen

    def curtail(self, line_id: int, fen: int) -> None:
        """Take money back that a line has not bound."""
        steps.curtail(self.session, line_id, fen, Because(now=self.now, reference="调减"))
        self.given[line_id] -= fen

    # -- contracts

    def sign(self) -> None:
        """Sign a contract in one to four instalments on some line."""
        number = f"QN-{len(self.contracts) + 1:03d}"
        organization, name, staff = self.chance.choice(self.organizations)
        parts = self.chance.randint(1, 4)
        cuts = sorted(self.chance.sample(range(500, 9500, 100), parts - 1))
        shares = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
        terms = [InstalmentTerm(share, "如约", self.chance.choice(CONDITIONS)) for share in shares]
        contract = sign_contract(self.session, ContractTerms(
            number=number, title=f"全年项目{number}", organization_id=organization, node_id=self.office_id,
            budget_line_id=self.chance.choice(list(self.given)), amount_fen=self.chance.randint(99_999, 9_999_999),
            signed_on=self.now.date(), ends_on=(self.now + timedelta(days=200)).date(), instalments=terms,
        ), now=self.now)
        fate = self.chance.choices(("good", "rejected", "abandoned", "rectified"), (7, 1, 1, 2))[0]
        self.contracts.append(Contracted(
            contract.id, number, organization, name, staff, fate, deducts=self.chance.random() < 0.3
        ))
        self.session.commit()

    def open(self, kind: str, trigger: str, by: Actor, data: dict[str, Any]) -> str:
        """Open a case; return its number."""
        return perform(self.session, kind=kind, trigger=trigger, actor=by, data=data, now=self.now).number

    def move(self, number: str, trigger: str, by: str | Actor, data: dict[str, Any] | None = None) -> None:
        """Move a case as it stands."""
        kind, revision = self.one("SELECT kind, revision FROM cases WHERE number = :n", n=number)
        actor = self.actors[by] if isinstance(by, str) else by
        perform(self.session, kind=kind, number=number, trigger=trigger, actor=actor, data=data or {},
                revision=revision, now=self.now)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """Return what the database answers."""
        found = self.session.execute(text(statement), values).all()
        self.session.rollback()
        return list(found)

    def one(self, statement: str, **values: Any) -> Any:
        """Return the only row."""
        (row,) = self.rows(statement, **values)
        return row

    # -- a month

    def month(self, new: int) -> None:
        """Sign contracts, deliver and pay some, let the bank answer, and let time pass."""
        for _ in range(new):
            self.sign()
        line = self.chance.choice(list(self.given))
        self.appropriate(line, self.chance.randint(1, 10**6))
        self.curtail(self.chance.choice(list(self.given)), self.chance.randint(1, 10**5))
        self.session.commit()
        for contract in self.contracts:
            if not contract.closed and self.chance.random() < 0.8:
                self._deliver(contract)
                self._apply(contract)
        for _ in range(2):
            self._decide_on_payments()
            self._bank()
        self.now += timedelta(days=30)
        fire_due(self.session, self.now)

    def _deliver(self, contract: Contracted) -> None:
        if contract.fate == "abandoned":
            return
        waits = self.rows(
            "SELECT id, position, waits_for FROM instalments WHERE contract_id = :c ORDER BY position",
            c=contract.contract_id,
        )
        wanted = {part.waits_for for part in waits}
        for part in waits:
            if part.waits_for == "report":
                self._once(contract, f"report{part.position}", self._report, part.id)
        for stage in ("mid", "final"):
            if f"{stage}_evaluation" in wanted:
                self._once(contract, stage, self._evaluate, stage)
        if contract.fate == "rectified":
            self._once(contract, "rectification", self._rectify)
        if self.chance.random() < 0.5:
            self._once(contract, "acceptance", self._accept)
        if "acceptance" in contract.open_cases and contract.fate == "good" and self.chance.random() < 0.4:
            self._close(contract)

    def _once(self, contract: Contracted, what: str, act: Any, *more: Any) -> None:
        if what not in contract.open_cases:
            contract.open_cases[what] = act(contract, *more)

    def _report(self, contract: Contracted, instalment: int) -> str:
        data = {"instalment": instalment, "done": "完成。", "organization": contract.organization,
                "indicators": [{"name": "人次", "planned": 10, "achieved": 9}]}
        number = self.open("milestone_report", "submit", contract.staff, data)
        if self.chance.random() < 0.2:
            self.move(number, "reject", "project_officer", {"reason": "与记录不符。"})
            number = self.open("milestone_report", "submit", contract.staff, data)
        self.move(number, "accept_report", "project_officer", {"opinion": "一致。"})
        return number

    def _evaluate(self, contract: Contracted, stage: str) -> str:
        (login,) = self.one("SELECT login FROM accounts WHERE id = :a", a=self.actors["evaluator"].account_id)
        number = self.open("evaluation", "commission", self.actors["project_officer"], {
            "contract": contract.number, "stage": stage, "evaluator": login,
        })
        self.move(number, "hand_out_codes", "evaluator", {"count": 12})
        (case_id,) = self.one("SELECT id FROM cases WHERE number = :n", n=number)
        codes = make_codes(self.session, case_id)
        self.session.commit()
        for code in codes:
            assert rate(self.session, code, stars=self.chance.randint(4, 5), comment="", on=self.now.date())
        self.move(number, "score", "evaluator", scores_data(stage))
        self.move(number, "publish_result", "second_officer")
        if self.chance.random() < 0.5:
            self.move(number, "accept_result", contract.staff)
        return number

    def _rectify(self, contract: Contracted) -> str:
        number = self.open("rectification", "order", self.actors["project_officer"], {
            "contract": contract.number, "findings": [{"finding": "缺签字", "basis": "合同第七条"}],
        })
        contract.fate = "good"
        if self.chance.random() < 0.7:
            self.move(number, "answer", contract.staff, {"answer": "已补。"})
            self.move(number, "confirm_done", "second_officer", {"opinion": "到位。"})
        return number

    def _accept(self, contract: Contracted) -> str:
        if self._rectifying(contract):
            return self._later(contract, "acceptance")
        data = {"contract": contract.contract_id, "standards": STANDARDS, "organization": contract.organization}
        number = self.open("acceptance", "request", contract.staff, data)
        if contract.fate == "rejected":
            self.move(number, "reject", "buyer", {"reason": "未完成。"})
        elif contract.deducts and self._last_is_free(contract):
            self.move(number, "accept_with_deduction", "buyer", inspection(
                "met", "not_met", deduction_fen=self.chance.randint(1, 900), reason="少两场活动。"
            ))
        else:
            self.move(number, "accept", "buyer", inspection("met", "met"))
        return number

    def _later(self, contract: Contracted, what: str) -> str:
        contract.open_cases.pop(what, None)
        return ""

    def _rectifying(self, contract: Contracted) -> bool:
        return bool(self.rows("SELECT FROM rectifications WHERE contract_id = :c AND ended_at IS NULL",
                              c=contract.contract_id))

    def _last_is_free(self, contract: Contracted) -> bool:
        return bool(self.rows(
            "SELECT FROM instalments i WHERE contract_id = :c AND amount_fen > 1000 AND NOT EXISTS (SELECT FROM"
            " payments p WHERE p.instalment_id = i.id AND p.released_at IS NULL) AND position ="
            " (SELECT max(position) FROM instalments l WHERE l.contract_id = :c)", c=contract.contract_id,
        ))

    def _close(self, contract: Contracted) -> None:
        try:
            self.open("closure", "close", self.actors["project_officer"], {
                "contract": contract.number, "summary": "结项。", "confirmed": True,
            })
        except MoveRefused:
            return  # a payment is under way, or something is left to be put right
        contract.closed = True

    # -- payments

    def _apply(self, contract: Contracted) -> None:
        free = self.rows(
            "SELECT i.id FROM instalments i WHERE contract_id = :c AND NOT EXISTS (SELECT FROM payments p"
            " WHERE p.instalment_id = i.id AND p.released_at IS NULL) ORDER BY position LIMIT 1",
            c=contract.contract_id,
        )
        if not free or contract.closed:
            return
        invoice = self.session.execute(text(
            "INSERT INTO documents (sha256, size, media_type, name, organization_id, uploaded_by, uploaded_at, issued)"
            " VALUES (:sha, 1, 'application/pdf', '发票.pdf', :o, :p, :now, false) RETURNING id"
        ), {"sha": f"{self.chance.getrandbits(256):064x}", "o": contract.organization,
            "p": contract.staff.person_id, "now": self.now}).scalar_one()
        self.session.commit()
        try:
            self.open("payment", "apply", contract.staff, {
                "instalment": free[0].id, "invoice_no": "26117000000012345678", "payee_name": contract.name,
                "payee_bank": "示例银行", "payee_account": ACCOUNT, "report": "完成。",
                "organization": contract.organization,
                "documents": [{"slot": "invoice", "document_id": invoice}],
            })
        except MoveRefused:
            return  # its condition is not met yet, or something has to be put right first

    def _decide_on_payments(self) -> None:
        """Take every payment a step or two further; some are returned, refused, suspended."""
        for number, state, amount in self.rows(
            "SELECT c.number, c.state, p.amount_fen FROM payments p JOIN cases c ON c.id = p.case_id"
            " WHERE c.closed_at IS NULL ORDER BY c.id"
        ):
            if self.chance.random() < 0.15:
                continue
            try:
                self._decide(number, state, amount)
            except MoveRefused:
                continue  # a rectification order stands against it

    def _decide(self, number: str, state: str, amount: int) -> None:
        odd = self.chance.random()
        if state == "applied":
            if odd < 0.05:
                return self.move(number, "refuse", "project_officer", {"reason": "未达到约定。"})
            self.move(number, "check_business", "project_officer", {"opinion": "一致。"})
            state = "business_checked"
        if state == "business_checked":
            self.move(number, "check_finance", "finance_officer", {"opinion": "一致。"})
            state = "finance_checked"
        if state == "finance_checked" and odd < 0.8:
            self.move(number, "approve", "finance_approver", {"amount_fen": amount, "account_end": ACCOUNT[-4:]})
            state = "approved"
        if state == "suspended":
            return self.move(number, "resume", "finance_officer")
        if state == "approved" and odd < 0.1:
            return self.move(number, "suspend", "finance_officer", {"reason": "核实账户。"})
        if state == "approved" and odd < 0.7:
            self.move(number, "instruct", "cashier")
        return None

    def _bank(self) -> None:
        """Let the bank pay, send back, repeat itself, get a sum wrong, and name what nobody sent."""
        lines: list[tuple[int, int, str]] = [(self.chance.randint(1, 10**6), 0, "手续费")]
        for number, amount in self.rows(
            "SELECT instruction_no, amount_fen FROM payment_instructions WHERE outcome IS NULL ORDER BY id"
        ):
            answer = self.chance.choices(("paid", "back", "wrong", "twice", "silence"), (12, 3, 1, 1, 2))[0]
            if answer in ("paid", "back", "twice"):
                lines.append((amount, 0, number))
            if answer == "twice":
                lines.append((amount, 0, number))
            if answer == "back":
                lines.append((0, amount, f"退票{number}"))
            if answer == "wrong":
                lines.append((amount - 1 or 2, 0, number))
        self.serial += 1000
        data = file_of(lines, first=self.serial, on=self.now.date().isoformat())
        by = Importer(self.actors["finance_officer"], self.office_id, self.now, "bank")
        for _ in range(2):  # the same file taken in twice changes nothing more
            import_statement(self.session, data, by)
