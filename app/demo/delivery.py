"""A contract under way, for the demo and the seed: a stage report, and an evaluation that beneficiaries rate."""

from sqlalchemy import select

from app.cases.models import Case
from app.delivery.steps import make_codes, rate
from app.demo.building import Builder, Member, payment_data
from app.demo.buying import Bidder
from app.organizations.models import Organization
from app.payments.bank_orders import sample_statement
from app.payments.queries import in_transit
from app.payments.statements import Importer, import_statement
from app.purchasing.models import Contract, Instalment

CODES = 20


def instalment_until(
    builder: Builder, people: dict[str, Member], payee: Bidder, contract: Contract, until: str
) -> str:
    """Ask for the first instalment of a contract and bring it as far as this step; return the payment's number."""
    first = builder.session.scalars(
        select(Instalment).where(Instalment.contract_id == contract.id, Instalment.position == 1)
    ).one()
    amount = first.amount_fen
    data = payment_data(builder, payee.staff, payee.organization, first.id)
    number = builder.open(payee.staff, "payment", "apply", data).number
    for login, trigger, given in (
        ("project", "check_business", {"opinion": "合同已生效，首期条件成就。"}),
        ("finance", "check_finance", {"opinion": "票据与账户一致。"}),
        ("approver", "approve", {"amount_fen": amount, "account_end": "4567"}),
        ("cashier", "instruct", {}),
    ):
        builder.move(people[login], number, trigger, given)
        if trigger == until:
            break
    return number


def answer_of_the_bank(builder: Builder, finance: Member, contract: Contract, number: str) -> None:
    """Take in a statement by which the bank has paid what is in transit of this payment."""
    orders = in_transit(builder.session, Case.number == number)
    results = {order.instruction_no: "settled" for order in orders}
    statement = sample_statement(orders, results, on=builder.today)
    import_statement(
        builder.session, statement, Importer(finance.actor, contract.node_id, builder.now, "demo")
    )


def report_on(
    builder: Builder, staff: Member, organization: Organization, contract: Contract, *, position: int = 2
) -> str:
    """Report on an instalment of a contract, the second one if nothing is said; return the number of the case."""
    second = builder.session.scalars(
        select(Instalment.id).where(Instalment.contract_id == contract.id, Instalment.position == position)
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
