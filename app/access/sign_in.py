"""Who is behind this browser? Passwords let in, sessions remember and can be ended. Real time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, bindparam, select, update

from app.access import throttle
from app.access.models import Account, Person, SignInAttempt, SignInSession
from app.access.nodes import AnySession
from app.access.passwords import hash_password, is_outdated, is_password
from app.access.secrets import digest_of, new_token
from app.database.connections import Written, rows
from app.errors import Problem

SEEN_EVERY = timedelta(minutes=1)


_OPEN = (
    SignInSession.ended_at.is_(None),
    SignInSession.created_at > bindparam("begun_after"),
    SignInSession.last_seen_at > bindparam("seen_after"),
)
# Every request asks this first.
_KNOWN = Written.once(
    select(Person.id, Account.id, Person.name, Person.locale, SignInSession.id, SignInSession.last_seen_at)
    .join(Account, Account.id == SignInSession.account_id)
    .join(Person, Person.id == Account.person_id)
    .where(SignInSession.token_digest == bindparam("digest"), Account.disabled_at.is_(None), *_OPEN)
)


@dataclass(frozen=True)
class Limits:
    """How long a session lives unused, and how long at most."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


class NotRecognised(Problem):
    """Login and password do not belong together; whether such a login exists is not told."""

    status = 401
    code = "not_recognised"
    title: Any = _l("Not signed in")

    def __init__(self) -> None:
        super().__init__(_l("Login or password is not right. Check both and try again."))


@dataclass(frozen=True)
class Known:
    """The person and account behind a session or token that is valid now."""

    person_id: int
    account_id: int
    name: str
    locale: str
    session_id: int | None = None


def sign_in(
    session: AnySession,
    *,
    login: str,
    password: str,
    address: str,
    device: bytes | None,
    user_agent: str,
    now: datetime,
    old_token: str | None = None,
) -> tuple[str, Account]:
    """Return the token of a new session and its account, or raise NotRecognised or Throttled. Commits.

    Whatever session the browser had before is ended: nobody can prepare one for somebody else.
    """
    account = recognise(session, login=login, password=password, address=address, device=device, now=now)
    if old_token:
        end_session(session, token=old_token, now=now)
    token = open_session(session, account_id=account.id, user_agent=user_agent, now=now)
    session.commit()
    return token, account


def recognise(
    session: AnySession, *, login: str, password: str, address: str, device: bytes | None, now: datetime
) -> Account:
    """Return the account that login and password open, or raise NotRecognised or Throttled. Commits the try.

    The account's row is locked until the caller commits: no other password, and no disabling, comes in between.
    """
    login = login.strip().lower()[:200]
    attempt_id = throttle.admit(session, login=login, address=address, device=device, now=now)
    account = session.scalars(select(Account).where(Account.login == login)).one_or_none()
    usable = account.password_hash if account and account.disabled_at is None else None
    session.commit()  # nothing is held while the hash takes its time
    if not is_password(password, usable) or account is None or usable is None:
        raise NotRecognised
    session.refresh(account, with_for_update={"key_share": True})
    if account.disabled_at is not None or account.password_hash != usable:
        raise NotRecognised  # it was right until a moment ago
    if is_outdated(usable):
        account.password_hash = hash_password(password)
    session.execute(update(SignInAttempt).where(SignInAttempt.id == attempt_id).values(succeeded=True))
    return account


def open_session(session: AnySession, *, account_id: int, user_agent: str, now: datetime) -> str:
    """Add a session and return its token; the caller commits."""
    token = new_token()
    session.add(
        SignInSession(
            token_digest=digest_of(token),
            account_id=account_id,
            created_at=now,
            last_seen_at=now,
            user_agent=user_agent[:300],
        )
    )
    session.flush()
    return token


def known_by_session(session: AnySession, token: str, *, now: datetime, limits: Limits) -> Known | None:
    """Return who the token belongs to; None once it is ended, idle, too old or disabled.

    One query; at most once a minute it also notes, and commits, that the session is in use.
    """
    found = rows(session, _KNOWN.asked(
        digest=digest_of(token), begun_after=now - limits.absolute, seen_after=now - limits.idle
    ))
    if not found:
        return None
    [(*who, last_seen_at)] = found
    known = Known(*who)
    if last_seen_at <= now - SEEN_EVERY:
        session.execute(
            update(SignInSession).where(SignInSession.id == known.session_id).values(last_seen_at=now)
        )
        session.commit()
    return known


def open_sessions(
    session: AnySession, account_id: int, *, now: datetime, limits: Limits
) -> Sequence[SignInSession]:
    """Return the account's sessions that are still open, the one used last first."""
    query = select(SignInSession).where(SignInSession.account_id == account_id, *_OPEN)
    since = {"begun_after": now - limits.absolute, "seen_after": now - limits.idle}
    return session.scalars(
        query.order_by(SignInSession.last_seen_at.desc(), SignInSession.id.desc()), since
    ).all()


def end_session(session: AnySession, *, token: str, now: datetime) -> None:
    """End the session of this token, if it is open; the caller commits."""
    _end(session, now, SignInSession.token_digest == digest_of(token))


def end_own_session(session: AnySession, *, session_id: int, account_id: int, now: datetime) -> bool:
    """End one of the account's own sessions; false if it has no such open session. The caller commits."""
    return _end(session, now, SignInSession.id == session_id, SignInSession.account_id == account_id) == 1


def end_all_sessions(session: AnySession, account_id: int, *, now: datetime, but: int | None = None) -> int:
    """End every session of the account except `but`, and return how many that were; the caller commits."""
    return _end(session, now, SignInSession.account_id == account_id, SignInSession.id != (but or 0))


def _end(session: AnySession, now: datetime, *which: ColumnElement[bool]) -> int:
    ended = session.execute(
        update(SignInSession)
        .where(SignInSession.ended_at.is_(None), *which)
        .values(ended_at=now)
        .returning(SignInSession.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())
