"""May somebody try a password now? The wait doubles with each failure; nobody is locked out.

A login is slowed down wherever the tries come from, an address whatever login it tries. A browser that has
signed in before carries a device cookie and is counted apart, so strangers' tries never slow the owner there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, func, select, text

from app.access.models import Account, SignInAttempt
from app.access.nodes import AnySession
from app.errors import Problem

LONGEST_WAIT = timedelta(minutes=15)


@dataclass(frozen=True)
class Pace:
    """How many failures are free, the first wait after them, how long a failure is remembered."""

    free: int
    first_wait: timedelta
    memory: timedelta

    def wait_after(self, failures: int) -> timedelta:
        """Return how long to wait after the last of so many failures."""
        if failures < self.free:
            return timedelta(0)
        doublings = min(failures - self.free, 16)
        return min(self.first_wait * 2**doublings, LONGEST_WAIT)


# At most ten tries per login and a hundred per address in a quarter of an hour.
LOGIN_PACE = Pace(free=3, first_wait=timedelta(seconds=4), memory=timedelta(hours=24))
ADDRESS_PACE = Pace(free=60, first_wait=timedelta(seconds=1), memory=timedelta(minutes=15))


class Throttled(Problem):
    """Too many failures: no password is looked at before `retry_after` seconds have passed."""

    status = 429
    code = "throttled"
    title: Any = _l("Too many tries")

    def __init__(self, retry_after: int) -> None:
        super().__init__(_l("Wait %(seconds)s seconds, then try again.", seconds=retry_after))
        self.retry_after = retry_after


def admit(session: AnySession, *, login: str, address: str, device: bytes | None, now: datetime) -> int:
    """Write down a try, as failed, and return its id; or raise Throttled. Commits either way.

    Tries are admitted one at a time per login and address: a hundred at once are not a hundred guesses.
    """
    _one_at_a_time(session, f"address {address}", f"login {login}")
    same_door = SignInAttempt.device.is_(None) if device is None else SignInAttempt.device == device
    waits = (
        _remaining(session, LOGIN_PACE, now, SignInAttempt.login == login, same_door, forgiven=login),
        _remaining(session, ADDRESS_PACE, now, SignInAttempt.address == address),
    )
    remaining = max(waits)
    if remaining > timedelta(0):
        session.commit()
        raise Throttled(retry_after=-int(-remaining.total_seconds() // 1))
    attempt = SignInAttempt(at=now, login=login, address=address, device=device, succeeded=False)
    session.add(attempt)
    session.commit()
    return attempt.id


def _remaining(
    session: AnySession, pace: Pace, now: datetime, *which: ColumnElement[bool], forgiven: str | None = None
) -> timedelta:
    since = now - pace.memory
    if forgiven is not None:
        # A success forgives what was mistyped before it; at an address it would only forgive the next victim.
        # A new password of this login forgives it at every door: those were tries at another one.
        success = select(func.max(SignInAttempt.at)).where(*which, SignInAttempt.succeeded).scalar_subquery()
        changed = select(Account.password_set_at).where(Account.login == forgiven).scalar_subquery()
        since = max(since, session.scalar(select(func.greatest(success, changed))) or since)
    failures, last = session.execute(
        select(func.count(), func.max(SignInAttempt.at)).where(
            *which, SignInAttempt.at > since, ~SignInAttempt.succeeded
        )
    ).one()
    return last + pace.wait_after(failures) - now if last else timedelta(0)


def _one_at_a_time(session: AnySession, *names: str) -> None:
    # In one order everywhere, so that two tries never wait for each other.
    for name in names:
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 7))"), {"name": name})
