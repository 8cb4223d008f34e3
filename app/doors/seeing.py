"""May the caller know of this case? The one way from a number in an address to a case."""

from app.cases.facts import reaching_roles
from app.cases.reading import read_case
from app.cases.snapshot import CaseRow
from app.doors.caller import actor, now
from app.errors import CaseNotFound
from app.extensions import db


def visible_case(number: str) -> CaseRow:
    """Return the case, or raise CaseNotFound: out of reach and not there are the same answer."""
    case = read_case(db.session.connection(), spelled(number))
    if case is None or not reaching_roles(db.session, case, actor(), now()):
        raise CaseNotFound
    return case


def spelled(number: str) -> str:
    """Return a number as it is stored, however it was typed: without hyphens, in lower case."""
    plain = number.replace("-", "").replace(" ", "").upper()
    if len(plain) > 8 and plain[-8:].isdigit():
        return f"{plain[:-8]}-{plain[-8:-4]}-{plain[-4:]}"
    return number
