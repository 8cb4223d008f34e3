"""The whole life of one organization of the published register, through the doors, from its hub to its last payment.

The organization's name and code are real; its people, dates, amounts and whatever it does here are invented.
"""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from nacl import pwhash

from app.access.models import Node
from app.clock import SHANGHAI, business_now
from app.demo.building import Builder
from app.demo.district import OLD_NAME, PASSWORD, THIRD_NAME
from app.demo.incubation import REVIEW
from app.extensions import db
from app.organizations.models import Organization
from app.purchasing import sealing
from app.purchasing.commands import group as purchasing
from tests.browsing import form_on
from tests.builders_audit import verified
from tests.builders_delivery import STANDARDS, inspection, scores_data
from tests.builders_purchasing import CRITERION, PASSPHRASE, data_of
from tests.journeys.test_real_register import a_real_organization, a_town_with_the_register
from tests.journeys.town import MOVED, Town
from tests.seeded import sign_now
from workflows.rules.money import format_yuan

CATALOGUE = "beijing_purchase_catalogue_2022_1537.csv"
LOT_FEN, PRICE_FEN = 90_000_00, 88_888_31
SHARES = (("none", 4000), ("report", 1000), ("mid_evaluation", 2000), ("final_evaluation", 1000), ("acceptance", 2000))
OFFICERS = ("project", "buyer", "buyer2")
# Of the catalogue that was imported last: the city's own, not the demo's few lines.
ITEM = """
SELECT min(id) FROM catalogue_items WHERE level = 3 AND catalogue_id = (SELECT max(id) FROM catalogues)
"""
PARTS_FEN = (35_555_32, 8_888_83, 17_777_66, 8_888_83, 17_777_67)


@pytest.fixture(scope="module")
def town(server, tmp_path_factory, shared) -> Iterator[Town]:
    """The demo's district with the published register and the city's catalogue in it."""
    with a_town_with_the_register(server, tmp_path_factory, shared, "journey_life") as made:
        if not (shared / CATALOGUE).is_file():
            pytest.skip(f"needs third-party data, which is not here: {CATALOGUE}")
        result = made.app.test_cli_runner().invoke(purchasing, ["catalogue", "import", str(shared / CATALOGUE)])
        assert result.exit_code == 0, result.output
        yield made


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


DUE = """
SELECT max(k.due_at) FROM clocks k JOIN cases c ON c.id = k.case_id
 WHERE c.number = :n AND k.stopped_at IS NULL AND k.paused_since IS NULL
"""


@dataclass
class Life:
    """The organization in its town; everybody acts over JSON with the example that the API offers."""

    town: Town
    organization: int
    name: str
    numbers: dict[str, str] = field(default_factory=dict)
    keys: Any = field(default_factory=lambda: count(1))

    def open(self, login: str, kind: str, trigger: str, **said: Any) -> str:
        """Open a case; return its number."""
        headers = {"Idempotency-Key": f"life-{next(self.keys)}"}
        answer = self.town.program(login).post(
            f"/api/v1/cases/{kind}", json={"data": data_of(kind, trigger, **said)}, headers=headers
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json["number"])

    def move(self, login: str, number: str, trigger: str, **said: Any) -> str:
        """Move a case; return its state."""
        program = self.town.program(login)
        case = program.get(f"/api/v1/cases/{number}").json
        offered = {each["trigger"]: each for each in case["allowed"]}
        assert trigger in offered, (trigger, case["state"], case["refused"])
        answer = program.post(
            f"/api/v1/cases/{case['kind']}/{number}/{trigger}",
            json={"data": offered[trigger]["example"] | said, "revision": case["revision"]},
            headers={"Idempotency-Key": f"life-{next(self.keys)}"},
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json["state"])

    def wait_out(self, number: str) -> None:
        """Let the administrator of the demo move the clock past what runs in the case, however many days off come."""
        due = self.town.one(DUE, n=number)
        until = due.astimezone(SHANGHAI).date() + timedelta(days=1)
        answer = self.town.person("admin").client.post("/demo/clock", data={"until": until.isoformat()})
        assert answer.status_code == 303, answer.text

    def person(self, login: str) -> int:
        """Return the id of somebody."""
        return self.town.members[login].actor.person_id or 0

    def office(self) -> int:
        """Return the node of the office that buys."""
        return int(self.town.one("SELECT node_id FROM budget_lines WHERE id = :id", id=self.town.line()))

    def add(self, name: str, login: str, role: str, node: int) -> None:
        """Let somebody begin to work here."""
        with self.town.app.app_context():
            builder = Builder(db.session, self.town.app.config["DOCUMENTS"], business_now(db.session))
            place = [(role, db.session.get_one(Node, node))]
            self.town.members[login] = builder.person(name, login, place, password=PASSWORD)

    def submitted(self, answer: Any) -> str:
        """Return the number of the case whose page the answer leads to."""
        return str(answer.headers["Location"].split("/")[2])


