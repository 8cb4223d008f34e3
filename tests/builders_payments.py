"""Builders of contracts and payments: a district, a signed contract, a payment as far as needed."""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.access.actor import Actor
from app.cases.models import Case
from app.cases.perform import perform
from app.documents.models import Document
from app.errors import Answer
from app.ledger.models import BudgetLine
from app.organizations.models import Organization, Registration
from app.payments.models import PaymentInstruction
from app.purchasing.models import Contract, Instalment
from app.purchasing.steps import ContractTerms, InstalmentTerm, sign_contract
from tests.builders import District, make_district
from tests.builders_ledger import MORNING, a_budget_line

ACCOUNT = "0200001209001234"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Project:
    """A district whose organization is registered and has signed a contract paid from a budget line."""

    place: District
    line_id: int
    contract_id: int
    contract_number: str
    instalments: tuple[int, ...]

    @property
    def actors(self) -> dict[str, Actor]:
        """One actor per role."""
        return self.place.actors


def register(session: Any, organization: Organization) -> None:
    """Put the organization into the register."""
    code = f"52110102MJ{next(_numbers):06d}XX"
    session.add(
        Registration(
            organization_id=organization.id,
            uscc=code,
            name=organization.name,
            known_since=date(2020, 1, 1),
            registered_on=date(2020, 1, 1),
            source="establishment_decision",
            authority="示例登记机关",
            entered_at=MORNING,
        )
    )


def a_contract(
    session: Any,
    place: District,
    line: BudgetLine,
    amount_fen: int,
    shares: Sequence[int] = (6000, 3000, 1000),
) -> Contract:
    """Return a contract signed now, its sum committed."""
    terms = ContractTerms(
        number=f"HT-2026-{next(_numbers):03d}",
        title="社区为老服务项目",
        organization_id=place.organization.id,
        node_id=place.buyer.id,
        budget_line_id=line.id,
        amount_fen=amount_fen,
        signed_on=date(2026, 1, 5),
        ends_on=date(2026, 12, 31),
        instalments=[InstalmentTerm(share, f"第{n}期") for n, share in enumerate(shares, start=1)],
    )
    return sign_contract(session, terms, now=MORNING)


def a_project(session: Any, *, budget_fen: int = 500_000_00, contract_fen: int = 100_000_00) -> Project:
    """Return a district with a registered organization and a contract of three instalments. Commits."""
    place = make_district(session)
    register(session, place.organization)
    line = a_budget_line(session, budget_fen, node=place.buyer)
    contract = a_contract(session, place, line, contract_fen)
    parts = session.scalars(
        select(Instalment.id).where(Instalment.contract_id == contract.id).order_by(Instalment.position)
    )
    project = Project(place, line.id, contract.id, contract.number, tuple(parts))
    session.commit()
    return project


def a_paper(session: Any, project: Project, name: str = "发票.pdf") -> int:
    """Return the id of a paper that the organization uploaded. Commits."""
    paper = Document(
        sha256=hashlib.sha256(f"{name}{next(_numbers)}".encode()).hexdigest(),
        size=1000,
        media_type="application/pdf",
        name=name,
        organization_id=project.place.organization.id,
        uploaded_by=project.actors["staff"].person_id,
        uploaded_at=MORNING,
        issued=False,
    )
    session.add(paper)
    session.commit()
    return paper.id


def application(session: Any, project: Project, **changes: Any) -> dict[str, Any]:
    """Return the data of an application for the first instalment, with an invoice."""
    data = {
        "instalment": project.instalments[0],
        "invoice_no": "25117000000123456789",
        "payee_bank": "示例银行甲区支行",
        "payee_account": "0200 0012 0900 1234",
        "report": "本阶段服务 320 人次。",
    }
    if "payee_name" not in changes:  # where several ask at once, none of them may read what is bound to one session
        data["payee_name"] = project.place.organization.name
    if "documents" not in changes:
        data["documents"] = [{"slot": "invoice", "document_id": a_paper(session, project)}]
    return {**data, **changes}


def apply(session: Any, project: Project, **changes: Any) -> Answer:
    """Open a payment for the first instalment, or as `changes` say."""
    return perform(
        session,
        kind="payment",
        trigger="apply",
        actor=project.actors["staff"],
        data=application(session, project, **changes),
        now=MORNING,
    )


STEPS: dict[str, tuple[str, dict[str, Any]]] = {
    "check_business": ("project_officer", {"opinion": "成果与合同一致。"}),
    "check_finance": ("finance_officer", {"opinion": "票据与预算无误。"}),
    "approve": ("finance_approver", {"amount_fen": 60_000_00, "account_end": "1234"}),
    "instruct": ("cashier", {}),
    "return_for_changes": ("project_officer", {"items": [{"item": "发票抬头有误，请重开。"}]}),
    "refuse": ("project_officer", {"reason": "成果未达到合同约定。"}),
    "withdraw": ("staff", {}),
    "suspend": ("finance_officer", {"reason": "收到投诉，核查中。"}),
    "resume": ("finance_officer", {}),
}
"""Who makes which step with what, where a test does not say otherwise."""


def move(session: Any, project: Project, number: str, trigger: str, **changes: Any) -> Answer:
    """Make one step of the payment, as the person whose step it is; `by` names another role."""
    role, data = STEPS.get(trigger, ("staff", {}))
    by = changes.pop("by", role)
    at: datetime = changes.pop("at", MORNING + timedelta(hours=1))
    revision = changes.pop("revision", None)
    if revision is None:
        revision = session.execute(select(Case.revision).where(Case.number == number)).scalar_one()
    return perform(
        session,
        kind="payment",
        trigger=trigger,
        actor=project.actors[by],
        data={**data, **changes},
        now=at,
        number=number,
        revision=revision,
    )


def a_payment(session: Any, project: Project, *, until: str = "applied", **changes: Any) -> str:
    """Return the number of a payment that stands in the state `until`, on the straight way to the bank."""
    number = apply(session, project, **changes).number
    way = {"applied": 0, "business_checked": 1, "finance_checked": 2, "approved": 3, "in_transit": 4}
    for trigger in ("check_business", "check_finance", "approve", "instruct")[: way[until]]:
        move(session, project, number, trigger)
    return number


def instruction_of(session: Any, number: str) -> PaymentInstruction:
    """Return the newest instruction of a payment."""
    query = (
        select(PaymentInstruction)
        .join(Case, Case.id == PaymentInstruction.case_id)
        .where(Case.number == number)
        .order_by(PaymentInstruction.id.desc())
    )
    found: PaymentInstruction = session.scalars(query).first()
    return found


def case_of(session: Any, number: str) -> Case:
    """Return the row of a case."""
    found: Case = session.scalars(select(Case).where(Case.number == number)).one()
    return found
