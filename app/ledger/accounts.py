"""Which account is meant, and what stands there?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, scoped_session

from app.ledger.models import LINE_ACCOUNTS, PACKAGE_ACCOUNTS, LedgerAccount

AnySession = Session | scoped_session[Any]


@dataclass(frozen=True, order=True)
class AccountKey:
    """The name by which code speaks of an account: budget line, package ('' for the line's own), name."""

    budget_line_id: int
    name: str
    package: str = ""

    def __post_init__(self) -> None:
        names = PACKAGE_ACCOUNTS if self.package else LINE_ACCOUNTS
        assert self.name in names, f"package {self.package!r} has no account {self.name!r}"

    def __str__(self) -> str:
        return f"{self.name}:{self.package or self.budget_line_id}"


@dataclass(frozen=True)
class Balance:
    """An account as it was when read: what is there is `credits - debits`, below zero only for the source."""

    id: int
    unit: str
    guarded: bool
    debits: int
    credits: int

    @property
    def there(self) -> int:
        """What the account holds."""
        return self.credits - self.debits


def open_accounts(session: AnySession, keys: Iterable[AccountKey], *, unit: str = "fen") -> None:
    """Make sure that the accounts exist; a new one starts at zero, one that exists stays as it is."""
    rows = [
        {
            "budget_line_id": key.budget_line_id,
            "package": key.package,
            "name": key.name,
            "unit": unit,
            "guarded": key.name != "source",
        }
        for key in keys
    ]
    # In order of the key, so that two who open the same accounts wait for each other and do not deadlock.
    rows.sort(key=lambda row: (row["budget_line_id"], row["package"], row["name"]))
    statement = insert(LedgerAccount).values(rows).on_conflict_do_nothing(constraint="uq_ledger_accounts_key")
    session.execute(statement)


def open_package(session: AnySession, budget_line_id: int, package: str) -> None:
    """Make sure that a package of the budget line has its five accounts."""
    open_accounts(session, [AccountKey(budget_line_id, name, package) for name in PACKAGE_ACCOUNTS])


def balances(session: AnySession, keys: Iterable[AccountKey]) -> dict[AccountKey, Balance]:
    """Return the balances of the accounts that exist, as this transaction sees them; one query."""
    wanted = [(key.budget_line_id, key.package, key.name) for key in keys]
    account = LedgerAccount
    rows = session.execute(
        select(
            account.budget_line_id,
            account.package,
            account.name,
            account.id,
            account.unit,
            account.guarded,
            account.debits,
            account.credits,
        ).where(tuple_(account.budget_line_id, account.package, account.name).in_(wanted))
    )
    return {
        AccountKey(row.budget_line_id, row.name, row.package): Balance(
            row.id, row.unit, row.guarded, row.debits, row.credits
        )
        for row in rows
    }


def package_balances(session: AnySession, budget_line_id: int, package: str) -> dict[str, int]:
    """Return what stands in each account of a package, by name; zero for accounts not opened yet."""
    found = balances(session, [AccountKey(budget_line_id, name, package) for name in PACKAGE_ACCOUNTS])
    there = {key.name: balance.there for key, balance in found.items()}
    return {name: there.get(name, 0) for name in PACKAGE_ACCOUNTS}
