"""Which contracts are there, and what does each instalment ask for?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, select, true
from sqlalchemy.orm import aliased

from app.access.reach import Holding, holdings
from app.cases.kinds import reachable
from app.cases.named import Asker
from app.clock import business_now
from app.ledger.accounts import AnySession
from app.ledger.queries import LIST_LIMIT, nodes_within
from app.purchasing.models import Contract, Instalment
from workflows.rules.working_days import local_day

LARGEST_ID = 2**63 - 1
CONTRACT_ROLES = ("buyer", "project_officer", "finance_officer", "finance_approver", "cashier", "auditor")


@dataclass(frozen=True)
class InstalmentOfContract:
    """One instalment together with the contract it belongs to; `of` says how many the contract has.

    `amount_fen` is what is to be paid: what an acceptance deducted is off it.
    """

    instalment_id: int
    position: int
    of: int
    amount_fen: int
    condition: str
    contract_id: int
    number: str
    title: str
    organization_id: int
    node_id: int
    budget_line_id: int
    waits_for: str


def visible_contracts(held: Iterable[Holding], organization_id: int) -> ColumnElement[bool]:
    """Return the condition on Contract: all for the organization's own people, else those of the holder's offices."""
    held = list(held)
    if any(each.organization_id == organization_id and each.case_id is None for each in held):
        return true()
    nodes = nodes_within(held, CONTRACT_ROLES)
    return false() if nodes is None else Contract.node_id.in_(nodes)


@reachable("instalments_open")
@reachable("instalments_to_report")
def own_instalment(session: AnySession, asker: Asker, instalment_id: int) -> bool:
    """Tell whether this is an instalment of a contract of the organization, paid or not."""
    part = instalment(session, instalment_id)
    return part is not None and part.organization_id == asker.organization_id


@reachable("contracts_to_accept")
def own_contract(session: AnySession, asker: Asker, contract_id: int) -> bool:
    """Tell whether this is a contract of the organization, accepted or not."""
    contract = session.get(Contract, contract_id)
    return contract is not None and contract.organization_id == asker.organization_id


@reachable("contracts_of_offices")
def contract_of_offices(session: AnySession, asker: Asker, number: str) -> bool:
    """Tell whether this is the number of a contract of an office at which the person sees contracts."""
    if asker.person_id is None:
        return False
    nodes = nodes_within(holdings(session, asker.person_id, local_day(business_now(session))), CONTRACT_ROLES)
    if nodes is None:
        return False
    query = select(Contract.id).where(Contract.number == number, Contract.node_id.in_(nodes))
    return session.execute(query).first() is not None


def instalment(session: AnySession, instalment_id: int | None) -> InstalmentOfContract | None:
    """Return an instalment with its contract, or None; one query."""
    if instalment_id is None:
        return None
    row = session.execute(instalments_query().where(Instalment.id == instalment_id)).one_or_none()
    return InstalmentOfContract(*row) if row is not None else None


def contracts_on_line(
    session: AnySession, line_id: int, *, after: int = 0, limit: int = LIST_LIMIT
) -> Sequence[Contract]:
    """Return the contracts paid from a budget line, oldest first, those behind the contract `after`; one query."""
    query = select(Contract).where(Contract.budget_line_id == line_id, Contract.id > after).order_by(Contract.id)
    return session.scalars(query.limit(limit)).all()


def instalments_query() -> Select[Any]:
    """Return the query whose rows are the fields of InstalmentOfContract; callers narrow it."""
    all_parts = aliased(Instalment)
    others = select(func.count(all_parts.id)).where(all_parts.contract_id == Contract.id).correlate(Contract)
    return select(
        Instalment.id,
        Instalment.position,
        others.scalar_subquery().label("of"),
        Instalment.amount_fen - Instalment.deducted_fen,
        Instalment.condition,
        Contract.id,
        Contract.number,
        Contract.title,
        Contract.organization_id,
        Contract.node_id,
        Contract.budget_line_id,
        Instalment.waits_for,
    ).join(Contract, Contract.id == Instalment.contract_id)