# -- 1: the register, the hub, the incubator


def it_is_confirmed_and_joins_the_hub(life: Life) -> None:
    town, hub = life.town, life.town.one("SELECT node_id FROM hubs")
    town.person("registrar").fill(
        f"/organizations/{life.organization}", registered_on="2026-03-20", authority="北京市西城区民政局",
        evidence="法人登记证书原件，编号示例1号",
    )
    answer = town.person("real").fill("/apply/affiliation", hub=str(hub), wants_primary="y")
    life.numbers["affiliation"] = life.submitted(answer)
    town.person("hub").decide(life.numbers["affiliation"], "accept")


def it_is_incubated(life: Life) -> None:
    town, staff = life.town, life.town.person("real")
    number = life.numbers["incubation"] = life.submitted(staff.fill(
        "/apply/incubation", incubator=str(town.one("SELECT node_id FROM incubators")), mode="on_site",
        mission="为社区独居老人提供探访服务。", team_size="5",
        files=["documents-entry_form-file", "documents-work_plan-file"],
    ))
    experts = ("expert", "expert2", "expert3")
    life.move("incubator", number, "pass_preliminary", experts=[{"person": life.person(each)} for each in experts])
    for login in experts:
        review = town.rows(REVIEW.text, number=number, person=life.person(login))[0].number
        life.move(login, review, "declare")
        life.move(login, review, "submit_scores")
    assert life.move("registrar", number, "publish") == "publicized"
    life.wait_out(number)
    staff.fill(f"/cases/{number}/do/sign_agreement", declaration="y",
               files=["documents-agreement-file", "documents-commitment-file"])
    life.move("real", number, "submit_log")
    life.move("incubator", number, "start_mid_review")
    life.move("incubator", number, "continue_incubation")
    staff.fill(
        f"/cases/{number}/do/apply_graduation", summary="完成试点，服务300人次。", bank_account="y",
        party_building="y", files=[f"documents-{slot}-file" for slot in
                                   ("graduation_report", "audit_report", "project_evidence")],
    )
    life.move("registrar", number, "graduate")
    assert life.move("incubator", number, "hand_over") == "handed_over"


# -- 2: programme, plan, call, bids, review, award, contract


def a_call_is_published(life: Life) -> int:
    town, office = life.town, life.office()
    with town.app.app_context():
        year = business_now(db.session).astimezone(SHANGHAI).year
    entered = life.open("buyer", "programme", "enter", office=office, cap_fen=LOT_FEN, year=year)
    life.move("buyer2", entered, "confirm")
    rules = town.one("SELECT p.id FROM programmes p JOIN cases c ON c.id = p.case_id WHERE c.number = :n", n=entered)
    plan = life.numbers["plan"] = life.open(
        "project", "plan", "propose", budget_line=town.line(), programme=rules,
        catalogue_item=town.one(ITEM), amount_fen=LOT_FEN,
        method="consultation", method_reason="需求复杂，宜当面磋商。", negative=None,
    )
    life.move("buyer", plan, "approve")
    for login in OFFICERS:
        key = life.open(login, "opening_key", "enrol", office=office, passphrase=PASSPHRASE)
        life.move(login, key, "rehearse", passphrase=PASSPHRASE)
    with town.app.app_context():
        now = business_now(db.session)
    due = now + timedelta(days=15)
    call = life.numbers["call"] = life.open(
        "project", "call", "draft", plan=town.one("SELECT id FROM cases WHERE number = :n", n=plan),
        bids_due_at=due.isoformat(), documents_until=due.date().isoformat(),
        packages=[{"title": "为老探访服务", "amount_fen": LOT_FEN}],
        **{f"officer_{n}": life.person(login) for n, login in enumerate(OFFICERS, start=1)},
    )
    life.move("buyer", call, "publish")
    ((package, number),) = town.rows("""
        SELECT c.id, c.number FROM packages p JOIN cases c ON c.id = p.case_id JOIN cases k ON k.id = p.call_id
         WHERE k.number = :n
    """, n=call)
    life.numbers["package"] = number
    return int(package)


