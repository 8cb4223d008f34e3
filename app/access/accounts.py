"""How does an account begin and end? Made with a person or for one, disabled at once for good reason."""

import re
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.access.models import Account, Person
from app.access.nodes import AnySession
from app.access.passwords import check_choice, hash_password
from app.access.sign_in import end_all_sessions
from app.access.tokens import revoke_all_tokens
from app.errors import Problem

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{2,63}")


class AccountRefused(Problem):
    """The account cannot be made or changed in this way; `field` names what to mend."""

    status = 422
    code = "account_refused"
    title: Any = _l("The account was not changed")

    def __init__(self, field: str, detail: Any) -> None:
        super().__init__(detail, field=field)
        self.field = field


def add_account(session: AnySession, person: Person, *, login: str, password: str | None) -> Account:
    """Add an account for the person and return it, flushed; or raise AccountRefused or Mistyped.

    Without a password nobody can sign in with it, only API tokens work. The caller commits.
    """
    login = login.strip().lower()
    if not LOGIN.fullmatch(login):
        raise AccountRefused("login", _l("Use 3 to 64 letters, digits, dots, hyphens or @ for the login."))
    if password is not None:
        check_choice(password, login=login, name=person.name)
    if session.scalar(select(Account.id).where(Account.login == login)) is not None:
        raise AccountRefused("login", _l("This login is taken. Choose another."))
    account = Account(
        person=person, login=login, password_hash=hash_password(password) if password is not None else None
    )
    session.add(account)
    session.flush()
    return account


def disable(session: AnySession, account: Account, *, by: int | None, now: datetime) -> None:
    """Disable the account, its sessions and tokens, with the caller's commit. Nobody disables their own."""
    if by == account.person_id:
        raise AccountRefused("account", _l("Ask another administrator: nobody disables their own account."))
    account.disabled_at = account.disabled_at or now
    end_all_sessions(session, account.id, now=now)
    revoke_all_tokens(session, account.id, now=now)


def enable(account: Account) -> None:
    """Let the account sign in again, with the password it had; ended sessions and tokens stay ended."""
    account.disabled_at = None


def change_password(
    session: AnySession, account: Account, *, new: str, now: datetime, keep_session: int | None
) -> None:
    """Set a new password and end the other sessions of the account; or raise Mistyped. The caller commits."""
    check_choice(new, login=account.login, name=account.person.name)
    account.password_hash = hash_password(new)
    end_all_sessions(session, account.id, now=now, but=keep_session)
