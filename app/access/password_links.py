"""How does somebody come in again who forgot the password? By a link that an administrator issues and never uses.

It has the life of an invitation and is kept beside them: who issued it, for whom, when it was used. The old password
holds until then. Real time.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.access.accounts import AccountRefused, set_password, void_links
from app.access.links import LIFE, OneTimeLinkInvalid, address_of, has_token, is_open, new_link, use_up
from app.access.models import Account, Invitation, RoleGrant
from app.access.nodes import AnySession
from app.access.passwords import check_choice
from app.access.reach import in_force
from app.access.roles import ADMINISTRATORS, role_of
from app.access.telling import tell_link_issued
from app.clock import SHANGHAI
from app.language import localized

APART = tuple(role for role in ADMINISTRATORS if role != "system_admin")
"""The administrators who watch what the system administrator does: whoever let them in again could be them."""


class LinkInvalid(OneTimeLinkInvalid):
    """This link opens no account, or its account is disabled."""

    code = "link_invalid"
    title: Any = _l("This link is not valid")


def issue(session: AnySession, account: Account, *, by: int | None, now: datetime) -> str:
    """Return the token of a new link for the account, shown this once, and end the one before; the caller commits.

    The owner is told. `by` is None for the operator at the command line. Raises AccountRefused for one's own account,
    for a disabled one, and but for the operator for one of the administrators who are to be apart (三员分立).
    """
    if by == account.person_id:
        raise AccountRefused(
            "account", _l("Ask another administrator. Your own password you change on your account page.")
        )
    session.refresh(account, with_for_update={"key_share": True})
    if account.disabled_at is not None:
        raise AccountRefused("account", _l("This account is disabled; a link would open nothing."))
    if by is not None:
        _demand_not_apart(session, account, now=now)
    void_links(session, account.id, now=now)
    token = new_link(session, by=by, now=now, for_account_id=account.id)
    tell_link_issued(session, account, by=by, until=now + LIFE, now=now)
    return token


def _demand_not_apart(session: AnySession, account: Account, *, now: datetime) -> None:
    held = session.scalars(
        select(RoleGrant.role).where(
            RoleGrant.person_id == account.person_id, RoleGrant.role.in_(APART),
            in_force(now.astimezone(SHANGHAI).date()),
        ).limit(1)
    ).first()
    if held is not None:
        raise AccountRefused(
            "account",
            _l(
                "%(login)s holds the role %(role)s, which is kept apart from yours. Ask the operator of this platform"
                " for the link (command: access link %(login)s).",
                login=account.login, role=localized(role_of(held).title),
            ),
        )


def link_to(token: str, *, base: str) -> str:
    """Return the address to give to the owner of the account."""
    return address_of("new-password", token, base=base)


def find_link(session: AnySession, token: str, *, now: datetime) -> tuple[Invitation, Account]:
    """Return the link that can be used by this token now, and its account; or raise LinkInvalid."""
    query = (
        select(Invitation, Account)
        .join(Account, Account.id == Invitation.for_account_id)
        .where(has_token(token), is_open(now), Account.disabled_at.is_(None))
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
    use_up(link, account, now=now)
    set_password(session, account, new=new, now=now)
    return account


def open_links(session: AnySession, account_ids: Iterable[int], *, now: datetime) -> dict[int, datetime]:
    """Return until when a link is open, for those of these accounts that have one. One query."""
    query = select(Invitation.for_account_id, Invitation.expires_at).where(
        Invitation.for_account_id.in_(list(account_ids)), is_open(now)
    )
    return {account_id: until for account_id, until in session.execute(query) if account_id is not None}
