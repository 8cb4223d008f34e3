"""What may features above do to a contract? End its case with a closure, and give free what was claimed."""

from sqlalchemy import select

from app.access.nodes import AnySession
from app.cases.models import Case
from app.cases.move import FollowOn
from app.ledger.steps import Because, release
from app.purchasing.contract.queries import terminated_on
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import InstalmentOfContract


def closing_of(session: AnySession, contract: Contract) -> list[FollowOn]:
    """Return the end of the contract's own case, if it has one that is open."""
    query = select(Case.number).where(Case.id == contract.case_id, Case.closed_at.is_(None))
    return [FollowOn("contract", "close", number=number) for number in session.scalars(query)]


def give_back_unpaid(
    session: AnySession, part: InstalmentOfContract, amount_fen: int, because: Because, *, held: str = "committed"
) -> None:
    """An application ended unpaid: of a terminated contract what it `held` goes back, for nobody can apply again."""
    # The lock that a termination takes: it has happened, or it will find this instalment free.
    session.scalars(select(Instalment.id).where(Instalment.id == part.instalment_id).with_for_update()).one()
    if terminated_on(session, part.contract_id) is not None:
        release(session, part.budget_line_id, part.number, amount_fen, because, held=held)
