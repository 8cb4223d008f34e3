"""Organizations whose entry in the register changes: what a registrar finds on the worklist, and what is done."""

from typing import Any

from app.demo.building import Builder, Member
from app.organizations.models import Organization

TITLES = {
    "application": "变更登记申请书", "resolution": "变更决议", "sponsor_consent": "业务主管单位审查同意文件",
    "premises_right": "新住所使用权证明", "financial_audit": "财务审计报告",
    "responsible_person": "拟任法定代表人基本情况、身份证明", "capital_verification": "验资报告",
    "charter": "修改后的章程",
}
NEEDED_WITH = {
    "new_name": ("charter",), "new_domicile": ("premises_right",), "new_scope": ("charter",),
    "new_legal_representative": ("financial_audit", "responsible_person"), "new_fund_fen": ("capital_verification",),
    "new_sponsor": ("sponsor_consent",),
}
DECIDED = "示民社许准变字〔{year}〕{number}号"
LIST = {"items": [{"what": "决议", "wrong": "缺会议签到表。", "mend": "请补充。"}], "contact": "登记窗口"}


def ask_for_change(
    builder: Builder, member: Member, organization: Organization, *, consented_on: str, **items: Any
) -> str:
    """Apply for a change of these items (`new_…`) with the papers that each needs; return the case's number."""
    needed = [slot for item in items for slot in NEEDED_WITH.get(item, ())]
    slots = dict.fromkeys(("application", "resolution", *needed))
    documents = [
        {"slot": slot, "document_id": builder.paper(member, organization, TITLES[slot]).id} for slot in slots
    ]
    return builder.open(member, "registration_change", "apply", {
        "organization": organization.id, "consented_on": consented_on, "documents": documents, "declaration": True,
        **items,
    }).number


def decide_change(builder: Builder, registrar: Member, number: str, until: str, *, serial: int) -> None:
    """Let the registrar bring a change that was applied for to the state `until` of the spine."""
    road: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("accepted", "accept", {}),
        ("approved", "approve", {"document_number": DECIDED.format(year=builder.today.year, number=serial)}),
        ("changed", "deliver", {"method": "electronic"}),
    )
    for state, trigger, data in road:
        builder.move(registrar, number, trigger, data)
        if state == until:
            return
