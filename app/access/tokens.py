"""How does a program come in? With a bearer token of one account that expires. Real time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from app.access.models import Account, ApiToken, Person
from app.access.nodes import AnySession
from app.access.secrets import digest_of, new_token
from app.access.sign_in import Known
from app.database.connections import Written, rows

PREFIX = "shuniu_"
LONGEST_LIFE = timedelta(days=365)
_KNOWN = Written.once(
    select(Person.id, Account.id, Person.name, Person.locale)
    .select_from(ApiToken)
    .join(Account, Account.id == ApiToken.account_id)
    .join(Person, Person.id == Account.person_id)
    .where(ApiToken.digest == bindparam("digest"), ApiToken.revoked_at.is_(None))
    .where(ApiToken.expires_at > bindparam("now"), Account.disabled_at.is_(None))
)


def issue_token(
    session: AnySession, *, account_id: int, name: str, now: datetime, life: timedelta = timedelta(days=90)
) -> str:
    """Return a new token, shown this once; the caller commits."""
    token = new_token(PREFIX)
    session.add(
        ApiToken(
            account_id=account_id,
            digest=digest_of(token),
            name=name,
            created_at=now,
            expires_at=now + min(life, LONGEST_LIFE),
        )
    )
    session.flush()
    return token


def known_by_token(session: AnySession, token: str, *, now: datetime) -> Known | None:
    """Return who the token belongs to; None if it is unknown, expired or revoked, or its account disabled."""
    found = rows(session, _KNOWN.asked(digest=digest_of(token), now=now))
    return Known(*found[0]) if found else None


def open_tokens(session: AnySession, account_id: int, *, now: datetime) -> Sequence[ApiToken]:
    """Return the account's tokens that still open something, the newest first."""
    query = select(ApiToken).where(
        ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    return session.scalars(query.order_by(ApiToken.id.desc())).all()


def revoke_own_token(session: AnySession, *, token_id: int, account_id: int, now: datetime) -> bool:
    """Revoke one of the account's own tokens; false if it has no such open token. The caller commits."""
    revoked = session.execute(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.id)
        .execution_options(synchronize_session=False)
    )
    return revoked.scalar() is not None


def revoke_all_tokens(session: AnySession, account_id: int, *, now: datetime) -> None:
    """Revoke every token of the account; the caller commits."""
    session.execute(
        update(ApiToken)
        .where(ApiToken.account_id == account_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
