"""One invented city of the seed: every role held by somebody, every kind of case in several states."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from app.access.models import Node
from app.access.roles import ROLES
from app.demo.building import Builder, Member, payment_data
from app.demo.buying import Bidder
from app.demo.delivery import evaluation_under_way, report_on
from app.demo.founding import founded
from app.demo.incubation import Garden, grow, incubator
from app.demo.registering import END_ROAD, LIST, ask_for_change, end
from app.demo.reporting import conclude, in_every_state, report_year
from app.demo.standing import Bureau, listing
from app.ledger.models import BudgetLine
from app.organizations.models import Organization
from app.purchasing.models import Contract, Instalment
from app.seed.people import Plan, invented_name
from app.seed.road import buy, deliver

OFFICES = ("buyer", "project_officer", "finance_officer", "finance_approver", "cashier")
ON_ONE_CASE = ("mentor", "expert", "evaluator")
SOME_CASE = text("SELECT id FROM cases WHERE node_id = :node ORDER BY id LIMIT 1")
DECISION = {
    "document_number": "示民社许不准字〔2026〕1号", "reasons": "申请材料所述业务范围不属于本机关登记管辖。",
    "review_authority": "示例区人民政府", "court": "示例区人民法院",
}


@dataclass
class City:
    """What was built: places, people by role, organizations and money."""

    plan: Plan
    district: Node
    office: Node
    people: dict[str, Member]
    preparing: list[tuple[Organization, Member]]
    registered: list[tuple[Organization, Member]]
    contracts: list[Contract]
    line: BudgetLine
    hub_node: Node


def build_city(builder: Builder, plan: Plan, chance: random.Random) -> City:
    """Build places, people, organizations, contracts and cases of one city."""
    city_node, district = builder.place(plan.city), builder.place(plan.division)
    office = builder.buyer(district, f"{plan.name_zh}示例街道办事处", "Sample sub-district office")
    hub = builder.hub(district, f"{plan.name_zh}社会组织联合会（示例）", "Sample federation")
    builder.codes(plan.division, 1 + chance.randrange(1000))
    people = _officials(builder, plan, chance, city_node, district, office, builder.node(hub.node_id))
    preparing = [_staffed(builder, plan, chance, n, registered=False, people=people) for n in range(7)]
    registered = [_staffed(builder, plan, chance, n, registered=True, people=people) for n in range(7, 15)]
    line = builder.budget(office, f"{plan.prefix.upper()}-2026-001", "社会组织服务专项", 500_000_000)
    contracts = [
        builder.contract(f"{plan.prefix.upper()}-C{n:03d}", f"示例服务项目{n}", organization, office, line,
                         chance.randrange(40, 90) * 100_000)
        for n, (organization, _member) in enumerate(registered, start=1)
    ]
    builder.session.commit()
    city = City(plan, district, office, people, preparing, registered, contracts, line, builder.node(hub.node_id))
    _incubations(builder, city, chance)
    present = builder.now
    builder.now = present - timedelta(days=6)
    _registrations(builder, city)
    _changes(builder, city)
    in_every_state(builder, people["registrar"], registered)
    _affiliations(builder, city)
    _payments(builder, city)
    _delivery(builder, city, chance)
    builder.now = present
    _purchases(builder, city, chance)
    _listings(builder, city, chance)
    _associations(builder, city, chance)
    return city


def _listings(builder: Builder, city: City, chance: random.Random) -> None:
    """One organization is to be heard, one is listed, and five come to their end; they do nothing else."""
    second = builder.person(
        invented_name(chance), f"{city.plan.prefix}-registrar2", [("registrar", city.district)]
    )
    bureau = Bureau(city.people["registrar"], second)
    for serial, until in enumerate(END_ROAD, start=1):
        organization, member = _staffed(builder, city.plan, chance, 20 + serial, registered=True, people=city.people)
        end(builder, city.people["registrar"], member, organization, until, serial=serial)
    for number, until in ((19, "announced"), (20, "in_force")):
        organization, member = _staffed(builder, city.plan, chance, number, registered=True, people=city.people)
        listing(builder, bureau, organization, member, until)


def _purchases(builder: Builder, city: City, chance: random.Random) -> None:
    """Four bidders of their own walk the road of purchases."""
    bidders = [
        Bidder(*_staffed(builder, city.plan, chance, n, registered=True, people=city.people)) for n in range(15, 19)
    ]
    buy(builder, city.plan, chance, city.people, city.line, city.office, bidders, city.district)


def _officials(
    builder: Builder, plan: Plan, chance: random.Random, city: Node, district: Node, office: Node, hub: Node
) -> dict[str, Member]:
    places = {**dict.fromkeys(OFFICES, office), "hub_officer": hub, "auditor": city, "system_admin": city,
              "security_admin": city, "audit_admin": city}
    people = {}
    for role in ROLES:
        if role in ("staff", "legal_representative", *ON_ONE_CASE):
            continue
        place = places.get(role, district)
        people[role] = builder.person(invented_name(chance), f"{plan.prefix}-{role}", [(role, place)])
    return people


def _staffed(
    builder: Builder, plan: Plan, chance: random.Random, number: int, *, registered: bool, people: dict[str, Member]
) -> tuple[Organization, Member]:
    name = f"{plan.name_zh}示例{'甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黄'[number]}社会工作服务中心"
    organization = (
        builder.registered(plan.division, name, people["registrar"]) if registered
        else builder.founders(plan.division, name)
    )
    node = builder.node(organization.node_id)
    member = builder.person(invented_name(chance), f"{plan.prefix}-staff{number}", [("staff", node)],
                            organization=str(organization.id))
    if number == 7:
        builder.person(invented_name(chance), f"{plan.prefix}-legal", [("legal_representative", node)],
                       organization=str(organization.id))
    return organization, member


def _registrations(builder: Builder, city: City) -> None:
    """Submitted, correcting, accepted, expert review, approved, refused, registered."""
    registrar = city.people["registrar"]
    roads: Sequence[Sequence[tuple[str, Any]]] = (
        (),
        (("ask_correction", {"items": [{"what": "章程草案", "wrong": "缺少终止程序。", "mend": "请补充。"}],
                             "contact": "登记窗口"}),),
        (("accept", {}),),
        (("accept", {}), ("start_expert_review", {"reason": "涉及专业。", "expected_days": 10})),
        (("accept", {}), ("approve", {"document_number": "示民社许准字〔2026〕1号"})),
        (("accept", {}), ("refuse", DECISION)),
        (("accept", {}), ("approve", {"document_number": "示民社许准字〔2026〕2号"}),
         ("deliver", {"method": "electronic"})),
    )
    for applicant, road in zip(city.preparing, roads, strict=True):
        founded(builder, registrar, applicant, road)


def _associations(builder: Builder, city: City, chance: random.Random) -> None:
    """Associations submitted, correcting, accepted, approved, registered; three foundations where a province is."""
    present = builder.now
    builder.now = present - timedelta(days=4)
    accepted: tuple[str, Any] = ("accept", {})
    asked: tuple[str, Any] = ("ask_correction", {
        "items": [{"what": "会员名单", "wrong": "单位会员未盖章。", "mend": "请补盖。"}], "contact": "登记窗口",
    })
    decided: tuple[str, Any] = ("approve", {"document_number": "示民社许准成字〔2026〕1号"})
    handed: tuple[str, Any] = ("deliver", {"method": "counter"})
    roads: Sequence[Sequence[tuple[str, Any]]] = ((), (asked,), (accepted,), (accepted, decided),
                                                  (accepted, decided, handed))
    _of_a_class(builder, city.plan, chance, city.people["registrar"], roads, "association", city.plan.division)
    if city.plan.city.endswith("0000"):
        builder.codes(city.plan.city, 1 + chance.randrange(1000))
        registrar = builder.person(
            invented_name(chance), f"{city.plan.prefix}-city_registrar", [("registrar", builder.place(city.plan.city))]
        )
        _of_a_class(builder, city.plan, chance, registrar, roads[0::2], "foundation", city.plan.city)
        _foundations_report(builder, city.plan, chance, registrar)
    builder.now = present


def _foundations_report(builder: Builder, plan: Plan, chance: random.Random, registrar: Member) -> None:
    """Two foundations that have long been registered: one report handed in, one accepted."""
    for serial, name in enumerate(("己", "庚"), start=1):
        organization = builder.registered(plan.city, f"{plan.name_zh}示例{name}公益基金会", registrar,
                                          legal_type="foundation")
        member = builder.person(
            invented_name(chance), f"{plan.prefix}-reporting{serial}",
            [("staff", builder.node(organization.node_id))], organization=str(organization.id),
        )
        number = report_year(builder, member, organization)
        if serial == 1:
            conclude(builder, registrar, number, "accept_report", serial=serial)


def _of_a_class(
    builder: Builder, plan: Plan, chance: random.Random, registrar: Member,
    roads: Sequence[Sequence[tuple[str, Any]]], legal_type: str, division: str,
) -> None:
    ending = {"association": "志愿者协会", "foundation": "公益基金会"}[legal_type]
    for number, road in enumerate(roads):
        name = f"{plan.name_zh}示例{'甲乙丙丁戊'[number]}{ending}"
        organization = builder.founders(division, name, legal_type)
        member = builder.person(
            invented_name(chance), f"{plan.prefix}-{legal_type}{number}",
            [("staff", builder.node(organization.node_id))], organization=str(organization.id),
        )
        founded(builder, registrar, (organization, member), road)


def _changes(builder: Builder, city: City) -> None:
    """Submitted, correcting, accepted, refused, approved, changed: each of another item."""
    registrar = city.people["registrar"]
    roads: Sequence[tuple[dict[str, Any], Sequence[tuple[str, Any]]]] = (
        ({"new_domicile": "示例街道幸福里8号楼"}, ()),
        ({"new_scope": "社区服务；为老服务。"}, (("ask_correction", LIST),)),
        ({"new_legal_representative": "许示例", "new_identity_number": "110102190001010002"}, (("accept", {}),)),
        ({"new_fund_fen": 5_000_000}, (("accept", {}), ("refuse", DECISION))),
        ({"new_sponsor": f"{city.plan.name_zh}示例局"},
         (("accept", {}), ("approve", {"document_number": "示民社许准变字〔2026〕1号"}))),
        ({"new_domicile": "示例街道幸福里9号楼"},
         (("accept", {}), ("approve", {"document_number": "示民社许准变字〔2026〕2号"}),
          ("deliver", {"method": "electronic"}))),
    )
    consented_on = (builder.today - timedelta(days=10)).isoformat()
    for (organization, member), (items, road) in zip(city.registered, roads, strict=False):
        number = ask_for_change(builder, member, organization, consented_on=consented_on, **items)
        for trigger, given in road:
            builder.move(registrar, number, trigger, dict(given))


def _incubations(builder: Builder, city: City, chance: random.Random) -> None:
    """An incubator with a pool of experts; the registered organizations stand in eight states."""
    base = incubator(builder, city.district, f"{city.plan.name_zh}孵化基地（示例）", "Sample incubator")
    experts = [
        builder.person(invented_name(chance), f"{city.plan.prefix}-expert{n}", [("expert", city.district)])
        for n in range(1, 5)
    ]
    garden = Garden(base, city.people["incubator_operator"], city.people["registrar"], experts)
    grow(builder, garden, city.registered)


def _affiliations(builder: Builder, city: City) -> None:
    """Applied, returned, affiliated (one about to leave, one that left), refused."""
    officer = city.people["hub_officer"]
    roads: Sequence[Sequence[tuple[str, Any]]] = (
        (), (("return_for_changes", {"remarks": "请说明希望获得的服务。"}),), (("accept", {}),),
        (("refuse", {"reason": "业务领域不同。"}),), (("accept", {}),),
    )
    for (organization, member), road in zip(city.registered, roads, strict=False):
        data = {"organization": organization.id, "hub": city.hub_node.id, "wants_primary": True}
        number = builder.open(member, "affiliation", "apply", data).number
        for trigger, given in road:
            builder.move(officer, number, trigger, dict(given))
    for n, confirmed in ((2, False), (4, True)):
        organization, member = city.registered[n]
        leaving = {"organization": organization.id, "hub": city.hub_node.id, "reason": "业务领域已经调整。"}
        number = builder.open(member, "disaffiliation", "give_notice", leaving).number
        if confirmed:
            builder.move(officer, number, "confirm", {})


def _payments(builder: Builder, city: City) -> None:
    """Applied, returned, business checked, two that wait for approval, approved, in transit, suspended."""
    opinion: dict[str, Any] = {"opinion": "一致。"}
    project, finance = city.people["project_officer"], city.people["finance_officer"]
    checked = ((project, "check_business", opinion), (finance, "check_finance", opinion))
    returned = ((project, "return_for_changes", {"items": [{"item": "请补充服务记录。"}]}),)
    roads = ((), returned, checked[:1], checked, checked, checked, checked, checked)
    for n, ((organization, member), contract) in enumerate(zip(city.registered, city.contracts, strict=True)):
        first = builder.session.scalars(
            select(Instalment.id).where(Instalment.contract_id == contract.id).order_by(Instalment.position)
        ).first()
        data = payment_data(builder, member, organization, first or 0)
        number = builder.open(member, "payment", "apply", data).number
        for official, trigger, given in roads[n]:
            builder.move(official, number, trigger, dict(given))
        if n >= 5:
            _after_approval(builder, city, number, n)


def _delivery(builder: Builder, city: City, chance: random.Random) -> None:
    """A report submitted, one accepted, and an evaluation under way."""
    officer = city.people["project_officer"]
    for n, accepted in enumerate((False, True)):
        organization, member = city.registered[n]
        number = report_on(builder, member, organization, city.contracts[n])
        if accepted:
            builder.move(officer, number, "accept_report", {"opinion": "报告与记录一致。"})
    assessor = builder.person(invented_name(chance), f"{city.plan.prefix}-assessor", [])
    evaluation_under_way(builder, officer, assessor, city.contracts[0], rated=12)
    more = []
    for n, (organization, member) in enumerate(city.registered[:5], start=1):
        number = f"{city.plan.prefix.upper()}-D{n:03d}"
        contract = builder.contract(
            number, f"示例服务项目（验收）{n}", organization, city.office, city.line, 3_000_000
        )
        more.append((organization, member, contract))
    builder.session.commit()
    deliver(builder, city.people, assessor, more)


def _after_approval(builder: Builder, city: City, number: str, n: int) -> None:
    amount = builder.session.execute(
        select(Instalment.amount_fen).join(Contract, Contract.id == Instalment.contract_id)
        .where(Contract.id == city.contracts[n].id).order_by(Instalment.position).limit(1)
    ).scalar_one()
    builder.move(city.people["finance_approver"], number, "approve", {"amount_fen": amount, "account_end": "4567"})
    if n == 6:
        builder.move(city.people["cashier"], number, "instruct", {})
    if n == 7:
        builder.move(city.people["finance_officer"], number, "suspend", {"reason": "等待核实账户。"})


def role_on_one_case(builder: Builder, city: City, chance: random.Random) -> None:
    """Give somebody each role that is held on one case only."""
    number = builder.session.execute(SOME_CASE, {"node": city.office.id}).scalar_one()
    for role in ON_ONE_CASE:
        builder.person_on_case(invented_name(chance), f"{city.plan.prefix}-{role}", role, city.office, number)