def three_bid_and_the_bids_are_opened(life: Life, package: int) -> list[str]:
    bids = []
    bidders = {"real": life.name, "staff2": OLD_NAME, "staff3": THIRD_NAME}
    for login, price in zip(bidders, (PRICE_FEN, 89_000_00, 90_000_00), strict=True):
        owner = life.town.one("SELECT id FROM organizations WHERE name = :name", name=bidders[login])
        bids.append(life.open(
            login, "bid", "hand_in", organization=owner, package=package, price_fen=price, partners=[], documents=[],
            budget=[{"name": "社工服务", "amount_fen": price}], declaration=True,
        ))
    life.numbers["bid"] = bids[0]
    number = life.numbers["package"]
    life.wait_out(number)
    life.move("project", number, "open_bids", officer=life.person("project"), passphrase=PASSPHRASE,
              second_officer=life.person("buyer"), second_passphrase=PASSPHRASE)
    for bid in bids:
        life.move("project", bid, "qualify")
    assert life.move("project", number, "finish_qualification") == "qualified"
    return bids


def experts_rank_it_first(life: Life, bids: list[str]) -> None:
    town, number = life.town, life.numbers["package"]
    life.add("新聘", "new-expert", "expert", town.one("SELECT id FROM nodes WHERE code = '110102'"))
    entry = life.open("project", "pool_entry", "enter", office=life.office(), person=life.person("new-expert"),
                      employer_uscc=None)
    life.move("buyer", entry, "confirm")
    logins = {life.person(login): login for login in town.members}
    life.move("project", number, "publish_pool")
    sign_now(town.app)
    life.move("project", number, "draw_experts")
    seats = town.rows("""
        SELECT c.number, r.person_id FROM bid_reviews r JOIN cases c ON c.id = r.case_id
          JOIN cases p ON p.id = r.package_id WHERE p.number = :n
    """, n=number)
    scores = [{"bid": bid, "criterion": CRITERION, "points": 90 - 15 * place, "remark": "理由充分"}
              for place, bid in enumerate(bids)]
    for seat in seats:
        life.move(logins[seat.person_id], seat.number, "declare",
                  bidders=[{"bid": bid, "relation": "none"} for bid in bids])
        life.move(logins[seat.person_id], seat.number, "submit_scores", scores=scores, opinion=None)
    for seat in seats:
        life.move(logins[seat.person_id], seat.number, "agree")
    assert life.move("project", number, "finish_review") == "ranked"
    again = town.app.test_cli_runner().invoke(purchasing, ["draw", "verify", number])
    assert again.exit_code == 0, again.output


def it_is_awarded_and_signs(life: Life) -> int:
    town, number = life.town, life.numbers["package"]
    bid = town.one("SELECT id FROM cases WHERE number = :n", n=life.numbers["bid"])
    life.move("buyer2", number, "confirm_candidate", candidate=bid)
    life.wait_out(number)
    life.move("buyer", number, "award")
    contract = life.numbers["contract"] = town.one("""
        SELECT c.number FROM cases c JOIN cases p ON p.id = c.parent_id WHERE c.kind = 'contract' AND p.number = :n
    """, n=number)
    terms = [{"share_bp": share, "condition": f"第{n}期", "waits_for": gate}
             for n, (gate, share) in enumerate(SHARES, start=1)]
    with town.app.app_context():
        ends_on = (business_now(db.session) + timedelta(days=200)).date().isoformat()
    life.move("project", contract, "send", title="为老探访服务合同", ends_on=ends_on, instalments=terms)
    life.move("real", contract, "agree", documents=[])
    life.move("buyer2", contract, "sign")
    life.move("project", contract, "publish")
    assert life.move("project", contract, "file_copy") == "in_performance"
    return int(town.one("SELECT id FROM contracts WHERE number = :n", n=number))


