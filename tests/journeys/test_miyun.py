"""A published table of contracts, bought again: every package from the call to the contract of the table, to the fen.

The tables tell the winners only. Two losing bidders are invented, and their names say so; so are all credit codes,
prices of losing bids, experts and days. The method of the purchase is not in the tables either.
"""

import csv
import itertools
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from nacl import pwhash
from sqlalchemy import select, text

from app.access.models import Person
from app.cases.due import fire_due
from app.cases.models import Case
from app.organizations.commands import registry
from app.organizations.models import Organization
from app.organizations.queries import is_registered
from app.organizations.steps import Certificate, confirm_entry
from app.purchasing import sealing
from app.purchasing.awarding import Award
from app.purchasing.models import Contract
from app.purchasing.tendering import BidRanking, Package
from tests.browsing import form_on
from tests.builders import make_actor, make_district
from tests.builders_access import apart, browser_of, token_of
from tests.builders_purchasing import (
    CRITERION,
    DUE,
    PASSPHRASE,
    REVIEW,
    Bidder,
    Office,
    a_bid,
    a_plan,
    a_programme,
    an_expert,
    an_office,
    call_data,
    moved,
    opened,
    sign_log,
    some_officers,
    state_of,
)
from tests.conftest import SHARED
from tests.contract_tables import COLUMNS, BadTable, SoldProject, sold_projects
from workflows.rules.money import format_yuan
from workflows.rules.uscc import issue

TABLES = sorted((SHARED / "data").glob("*social_service_contracts*.csv"))
LOSERS = ("测试虚构落标单位甲", "测试虚构落标单位乙")
POINTS = (90, 70, 60)
TRAPS = [
    ("007", "XM001", "10", "示例项目", "示例单位", "示例甲社会工作事务所", '"1,234,567.80"'),
    ("007", "XM001", "2", "示例项目", "示例单位", "示例乙服务有限公司", "410.19"),
    ("007", "XM001", "001", "示例项目", "示例单位", "示例甲社会工作事务所", '"70,000"'),
    ("007", "XM001", "009", "示例项目", "示例单位", '"示例丙中心（""示例""）"', "0.07"),
    ("008", "XM001", "1", "又一项目", "示例单位", "示例甲社会工作事务所", "70000.5"),
]
_codes = itertools.count(800_000)


def a_table(folder: Path, rows: list[tuple[str, ...]]) -> Path:
    """Write an invented table with the traps of real ones."""
    path = folder / "invented.csv"
    path.write_text("\n".join(",".join(row) for row in (COLUMNS, *rows)) + "\n", encoding="utf-8-sig")
    return path


def projects_to_buy() -> list[Any]:
    """Return every project of every such table in the shared folder."""
    found = [
        pytest.param(project, id=f"{path.stem}:{project.number}") for path in TABLES for project in sold_projects(path)
    ]
    missing = pytest.mark.skip(reason=f"needs a table like *social_service_contracts*.csv in {SHARED / 'data'}")
    return found or [pytest.param(None, id="no table", marks=missing)]


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


# -- the reader


def test_package_ten_comes_after_nine_and_amounts_are_exact_however_they_are_printed(tmp_path):
    first, second = sold_projects(a_table(tmp_path, TRAPS))

    assert [(each.number, each.supplier, each.amount_fen) for each in first.packages] == [
        (1, "示例甲社会工作事务所", 70_000_00), (2, "示例乙服务有限公司", 410_19),
        (9, '示例丙中心（"示例"）', 7), (10, "示例甲社会工作事务所", 1_234_567_80),
    ]
    assert (first.number, first.total_fen, second.total_fen) == ("007-XM001", 1_304_978_06, 70_000_50)
    assert first.suppliers == {"示例甲社会工作事务所": 2, "示例乙服务有限公司": 1, '示例丙中心（"示例"）': 1}


def test_every_bad_line_is_named_with_its_reason_and_nothing_is_taken(tmp_path):
    bad = [(*TRAPS[0][:2], "010", *TRAPS[0][3:]), (*TRAPS[1][:6], "410.195"), (*TRAPS[1][:2], "x", *TRAPS[1][3:])]

    with pytest.raises(BadTable) as refused:
        sold_projects(a_table(tmp_path, [*TRAPS, *bad]))
    assert [part.split(":")[0] for part in str(refused.value).split("; ")] == ["line 7", "line 8", "line 9"]
    assert "twice" in str(refused.value)
    other = tmp_path / "other.csv"
    other.write_text("contract_code,supplier\n1,x\n")
    with pytest.raises(BadTable, match="columns are missing: amount_cny"):
        sold_projects(other)


