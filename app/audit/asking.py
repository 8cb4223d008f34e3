"""Who asks the audit, when, and which cases may they look into as auditors?"""

from datetime import date, datetime
from typing import Any

from flask import g, request
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.access.actor import Actor
from app.access.api_auth import NotForYou, current_holdings
from app.access.reach import Holding, visible_by
from app.cases.models import Case
from app.cases.seeing import seen_case
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.errors import CaseNotFound, InvalidInput
from app.extensions import db

AUDITOR = "auditor"


def caller() -> Actor:
    """Return who asks; routes here let nobody in who is not signed in."""
    actor: Actor = g.actor
    return actor


def now() -> datetime:
    """Return the business time of this request."""
    if "business_now" not in g:
        g.business_now = business_now(db.session)
    moment: datetime = g.business_now
    return moment


def request_id() -> str:
    """Return the name of this request."""
    return str(getattr(g, "request_id", ""))


def auditing() -> tuple[Holding, ...]:
    """Return what the caller holds as an auditor: other roles open no case here."""
    return tuple(holding for holding in current_holdings() if holding.role == AUDITOR)


def audited() -> ColumnElement[bool]:
    """Return the condition on cases that the caller reaches as an auditor."""
    return visible_by(auditing(), Case)


def reached_case(number: str) -> tuple[CaseRow, frozenset[str]]:
    """Return the case and the caller's roles on it, or raise CaseNotFound."""
    return seen_case(db.session, number, caller(), now())


def audited_case(number: str) -> CaseRow:
    """Return a case that the caller reaches as an auditor, or raise CaseNotFound."""
    case, roles = reached_case(number)
    if AUDITOR not in roles:
        raise CaseNotFound
    return case


def purpose_of(roles: frozenset[str]) -> str | None:
    """Return for what personal values are asked, or None if they are not; only an auditor may ask."""
    purpose = request.args.get("purpose", "").strip()[:200]
    if purpose and AUDITOR not in roles:
        raise NotForYou
    return purpose or None


def day_asked(name: str) -> date | None:
    """Return a day of the address, None without one; raise InvalidInput for what is no day."""
    typed = request.args.get(name, "").strip()
    if not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput({name: [str(_l("Write a day like 2026-03-02."))]}) from None


def kept(**changed: Any) -> dict[str, str]:
    """Return the address's arguments with some changed; None takes one away, and so does a new page."""
    arguments = {name: value for name, value in request.args.items() if name not in ("after", "lang") and value}
    arguments.update({name: value for name, value in changed.items() if value is not None})
    return {name: value for name, value in arguments.items() if changed.get(name, "") is not None}
