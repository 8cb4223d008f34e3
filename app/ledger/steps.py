"""How does money walk? The steps that features above may take, each one transfer in the caller's transaction.

source -> available -> reserved -> committed -> payable -> transit -> paid -> returned, and the ways back.
"""

from dataclasses import dataclass
from datetime import datetime

from app.ledger.accounts import AccountKey, AnySession, open_accounts, open_package
from app.ledger.models import LINE_ACCOUNTS, BudgetLine, Transfer
from app.ledger.transfers import transfer


@dataclass(frozen=True)
class Because:
    """Why money moves: when, by which move (none for what no case decides), and on what paper."""

    now: datetime
    case_id: int | None = None
    sequence: int | None = None
    reference: str = ""


def open_budget_line(session: AnySession, *, code: str, name: str, year: int, node_id: int) -> BudgetLine:
    """Return a new budget line of the office `node_id`, with its accounts, all at zero."""
    line = BudgetLine(code=code, name=name, year=year, node_id=node_id)
    session.add(line)
    session.flush()
    open_accounts(session, [AccountKey(line.id, account) for account in LINE_ACCOUNTS])
    return line


def appropriate(session: AnySession, line_id: int, amount_fen: int, because: Because) -> Transfer:
    """The budget was approved or raised (指标下达): source -> available."""
    return _walk(
        session,
        "APPROPRIATE",
        AccountKey(line_id, "source"),
        AccountKey(line_id, "available"),
        amount_fen,
        because,
    )


def curtail(session: AnySession, line_id: int, amount_fen: int, because: Because) -> Transfer:
    """The budget was lowered (指标调减): available -> source, never more than is still available."""
    return _walk(
        session,
        "APPROPRIATE",
        AccountKey(line_id, "available"),
        AccountKey(line_id, "source"),
        amount_fen,
        because,
    )


def reserve(session: AnySession, line_id: int, package: str, amount_fen: int, because: Because) -> Transfer:
    """A call was published: available -> reserved. Opens the accounts of the package."""
    open_package(session, line_id, package)
    return _walk(
        session,
        "RESERVE",
        AccountKey(line_id, "available"),
        AccountKey(line_id, "reserved", package),
        amount_fen,
        because,
    )


def commit(session: AnySession, line_id: int, package: str, amount_fen: int, because: Because) -> Transfer:
    """The contract was signed: reserved -> committed."""
    return _within(session, "COMMIT", line_id, package, ("reserved", "committed"), amount_fen, because)


def accrue(session: AnySession, line_id: int, package: str, amount_fen: int, because: Because) -> Transfer:
    """An instalment was accepted and approved: committed -> payable."""
    return _within(session, "ACCRUE", line_id, package, ("committed", "payable"), amount_fen, because)


def instruct(session: AnySession, line_id: int, package: str, amount_fen: int, because: Because) -> Transfer:
    """The payment instruction left for the bank: payable -> transit."""
    return _within(session, "INSTRUCT", line_id, package, ("payable", "transit"), amount_fen, because)


def settle(session: AnySession, line_id: int, package: str, amount_fen: int, because: Because) -> Transfer:
    """A bank line proved the payment: transit -> paid."""
    return _within(session, "SETTLE", line_id, package, ("transit", "paid"), amount_fen, because)


def bounce(session: AnySession, line_id: int, package: str, amount_fen: int, because: Because) -> Transfer:
    """The bank sent the payment back: transit -> payable."""
    return _within(session, "BOUNCE", line_id, package, ("transit", "payable"), amount_fen, because)


def give_back(session: AnySession, line_id: int, package: str, amount_fen: int, because: Because) -> Transfer:
    """The organization refunded money that was paid, as a bank line proves: paid -> returned."""
    return _walk(
        session,
        "RETURN",
        AccountKey(line_id, "paid", package),
        AccountKey(line_id, "returned"),
        amount_fen,
        because,
    )


def release(
    session: AnySession,
    line_id: int,
    package: str,
    amount_fen: int,
    because: Because,
    *,
    held: str = "committed",
) -> Transfer:
    """A package failed, or a contract ended early: what it `held` (reserved, committed or payable) -> available."""
    assert held in ("reserved", "committed", "payable"), held
    return _walk(
        session,
        "RELEASE",
        AccountKey(line_id, held, package),
        AccountKey(line_id, "available"),
        amount_fen,
        because,
    )


def _within(
    session: AnySession,
    code: str,
    line_id: int,
    package: str,
    names: tuple[str, str],
    amount_fen: int,
    because: Because,
) -> Transfer:
    debit, credit = (AccountKey(line_id, name, package) for name in names)
    return _walk(session, code, debit, credit, amount_fen, because)


def _walk(
    session: AnySession, code: str, debit: AccountKey, credit: AccountKey, amount_fen: int, because: Because
) -> Transfer:
    return transfer(
        session,
        debit=debit,
        credit=credit,
        amount_fen=amount_fen,
        code=code,
        now=because.now,
        case_id=because.case_id,
        sequence=because.sequence,
        reference=because.reference,
    )
