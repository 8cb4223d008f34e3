"""How does an account begin, change and end? Made with a person or for one, disabled at once for good reason."""

import re
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.access.models import Account, AccountChange, Invitation, Person
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
    """Disable the account, its sessions, tokens and links, with the caller's commit. Nobody disables their own."""
    if by == account.person_id:
        raise AccountRefused("account", _l("Ask another administrator: nobody disables their own account."))
    if account.disabled_at is None:
        account.disabled_at = now
        _record(session, account, "disabled", by=by, now=now)
    _end_all(session, account, now=now)


def enable(session: AnySession, account: Account, *, by: int | None, now: datetime) -> None:
    """Let the account sign in again, with the password it had; ended sessions, tokens and links stay ended."""
    if account.disabled_at is not None:
        account.disabled_at = None
        _record(session, account, "enabled", by=by, now=now)


def change_password(
    session: AnySession, account: Account, *, new: str, now: datetime, keep_session: int | None
) -> None:
    """Let the owner set a new password, and record it; or raise Mistyped. The caller commits."""
    set_password(session, account, new=new, now=now, keep_session=keep_session)
    _record(session, account, "password_changed", by=account.person_id, now=now)


def set_password(
    session: AnySession, account: Account, *, new: str, now: datetime, keep_session: int | None = None
) -> None:
    """Set a new password; or raise Mistyped. The caller records it and commits.

    Whatever the old one opened ends: sessions (but `keep_session`), tokens, and links to set another.
    Failures of before no longer make anybody wait.
    """
    check_choice(new, login=account.login, name=account.person.name)
    account.password_hash = hash_password(new)
    account.password_set_at = now
    _end_all(session, account, now=now, but=keep_session)


def void_links(session: AnySession, account_id: int, *, now: datetime) -> None:
    """End the links to set a new password for this account that were not used; the caller commits."""
    session.execute(
        update(Invitation)
        .where(Invitation.for_account_id == account_id, Invitation.used_at.is_(None), Invitation.voided_at.is_(None))
        .values(voided_at=now)
        .execution_options(synchronize_session=False)
    )


def _end_all(session: AnySession, account: Account, *, now: datetime, but: int | None = None) -> None:
    session.flush()  # the account's row first, everywhere: whoever changes it at the same time waits there
    end_all_sessions(session, account.id, now=now, but=but)
    revoke_all_tokens(session, account.id, now=now)
    void_links(session, account.id, now=now)


def _record(session: AnySession, account: Account, what: str, *, by: int | None, now: datetime) -> None:
    session.add(AccountChange(at=now, account_id=account.id, what=what, by_person=by))