# -- 3: delivery, and a payment after every step of it


def pay(life: Life, contract: int, position: int) -> None:
    """Ask for an instalment on the pages and take it to the bank line that proves it."""
    town, staff, words = life.town, life.town.person("real"), format_yuan(PARTS_FEN[position - 1])
    part = town.one("SELECT id FROM instalments WHERE contract_id = :c AND position = :p", c=contract, p=position)
    assert str(part) in dict(form_on(staff.see("/apply/payment"), "/apply/payment").options["instalment"])
    number = life.numbers[f"payment {position}"] = life.submitted(staff.fill(
        "/apply/payment", instalment=str(part), invoice_no=f"2611700000001234567{position}", payee_name=life.name,
        payee_bank="示例银行西城支行", payee_account="0200001209001234567", report="入户探访 120 人次。",
        files=["documents-invoice-file", "documents-stage_report-file"],
    ))
    town.person("project").decide(number, "check_business", opinion="一致。")
    town.person("finance").decide(number, "check_finance", opinion="无误。")
    town.person("approver").decide(number, "approve", amount_fen=words, account_end="4567")
    town.person("cashier").decide(number, "instruct")
    bank = town.person("finance").client
    statement = bank.get("/statements/sample.csv").data
    assert bank.post("/statements", data={"statement": (io.BytesIO(statement), f"s{position}.csv")}).status_code == 303
    assert "Paid" in staff.see(f"/cases/{number}")


def evaluated(life: Life, stage: str) -> None:
    """Let beneficiaries rate and the third party evaluate; publish, accept."""
    number = life.numbers[f"{stage} evaluation"] = life.open(
        "project", "evaluation", "commission", contract=life.numbers["package"], stage=stage, evaluator="evaluator"
    )
    life.move("evaluator", number, "hand_out_codes", count=12)
    shown = life.town.person("evaluator").client.post(f"/evaluations/{number}/codes").text
    anybody = life.town.app.test_client()
    for code in [part.split("<")[0] for part in shown.split("/rate/")[1:]]:
        assert anybody.post(f"/rate/{code}", data={"stars": "5", "comment": ""}).status_code == 200
    life.move("evaluator", number, "score", **scores_data(stage), documents=[])
    life.move("project2", number, "publish_result")
    assert life.move("real", number, "accept_result") == "final"


def it_delivers_and_is_paid_to_the_last_fen(life: Life, contract: int) -> None:
    town = life.town
    pay(life, contract, 1)
    second = town.one("SELECT id FROM instalments WHERE contract_id = :c AND position = 2", c=contract)
    report = life.numbers["report"] = life.open(
        "real", "milestone_report", "submit", organization=life.organization, instalment=second, documents=[]
    )
    assert life.move("project", report, "accept_report") == "accepted"
    pay(life, contract, 2)
    evaluated(life, "mid")
    pay(life, contract, 3)
    evaluated(life, "final")
    pay(life, contract, 4)
    asked = life.numbers["acceptance"] = life.open(
        "real", "acceptance", "request", organization=life.organization, contract=contract, standards=STANDARDS,
        documents=[],
    )
    assert life.move("buyer", asked, "accept", **inspection("met", "met"), documents=[]) == "accepted"
    pay(life, contract, 5)
    life.numbers["closure"] = life.open("project", "closure", "close", contract=life.numbers["package"])


# -- 4: what everybody sees of it


