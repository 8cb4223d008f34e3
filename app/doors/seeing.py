"""May the caller know of this case? For everything that answers a request."""

from app.cases.seeing import seen_case, spelled
from app.cases.snapshot import CaseRow
from app.doors.caller import actor, now
from app.extensions import db

__all__ = ["spelled", "visible_case"]


def visible_case(number: str) -> CaseRow:
    """Return the case, or raise CaseNotFound: out of reach and not there are the same answer."""
    return seen_case(db.session, number, actor(), now())[0]
