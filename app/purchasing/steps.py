"""How does a contract come to be? The step that features above, and the demo, may take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.ledger.accounts import AnySession
from app.ledger.steps import Because, commit, release, reserve
from app.purchasing.models import Contract, Instalment
from workflows.rules.instalments import split


@dataclass(frozen=True)
class InstalmentTerm:
    """One agreed part of the sum: its share in basis points, the condition in words, and what the guards ask for."""

    share_bp: int
    condition: str
    waits_for: str = "none"


@dataclass(frozen=True)
class ContractTerms:
    """What buyer and organization agreed; the shares of the terms sum to 10000."""

    number: str
    title: str
    organization_id: int
    node_id: int
    budget_line_id: int
    amount_fen: int
    signed_on: date
    ends_on: date
    instalments: Sequence[InstalmentTerm]
    signed_by: int | None = None
    case_id: int | None = None


def sign_contract(
    session: AnySession, terms: ContractTerms, *, now: datetime, reserved_fen: int = 0, sequence: int | None = None
) -> Contract:
    """Return the signed contract with its instalments, its whole sum committed, or raise NotEnough.

    What a published call reserved under the contract's number (`reserved_fen`) is used first and what it
    held beyond the sum goes back to the budget line; without a call the sum is reserved here. Signed in a case,
    the money moves by its move number `sequence`.
    """
    because = Because(now=now, case_id=terms.case_id, sequence=sequence, reference=terms.number)
    line_id, package = terms.budget_line_id, terms.number
    if terms.amount_fen > reserved_fen:
        reserve(session, line_id, package, terms.amount_fen - reserved_fen, because)
    commit(session, line_id, package, terms.amount_fen, because)
    if reserved_fen > terms.amount_fen:
        release(session, line_id, package, reserved_fen - terms.amount_fen, because, held="reserved")
    return _written(session, terms)


def _written(session: AnySession, terms: ContractTerms) -> Contract:
    contract = Contract(
        number=terms.number,
        title=terms.title,
        organization_id=terms.organization_id,
        node_id=terms.node_id,
        budget_line_id=terms.budget_line_id,
        amount_fen=terms.amount_fen,
        signed_on=terms.signed_on,
        ends_on=terms.ends_on,
        signed_by=terms.signed_by,
        case_id=terms.case_id,
    )
    session.add(contract)
    session.flush()
    amounts = split(terms.amount_fen, [term.share_bp for term in terms.instalments])
    session.add_all(
        Instalment(
            contract_id=contract.id,
            position=position,
            share_bp=term.share_bp,
            amount_fen=amount_fen,
            condition=term.condition,
            waits_for=term.waits_for,
        )
        for position, (term, amount_fen) in enumerate(zip(terms.instalments, amounts, strict=True), start=1)
    )
    session.flush()
    return contract
