"""An organization that was listed, has put it right and applies for removal: what the bureau's two registrars see."""

from datetime import timedelta

from app.access.models import Node
from app.demo.building import Builder, Member
from app.organizations.models import Organization

LISTED_NAME = "北京市西城区旧巷文化交流中心"


def listing(builder: Builder, division: str, district: Node, registrar: Member, password: str) -> str:
    """List an organization and let it apply for removal; return the number of the case."""
    present = builder.now
    second = builder.person("方正", "registrar2", [("registrar", district)], password=password)
    organization = builder.registered(division, LISTED_NAME, registrar, years=5)
    staff = builder.person("胡同", "staff7", [("staff", builder.node(organization.node_id))], password=password)
    builder.now = present - timedelta(days=40)
    evidence = builder.paper(registrar, Organization(), "年报催报记录 reminders")
    number = builder.open(registrar, "restriction", "propose", {
        "organization_code": organization.uscc, "ground": "no_report",
        "facts": "上年度工作报告应当在五月三十一日前报送，经两次书面催报仍未报送。",
        "legal_basis": "《社会组织信用信息管理办法》（民政部令第60号）",
        "documents": [{"slot": "evidence", "document_id": evidence.id}],
    }).number
    builder.now = present - timedelta(days=36)
    builder.move(staff, number, "answer", {"statement": "负责人更换，报告没有按时完成，正在补报，没有异议。"})
    builder.now = present - timedelta(days=33)
    builder.move(second, number, "impose", {
        "decision_number": f"示民社名录〔{builder.today.year}〕3号", "opinion": "情形属实，单位没有异议，决定列入。",
    })
    builder.now = present - timedelta(days=2)
    proof = builder.paper(staff, organization, "移出申请与年报回执 proof")
    builder.move(staff, number, "apply_for_lifting", {
        "lifting_reason": "put_right", "done": "上年度工作报告已经补报，附报送回执。",
        "documents": [{"slot": "proof", "document_id": proof.id}],
    })
    builder.now = present
    return number
