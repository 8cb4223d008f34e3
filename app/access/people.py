"""Whom does an administrator look after? Who holds roles at or below the administrator's own node."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import selectinload

from app.access.models import Account, Node, Person, RoleGrant
from app.access.nodes import AnySession
from app.access.reach import Holding
from app.access.roles import Role, role_of

PAGE = 50


@dataclass(frozen=True)
class HeldRole:
    """A role of a person as the administrator sees it."""

    grant_id: int
    role: Role
    node: Node
    valid_from: date
    valid_to: date | None
    case_bound: bool


@dataclass(frozen=True)
class ListedPerson:
    """A person with accounts and the roles that have not ended."""

    person: Person
    accounts: Sequence[Account]
    roles: Sequence[HeldRole]


def administered_paths(held: Sequence[Holding], role: str = "system_admin") -> tuple[str, ...]:
    """Return the paths below which the holder of these grants administers people."""
    return tuple(sorted({holding.node_path for holding in held if holding.role == role}))


def is_within(path: str, paths: Sequence[str]) -> bool:
    """Tell whether a node of this path lies at or below one of the paths."""
    return path.startswith(tuple(paths))


def list_people(
    session: AnySession, paths: Sequence[str], *, on: date, after: int = 0, named: str = ""
) -> tuple[list[ListedPerson], int | None]:
    """Return a page of people by id, and the id after which the next page begins, or None. Three queries."""
    query = select(Person).where(Person.id > after, is_below(paths)).order_by(Person.id).limit(PAGE + 1)
    if named:
        query = query.where(Person.name.contains(named, autoescape=True))
    found = list(session.scalars(query.options(selectinload(Person.accounts))))
    people, more = found[:PAGE], len(found) > PAGE
    roles = _roles_of(session, [person.id for person in people], paths, on)
    listed = [ListedPerson(person, person.accounts, roles.get(person.id, [])) for person in people]
    return listed, people[-1].id if more else None


def find_person(session: AnySession, person_id: int, paths: Sequence[str]) -> Person | None:
    """Return the person if they hold, or held, a role below one of the paths."""
    return session.scalars(select(Person).where(Person.id == person_id, is_below(paths))).one_or_none()


def find_account(session: AnySession, login: str) -> Account | None:
    """Return the account with this login, or None."""
    return session.scalars(select(Account).where(Account.login == login.strip().lower())).one_or_none()


def holds_elsewhere(session: AnySession, person_id: int, paths: Sequence[str], on: date) -> bool:
    """Tell whether the person also holds a role not below these paths: others answer for them too."""
    query = select(
        exists().where(
            RoleGrant.person_id == person_id,
            RoleGrant.node_id == Node.id,
            _has_not_ended(on),
            ~node_below(paths),
        )
    )
    return bool(session.scalar(query))


def _roles_of(
    session: AnySession, people: Sequence[int], paths: Sequence[str], on: date
) -> dict[int, list[HeldRole]]:
    rows = session.execute(
        select(RoleGrant, Node)
        .join(Node, Node.id == RoleGrant.node_id)
        .where(RoleGrant.person_id.in_(people), _has_not_ended(on), node_below(paths))
        .order_by(RoleGrant.id)
    )
    roles: dict[int, list[HeldRole]] = {}
    for given, node in rows:
        held = HeldRole(
            given.id, role_of(given.role), node, given.valid_from, given.valid_to, given.case_id is not None
        )
        roles.setdefault(given.person_id, []).append(held)
    return roles


def _has_not_ended(on: date) -> ColumnElement[bool]:
    return or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > on)


def node_below(paths: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a node stands at or below one of the paths."""
    return or_(*(Node.path.like(path + "%") for path in paths))


def is_below(paths: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a person holds, or held, a role at or below one of the paths."""
    return exists().where(
        and_(RoleGrant.person_id == Person.id, RoleGrant.node_id == Node.id, node_below(paths))
    )
