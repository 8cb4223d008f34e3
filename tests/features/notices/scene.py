"""A case in a district with people who should, and should not, hear of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.access.models import Node, Person
from app.notices.expanding import MailStyle
from app.notices.models import Notice
from tests.builders_access import a_bare_case, a_bare_organization, a_place, somebody
from tests.builders_papers import a_move

NUMBER = "FK-2026-0001"
STYLE = MailStyle("枢纽 <no-reply@example.org>", "https://example.org")


@dataclass
class Scene:
    """Who and what there is."""

    district: Node
    other_district: Node
    organization_node: Node
    case: int
    head: bytes
    staff: Person
    colleague: Person
    officer: Person
    city_officer: Person
    foreign_officer: Person


def a_scene(session: Any, now: datetime) -> Scene:
    """Build it, with one move by the staff, and commit."""
    city = a_place(session, "110100", "某市")
    district = a_place(session, "110102", "甲区", parent=city)
    other = a_place(session, "110105", "乙区", parent=city)
    node = a_place(session, "ORG1", "甲机构", parent=district, kind="organization")
    case = a_bare_case(session, NUMBER, district, a_bare_organization(session, node, "甲区晨光服务中心"))
    scene = Scene(
        district,
        other,
        node,
        case,
        b"",
        staff=somebody(session, "staff", node, name="沈若溪"),
        colleague=somebody(session, "staff", node, name="林知远"),
        officer=somebody(session, "finance_officer", district, name="周明澈"),
        city_officer=somebody(session, "finance_officer", city, name="高以宁"),
        foreign_officer=somebody(session, "finance_officer", other, name="许望舒"),
    )
    scene.head = a_move(session, case, NUMBER, at=now, person_id=scene.staff.id)
    session.commit()
    return scene


def a_notice(session: Any, scene: Scene, now: datetime, **more: Any) -> Notice:
    """Add a notice to the finance officers of the district, or to whom `more` says. Commits."""
    values = {"audience_role": "finance_officer", "audience_node_id": scene.district.id, **more}
    notice = Notice(
        case_id=scene.case,
        created_at=now,
        **{"sequence": 1, "template": "task_waiting", **values},
    )
    session.add(notice)
    session.commit()
    return notice