def test_the_published_table_has_a_project_of_24_packages_18_suppliers_and_1_700_000_yuan(shared):
    path = shared / "miyun_social_service_contracts_2023.csv"
    if not path.is_file():
        pytest.skip(f"needs third-party data, which is not here: {path.name}")
    (project,) = [each for each in sold_projects(path) if each.number == "11011823210200001780-XM001"]

    assert [package.number for package in project.packages] == list(range(1, 25))
    assert (len(project.suppliers), format_yuan(project.total_fen)) == (18, "1,700,000.00")
    assert sorted(project.suppliers.values(), reverse=True)[:4] == [4, 3, 2, 1]


# -- the road


@dataclass
class Road:
    """A project on its way: the office that buys it, who bids, and its packages in their order."""

    session: Any
    app: Any
    project: SoldProject
    office: Office
    registrar: Any
    bidders: dict[str, Bidder]
    buyer: Any = None
    packages: tuple[Any, ...] = ()
    bids: tuple[tuple[str, ...], ...] = ()

    @property
    def officer(self) -> Any:
        """Who runs the purchase."""
        return self.office.project_officer

    def move(self, number: str, trigger: str, actor: Any, at: Any, **data: Any) -> Any:
        """Make a move."""
        return moved(self.session, self.office, number, trigger, actor, at=at, **data)

    def see(self, actor: Any, address: str) -> str:
        """Open a page as somebody."""
        client = browser_of(self.app, self.session, self.session.get(Person, actor.person_id))
        answer = apart(client.get, address)
        assert answer.status_code == 200, (address, answer.status_code)
        return answer.get_data(as_text=True)


