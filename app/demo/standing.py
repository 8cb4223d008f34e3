"""Organizations that were listed, and have put it right and apply for removal: what a bureau's two registrars see."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.demo.building import Builder, Member
from app.organizations.models import Organization

ROAD = ("announced", "heard", "in_force", "lifting_applied")


@dataclass(frozen=True)
class Bureau:
    """Who proposes, and who decides."""

    first: Member
    second: Member


def listing(builder: Builder, bureau: Bureau, organization: Organization, staff: Member, until: str) -> str:
    """Let a case of listing come to the state `until` of ROAD, begun forty days ago; return its number."""
    present = builder.now
    builder.now = present - timedelta(days=40) if until != "announced" else present - timedelta(days=3)
    evidence = builder.paper(bureau.first, Organization(), "年报催报记录")
    number = builder.open(bureau.first, "restriction", "propose", {
        "organization_code": organization.uscc, "ground": "no_report",
        "facts": "上年度工作报告应当在五月三十一日前报送，经两次书面催报仍未报送。",
        "legal_basis": "《社会组织信用信息管理办法》（民政部令第60号）",
        "documents": [{"slot": "evidence", "document_id": evidence.id}],
    }).number
    for days, actor, trigger, data in _moves(bureau, staff, organization)[: ROAD.index(until)]:
        builder.now = present - timedelta(days=days)
        if trigger == "apply_for_lifting":
            proof = builder.paper(staff, organization, "移出申请与年报回执")
            data = data | {"documents": [{"slot": "proof", "document_id": proof.id}]}
        builder.move(actor, number, trigger, data)
    builder.now = present
    return number


def _moves(bureau: Bureau, staff: Member, organization: Organization) -> list[tuple[int, Member, str, dict[str, Any]]]:
    """Return how many days ago who does what."""
    return [
        (36, staff, "answer", {"statement": "负责人更换，报告没有按时完成，正在补报，没有异议。"}),
        (33, bureau.second, "impose", {
            "decision_number": f"示民社名录〔2026〕{organization.id}号",
            "opinion": "情形属实，单位没有异议，决定列入。",
        }),
        (2, staff, "apply_for_lifting", {
            "lifting_reason": "put_right", "done": "上年度工作报告已经补报，附报送回执。",
        }),
    ]
