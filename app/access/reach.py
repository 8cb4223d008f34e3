"""What does a person reach today? The one place where role grants are turned into rights.

A grant counts from its first day until the day it ends (that day no longer), on the node's path as it
stands now: nothing is cached, so a revoked grant, a disabled account or a moved node takes effect with
the next question.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    column,
    exists,
    false,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy import func as sql
from sqlalchemy.dialects.postgresql import ARRAY, psycopg
from sqlalchemy.orm import aliased

from app.access.models import Account, Node, Person, RoleGrant
from app.access.nodes import AnySession, is_place, within
from app.access.roles import CASE_ROLES, ORGANIZATION_ROLES, PLACE_ROLES, Role, role_of
from app.database.connections import Written, rows
from app.database.one_look import remembered

# Named, not imported: organizations and cases stand above access.
_organizations = table("organizations", column("id"), column("node_id"))
_place = aliased(Node)
PLACES_NAMED = 64
"""So many places below a node are named one by one in queries; a city or more is told by its path."""


def in_force(on: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Return the condition that a grant holds on this day."""
    return and_(RoleGrant.valid_from <= on, or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > on))


def can_sign_in() -> ColumnElement[bool]:
    """Return the condition that the holder of a grant has an account that is not disabled."""
    return exists().where(Account.person_id == RoleGrant.person_id, Account.disabled_at.is_(None))


def _roles_query(
    case_id: Any, organization_node_id: Any, case_node_path: Any, *, required: bool = True
) -> Select[str]:
    on: BindParameter[date] = bindparam("on", type_=Date, required=required)
    person: BindParameter[int] = bindparam("person_id", type_=BigInteger, required=required)
    on_the_case = and_(RoleGrant.case_id.is_not(None), RoleGrant.case_id == case_id)
    on_the_organization = and_(
        RoleGrant.case_id.is_(None),
        RoleGrant.role.in_(_named(ORGANIZATION_ROLES)),
        RoleGrant.node_id == organization_node_id,
    )
    on_the_place = and_(
        RoleGrant.case_id.is_(None),
        RoleGrant.role.in_(_named(PLACE_ROLES)),
        sql.starts_with(case_node_path, Node.path),
    )
    return (
        select(RoleGrant.role)
        .join(Node, Node.id == RoleGrant.node_id)
        .where(RoleGrant.person_id == person, in_force(on), can_sign_in())
        .where(RoleGrant.role.in_(_named(CASE_ROLES)), or_(on_the_case, on_the_organization, on_the_place))
    )


def _named(roles: tuple[str, ...]) -> BindParameter[Any]:
    """Roles written into the statement: they are ours, few, and the same every time."""
    return bindparam(None, roles, expanding=True, literal_execute=True)


_ROLES_REACHING = _roles_query(
    bindparam("case_id", type_=BigInteger),
    bindparam("organization_node_id"),
    bindparam("case_node_path", type_=Text),
)


def roles_of_row(case_id: str, organization_node_id: str, case_node_path: str) -> str:
    """Return the query of `roles_reaching_case` as SQL, correlated to columns of a query around it.

    It takes the parameters `person_id` and `on`. The rule stands once, above.
    """
    query = _roles_query(
        literal_column(case_id), literal_column(organization_node_id), literal_column(case_node_path, Text),
        required=False,
    )
    return str(query.compile(dialect=psycopg.dialect(), compile_kwargs={"render_postcompile": True}))


@remembered
def roles_reaching_case(
    session: AnySession,
    person_id: int,
    *,
    case_id: int | None,
    case_node_path: str,
    organization_node_id: int | None,
    on: date,
) -> frozenset[str]:
    """Return the roles with which the person may act on the case as it is now; empty: it is out of reach.

    For a case that is only being opened `case_id` is None. One query.
    """
    values = {
        "person_id": person_id,
        "case_id": case_id,
        "case_node_path": case_node_path,
        "organization_node_id": organization_node_id,
        "on": on,
    }
    return frozenset(session.scalars(_ROLES_REACHING, values))


@dataclass(frozen=True)
class Holding:
    """A grant that counts today: the role, the node it is held on, the case if it is for one only."""

    role: str
    node_id: int
    node_path: str
    node_name_zh: str
    node_name_en: str | None
    case_id: int | None
    organization_id: int | None
    valid_from: date
    valid_to: date | None
    place_ids: tuple[int, ...] | None = None
    """The places at and below the node where cases may stand; None where there are more than PLACES_NAMED."""

    def node_name(self, locale: str) -> str:
        """Return the node's name for readers of `locale`; the Chinese one where there is no other."""
        return self.node_name_zh if locale.startswith("zh") or not self.node_name_en else self.node_name_en


_PLACES_BELOW = sql.array(
    select(_place.id).where(within(Node.path, _place), is_place(_place)).limit(PLACES_NAMED + 1)
    .correlate(Node).scalar_subquery(),
    type_=ARRAY(BigInteger),
)


# Every page asks this.
_HOLDINGS = Written.once(
    select(
        RoleGrant.role, Node.id, Node.path, Node.name_zh, Node.name_en, RoleGrant.case_id, _organizations.c.id,
        RoleGrant.valid_from, RoleGrant.valid_to, _PLACES_BELOW,
    )
    .join(Node, Node.id == RoleGrant.node_id)
    .outerjoin(_organizations, _organizations.c.node_id == Node.id)
    .where(RoleGrant.person_id == bindparam("person_id"), in_force(bindparam("on", type_=Date)), can_sign_in())
    .order_by(RoleGrant.id)
)


