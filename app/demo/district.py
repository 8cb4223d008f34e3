"""The demo district: Xicheng with invented offices, organizations and people, one account per role."""

from datetime import timedelta

from sqlalchemy import select

from app.access.models import Node
from app.affiliation.models import Hub
from app.demo.building import Builder, Member, payment_data
from app.demo.buying import Bidder, Office, catalogue
from app.demo.delivery import answer_of_the_bank, evaluation_under_way, instalment_until, report_on
from app.demo.founding import founded, registration_data
from app.demo.incubation import Garden, grow, incubator
from app.demo.programmes import grants, procurement
from app.demo.registering import ask_for_change, decide_change, end
from app.demo.reporting import conclude, report_year
from app.demo.road import walk
from app.demo.standing import Bureau, listing
from app.organizations.models import Organization
from app.purchasing.models import Contract, Instalment
from app.purchasing.sealing import passphrases_are_printed

PASSWORD = "shuniu-demo-2026"  # noqa: S105 - the demo's, printed at start; production has no such account
DIVISION = "110102"
NEW_NAME = "北京市西城区晨光社区服务中心"
OLD_NAME = "北京市西城区和风社会工作事务所"
YOUNG = (
    ("北京市西城区萤火儿童陪伴中心", "陶然", "young1"),
    ("北京市西城区邻舍互助服务社", "方圆", "young2"),
    ("北京市西城区知了自然教育中心", "宋词", "young3"),
    ("北京市西城区暖橙助残服务中心", "白露", "young4"),
    ("北京市西城区小巷口述史工作室", "谷雨", "young5"),
    ("北京市西城区青禾青年服务中心", "夏至", "young6"),
    ("北京市西城区慢时光认知症支持中心", "温良", "young7"),
    ("北京市西城区四季园艺疗愈中心", "季春", "young8"),
)
FOUNDED = (
    ("北京市西城区社区志愿服务联合会", "江涛", "staff8", "association", "110102"),
    ("北京市西城区胡同文化保护协会", "安然", "staff9", "association", "110102"),
    ("北京市示例邻里公益基金会", "康宁", "staff10", "foundation", "110000"),
)
LISTED_NAME = "北京市西城区旧巷文化交流中心"
THIRD_NAME = "北京市西城区银杏为老服务中心"
ENDING_NAME = "北京市西城区老槐树邻里服务社"
RENAMED = "北京市西城区同心助残与社区融合服务中心"
OTHERS = (("北京市西城区同心助残服务中心", "叶舒", "staff5"), ("北京市西城区里仁社区发展中心", "石磊", "staff6"))
EXPERTS = (("许博", "expert"), ("卢研", "expert2"), ("梁评", "expert3"), ("苗审", "expert4"), ("尹衡", "expert5"),
           ("柏松", "expert6"), ("邱实", "expert7"))


def build_district(builder: Builder) -> None:
    """Fill an empty database with the demo district and the work of a normal day."""
    city, district = builder.place("110000"), builder.place(DIVISION)
    office = builder.buyer(district, "西城区月坛街道办事处（演示）", "Yuetan sub-district office (demo)")
    hub = builder.hub(district, "西城区社会组织联合会（演示）", "Xicheng federation of social organizations (demo)")
    builder.codes(DIVISION, 1)
    registrar = builder.person("王立", "registrar", [("registrar", district)], password=PASSWORD)
    new = builder.founders(DIVISION, NEW_NAME)
    old = builder.registered(DIVISION, OLD_NAME, registrar)
    third = builder.registered(DIVISION, THIRD_NAME, registrar, years=6)
    for name, login, role, node in (
        ("林晓", "staff", "staff", builder.node(new.node_id)),
        ("周禾", "staff2", "staff", builder.node(old.node_id)),
        ("何青", "staff3", "staff", builder.node(third.node_id)),
        ("赵敏", "hub", "hub_officer", builder.node(hub.node_id)),
        ("孙越", "project", "project_officer", office),
        ("钱宁", "finance", "finance_officer", office),
        ("郑岚", "approver", "finance_approver", office),
        ("吴桐", "cashier", "cashier", office),
        ("曹岩", "project2", "project_officer", office),
        ("高原", "buyer", "buyer", office),
        ("罗湖", "buyer2", "buyer", office),
        ("严明", "supervisor", "procurement_supervisor", office),
        ("冯审", "auditor", "auditor", city),
        ("韩维", "admin", "system_admin", city),
    ):
        builder.person(name, login, [(role, node)], password=PASSWORD)
    evaluator = builder.person("严知", "evaluator", [], password=PASSWORD)
    line = builder.budget(office, "2026-YT-001", "社区社会组织服务专项", 200_000_000)
    builder.contract("XC2026-002", "楼门文化与邻里互助（登记后生效）", new, office, line, 8_000_000)
    waiting = builder.contract("XC2026-003", "失能老人居家照护指导", third, office, line, 9_600_000)
    builder.session.commit()
    experts = [builder.person(name, login, [("expert", district)], password=PASSWORD) for name, login in EXPERTS]
    visits = _purchases(builder, office, experts, [old, third])
    _incubation(builder, district, registrar, experts[:4])
    _some_work(builder, hub, third, waiting)
    _delivery(builder, evaluator, old, visits)
    _listing(builder, district, registrar)
    _changing(builder, registrar)
    _reporting(builder, registrar, old, third)
    _associations(builder, city, registrar, hub)


