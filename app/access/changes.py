"""What was done to people's access, by whom and for whom? Read from the rows that were written then; no second log.

Roles that a case's own moves give on that case alone are told by its history, not here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased

from app.access.models import Account, AccountChange, Invitation, Node, Person, RoleGrant
from app.access.nodes import ROOT_CODE, AnySession
from app.access.people import is_below, node_below
from app.clock import SHANGHAI

NO_ID, NO_TEXT = cast(null(), BigInteger), cast(null(), Text)
KINDS = (
    "role_given", "role_ended", "invited", "invitation_used", "link_issued", "link_used", "link_ended",
    "password_changed", "disabled", "enabled",
)


@dataclass(frozen=True)
class ChangesAsked:
    """Which changes: of one of the KINDS, done by or to a person, on these days of Shanghai. None: all.

    `person` is a part of a name, a whole login, or the whole address that somebody was invited at.
    """

    person: str | None = None
    what: str | None = None
    first: date | None = None
    last: date | None = None


ALL = ChangesAsked()


@dataclass(frozen=True)
class Change:
    """One thing that was done; `by` is None for the operator, `whom` where nobody is known yet."""

    at: datetime
    what: str
    id: int
    by: str | None
    whom: str | None
    login: str | None
    email: str | None
    role: str | None
    node: Node | None

    @property
    def key(self) -> str:
        """The place in the list, from which the next page begins."""
        return f"{self.at.isoformat()},{self.what},{self.id}"


def access_changes(
    session: AnySession, paths: Sequence[str], *, after: str | None, limit: int, asked: ChangesAsked = ALL
) -> tuple[list[Change], str | None]:
    """Return what was done at or below these paths, the newest first, and the key of the next page. One query."""
    done = union_all(*_parts(paths, asked, _key(after), limit + 1)).subquery()
    by, whom = aliased(Person), aliased(Person)
    rows = session.execute(
        select(
            done.c.at, done.c.what, done.c.id, by.name, whom.name, Account.login, done.c.email, done.c.role, Node
        )
        .outerjoin(by, by.id == done.c.by)
        .outerjoin(Account, Account.id == done.c.account_id)
        .outerjoin(whom, whom.id == func.coalesce(done.c.whom, Account.person_id))
        .outerjoin(Node, Node.id == done.c.node_id)
        .order_by(done.c.at.desc(), done.c.what.desc(), done.c.id.desc())
        .limit(limit + 1)
    )
    found = [Change(*row) for row in rows]
    return found[:limit], found[limit - 1].key if len(found) > limit else None


def _parts(
    paths: Sequence[str], asked: ChangesAsked, before: tuple[datetime, str, int] | None, limit: int
) -> list[Select[Any]]:
    """Return a query for each kind of change: what comes behind this key, so many of each at most."""
    at_root = select(Node.id).where(Node.code == ROOT_CODE).scalar_subquery()
    roles = (RoleGrant.node_id == Node.id, node_below(paths), RoleGrant.case_id.is_(None))
    invited = (
        Invitation.role.is_not(None), Node.id == func.coalesce(Invitation.node_id, at_root), node_below(paths)
    )
    user = aliased(Account)
    link = (Account.id == Invitation.for_account_id, Person.id == Account.person_id, is_below(paths))
    changed = (Account.id == AccountChange.account_id, Person.id == Account.person_id, is_below(paths))

    def part(name: Any, row: Any, at: Any, by: Any, *which: ColumnElement[bool], **columns: Any) -> Select[Any]:
        what, order = (cast(literal(name), Text), []) if isinstance(name, str) else (name, [name.desc()])
        told = {"whom": NO_ID, "account_id": NO_ID, "email": NO_TEXT, "role": NO_TEXT, "node_id": NO_ID, **columns}
        query = select(
            at.label("at"), what.label("what"), row.id.label("id"), by.label("by"),
            *(column.label(name) for name, column in told.items()),
        ).where(at.is_not(None), *which).order_by(at.desc(), *order, row.id.desc()).limit(limit)
        query = query.where(*_asked_for(asked, at, what, by, told))
        return query if before is None else query.where(tuple_(at, what, row.id) < tuple_(*before))

    held = {"whom": RoleGrant.person_id, "role": RoleGrant.role, "node_id": RoleGrant.node_id}
    offered = {"email": Invitation.email, "role": Invitation.role, "node_id": Node.id}
    used = {**offered, "account_id": Invitation.account_id}
    new = select(user.person_id).where(user.id == Invitation.account_id).scalar_subquery()
    to_set = {"account_id": Account.id}
    return [
        part("role_given", RoleGrant, RoleGrant.granted_at, RoleGrant.granted_by, *roles, **held),
        part("role_ended", RoleGrant, RoleGrant.revoked_at, RoleGrant.revoked_by, *roles, **held),
        part("invited", Invitation, Invitation.created_at, Invitation.invited_by, *invited, **offered),
        part("invitation_used", Invitation, Invitation.used_at, new, *invited, **used),
        part("link_issued", Invitation, Invitation.created_at, Invitation.invited_by, *link, **to_set),
        part("link_used", Invitation, Invitation.used_at, Account.person_id, *link, **to_set),
        part("link_ended", Invitation, Invitation.voided_at, NO_ID, *link, **to_set),
        part(AccountChange.what, AccountChange, AccountChange.at, AccountChange.by_person, *changed, **to_set),
    ]


def _asked_for(
    asked: ChangesAsked, at: Any, what: Any, by: Any, told: dict[str, Any]
) -> list[ColumnElement[bool]]:
    """Return the conditions of the filter for one kind of change, before anything is cut off at a page's end."""
    conditions: list[ColumnElement[bool]] = []
    if asked.what is not None:
        conditions.append(what == asked.what)
    if asked.first is not None:
        conditions.append(at >= datetime.combine(asked.first, time(), SHANGHAI))
    if asked.last is not None:
        conditions.append(at < datetime.combine(asked.last, time(), SHANGHAI) + timedelta(days=1))
    if asked.person is not None:
        person, own, any_of = aliased(Person), aliased(Account), aliased(Account)
        typed = asked.person.lower()
        signs_in = select(own.id).where(own.person_id == person.id, own.login == typed).exists()
        people = select(person.id).where(or_(person.name.contains(asked.person, autoescape=True), signs_in))
        accounts = select(any_of.id).where(any_of.person_id.in_(people))
        conditions.append(or_(
            by.in_(people), told["whom"].in_(people), told["account_id"].in_(accounts),
            func.lower(told["email"]) == typed,
        ))
    return conditions


def _key(after: str | None) -> tuple[datetime, str, int] | None:
    """Return the key that a page begins behind; None for what is none."""
    at, _, rest = (after or "").partition(",")
    what, _, id_ = rest.partition(",")
    if not (id_.isascii() and id_.isdecimal() and len(id_) < 19):
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, what, int(id_)) if moment.tzinfo is not None else None
