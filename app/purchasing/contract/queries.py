"""What is a contract's case about, and what became of a signed one?"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, text

from app.access.nodes import AnySession
from app.purchasing.awarding import Award, ContractDraft, ContractTermination
from app.purchasing.models import Contract

# Named, not imported: payments stand above purchasing. Locked, so that nobody claims one meanwhile.
LOCK = text("SELECT id FROM instalments WHERE contract_id = :contract ORDER BY id FOR UPDATE")
UNCLAIMED = text("""
SELECT coalesce(sum(i.amount_fen - i.deducted_fen), 0)::bigint FROM instalments i
 WHERE i.contract_id = :contract
   AND NOT EXISTS (SELECT FROM payments p WHERE p.instalment_id = i.id AND p.released_at IS NULL)
""")
LOCK_CLAIMS = text("""
SELECT c.id FROM cases c JOIN payments p ON p.case_id = c.id JOIN instalments i ON i.id = p.instalment_id
 WHERE i.contract_id = :contract AND c.closed_at IS NULL ORDER BY c.id FOR UPDATE OF c
""")
ADVANCES = text("""
SELECT c.number FROM cases c JOIN payments p ON p.case_id = c.id JOIN instalments i ON i.id = p.instalment_id
 WHERE i.contract_id = :contract AND i.waits_for = 'none' AND c.closed_at IS NULL AND c.state <> 'in_transit'
 ORDER BY c.id
""")


@dataclass(frozen=True)
class Drafted:
    """What is to be signed, and the award that it carries out."""

    draft: ContractDraft
    award: Award


def drafted(session: AnySession, case_id: int) -> Drafted:
    """Return the draft of a contract's case with its award; one query."""
    row = session.execute(
        select(ContractDraft, Award).join(Award, Award.id == ContractDraft.award_id)
        .where(ContractDraft.case_id == case_id)
    ).one()
    return Drafted(*row)


def contract_of_case(session: AnySession, case_id: int) -> Contract | None:
    """Return the contract that was signed in a case, or None."""
    return session.scalars(select(Contract).where(Contract.case_id == case_id)).one_or_none()


def terminated_on(session: AnySession, contract_id: int) -> date | None:
    """Return the day on which a contract was terminated, or None."""
    query = select(ContractTermination.terminated_on).where(ContractTermination.contract_id == contract_id)
    return session.execute(query).scalar_one_or_none()


def unclaimed_fen(session: AnySession, contract_id: int) -> int:
    """Return what no application claims of a contract, its instalments locked until the end of the transaction."""
    session.execute(LOCK, {"contract": contract_id})
    return int(session.execute(UNCLAIMED, {"contract": contract_id}).scalar_one())


def advances_not_left(session: AnySession, contract_id: int) -> list[str]:
    """Return the cases that ask for an instalment that waits for no work and that the bank does not have.

    All open cases that ask for one of the contract are locked first: where they stand is true until the end of the
    transaction.
    """
    session.execute(LOCK_CLAIMS, {"contract": contract_id})
    return list(session.execute(ADVANCES, {"contract": contract_id}).scalars())