def _purchases(builder: Builder, node: Node, experts: list[Member], known: list[Organization]) -> Contract:
    """Let the office buy: calls of four ages, and one contract in performance, which is returned."""
    by_login = {member.login: member for member in builder.members}
    year = builder.today.year
    catalogue(builder, "110000")
    office = Office(
        builder, node, builder.budget(node, f"{year}-YT-002", "政府购买社会组织服务", 300_000_000),
        builder.budget(node, f"{year}-YT-003", "社区微创投资助", 60_000_000),
        by_login["project"], by_login["project2"], by_login["buyer"], by_login["buyer2"], by_login["supervisor"],
        experts,
    )
    bidders = [Bidder(each, by_login[login]) for each, login in zip(known, ("staff2", "staff3"), strict=True)]
    for name, person, login in OTHERS:
        organization = builder.registered(DIVISION, name, by_login["registrar"], years=4)
        staff = builder.person(person, login, [("staff", builder.node(organization.node_id))], password=PASSWORD)
        bidders.append(Bidder(organization, staff))
    with passphrases_are_printed():
        road = walk(office, bidders, procurement(builder.today, "月坛街道"), grants(builder.today, "月坛街道"),
                    contracts=3)
    first, *others = road.contracts
    present = builder.now
    half_way = ((4, others[0], bidders[2], "check_finance"), (3, others[1], bidders[3], "approve"))
    for ago, contract, bidder, until in half_way:
        builder.now = present - timedelta(days=ago)
        instalment_until(builder, by_login, bidder, contract, until)
    builder.now = present
    return first


def _delivery(builder: Builder, evaluator: Member, organization: Organization, contract: Contract) -> None:
    """Leave a contract under way: a first instalment paid, a report to be checked, an evaluation being rated."""
    by_login = {member.login: member for member in builder.members}
    present = builder.now
    builder.now = present - timedelta(days=35)
    payee = Bidder(organization, by_login["staff2"])
    number = instalment_until(builder, by_login, payee, contract, "instruct")
    builder.now += timedelta(days=1)
    answer_of_the_bank(builder, by_login["finance"], contract, number)
    builder.now = present - timedelta(days=4)
    report_on(builder, by_login["staff2"], organization, contract)
    builder.now = present - timedelta(days=2)
    evaluation_under_way(builder, by_login["project"], evaluator, contract, rated=7)
    later = report_on(builder, by_login["staff2"], organization, contract, position=3)
    builder.move(by_login["project2"], later, "return_for_changes", {"remarks": "请补充小组活动的签到表。"})
    builder.now = present


def _some_work(builder: Builder, hub: Hub, third: Organization, contract: Contract) -> None:
    """Leave the worklists of a working day: a member, an application, a payment half-way."""
    by_login = {member.login: member for member in builder.members}
    staff, present = by_login["staff3"], builder.now
    builder.now = present - timedelta(days=9)
    joined = builder.open(staff, "affiliation", "apply",
                          {"hub": hub.node_id, "wants_primary": True, "purpose": "希望获得业务指导。"})
    builder.move(by_login["hub"], joined.number, "accept", {"remark": "欢迎加入。"})
    builder.now = present - timedelta(days=6)
    builder.open(by_login["staff2"], "affiliation", "apply",
                 {"hub": hub.node_id, "wants_primary": True, "purpose": "希望参加能力建设。"})
    builder.now = present - timedelta(days=5)
    first = builder.session.scalars(
        select(Instalment.id).where(Instalment.contract_id == contract.id).order_by(Instalment.position)
    ).first()
    assert first is not None
    asked = builder.open(staff, "payment", "apply", payment_data(builder, staff, third, first))
    builder.now = present - timedelta(days=3)
    builder.move(by_login["project"], asked.number, "check_business", {"opinion": "合同、报告与发票一致。"})
    _another_founder(builder)
    builder.now = present


def _another_founder(builder: Builder) -> None:
    name = "北京市西城区听雨书屋阅读推广服务中心"
    organization = builder.founders(DIVISION, name)
    staff = builder.person("沈舟", "staff4", [("staff", builder.node(organization.node_id))], password=PASSWORD)
    builder.open(staff, "registration", "apply", registration_data(builder, staff, organization, name))


