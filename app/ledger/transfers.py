"""Move money from one account to another: one row, or NotEnough."""

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.errors import Problem
from app.ledger.accounts import AccountKey, AnySession, balances
from app.ledger.models import NO_OVERDRAFT, LedgerAccount, Transfer

MOST = 10**15


class NotEnough(Problem):
    """The account to be debited does not hold the amount; nothing was moved.

    `there` is None when another transaction took the money between our look and our transfer.
    """

    status = 409
    code = "not_enough"
    title = _l("There is not enough money for this")

    def __init__(self, account: AccountKey, wanted: int, there: int | None) -> None:
        missing = _l("Look at the budget line: what is there has changed, or was never enough.")
        super().__init__(missing, account=str(account), wanted_fen=wanted, there_fen=there)
        self.account = account
        self.wanted = wanted
        self.there = there


def transfer(
    session: AnySession,
    *,
    debit: AccountKey,
    credit: AccountKey,
    amount_fen: int,
    code: str,
    now: datetime,
    case_id: int | None = None,
    sequence: int | None = None,
    reference: str = "",
    corrects: int | None = None,
) -> Transfer:
    """Return the transfer, posted within the caller's transaction, or raise NotEnough.

    After a NotEnough that the database raised, the caller's transaction can only be rolled back.
    """
    assert type(amount_fen) is int and 0 < amount_fen <= MOST, amount_fen
    assert debit.budget_line_id == credit.budget_line_id, "money does not walk between budget lines"
    found = balances(session, [debit, credit])
    giver, taker = found[debit], found[credit]
    if giver.guarded and giver.there < amount_fen:
        raise NotEnough(debit, amount_fen, giver.there)
    row = Transfer(
        budget_line_id=debit.budget_line_id,
        debit_id=giver.id,
        credit_id=taker.id,
        amount=amount_fen,
        unit=giver.unit,
        code=code,
        case_id=case_id,
        sequence=sequence,
        reference=reference,
        corrects=corrects,
        made_at=now,
    )
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        if constraint_of(error) == NO_OVERDRAFT:
            # The guard above saw enough, and the row lock then showed that somebody was faster.
            raise NotEnough(debit, amount_fen, None) from error
        raise
    return row


def reverse(
    session: AnySession,
    wrong: Transfer,
    *,
    now: datetime,
    reference: str,
    case_id: int | None = None,
    sequence: int | None = None,
) -> Transfer:
    """Return the transfer that takes a wrong one back, once; raise NotEnough if the money went on."""
    debit, credit = _keys_of(session, wrong)
    return transfer(
        session,
        debit=credit,
        credit=debit,
        amount_fen=wrong.amount,
        code="REVERSE",
        now=now,
        case_id=case_id,
        sequence=sequence,
        reference=reference,
        corrects=wrong.id,
    )


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the constraint that refused a statement."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


def _keys_of(session: AnySession, row: Transfer) -> tuple[AccountKey, AccountKey]:
    rows = session.scalars(select(LedgerAccount).where(LedgerAccount.id.in_([row.debit_id, row.credit_id])))
    keys = {account.id: AccountKey(account.budget_line_id, account.name, account.package) for account in rows}
    return keys[row.debit_id], keys[row.credit_id]