def every_account_ends_where_it_should(life: Life, before: dict[str, int]) -> None:
    told = life.town.program("finance").get(f"/api/v1/budget-lines/{life.town.line()}").json
    after = {part: told[f"{part}_fen"] for part in MOVED}
    moved = {part: after[part] - before[part] for part in MOVED if after[part] != before[part]}
    there = life.town.rows("SELECT name, credits - debits AS fen FROM ledger_accounts"
                           " WHERE package = :p AND credits <> debits", p=life.numbers["package"])

    assert told["balanced"] is True
    assert moved == {"available": -PRICE_FEN, "paid": PRICE_FEN}
    assert {row.name: row.fen for row in there} == {"paid": PRICE_FEN}
    lines = life.town.rows("""
        SELECT p.amount_fen FROM payments p JOIN cases c ON c.id = p.case_id
         WHERE c.organization_id = :o AND c.state = 'paid' ORDER BY c.opened_at
    """, o=life.organization)
    assert [row.amount_fen for row in lines] == list(PARTS_FEN)


def the_page_of_the_organization_shows_it_all(life: Life) -> None:
    cases = {row.number for row in life.town.rows(
        "SELECT number FROM cases WHERE organization_id = :o", o=life.organization)}
    shown = {life.numbers[name] for name in (
        "incubation", "bid", "report", "mid evaluation", "final evaluation", "acceptance",
        *(f"payment {n}" for n in range(1, 6)),
    )}
    assert shown <= cases
    for login in ("real", "auditor"):
        page = life.town.person(login).see(f"/organizations/{life.organization}")
        missing = {name for name, number in life.numbers.items() if number in shown and number not in page}
        assert (login, missing) == (login, set())
        hub = f'href="/hubs/{life.town.one("SELECT node_id FROM hubs")}"'
        for words in (format_yuan(PRICE_FEN), life.numbers["package"], hub, life.name):
            assert words in page, (login, words)
    timeline = life.town.person("auditor").see(f"/organizations/{life.organization}/timeline")
    assert all(life.numbers[name] in timeline for name in ("payment 5", "acceptance", "closure"))


def the_auditor_takes_it_away_and_verifies_it(life: Life, folder: Any) -> None:
    auditor = life.town.person("auditor").client
    for format_ in ("csv", "xlsx"):
        taken = auditor.post("/audit/exports", data={
            "scope": "organization", "organization": str(life.organization), "format": format_})
        assert taken.status_code == 200, taken.status_code
    sign_now(life.town.app)
    bundle = auditor.post("/audit/exports", data={
        "scope": "organization", "organization": str(life.organization), "format": "bundle"})
    assert bundle.status_code == 200
    status, words = verified(folder / "bundle", bundle.data)
    assert status == 0, words
    with zipfile.ZipFile(io.BytesIO(bundle.data)) as opened:
        held = "".join(opened.read(each).decode("utf-8", "replace") for each in opened.namelist())
    cases = life.town.rows("SELECT number FROM cases WHERE organization_id = :o", o=life.organization)
    assert [row.number for row in cases if row.number not in held] == []


def test_one_of_the_register_lives_from_its_hub_to_the_last_payment_of_a_closed_project(town, tmp_path):
    life = Life(town, *a_real_organization(town))
    with town.app.app_context():
        works_at = db.session.get_one(Organization, life.organization).node_id
    life.add("真小名", "real", "staff", works_at)
    it_is_confirmed_and_joins_the_hub(life)
    it_is_incubated(life)
    told = town.program("finance").get(f"/api/v1/budget-lines/{town.line()}").json
    before = {part: told[f"{part}_fen"] for part in MOVED}

    bids = three_bid_and_the_bids_are_opened(life, a_call_is_published(life))
    experts_rank_it_first(life, bids)
    contract = it_is_awarded_and_signs(life)
    it_delivers_and_is_paid_to_the_last_fen(life, contract)

    assert town.one("SELECT state FROM cases WHERE number = :n", n=life.numbers["contract"]) == "closed"
    every_account_ends_where_it_should(life, before)
    the_page_of_the_organization_shows_it_all(life)
    the_auditor_takes_it_away_and_verifies_it(life, tmp_path)
