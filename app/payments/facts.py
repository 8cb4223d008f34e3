"""What must be known before a payment moves? Rows of contract, ledger and bank, as a frozen dataclass."""

import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from app.access.models import Node
from app.cases.facts import definition_of
from app.cases.kinds import facts, opening_node
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.delivery.queries import standing_of_part
from app.documents.queries import filled_slots
from app.documents.required import missing_documents
from app.ledger.accounts import AnySession, package_balances
from app.organizations.models import Organization
from app.organizations.queries import frozen_by, is_registered
from app.payments.models import Payment
from app.payments.queries import claimed_elsewhere, earlier_settled, fitting_lines, open_instalments
from app.purchasing.queries import InstalmentOfContract, instalment
from workflows.kinds.case import CaseFacts
from workflows.kinds.payment import PaymentFacts
from workflows.rules.working_days import local_day

NOTHING = {"committed": 0, "payable": 0, "transit": 0}


@dataclass(frozen=True)
class _Asked:
    """What is asked to be paid to whom: from the application on file, else from what is being handed in."""

    part: InstalmentOfContract | None
    amount_fen: int
    payee_name: str | None


@facts("payment")
def payment_facts(
    session: AnySession, case: CaseRow | None, data: dict[str, Any] | None, case_facts: CaseFacts
) -> PaymentFacts:
    """Return the facts of a payment; before anything was chosen, those of the likeliest instalment."""
    row = session.get(Payment, case.id) if case is not None and case.state is not None else None
    asked = _asked(session, row, data or {}, case_facts.organization_id)
    part = asked.part
    there = package_balances(session, part.budget_line_id, part.number) if part is not None else NOTHING
    standing = standing_of_part(session, part) if part is not None else None
    name, registered = _organization(session, case_facts.organization_id)
    case_id = row.case_id if row is not None else None
    return PaymentFacts(
        case=case_facts,
        organization_registered=registered,
        contract_with_organization=part is not None and part.organization_id == case_facts.organization_id,
        instalment_found=part is not None,
        instalment_amount_fen=part.amount_fen if part is not None else 0,
        amount_fen=asked.amount_fen,
        committed_fen=there["committed"],
        payable_fen=there["payable"],
        transit_fen=there["transit"],
        open_payment_elsewhere=part is not None and claimed_elsewhere(session, part.instalment_id, case_id),
        earlier_instalments_settled=part is not None and earlier_settled(session, part),
        payee_is_organization=asked.payee_name is None or same_name(asked.payee_name, name),
        bank_line_matches=case_id is not None and _line_matches(session, case_id, data or {}),
        missing_documents=_missing_documents(session, case, data),
        condition_missing=standing.missing(part.waits_for) if standing is not None and part is not None else (),
        nothing_to_rectify=standing is None or not standing.rectifying,
        frozen=frozen_by(session, case_facts.organization_id, local_day(business_now(session))),
        still_owed=part is None or standing is None or not standing.closed or part.waits_for != "none",
    )


@opening_node("payment")
def buyer_node(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int:
    """Return where a new payment happens: at the buyer of the contract, if it is the organization's own.

    What cannot be placed is refused by the guards, with reasons and wherever it stands: an outsider learns
    nothing from the place, not even whether there is such an instalment.
    """
    if organization_id is None:
        return session.execute(select(func.min(Node.id))).scalar_one()
    part = instalment(session, data.get("instalment"))
    if part is not None and part.organization_id == organization_id:
        return part.node_id
    place = (
        select(func.coalesce(Node.parent_id, Node.id))
        .join(Organization, Organization.node_id == Node.id)
        .where(Organization.id == organization_id)
    )
    return session.execute(place).scalar_one()


def same_name(one: str, other: str) -> bool:
    """Return whether two printings mean the same name: width, brackets and spaces do not count."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _asked(
    session: AnySession, row: Payment | None, data: dict[str, Any], organization_id: int | None
) -> _Asked:
    if row is not None:
        name = data.get("payee_name") or row.payee_name
        return _Asked(instalment(session, row.instalment_id), row.amount_fen, name)
    if "instalment" in data:
        part = instalment(session, data["instalment"])
    else:
        part = _likeliest(session, organization_id) if organization_id is not None else None
    return _Asked(part, part.amount_fen if part is not None else 0, data.get("payee_name"))


def _likeliest(session: AnySession, organization_id: int) -> InstalmentOfContract | None:
    """Return the first open instalment that could be asked for today, else the first open one.

    Of each contract only the first open one can be next: those before it must have been paid.
    """
    firsts: dict[int, InstalmentOfContract] = {}
    for part in open_instalments(session, organization_id):
        firsts.setdefault(part.contract_id, part)
    ready = (
        part for part in firsts.values()
        if not (standing := standing_of_part(session, part)).missing(part.waits_for) and not standing.rectifying
        and earlier_settled(session, part)
    )
    return next(ready, None) or next(iter(firsts.values()), None)


def _organization(session: AnySession, organization_id: int | None) -> tuple[str, bool]:
    name = session.execute(select(Organization.name).where(Organization.id == organization_id)).scalar()
    if organization_id is None or name is None:
        return "", False
    return name, is_registered(session, organization_id)


def _missing_documents(
    session: AnySession, case: CaseRow | None, data: dict[str, Any] | None
) -> tuple[str, ...]:
    """Return the required slots that are neither filled nor being filled; none while nothing is handed in."""
    if case is None or data is None:
        return ()
    definition = definition_of(case)
    there = filled_slots(session, case.id) | {item["slot"] for item in data.get("documents", ())}
    return missing_documents(definition, definition.opening_transitions()[0], there)


def _line_matches(session: AnySession, case_id: int, data: dict[str, Any]) -> bool:
    fitting = {line.id for line in fitting_lines(session, case_id)}
    return data["bank_line"] in fitting if "bank_line" in data else bool(fitting)
