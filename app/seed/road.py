"""The road of purchases in a city of the seed, and what follows a contract: acceptance, closure, rectification."""

import random
from typing import Any

from app.demo import buying
from app.demo.building import Builder, Member
from app.demo.buying import PASSPHRASE, Bidder, Office
from app.demo.delivery import evaluation_under_way
from app.demo.programmes import grants, guanshanhu_grants, procurement
from app.demo.road import Road, object_to, walk
from app.ledger.models import BudgetLine
from app.organizations.models import Organization
from app.purchasing.models import Contract
from app.purchasing.sealing import passphrases_are_printed
from app.seed.people import Plan, invented_name
from workflows.loader import library
from workflows.rules.evaluation import points_text
from workflows.rules.scoring import HUNDREDTHS
from workflows.rules.working_days import local_day

STANDARDS = [
    {"standard": "每月入户探访不少于10人次", "evidence": "探访记录表"},
    {"standard": "小组活动不少于12场", "evidence": "活动签到表"},
]
INSPECTED: dict[str, Any] = {
    "standards": [{"position": 1, "result": "met"}, {"position": 2, "result": "met"}],
    "opinions": [{"who": "居民代表5人", "opinion": "对服务满意，希望继续。"}], "documents": [],
}
GUIYANG = "5201"


def buy(
    builder: Builder, plan: Plan, chance: random.Random, people: dict[str, Member], line: BudgetLine, office: Any,
    bidders: list[Bidder], district: Any,
) -> Road:
    """Let the office buy as in the demo; its second buyer and its second project officer are added."""
    second = {
        role: builder.person(invented_name(chance), f"{plan.prefix}-{role}2", [(role, office)])
        for role in ("buyer", "project_officer")
    }
    experts = [
        builder.person(invented_name(chance), f"{plan.prefix}-panel{n}", [("expert", district)]) for n in range(1, 8)
    ]
    buying.catalogue(builder, plan.division)
    here = Office(
        builder, office, line, builder.budget(office, f"{plan.prefix.upper()}-2026-002", "公益创投资助", 100_000_000),
        people["project_officer"], second["project_officer"], people["buyer"], second["buyer"],
        people["procurement_supervisor"], experts,
    )
    given = (guanshanhu_grants if plan.division.startswith(GUIYANG) else grants)(builder.today, plan.name_zh)
    builder.session.commit()
    with passphrases_are_printed():
        road = walk(here, bidders, procurement(builder.today, plan.name_zh), given)
        _odd_ends(here, bidders, road)
    return road


def _odd_ends(office: Office, bidders: list[Bidder], road: Road) -> None:
    """A key that was retired, an expert to be confirmed, an objection that was taken in."""
    builder = office.builder
    key = builder.open(office.second_buyer, "opening_key", "enrol", {
        "office": office.node.id, "passphrase": PASSPHRASE, "declaration": True,
    }).number
    builder.move(office.second_buyer, key, "retire", {"reason": "岗位调整。"})
    buying.listed(office, office.experts[0], confirmed=False)
    builder.move(office.project, object_to(office, bidders[2], road.suspended), "accept", {"remark": "材料齐全。"})


def deliver(
    builder: Builder, people: dict[str, Member], assessor: Member,
    contracts: list[tuple[Organization, Member, Contract]],
) -> None:
    """Four contracts: rectification ordered, answered; acceptance asked for; accepted and closed."""
    officer = people["project_officer"]
    for answered, (_organization, member, contract) in enumerate(contracts[:2]):
        number = builder.open(officer, "rectification", "order", {
            "contract": contract.number, "findings": [{"finding": "探访记录缺服务对象签字。", "basis": "合同第七条"}],
        }).number
        if answered:
            builder.move(member, number, "answer", {"answer": "已补签并建立复核制度。", "documents": []})
    for accepted, (organization, member, contract) in enumerate(contracts[2:4]):
        number = builder.open(member, "acceptance", "request", {
            "organization": organization.id, "contract": contract.id, "standards": STANDARDS, "documents": [],
        }).number
        if accepted:
            builder.move(people["buyer"], number, "accept", {**INSPECTED, "remark": "同意验收。"})
            builder.open(officer, "closure", "close", {
                "contract": contract.number, "summary": "项目已验收。", "confirmed": True,
            })
    scored = evaluation_under_way(builder, officer, assessor, contracts[4][2], rated=12)
    sheet = library().rubric("evaluation_mid", ("base",), local_day(builder.now)).scored()
    builder.move(assessor, scored, "score", {
        "scores": [{"criterion": each.name, "points": points_text(each.max * HUNDREDTHS)} for each in sheet],
        "opinion": "项目进展正常，建议继续。", "no_conflict": True, "documents": [],
    })
