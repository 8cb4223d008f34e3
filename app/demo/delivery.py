"""A contract under way, for the demo and the seed: a stage report, and an evaluation that beneficiaries rate."""

from sqlalchemy import select

from app.delivery.steps import make_codes, rate
from app.demo.building import Builder, Member
from app.organizations.models import Organization
from app.purchasing.models import Contract, Instalment

CODES = 20


def report_on(builder: Builder, staff: Member, organization: Organization, contract: Contract) -> str:
    """Report on the second instalment of a contract; return the number of the case."""
    second = builder.session.scalars(
        select(Instalment.id).where(Instalment.contract_id == contract.id, Instalment.position == 2)
    ).one()
    return builder.open(staff, "milestone_report", "submit", {
        "organization": organization.id, "instalment": second, "done": "完成入户探访与小组活动，建立服务档案。",
        "indicators": [
            {"name": "入户探访（人次）", "planned": 120, "achieved": 126},
            {"name": "小组活动（场）", "planned": 12, "achieved": 11},
        ],
    }).number


def evaluation_under_way(
    builder: Builder, officer: Member, evaluator: Member, contract: Contract, *, rated: int
) -> str:
    """Commission a mid-term evaluation, hand out codes and let `rated` beneficiaries rate; return its number."""
    number = builder.open(officer, "evaluation", "commission", {
        "contract": contract.number, "stage": "mid", "evaluator": evaluator.login, "task": "按中期指标评估。",
    }).number
    builder.move(evaluator, number, "hand_out_codes", {"count": CODES})
    codes = make_codes(builder.session, builder.case(number).id)
    builder.session.commit()
    for turn, code in enumerate(codes[:rated]):
        rate(builder.session, code, stars=5 - turn % 2, comment="", on=builder.today)
    return number
