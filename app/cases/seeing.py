"""May this person know of this case? The one way from a number that somebody typed to a case."""

from datetime import datetime

from app.access.actor import Actor
from app.access.nodes import AnySession
from app.cases.facts import reaching_roles
from app.cases.reading import read_case
from app.cases.snapshot import CaseRow
from app.errors import CaseNotFound


def seen_case(
    session: AnySession, number: str, actor: Actor, now: datetime
) -> tuple[CaseRow, frozenset[str]]:
    """Return the case and the roles with which the actor reaches it.

    Raises CaseNotFound when there is no such case and when it is out of reach: nobody can tell one from the other.
    """
    case = read_case(session.connection(), spelled(number))
    roles = reaching_roles(session, case, actor, now) if case is not None else frozenset()
    if case is None or not roles:
        raise CaseNotFound
    return case, roles


def spelled(number: str) -> str:
    """Return a number as it is stored, however it was typed: without hyphens, in lower case."""
    plain = number.replace("-", "").replace(" ", "").upper()
    if len(plain) > 8 and plain[-8:].isdigit():
        return f"{plain[:-8]}-{plain[-8:-4]}-{plain[-4:]}"
    return number
