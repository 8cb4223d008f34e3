"""Builders of delivery: a contract whose instalments wait, and each of its cases as far as needed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.access.actor import Actor
from app.access.models import Account
from app.cases.models import Case
from app.cases.perform import perform
from app.delivery.steps import make_codes, rate
from app.errors import Answer
from app.purchasing.models import Contract, Instalment
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from tests.builders import District, make_actor, make_district
from tests.builders_ledger import MORNING, a_budget_line
from tests.builders_payments import ACCOUNT, a_paper, register
from workflows.loader import library
from workflows.rules.evaluation import points_text
from workflows.rules.scoring import HUNDREDTHS

NUMBER = "HT-2026-DEL"
TERMS = (
    InstalmentTerm(5000, "签订后"),
    InstalmentTerm(1000, "阶段报告通过后", "report"),
    InstalmentTerm(2000, "中期评估合格后", "mid_evaluation"),
    InstalmentTerm(2000, "验收合格后", "acceptance"),
)


@dataclass(frozen=True)
class Delivery:
    """A district whose organization is registered and has a contract; everybody who takes part in delivering it."""

    place: District
    contract_id: int
    line_id: int
    instalments: tuple[int, ...]
    actors: dict[str, Actor]


def a_delivery(session: Any, *, fen: int = 100_000_00, terms: Any = TERMS, signer: str | None = None) -> Delivery:
    """Return a signed contract of `fen` with its people. Commits."""
    place = make_district(session)
    register(session, place.organization)
    actors = dict(place.actors)
    actors["second_officer"] = make_actor(session, "另一经办人", ("project_officer", place.buyer.id))
    actors["buyer"] = make_actor(session, "示例负责人", ("buyer", place.buyer.id))
    actors["evaluator"] = make_actor(session, "示例评估人")
    line = a_budget_line(session, 2 * fen, node=place.buyer)
    contract = sign_contract(session, ContractTerms(
        number=NUMBER, title="社区为老服务项目", organization_id=place.organization.id, node_id=place.buyer.id,
        budget_line_id=line.id, amount_fen=fen, signed_on=MORNING.date(),
        ends_on=(MORNING + timedelta(days=300)).date(), instalments=terms,
        signed_by=actors[signer].person_id if signer else None,
    ), now=MORNING)
    parts = session.scalars(
        select(Instalment.id).where(Instalment.contract_id == contract.id).order_by(Instalment.position)
    )
    made = Delivery(place, contract.id, line.id, tuple(parts), actors)
    session.commit()
    return made


def login_of(session: Any, actor: Actor) -> str:
    """Return the name by which an actor signs in."""
    return session.scalars(select(Account.login).where(Account.id == actor.account_id)).one()


def begin(session: Any, delivery: Delivery, kind: str, by: str, data: dict[str, Any], at: datetime = MORNING) -> str:
    """Open a case of the kind; return its number."""
    case = {"milestone_report": "submit", "evaluation": "commission", "acceptance": "request",
            "rectification": "order", "closure": "close"}
    return perform(session, kind=kind, trigger=case[kind], actor=delivery.actors[by], data=data, now=at).number


def step(
    session: Any, delivery: Delivery, number: str, trigger: str, by: str, data: dict[str, Any] | None = None,
    at: datetime = MORNING,
) -> Answer:
    """Move a case at its present revision."""
    row = session.scalars(select(Case).where(Case.number == number)).one()
    kind, revision = row.kind, row.revision
    return perform(session, kind=kind, number=number, trigger=trigger, actor=delivery.actors[by], data=data or {},
                   revision=revision, now=at)


def report_data(delivery: Delivery, position: int = 2) -> dict[str, Any]:
    """Return a report on an instalment."""
    return {"instalment": delivery.instalments[position - 1], "done": "完成探访。",
            "indicators": [{"name": "探访人次", "planned": 120, "achieved": 126}]}


def commission_data(session: Any, delivery: Delivery, stage: str = "mid", **changes: Any) -> dict[str, Any]:
    """Return what commissions an evaluation by the evaluator."""
    return {"contract": NUMBER, "stage": stage, "evaluator": login_of(session, delivery.actors["evaluator"]), **changes}


def scores_data(stage: str = "mid", **points: str) -> dict[str, Any]:
    """Return full marks but for what is said."""
    leaves = library().rubric_pinned(f"base:1:evaluation_{stage}").scored()
    return {
        "scores": [
            {"criterion": leaf.name, "points": points.get(leaf.name, points_text(leaf.max * HUNDREDTHS))}
            for leaf in leaves
        ],
        "opinion": "项目正常。", "no_conflict": True,
    }


def an_evaluation(
    session: Any, delivery: Delivery, *, stage: str = "mid", codes: int = 12, ratings: int = 12, stars: int = 5,
    until: str = "final", **points: str,
) -> str:
    """Return the number of an evaluation that stands in the state `until` on the straight way."""
    number = begin(session, delivery, "evaluation", "project_officer", commission_data(session, delivery, stage))
    step(session, delivery, number, "hand_out_codes", "evaluator", {"count": codes})
    made = make_codes(session, case_id_of(session, number))
    session.commit()
    for code in made[:ratings]:
        assert rate(session, code, stars=stars, comment="", on=MORNING.date())
    way = {"commissioned": 0, "scored": 1, "published": 2, "final": 3}[until]
    moves = [("score", "evaluator", scores_data(stage, **points)), ("publish_result", "second_officer", {}),
             ("accept_result", "staff", {})]
    for trigger, by, data in moves[:way]:
        step(session, delivery, number, trigger, by, data)
    return number


STANDARDS = [
    {"standard": "每月探访不少于10人次", "evidence": "记录表"}, {"standard": "小组活动12场", "evidence": "签到"},
]


def inspection(*results: str, **more: Any) -> dict[str, Any]:
    """Return the result of every standard, in order, with an opinion."""
    return {
        "standards": [{"position": n, "result": result} for n, result in enumerate(results, start=1)],
        "opinions": [{"who": "居民代表5人", "opinion": "满意。"}], **more,
    }


def an_acceptance(session: Any, delivery: Delivery, *, accepted: bool = True) -> str:
    """Return the number of an acceptance, made or only asked for."""
    data = {"contract": delivery.contract_id, "standards": STANDARDS}
    number = begin(session, delivery, "acceptance", "staff", data)
    if accepted:
        step(session, delivery, number, "accept", "buyer", inspection("met", "met"))
    return number


def a_rectification(session: Any, delivery: Delivery) -> str:
    """Return the number of an order to put something right."""
    data = {"contract": NUMBER, "findings": [{"finding": "记录缺签字", "basis": "合同第七条"}]}
    return begin(session, delivery, "rectification", "project_officer", data)


def case_id_of(session: Any, number: str) -> int:
    """Return the id of a case."""
    return session.execute(select(Case.id).where(Case.number == number)).scalar_one()


def state_of(session: Any, number: str) -> str:
    """Return the state of a case."""
    return session.execute(select(Case.state).where(Case.number == number)).scalar_one()


def contract_of(session: Any, delivery: Delivery) -> Contract:
    """Return the contract."""
    return session.get_one(Contract, delivery.contract_id)


def pay_data(session: Any, delivery: Any, position: int) -> dict[str, Any]:
    """Return an application for an instalment."""
    paper = {"slot": "invoice", "document_id": a_paper(session, delivery)}
    return {"instalment": delivery.instalments[position - 1], "invoice_no": "251", "payee_name":
            delivery.place.organization.name, "payee_bank": "示例银行", "payee_account": ACCOUNT, "report": "完成。",
            "documents": [paper]}


def pay(session: Any, delivery: Delivery, position: int) -> str:
    """Apply for an instalment; return the number."""
    return perform(session, kind="payment", trigger="apply", actor=delivery.actors["staff"],
                   data=pay_data(session, delivery, position), now=MORNING).number
