"""A one-time link: its secret is shown once and kept as a digest, opens one thing, not for long, and once. Real time.

An invitation and a link for a new password are such links; what they open stands with each.
"""

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_

from app.access.models import Account, Invitation
from app.access.nodes import AnySession
from app.access.secrets import digest_of, new_token
from app.errors import Problem

LIFE = timedelta(hours=72)


class OneTimeLinkInvalid(Problem):
    """This link opens nothing: it never was one, was used, has ended or has expired. Which is not told."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_l("It was used, has expired, or was not copied whole. Ask for a new one."))


def new_link(session: AnySession, *, by: int | None, now: datetime, **opens: Any) -> str:
    """Return the token of a new link, shown this once; `opens` are the columns that say to what. The caller commits."""
    token = new_token()
    session.add(
        Invitation(token_digest=digest_of(token), invited_by=by, created_at=now, expires_at=now + LIFE, **opens)
    )
    session.flush()
    return token


def address_of(page: str, token: str, *, base: str) -> str:
    """Return the address to hand over."""
    return f"{base.rstrip('/')}/{page}/{token}"


def has_token(token: str) -> ColumnElement[bool]:
    """Return the condition that a link is the one of this token."""
    return Invitation.token_digest == digest_of(token)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a link can still be used."""
    return and_(Invitation.used_at.is_(None), Invitation.voided_at.is_(None), Invitation.expires_at > now)


def use_up(link: Invitation, account: Account, *, now: datetime) -> None:
    """Write down that the link was used, and with which account; the caller holds a lock and commits."""
    link.used_at = now
    link.account_id = account.id
