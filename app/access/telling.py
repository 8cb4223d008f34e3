"""What is a person told of what others did to their access? Written with it; the worker addresses and mails it."""

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from app.access.models import Account, Node, Person, RoleGrant
from app.access.nodes import AnySession
from app.access.roles import role_of
from app.clock import SHANGHAI

# Named, not imported: notices stand above access.
TELL = text("""
INSERT INTO notices (person_id, template, told, created_at)
VALUES (:person, :template, CAST(:told AS jsonb), :at)
""")


def tell_role_given(session: AnySession, given: RoleGrant, *, now: datetime) -> None:
    """Tell a person which role was given to them, where, from when and by whom; the caller commits."""
    told = _role(session, given, by=given.granted_by) | {"from": _day(given.valid_from)}
    _tell(session, given.person_id, "role_given", told, now=now)


def tell_role_ended(session: AnySession, given: RoleGrant, *, now: datetime) -> None:
    """Tell a person which of their roles ended, where, from when and by whom; the caller commits."""
    assert given.valid_to is not None, "it has just ended"
    told = _role(session, given, by=given.revoked_by) | {"until": _day(given.valid_to)}
    _tell(session, given.person_id, "role_ended", told, now=now)


def tell_link_issued(
    session: AnySession, account: Account, *, by: int | None, until: datetime, now: datetime
) -> None:
    """Tell a person that a link to set a new password is out for their account: if they did not ask, they act."""
    told = {"login": account.login, "by": _name(session, by), "until": _moment(until)}
    _tell(session, account.person_id, "password_link_issued", told, now=now)


def tell_to_invite(
    session: AnySession, person_id: int, *, role: str, node: Node, code: str | None, by: int | None, now: datetime
) -> None:
    """Tell an administrator that somebody is to be given a role at an organization, and who decided so."""
    title = role_of(role).title
    told = {
        "role": {"zh": title.zh, "en": title.en}, "place": {"zh": node.name_zh, "en": node.name_en or node.name_zh},
        "code": code or "—", "by": _name(session, by),
    }
    _tell(session, person_id, "role_to_give", told, now=now)


def _role(session: AnySession, given: RoleGrant, *, by: int | None) -> dict[str, Any]:
    role, node = role_of(given.role), session.get_one(Node, given.node_id)
    return {
        "role": {"zh": role.title.zh, "en": role.title.en},
        "place": {"zh": node.name_zh, "en": node.name_en or node.name_zh}, "by": _name(session, by),
    }


def _name(session: AnySession, person_id: int | None) -> dict[str, str] | str:
    """Return who did it; nobody's name where it was the operator of this instance."""
    if person_id is None:
        return {"zh": "平台运维人员", "en": "The operator"}
    return session.get_one(Person, person_id).name


def _day(day: date) -> str:
    return day.isoformat()


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _tell(session: AnySession, person_id: int, template: str, told: dict[str, Any], *, now: datetime) -> None:
    session.execute(TELL, {"person": person_id, "template": template, "told": json.dumps(told), "at": now})
