"""Which cases does somebody ask for? Their words turned into one scope, through the one filter of what they see.

The same words are turned into a scope again when a worker makes the file, by what the person reaches then.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, union
from sqlalchemy.orm import aliased

from app.access.models import Node
from app.access.nodes import AnySession
from app.access.reach import Holding, holdings, visible_by
from app.audit.queries import organization_name
from app.audit.scopes import Scope, of_organization, of_period, of_project
from app.cases.models import Case
from app.cases.seeing import spelled
from app.delivery.models import Acceptance, ContractClosure, Evaluation, MilestoneReport, Rectification
from app.errors import CaseNotFound
from app.payments.models import Payment
from app.purchasing.models import Contract, Instalment

AUDITOR = "auditor"


def auditing_of(session: AnySession, person_id: int, on: date) -> tuple[Holding, ...]:
    """Return what a person holds as an auditor on that day. One query."""
    return tuple(held for held in holdings(session, person_id, on) if held.role == AUDITOR)


def reach_of(held: Sequence[Holding]) -> str:
    """Return in words for the machine what these holdings reach: other words, another reach."""
    return " ".join(sorted({f"#{one.case_id}" if one.case_id is not None else one.node_path for one in held}))


def scope_asked(session: AnySession, asked: dict[str, Any], held: Sequence[Holding]) -> Scope:
    """Return what was asked for, as far as these holdings see; raise CaseNotFound for what they do not see."""
    visible = visible_by(held, Case)
    place = asked.get("place")
    if place is not None:
        visible = and_(visible, _in_place(session, place, held))
    if asked["scope"] == "project":
        scope = _project(session, asked["number"], visible)
    elif asked["scope"] == "organization":
        scope = of_organization(*_organization(session, asked["organization"], visible), visible)
    else:
        named = asked.get("organization")
        whose = _organization(session, named, visible) if named is not None else None
        scope = of_period(_day(asked["from_day"]), _day(asked["to_day"]), visible, organization=whose)
    places = sorted({one.node_name_zh for one in held}) if place is None else [session.get_one(Node, place).name_zh]
    return scope.telling(places=places)


def places_of(session: AnySession, held: Sequence[Holding], most: int = 200) -> list[Node]:
    """Return the places among which these holdings may choose: those they are held on and those below."""
    paths = {one.node_path for one in held if one.case_id is None}
    if not paths:
        return []
    within = or_(*(Node.path.like(path + "%") for path in sorted(paths)))
    query = select(Node).where(Node.kind == "territory", within).order_by(Node.path).limit(most)
    return list(session.scalars(query))


def _day(written: date | str) -> date:
    return written if isinstance(written, date) else date.fromisoformat(written)


def _in_place(session: AnySession, place: int, held: Sequence[Holding]) -> ColumnElement[bool]:
    node = session.get(Node, place) if 0 < place < 2**63 else None
    paths = [one.node_path for one in held if one.case_id is None]
    if node is None or not any(node.path.startswith(path) for path in paths):
        raise CaseNotFound
    return Case.node_id.in_(select(Node.id).where(Node.path.like(node.path + "%")))


def _organization(session: AnySession, organization: int, visible: ColumnElement[bool]) -> tuple[int, str]:
    """The register is open to whoever is signed in, so an organization without a visible case may be named too."""
    name = organization_name(session, organization)
    if name is None:
        raise CaseNotFound
    return organization, name


def _project(session: AnySession, number: str, visible: ColumnElement[bool]) -> Scope:
    wanted = spelled(number)
    contract = session.scalar(select(Contract.id).where(Contract.number == number))
    first = session.scalar(select(Case.id).where(Case.number == wanted, visible))
    found = {first} if first is not None else set(_of_contracts(session, [contract] if contract else [], visible))
    if not found:
        raise CaseNotFound
    while True:
        more = _below(session, found, visible) | found
        more |= set(_of_contracts(session, _contracts_of(session, more), visible))
        if more == found:
            break
        found = more
    told = wanted if first is not None else number
    return of_project(sorted(found), told)


def _below(session: AnySession, cases: set[int], visible: ColumnElement[bool]) -> set[int]:
    family = select(Case.id).where(Case.id.in_(cases), visible).cte("family", recursive=True)
    child = aliased(Case)
    below = select(child.id).join(family, child.parent_id == family.c.id)
    ids = select(family.union(below).c.id)
    return set(session.scalars(select(Case.id).where(Case.id.in_(ids), visible)))


def _contracts_of(session: AnySession, cases: set[int]) -> list[int]:
    """Return the contracts that were signed in these cases. One query."""
    # A contract that was signed here names its case; those that came from elsewhere have none.
    return list(session.scalars(select(Contract.id).where(Contract.case_id.in_(cases))))


def _of_contracts(session: AnySession, contracts: Sequence[int], visible: ColumnElement[bool]) -> set[int]:
    """Return the visible cases that deliver, settle or close these contracts. One query."""
    if not contracts:
        return set()
    parts = select(Instalment.id).where(Instalment.contract_id.in_(contracts))
    cases = union(
        select(Payment.case_id).where(Payment.instalment_id.in_(parts)),
        select(MilestoneReport.case_id).where(MilestoneReport.instalment_id.in_(parts)),
        *(
            select(table.case_id).where(table.contract_id.in_(contracts))
            for table in (Evaluation, Acceptance, Rectification, ContractClosure)
        ),
    ).subquery()
    return set(session.scalars(select(Case.id).where(Case.id.in_(select(cases.c.case_id)), visible)))
