"""What do the founders of the invented organizations hand in? A complete application of each legal class."""

from collections.abc import Sequence
from typing import Any

from stdnum.cn import ric

from app.demo.building import Builder, Member
from app.organizations.models import Organization

PAPERS = {
    "application": "登记申请书", "premises_right": "场所使用权证明", "capital_verification": "验资报告",
    "responsible_persons": "拟任负责人基本情况", "charter_draft": "章程草案",
}
REPRESENTATIVE = "110102190001010002"
"""The number of nobody, born on the first day of 1900; whoever may represent only one organization has another."""
OF_A_CLASS: dict[str, dict[str, Any]] = {
    "social_service": {"start_up_fund_fen": 3_000_000, "scope": "社区服务；为老服务；社会工作服务。"},
    "association": {
        "individual_members": 56, "unit_members": 4, "registered_fund_fen": 5_000_000, "activity_area": "本区",
        "scope": "会员交流；培训；组织社区志愿服务。",
    },
    "foundation": {
        "fundraising": "private", "original_fund_fen": 200_000_000, "no_officials": True,
        "scope": "资助社区为老服务项目；资助助学项目。",
    },
}


def registration_data(builder: Builder, member: Member, organization: Organization, name: str) -> dict[str, Any]:
    """Return a complete application for registration with its papers handed in."""
    legal_type = organization.legal_type
    documents = [
        {"slot": slot, "document_id": builder.paper(member, organization, f"{title} {slot}").id}
        for slot, title in PAPERS.items()
    ]
    return {
        "organization": organization.id, "legal_type": legal_type, "proposed_name": name,
        "field": "community_service", "domicile": "示例街道幸福里1号楼底商", "route": "direct", "sponsor": None,
        "legal_representative": "林示例", "identity_number": _identity_number(builder, legal_type),
        "phone": "010-00000000", "staff_count": 6,
        "founders": [{"name": "林示例", "role": "发起人"}, {"name": "周示例", "role": "理事"}],
        "documents": documents, "declaration": True, **OF_A_CLASS[legal_type],
    }


def _identity_number(builder: Builder, legal_type: str) -> str:
    if legal_type == "social_service":
        return REPRESENTATIVE
    builder.representatives += 1
    body = f"11010219000102{builder.representatives:03d}"
    return body + ric.calc_check_digit(f"{body}0")


def founded(
    builder: Builder, registrar: Member, applicant: tuple[Organization, Member], road: Sequence[tuple[str, Any]] = ()
) -> str:
    """Hand in the application of an organization in preparation, let its registrar go on; return the case's number."""
    organization, member = applicant
    data = registration_data(builder, member, organization, organization.name)
    number = builder.open(member, "registration", "apply", data).number
    for trigger, given in road:
        builder.move(registrar, number, trigger, dict(given))
    return number
