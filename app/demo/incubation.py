"""An invented incubator with its panel, and organizations that have come different ways in it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.access.models import Node
from app.cases.due import fire_due
from app.demo.building import Builder, Member
from app.incubation.models import Incubator
from app.incubation.steps import recognize_incubator
from app.organizations.models import Organization

SCORES = {"mission": 18, "need": 17, "team": 16, "plan": 12, "growth": 8, "compliance": 8, "resources": 4}
TITLES = {"entry_form": "入驻申请表", "work_plan": "工作计划", "agreement": "入驻协议", "commitment": "承诺书"}
REVIEW = text("""
SELECT r.number FROM panel_seats s JOIN cases r ON r.id = s.review_case_id JOIN cases p ON p.id = s.case_id
 WHERE p.number = :number AND s.person_id = :person
""")
# How far each organization comes: a road holds all that stand before it.
ROADS = ("applied", "returned", "in_review", "seat_open", "scored", "publicized", "incubating", "mid_review")
AGO, LATELY = timedelta(days=75), timedelta(days=3)
STAYING = ("incubating", "mid_review")


@dataclass
class Garden:
    """An incubator with the people who decide on it."""

    incubator: Incubator
    operator: Member
    registrar: Member
    experts: list[Member]


def incubator(builder: Builder, parent: Node, name_zh: str, name_en: str) -> Incubator:
    """Add a recognized incubator with room for twelve, eight of them on its premises."""
    return recognize_incubator(
        builder.session, parent=parent, name_zh=name_zh, name_en=name_en, level="district", capacity=12, places=8,
        term_months=12, recognized_on=builder.today - timedelta(days=700),
    )


def grow(builder: Builder, garden: Garden, applicants: list[tuple[Organization, Member]]) -> None:
    """Let each applicant come as far as ROADS says: who moved in began some weeks ago, the others these days."""
    present, roads = builder.now, list(zip(applicants, ROADS, strict=False))
    builder.now = present - AGO
    staying = [(_judged(builder, garden, *who, road), who, road) for who, road in roads if road in STAYING]
    builder.now += timedelta(days=20)
    fire_due(builder.session, builder.now)
    for number, (organization, member), _road in staying:
        _moved_in(builder, number, organization, member)
    builder.now = present - LATELY
    for number, _who, road in staying:
        if road == "mid_review":
            builder.move(garden.operator, number, "start_mid_review", {})
    coming = [(_judged(builder, garden, *who, road), road) for who, road in roads if road not in STAYING]
    builder.now = present - timedelta(days=1)
    for number, road in coming:
        if road == "publicized":
            builder.move(garden.registrar, number, "publish", {"document_number": "示民社组示〔2026〕2号"})
    builder.now = present


def _papers(builder: Builder, organization: Organization, member: Member, *slots: str) -> list[dict[str, Any]]:
    return [
        {"slot": slot, "document_id": builder.paper(member, organization, f"{TITLES[slot]} {slot}").id}
        for slot in slots
    ]


def _applied(builder: Builder, garden: Garden, organization: Organization, member: Member) -> str:
    data = {
        "organization": organization.id, "incubator": garden.incubator.node_id, "mode": "on_site",
        "mission": "为社区独居老人和双职工家庭提供探访与托管服务。", "team_size": 6,
        "documents": _papers(builder, organization, member, "entry_form", "work_plan"),
    }
    return builder.open(member, "incubation", "apply", data).number


def _judged(builder: Builder, garden: Garden, organization: Organization, member: Member, road: str) -> str:
    number = _applied(builder, garden, organization, member)
    if road == "applied":
        return number
    if road == "returned":
        builder.move(garden.operator, number, "return_for_changes", {"remarks": "请补充团队成员分工。"})
        return number
    builder.move(garden.operator, number, "pass_preliminary", {
        "early_stage": True, "grassroots": True, "operating": True, "public_benefit": True,
        "opinion": "材料齐全，符合入驻条件。",
        "experts": [{"person": expert.actor.person_id} for expert in garden.experts[:3]],
    })
    if road == "in_review":
        _scored(builder, number, garden.experts[0])
    elif road == "seat_open":
        review = _review(builder, number, garden.experts[1])
        builder.move(garden.experts[1], review, "recuse", {"ground": "other", "reason": "与申请单位有合作。"})
    else:
        for expert in garden.experts[:3]:
            _scored(builder, number, expert)
    if road in STAYING:
        builder.move(garden.registrar, number, "publish", {"document_number": "示民社组示〔2026〕1号"})
    return number


def _scored(builder: Builder, number: str, expert: Member) -> None:
    review = _review(builder, number, expert)
    builder.move(expert, review, "declare", {"no_interest": True, "secrecy": True})
    scores = [{"criterion": name, "points": points, "remark": ""} for name, points in SCORES.items()]
    builder.move(expert, review, "submit_scores", {"scores": scores, "opinion": "建议入驻。"})


def _review(builder: Builder, number: str, expert: Member) -> str:
    values = {"number": number, "person": expert.actor.person_id}
    found: str = builder.session.execute(REVIEW, values).scalar_one()
    return found


def _moved_in(builder: Builder, number: str, organization: Organization, member: Member) -> None:
    documents = _papers(builder, organization, member, "agreement", "commitment")
    builder.move(member, number, "sign_agreement", {"documents": documents, "declaration": True})
    builder.move(member, number, "submit_log", {
        "month": builder.today.isoformat(), "training_hours": 8, "activities": 3, "volunteers": 12,
        "income_fen": 1_500_000, "compliance": "账目清楚，无违规情况。",
    })
