"""How does somebody come in again who forgot the password? By a link that an administrator issues and never uses.

It has the life of an invitation and is kept beside them: who issued it, for whom, when it was used. The old password
holds until then. Real time.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.access.accounts import AccountRefused, set_password, void_links
from app.access.invitations import LIFE
from app.access.models import Account, Invitation
from app.access.nodes import AnySession
from app.access.passwords import check_choice
from app.access.secrets import digest_of, new_token
from app.errors import Problem


class LinkInvalid(Problem):
    """This link opens nothing: unknown, used, ended, expired, or its account is disabled. Which is not told."""

    status = 404
    code = "link_invalid"
    title: Any = _l("This link is not valid")

    def __init__(self) -> None:
        super().__init__(_l("It was used, has expired, or was not copied whole. Ask for a new one."))


def issue(
    session: AnySession, account: Account, *, by: int | None, now: datetime, life: timedelta = LIFE
) -> str:
    """Return the token of a new link for the account, shown this once, and end the one before; the caller commits.

    `by` is None for the operator at the command line. Raises AccountRefused for one's own account or a disabled one.
    """
    if by == account.person_id:
        raise AccountRefused(
            "account", _l("Ask another administrator. Your own password you change on your account page.")
        )
    session.refresh(account, with_for_update={"key_share": True})
    if account.disabled_at is not None:
        raise AccountRefused("account", _l("This account is disabled; a link would open nothing."))
    void_links(session, account.id, now=now)
    token = new_token()
    session.add(
        Invitation(
            token_digest=digest_of(token),
            for_account_id=account.id,
            invited_by=by,
            created_at=now,
            expires_at=now + life,
        )
    )
    session.flush()
    return token


def link_to(token: str, *, base: str) -> str:
    """Return the address to give to the owner of the account."""
    return f"{base.rstrip('/')}/new-password/{token}"


def find_link(session: AnySession, token: str, *, now: datetime) -> tuple[Invitation, Account]:
    """Return the link that can be used by this token now, and its account; or raise LinkInvalid."""
    query = (
        select(Invitation, Account)
        .join(Account, Account.id == Invitation.for_account_id)
        .where(
            Invitation.token_digest == digest_of(token),
            Invitation.used_at.is_(None),
            Invitation.voided_at.is_(None),
            Invitation.expires_at > now,
            Account.disabled_at.is_(None),
        )
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise LinkInvalid
    link, account = found
    return link, account


def use(session: AnySession, token: str, *, new: str, now: datetime) -> Account:
    """Set the new password and use the link up; or raise LinkInvalid or Mistyped, leaving all as it was.

    Every session, token and other link of the account ends. Of two who use it at once one gets LinkInvalid.
    The caller commits.
    """
    _, account = find_link(session, token, now=now)
    check_choice(new, login=account.login, name=account.person.name)
    # Whoever uses, issues or disables at the same time waits here, and then sees what became of the link.
    session.refresh(account, with_for_update={"key_share": True})
    link, account = find_link(session, token, now=now)
    link.used_at = now
    link.account_id = account.id
    set_password(session, account, new=new, now=now)
    return account


def open_links(session: AnySession, account_ids: Iterable[int], *, now: datetime) -> dict[int, datetime]:
    """Return until when a link is open, for those of these accounts that have one. One query."""
    query = select(Invitation.for_account_id, Invitation.expires_at).where(
        Invitation.for_account_id.in_(list(account_ids)),
        Invitation.used_at.is_(None),
        Invitation.voided_at.is_(None),
        Invitation.expires_at > now,
    )
    return {account_id: until for account_id, until in session.execute(query) if account_id is not None}