def the_start(app: Any, session: Any, project: SoldProject, folder: Path) -> Road:
    """Open the office with exactly the money of the table, and the register with its suppliers."""
    place = make_district(session, "110118")
    place.buyer.name_zh = project.buyer
    office = an_office(session, budget_fen=project.total_fen, place=place)
    road = Road(session, app, project, office, place.actors["registrar"], {})
    runner = app.test_cli_runner()
    names = [*project.suppliers, *LOSERS]
    companies = [name for name in names if "公司" in name]
    codes = {name: issue("91" if name in companies else "52", "110118", f"MJ{next(_codes)}") for name in names}
    with (folder / "register.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("name", "uscc"), *((n, codes[n]) for n in names if n not in companies)])
    results = [runner.invoke(registry, ["import", str(folder / "register.csv")])]
    results += [runner.invoke(registry, ["supplier", name, codes[name]]) for name in companies]
    assert [result.output for result in results if result.exit_code] == []
    for name in names:
        supplier = session.scalars(select(Organization).where(Organization.uscc == codes[name])).one()
        assert not is_registered(session, supplier.id)
        confirm_entry(
            session, organization_id=supplier.id, person_id=road.registrar.person_id, now=office.now,
            certificate=Certificate(office.now.date() - timedelta(days=900), "示例登记机关", "示例证书"),
        )
        staff = make_actor(session, f"{name}经办", ("staff", supplier.node_id))
        road.bidders[name] = Bidder(supplier.id, codes[name], staff)
    road.buyer = make_actor(session, "定标负责人", ("buyer", office.node_id))
    session.commit()
    return road


def the_call(road: Road) -> None:
    """Programme, plan and a call with every package; all money of the line is reserved, lot by lot."""
    session, office, lots = road.session, road.office, road.project.packages
    largest = max(lot.amount_fen for lot in lots)
    programme = a_programme(session, office, cap_fen=largest, most_per_organization=None, price_bp=0)
    plan = a_plan(session, office, programme, amount_fen=road.project.total_fen, method="consultation",
                  method_reason="公开数据未载明采购方式，此处为测试所设。")
    officers = some_officers(session, office)
    rows = [{"title": f"第{lot.number}包 {road.project.name}"[:120], "amount_fen": lot.amount_fen} for lot in lots]
    call = opened(session, office, "call", "draft", road.officer,
                  **call_data(session, plan, officers, title=road.project.name[:120], packages=rows))
    road.move(call.number, "publish", office.buyer, office.now + timedelta(minutes=2))
    query = select(Case.id, Case.number).join(Package, Package.case_id == Case.id).order_by(Package.position)
    road.packages = tuple(session.execute(query))
    session.commit()
    bidder = road.bidders[lots[0].supplier]
    offered = form_on(road.see(bidder.staff, "/apply/bid?lang=en"), "/apply/bid").options["package"]
    assert [value for value, _words in offered if value] == [str(row.id) for row in road.packages]


def the_bids(road: Road) -> None:
    """Three sealed bids for each package: the table's supplier at the table's amount, and two invented ones below."""
    made = []
    for row, lot in zip(road.packages, road.project.packages, strict=True):
        prices = (lot.amount_fen, max(1, lot.amount_fen - 1), max(1, lot.amount_fen - 2))
        made.append(tuple(
            a_bid(road.session, road, road.bidders[name], package=row.id, price_fen=price,
                  budget=[{"name": "社工服务", "amount_fen": price}])
            for name, price in zip((lot.supplier, *LOSERS), prices, strict=True)
        ))
    road.bids = tuple(made)


def the_opening(road: Road) -> None:
    """Two officers open each package after the deadline; everybody qualifies."""
    session, officers = road.session, (road.officer, road.office.buyer)
    fire_due(session, DUE)
    said = {"officer": officers[0].person_id, "passphrase": PASSPHRASE, "minutes": None,
            "second_officer": officers[1].person_id, "second_passphrase": PASSPHRASE}
    for row, bids in zip(road.packages, road.bids, strict=True):
        road.move(row.number, "open_bids", road.officer, DUE + timedelta(hours=16), **said)
        for bid in bids:
            road.move(bid, "qualify", road.officer, REVIEW)
        road.move(row.number, "finish_qualification", road.officer, REVIEW)


def the_review(road: Road) -> None:
    """Three of five experts are drawn for each package, score blind and agree to the report; the supplier leads."""
    session, at = road.session, REVIEW + timedelta(hours=1)
    experts = [an_expert(session, road.office, f"示例专家{n}") for n in range(1, 6)]
    by_person = {expert.person_id: expert for expert in experts}
    for row in road.packages:
        road.move(row.number, "publish_pool", road.officer, REVIEW)
    sign_log(session)
    for row, bids in zip(road.packages, road.bids, strict=True):
        road.move(row.number, "draw_experts", road.officer, REVIEW)
        seats = session.execute(text(
            "SELECT c.number, r.person_id FROM bid_reviews r JOIN cases c ON c.id = r.case_id WHERE r.package_id = :p"
        ), {"p": row.id}).all()
        assert len(seats) == 3
        scores = [{"bid": bid, "criterion": CRITERION, "points": points, "remark": "理由充分"}
                  for bid, points in zip(bids, POINTS, strict=True)]
        for seat in seats:
            expert = by_person[seat.person_id]
            road.move(seat.number, "declare", expert, at, bidders=[{"bid": bid, "relation": "none"} for bid in bids])
            road.move(seat.number, "submit_scores", expert, at, scores=scores, opinion=None)
        for seat in seats:
            road.move(seat.number, "agree", by_person[seat.person_id], at)
        road.move(row.number, "finish_review", road.officer, at)


def the_contracts(road: Road) -> None:
    """The first of each ranking is published, awarded, and signs."""
    session, day = road.session, REVIEW + timedelta(days=1)
    for row in road.packages:
        first = session.scalars(select(BidRanking).where(BidRanking.package_id == row.id, BidRanking.position == 1))
        road.move(row.number, "confirm_candidate", road.buyer, day, candidate=first.one().bid_id)
    day += timedelta(days=6)
    fire_due(session, day)
    for row, lot in zip(road.packages, road.project.packages, strict=True):
        road.move(row.number, "award", road.office.buyer, day)
        contract = session.scalars(select(Case.number).where(Case.parent_id == row.id, Case.kind == "contract")).one()
        road.move(contract, "send", road.officer, day)
        road.move(contract, "agree", road.bidders[lot.supplier].staff, day)
        road.move(contract, "sign", road.buyer, day)


def the_line(road: Road) -> dict[str, int]:
    """Recount the budget line from its transfers alone, and read it on the page and in the API; return the parts."""
    session, line = road.session, road.office.line_id
    counted = dict(session.execute(text("""
        SELECT a.name, sum(CASE WHEN a.id = t.credit_id THEN t.amount ELSE -t.amount END)::bigint
          FROM transfers t JOIN ledger_accounts a ON a.id IN (t.credit_id, t.debit_id)
         WHERE t.budget_line_id = :line GROUP BY a.name
    """), {"line": line}).all())
    reader = session.get(Person, road.office.place.actors["finance_officer"].person_id)
    told = apart(road.app.test_client().get, f"/api/v1/budget-lines/{line}", headers=token_of(session, reader)).json
    parts = {name: told[f"{name}_fen"] for name in ("available", "reserved", "committed", "payable", "transit", "paid")}
    assert parts == {name: counted.get(name, 0) for name in parts}
    assert (told["appropriated_fen"], told["balanced"]) == (road.project.total_fen, True)
    page = road.see(road.office.place.actors["finance_officer"], f"/budget-lines/{line}?lang=en")
    for fen in parts.values():
        assert format_yuan(fen) in page
    return {name: fen for name, fen in parts.items() if fen}


def by_package(road: Road, account: str) -> dict[str, int]:
    """Return what stands in this account of each package, recounted from the transfers."""
    return {package: int(fen) for package, fen in road.session.execute(text("""
        SELECT a.package, sum(CASE WHEN a.id = t.credit_id THEN t.amount ELSE -t.amount END)
          FROM transfers t JOIN ledger_accounts a ON a.id IN (t.credit_id, t.debit_id)
         WHERE t.budget_line_id = :line AND a.name = :name AND a.package <> '' GROUP BY a.package
    """), {"line": road.office.line_id, "name": account}) if fen}


def from_call_to_contracts(app: Any, session: Any, project: SoldProject, folder: Path) -> None:
    """Buy a project, and compare everything with its table."""
    road = the_start(app, session, project, folder)
    the_call(road)
    numbers = [row.number for row in road.packages]
    amounts = dict(zip(numbers, (lot.amount_fen for lot in project.packages), strict=True))
    assert the_line(road) == {"reserved": project.total_fen}
    assert by_package(road, "reserved") == amounts

    the_bids(road)
    the_opening(road)
    the_review(road)
    assert the_line(road) == {"reserved": project.total_fen}
    the_contracts(road)

    signed = session.execute(
        select(Contract.number, Organization.name, Contract.amount_fen)
        .join(Organization, Organization.id == Contract.organization_id)
    ).all()
    assert {row.number: (row.name, row.amount_fen) for row in signed} == {
        number: (lot.supplier, lot.amount_fen) for number, lot in zip(numbers, project.packages, strict=True)
    }
    assert len(signed) == len(project.packages)
    assert the_line(road) == {"committed": project.total_fen}
    assert by_package(road, "committed") == amounts
    assert (by_package(road, "reserved"), by_package(road, "paid")) == ({}, {})
    states = {tuple(state_of(session, bid) for bid in bids) for bids in road.bids}
    assert states == {("won", "not_awarded", "not_awarded")}
    assert {state_of(session, number) for number in numbers} == {"contracted"}
    assert state_of(session, session.scalars(select(Case.number).where(Case.kind == "call")).one()) == "finished"
    assert len(session.scalars(select(Award)).all()) == len(project.packages)
    most, won = max(project.suppliers.items(), key=lambda each: each[1])
    page = road.see(road.bidders[most].staff, f"/organizations/{road.bidders[most].organization_id}?lang=en")
    assert sum(number in page for number in numbers) >= won


@pytest.mark.parametrize("project", projects_to_buy())
def test_a_published_project_runs_from_its_call_to_the_contracts_of_its_table(app, session, tmp_path, project):
    from_call_to_contracts(app, session, project, tmp_path)


def test_an_invented_little_table_with_every_trap_runs_the_same_way(app, session, tmp_path):
    project = sold_projects(a_table(tmp_path, TRAPS))[0]

    from_call_to_contracts(app, session, project, tmp_path)
