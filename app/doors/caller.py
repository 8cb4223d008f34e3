"""Who is asking, and when? The doors are the only code that knows a request."""

from datetime import date, datetime

from flask import g

from app.access.actor import Actor
from app.access.api_auth import NotSignedIn, current_holdings
from app.access.reach import Holding
from app.clock import SHANGHAI, business_now, real_now
from app.extensions import db


def actor() -> Actor:
    """Return who is signed in; raise NotSignedIn when nobody is."""
    found: Actor | None = getattr(g, "actor", None)
    if found is None:
        raise NotSignedIn
    return found


def now() -> datetime:
    """Return the business time of this request: one value for all of it."""
    if "business_now" not in g:
        g.business_began, g.business_now = real_now(), business_now(db.session)
    return g.business_now


def began() -> datetime:
    """Return the real time at which `now()` was read: a long upload is late by what has passed since."""
    now()
    return g.business_began


def today() -> date:
    """Return the business day in Shanghai."""
    return now().astimezone(SHANGHAI).date()


def held() -> tuple[Holding, ...]:
    """Return what the caller holds today, asked once per request."""
    return current_holdings()


def holds(*roles: str) -> bool:
    """Tell whether the caller holds one of these roles anywhere."""
    return any(holding.role in roles for holding in held())


def request_id() -> str:
    """Return the name of this request in log, history and error page."""
    return str(getattr(g, "request_id", ""))