def holdings(session: AnySession, person_id: int, on: date) -> tuple[Holding, ...]:
    """Return all that the person holds on this day; nothing if all accounts are disabled. One query."""
    session.flush()  # a grant that is not sent yet counts
    return tuple(
        Holding(*row[:-1], place_ids=tuple(row[-1]) if len(row[-1]) <= PLACES_NAMED else None)  # type: ignore[misc]
        for row in rows(session, _HOLDINGS.asked(person_id=person_id, on=on))
    )


def roles_held(session: AnySession, person_id: int, on: date) -> frozenset[str]:
    """Return every role the person holds anywhere on this day."""
    return frozenset(holding.role for holding in holdings(session, person_id, on))


def visible_cases(session: AnySession, person_id: int, on: date, cases: Any) -> ColumnElement[bool]:
    """Return the condition on `cases` (the model or an alias) that holds for the cases the person may see.

    Lists, counts, searches, exports and mail all use this and nothing else. One query, then one plain
    condition: who reaches one organization gets an indexable one, not a search through all cases.
    """
    return visible_by(holdings(session, person_id, on), cases)


def visible_by(held: Iterable[Holding], cases: Any) -> ColumnElement[bool]:
    """Return the condition of `visible_cases` for holdings that are at hand already."""
    bound, organizations, places = set(), set(), []
    for holding in held:
        if holding.role not in CASE_ROLES:
            continue
        if holding.case_id is not None:
            bound.add(holding.case_id)
        elif holding.role in ORGANIZATION_ROLES and holding.organization_id is not None:
            organizations.add(holding.organization_id)
        elif holding.role in PLACE_ROLES:
            places.append(holding)
    ways: list[ColumnElement[bool]] = []
    if bound:
        ways.append(cases.id.in_(sorted(bound)))
    if organizations:
        ways.append(cases.organization_id.in_(sorted(organizations)))
    if places:
        # What is still sealed is known to its own organization only.
        ways.append(and_(at_places(cases.node_id, places), cases.sealed.is_(False)))
    return or_(*ways) if ways else false()


def at_places(node_id: Any, held: Iterable[Holding]) -> ColumnElement[bool]:
    """Return the condition that `node_id` is one of the places at or below the nodes of these holdings.

    Only for where cases stand and for whom they wait as a place: never an organization's own node.
    """
    listed = tuple(held)
    ids = named_places(listed)
    if ids is not None:
        return node_id == any_(literal(ids, ARRAY(BigInteger)))
    paths = _outermost({holding.node_path for holding in listed})
    return node_id.in_(select(Node.id).where(or_(*(within(path) for path in paths)), is_place()))


def named_places(held: Iterable[Holding]) -> list[int] | None:
    """Return the places of all these holdings by id, or None where they are too many to be named."""
    ids: set[int] = set()
    for holding in held:
        if holding.place_ids is None:
            return None
        ids.update(holding.place_ids)
    return sorted(ids) if len(ids) <= PLACES_NAMED else None


def _outermost(paths: set[str]) -> list[str]:
    return [
        path for path in sorted(paths) if not any(path != other and path.startswith(other) for other in paths)
    ]


@dataclass(frozen=True)
class Holder:
    """Where a role would have to be held for a move, and whether anybody holds it there today."""

    role: Role
    node: Node
    held: bool


def who_would_do(
    session: AnySession,
    roles: Iterable[str],
    *,
    case_node_path: str,
    organization_node_id: int | None,
    on: date,
) -> tuple[Holder, ...]:
    """Tell for a refused move which role on which node would do. Names no person.

    For each role it is the nearest node where somebody holds it; where nobody does, the case's own node
    (or the organization's), with `held` false.
    """
    place_ids = [int(part) for part in case_node_path.strip("/").split("/")]
    wanted = [role_of(code) for code in roles]
    node_ids = {*place_ids} | ({organization_node_id} if organization_node_id is not None else set())
    nodes = {node.id: node for node in session.scalars(select(Node).where(Node.id.in_(node_ids)))}
    held = {
        (role, node_id)
        for role, node_id in session.execute(
            select(RoleGrant.role, RoleGrant.node_id).where(
                RoleGrant.role.in_([role.code for role in wanted]),
                RoleGrant.node_id.in_(node_ids),
                RoleGrant.case_id.is_(None),
                in_force(on),
                can_sign_in(),
            )
        )
    }
    answer = []
    for role in wanted:
        nearest_first = (
            [organization_node_id]
            if role.reach == "organization" and organization_node_id
            else place_ids[::-1]
        )
        where = next((node_id for node_id in nearest_first if (role.code, node_id) in held), None)
        node = nodes.get(where if where is not None else nearest_first[0])
        if node is not None:
            answer.append(Holder(role=role, node=node, held=where is not None))
    return tuple(answer)


def bound_person(session: AnySession, role: str, *, case_id: int, on: date) -> int | None:
    """Return the one person who holds the role on this very case today; None where nobody or several do."""
    query = (
        select(RoleGrant.person_id)
        .where(RoleGrant.role == role, RoleGrant.case_id == case_id, in_force(on), can_sign_in())
        .distinct()
        .limit(2)
    )
    people = session.scalars(query).all()
    return people[0] if len(people) == 1 else None


def people_holding(session: AnySession, role: str, *, node_path: str, on: date) -> list[Person]:
    """Return who holds the role on this node or above it today: whom a notice to it reaches."""
    query = (
        select(Person)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .join(Node, Node.id == RoleGrant.node_id)
        .where(RoleGrant.role == role, RoleGrant.case_id.is_(None), in_force(on), can_sign_in())
        .where(
            sql.starts_with(node_path, Node.path)
            if role not in ORGANIZATION_ROLES
            else Node.path == node_path
        )
        .distinct()
        .order_by(Person.id)
    )
    return list(session.scalars(query))
