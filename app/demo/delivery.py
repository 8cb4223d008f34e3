"""A contract under way, for the demo and the seed: a stage report, and an evaluation that beneficiaries rate."""

from datetime import timedelta

from sqlalchemy import select, true

from app.delivery.steps import make_codes, rate
from app.demo.building import Builder, Member, payment_data
from app.organizations.models import Organization
from app.payments.bank_orders import sample_statement
from app.payments.queries import in_transit
from app.payments.statements import Importer, import_statement
from app.purchasing.models import Contract, Instalment

CODES = 20


def first_instalment(
    builder: Builder, people: dict[str, Member], organization: Organization, contract: Contract
) -> str:
    """Pay the first instalment, up to the bank's statement; return the number of the payment."""
    first = builder.session.scalars(
        select(Instalment).where(Instalment.contract_id == contract.id, Instalment.position == 1)
    ).one()
    amount, staff = first.amount_fen, people["staff2"]
    number = builder.open(staff, "payment", "apply", payment_data(builder, staff, organization, first.id)).number
    builder.move(people["project"], number, "check_business", {"opinion": "合同已生效，首期条件成就。"})
    builder.move(people["finance"], number, "check_finance", {"opinion": "票据与账户一致。"})
    builder.move(people["approver"], number, "approve", {"amount_fen": amount, "account_end": "4567"})
    builder.move(people["cashier"], number, "instruct", {})
    builder.now += timedelta(days=1)
    orders = in_transit(builder.session, true())
    results = {order.instruction_no: "settled" for order in orders}
    statement = sample_statement(orders, results, on=builder.today)
    by = Importer(people["finance"].actor, contract.node_id, builder.now, "demo")
    import_statement(builder.session, statement, by)
    return number


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
