"""Organizations that report their year: what a registrar finds on the worklist, and what was concluded."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from app.demo.building import Builder, Member
from app.organizations.models import Organization
from app.organizations.steps import open_registration

TITLES = {
    "report_form": "年度工作报告书", "financial_report": "财务会计报告", "audit_report": "审计报告",
    "sponsor_opinion": "业务主管单位初审意见",
    "put_right_report": "整改报告",
}
NUMBER = "示民社检〔{year}〕{serial}号"
FIGURES: dict[str, Any] = {
    "activities": "全年入户探访1200人次，开展社区活动36场，服务老年人400余名，组织志愿者培训8次。",
    "income_fen": 86_000_000, "expenditure_fen": 79_500_000, "assets_fen": 52_000_000, "liabilities_fen": 8_000_000,
    "staff_count": 6,
}
OF_A_FOUNDATION: dict[str, Any] = {"donations_fen": 60_000_000, "public_benefit_fen": 70_000_000}
LIST = {"items": [{"what": "财务会计报告", "wrong": "缺现金流量表。", "mend": "请补充。"}], "contact": "社会组织管理科"}
TO_PUT_RIGHT = [
    {"what": "未按章程召开理事会。", "how": "召开理事会并报送会议纪要。"},
    {"what": "财务支出审批手续不全。", "how": "建立支出审批制度，补齐本年度凭证。"},
]


def report_year(
    builder: Builder, member: Member, organization: Organization, year: int | None = None, **said: Any
) -> str:
    """Hand in the report of a year, by default the last one that is over; return the case's number."""
    entry = open_registration(builder.session, organization.id)
    opinion = ("sponsor_opinion",) if entry is not None and entry.sponsor else ()
    slots = ("report_form", "financial_report", "audit_report", *opinion)
    documents = [
        {"slot": slot, "document_id": builder.paper(member, organization, TITLES[slot]).id} for slot in slots
    ]
    more = OF_A_FOUNDATION if organization.legal_type == "foundation" else {}
    return builder.open(member, "annual_report", "submit", {
        "organization": organization.id, "year": year or builder.today.year - 1, "documents": documents,
        "declaration": True, **FIGURES, **more, **said,
    }).number


def conclude(builder: Builder, registrar: Member, number: str, trigger: str, *, serial: int) -> None:
    """Let the registrar conclude: in order (`qualify`, `accept_report`), or with what must be put right."""
    said: dict[str, Any] = {
        "document_number": NUMBER.format(year=builder.today.year, serial=serial),
        "reasons": "按照章程开展活动，财务管理规范，登记事项与登记簿一致。",
    }
    if trigger in ("qualify_basically", "disqualify"):
        said |= {"reasons": "未按章程召开理事会。\n财务支出审批手续不全。", "to_put_right": TO_PUT_RIGHT,
                 "put_right_by": (builder.today + timedelta(days=60)).isoformat()}
    builder.move(registrar, number, trigger, said)


def put_right(builder: Builder, member: Member, organization: Organization, number: str) -> None:
    """Let the organization report that it has put right what the conclusion names."""
    paper = builder.paper(member, organization, TITLES["put_right_report"])
    builder.move(member, number, "report_put_right", {
        "done": "已召开理事会，建立支出审批制度并补齐凭证。",
        "documents": [{"slot": "put_right_report", "document_id": paper.id}],
    })


def in_every_state(
    builder: Builder, registrar: Member, applicants: Sequence[tuple[Organization, Member]]
) -> None:
    """Let six organizations report: handed in, to be corrected, concluded in three ways, and one put right."""
    roads = (None, "ask_correction", "qualify", "qualify_basically", "disqualify", "put_right")
    for serial, ((organization, member), road) in enumerate(zip(applicants, roads, strict=False), start=1):
        number = report_year(builder, member, organization)
        if road == "ask_correction":
            builder.move(registrar, number, road, dict(LIST))
        elif road is not None:
            conclude(builder, registrar, number, "disqualify" if road == "put_right" else road, serial=serial)
        if road == "put_right":
            put_right(builder, member, organization, number)