def _associations(builder: Builder, city: Node, registrar: Member, hub: Hub) -> None:
    """An association in the register that asks a hub for affiliation, one being examined, and a foundation's case."""
    present = builder.now
    founders = []
    for name, person, login, legal_type, division in FOUNDED:
        organization = builder.founders(division, name, legal_type)
        node = builder.node(organization.node_id)
        founders.append((organization, builder.person(person, login, [("staff", node)], password=PASSWORD)))
    done, going, foundation = founders
    builder.now = present - timedelta(days=40)
    number = founded(builder, registrar, done, [("accept", {})])
    builder.now = present - timedelta(days=25)
    builder.move(registrar, number, "approve", {"document_number": "西民社许准成字〔2026〕3号"})
    builder.move(registrar, number, "deliver", {"method": "counter"})
    builder.now = present - timedelta(days=8)
    number = founded(builder, registrar, going)
    builder.now = present - timedelta(days=5)
    builder.move(registrar, number, "accept", {})
    builder.codes("110000", 30_001)
    above = builder.person("金钟", "registrar3", [("registrar", city)], password=PASSWORD)
    builder.now = present - timedelta(days=2)
    founded(builder, above, foundation, [("ask_correction", {
        "items": [{"what": "理事名单", "wrong": "缺少两名理事的身份证明。", "mend": "请补充。"}], "contact": "登记窗口",
    })])
    builder.open(done[1], "affiliation", "apply",
                 {"hub": hub.node_id, "wants_primary": True, "purpose": "希望与同领域组织交流会员服务。"})
    builder.now = present


def _listing(builder: Builder, district: Node, registrar: Member) -> None:
    """An organization on the list of abnormal activity that has put it right and applies for removal."""
    second = builder.person("方正", "registrar2", [("registrar", district)], password=PASSWORD)
    organization = builder.registered(DIVISION, LISTED_NAME, registrar, years=5)
    staff = builder.person("胡同", "staff7", [("staff", builder.node(organization.node_id))], password=PASSWORD)
    listing(builder, Bureau(registrar, second), organization, staff, "lifting_applied")


def _changing(builder: Builder, registrar: Member) -> None:
    """One organization bears a new name; one waits for the registrar to look at a change, and one at its end."""
    present, by_login = builder.now, {member.login: member for member in builder.members}
    renamed, waiting = (
        builder.session.scalars(select(Organization).where(Organization.name == name)).one()
        for name in (OTHERS[0][0], OTHERS[1][0])
    )
    builder.now = present - timedelta(days=30)
    consented_on = (builder.today - timedelta(days=12)).isoformat()
    number = ask_for_change(
        builder, by_login[OTHERS[0][2]], renamed, consented_on=consented_on, new_name=RENAMED,
        new_domicile="月坛街道三里河东路5号院2号楼", new_scope="助残服务；社区服务；社会工作服务。",
    )
    builder.now = present - timedelta(days=26)
    decide_change(builder, registrar, number, "changed", serial=1)
    builder.now = present - timedelta(days=2)
    ask_for_change(
        builder, by_login[OTHERS[1][2]], waiting, consented_on=(builder.today - timedelta(days=36)).isoformat(),
        new_legal_representative="石榴", new_identity_number="110102190001010002",
        new_domicile="广安门内街道槐柏树街9号",
    )
    organization = builder.registered(DIVISION, ENDING_NAME, registrar, years=8)
    staff = builder.person("纪晚", "staff11", [("staff", builder.node(organization.node_id))], password=PASSWORD)
    builder.now = present - timedelta(days=1)
    end(builder, registrar, staff, organization, "submitted", serial=1)
    builder.now = present


def _reporting(builder: Builder, registrar: Member, old: Organization, third: Organization) -> None:
    """One annual report waits for the registrar, one is concluded with something to put right; others are missing."""
    present, by_login = builder.now, {member.login: member for member in builder.members}
    builder.now = present - timedelta(days=20)
    number = report_year(builder, by_login["staff3"], third)
    builder.now = present - timedelta(days=11)
    conclude(builder, registrar, number, "qualify_basically", serial=1)
    builder.now = present - timedelta(days=4)
    report_year(builder, by_login["staff2"], old, activities="全年开展调解培训24场，陪伴居民议事会36次，服务900人次。")
    builder.now = present


def _incubation(builder: Builder, district: Node, registrar: Member, experts: list[Member]) -> None:
    """An incubator with a panel, and young organizations that have come different ways in it."""
    base = incubator(builder, district, "西城区社会组织孵化基地（演示）", "Xicheng incubator (demo)")
    place = builder.node(base.node_id)
    operator = builder.person("秦朗", "incubator", [("incubator_operator", place)], password=PASSWORD)
    applicants = []
    for name, person, login in YOUNG:
        organization = builder.registered(DIVISION, name, registrar, years=1)
        staff = builder.person(person, login, [("staff", builder.node(organization.node_id))], password=PASSWORD)
        applicants.append((organization, staff))
    builder.session.commit()
    grow(builder, Garden(base, operator, registrar, experts), applicants)
