"""What does the register say? Lists by key, Chinese search, one organization whole; never a query per row."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select, Text, and_, case, exists, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from app.access.models import Node
from app.access.nodes import AnySession, within
from app.database.patterns import containing, grams
from app.errors import InvalidInput
from app.organizations.models import (
    Assessment,
    Organization,
    OrganizationRestriction,
    RegisterDecision,
    Registration,
)
from workflows.rules.uscc import LENGTH, normalize
from workflows.subjects import named

PAGE = 50
COUNTED_TO = 10_000
LARGEST_ID = 2**63 - 1

STANDINGS = (
    "registered", "entry_from_decision", "known_from_decision", "known_from_list", "in_preparation", "ended",
)

_territory = aliased(Node)
_own_node = aliased(Node)
_in_force = aliased(Registration)


@dataclass(frozen=True)
class RegisterRow:
    """One organization as lists show it."""

    id: int
    name: str
    name_en: str | None
    uscc: str | None
    legal_type: str
    standing: str
    registered_on: date | None
    division_code: str | None
    division_zh: str
    division_en: str | None
    grade: str | None
    former_names: str

    @property
    def formerly(self) -> list[str]:
        """What it was called in the register before, the oldest first."""
        return self.former_names.splitlines()

    def division(self, locale: str) -> str:
        """Return the name of the place for readers of `locale`."""
        return self.division_zh if locale.startswith("zh") or not self.division_en else self.division_en


@dataclass(frozen=True)
class RegisterPage:
    """Some organizations, newest entry first; `after` is the key of the next page, None at the end."""

    rows: tuple[RegisterRow, ...]
    after: str | None


@dataclass(frozen=True)
class Profile:
    """One organization with everything that the register knows of it."""

    row: RegisterRow
    known_from: str
    node_id: int
    node_path: str
    registrations: tuple[Registration, ...]
    decisions: tuple[RegisterDecision, ...]
    assessments: tuple[Assessment, ...]


def _standing() -> ColumnElement[str]:
    ended = exists().where(Registration.organization_id == Organization.id)
    return case(
        (_in_force.source == "change_decision", literal("entry_from_decision")),
        (_in_force.id.is_not(None), literal("registered")),
        (ended, literal("ended")),
        (Organization.known_from == "decision", literal("known_from_decision")),
        (Organization.known_from == "list", literal("known_from_list")),
        else_=literal("in_preparation"),
    )


def _rows() -> Any:
    grade = (
        select(Assessment.grade)
        .where(Assessment.organization_id == Organization.id)
        .order_by(Assessment.id.desc()).limit(1).scalar_subquery()
    )
    return (
        select(
            Organization.id, Organization.name, Organization.name_en, Organization.uscc,
            Organization.legal_type, _standing(), _in_force.registered_on,
            _territory.code, _territory.name_zh, _territory.name_en, grade, Organization.former_names,
        )
        .join(_own_node, _own_node.id == Organization.node_id)
        .join(_territory, _territory.id == _own_node.parent_id)
        .outerjoin(_in_force, _is_in_force())
    )


def _is_in_force() -> ColumnElement[bool]:
    return and_(_in_force.organization_id == Organization.id, _in_force.ended_on.is_(None))


def name_contains(pattern: str) -> ColumnElement[bool]:
    """Return the condition that the name, or one of before, holds the pattern: LIKE, answered from the index."""
    like = containing(pattern)
    return and_(
        Organization.search.contains(literal(grams(pattern), ARRAY(Text))),
        or_(Organization.name.like(like, escape="\\"), Organization.former_names.like(like, escape="\\")),
    )


def _matching(search: str, place_path: str | None) -> list[ColumnElement[bool]]:
    # Who only prepares is nobody's business yet: seen through its case, not in the register.
    conditions: list[ColumnElement[bool]] = [
        or_(
            Organization.known_from.in_(("decision", "list")),
            exists().where(Registration.organization_id == Organization.id),
        )
    ]
    wanted = search.strip()
    if wanted:
        code = normalize(wanted)
        by_code = len(code) == LENGTH and code.isascii() and code.isalnum()
        conditions.append(Organization.uscc == code if by_code else name_contains(wanted))
    if place_path:
        conditions.append(within(place_path, _own_node))
    return conditions


def organizations_page(
    session: AnySession, *, search: str | None = None, place_path: str | None = None,
    after: str | None = None, limit: int = PAGE,
) -> RegisterPage:
    """Return the page of the register behind the key `after`. One query, however many rows.

    Raises InvalidInput for a key that no page gave.
    """
    query = _rows().where(*_matching(search or "", place_path))
    if after:
        query = query.where(Organization.id < key_from(after))
    found = session.execute(query.order_by(Organization.id.desc()).limit(limit + 1)).all()
    rows = tuple(RegisterRow(*row) for row in found[:limit])
    return RegisterPage(rows, str(rows[-1].id) if len(found) > limit else None)


def key_from(after: str) -> int:
    """Return the key that a page's address carries, or raise InvalidInput."""
    if not (after.isascii() and after.isdigit() and int(after) <= LARGEST_ID):
        raise InvalidInput({"after": [str(_l("Start again from the first page."))]})
    return int(after)


def count_organizations(
    session: AnySession, *, search: str | None = None, place_path: str | None = None
) -> int:
    """Return how many match, counted no further than one above COUNTED_TO."""
    matching = (
        select(Organization.id)
        .join(_own_node, _own_node.id == Organization.node_id)
        .where(*_matching(search or "", place_path)).limit(COUNTED_TO + 1)
    )
    return session.execute(select(func.count()).select_from(matching.subquery())).scalar_one()


def register_size(session: AnySession) -> tuple[int, int]:
    """Return how many organizations are known and how many published decisions about them."""
    row = session.execute(text(
        "SELECT (SELECT count(*) FROM organizations), (SELECT count(*) FROM register_decisions)"
    )).one()
    return row[0], row[1]


def profile_of(session: AnySession, organization_id: int) -> Profile | None:
    """Return the organization whole, or None. The same few queries for every organization."""
    query = _rows().add_columns(Organization.known_from, Organization.node_id, _own_node.path)
    found = session.execute(query.where(Organization.id == organization_id)).one_or_none()
    if found is None:
        return None
    *row, known_from, node_id, path = found
    return Profile(
        row=RegisterRow(*row), known_from=known_from, node_id=node_id, node_path=path,
        registrations=_of(session, Registration, organization_id, Registration.known_since),
        decisions=_of(session, RegisterDecision, organization_id, RegisterDecision.decided_on),
        assessments=_of(session, Assessment, organization_id, Assessment.known_on),
    )


def _of(session: AnySession, model: Any, organization_id: int, order: Any) -> tuple[Any, ...]:
    query = select(model).where(model.organization_id == organization_id)
    return tuple(session.scalars(query.order_by(order.desc(), model.id.desc())))


def is_registered(session: AnySession, organization_id: int) -> bool:
    """Say whether a registration of the organization is in force."""
    query = select(exists().where(
        Registration.organization_id == organization_id, Registration.ended_on.is_(None)
    ))
    return session.execute(query).scalar_one()


def name_holder(session: AnySession, name: str, *, except_id: int | None) -> str | None:
    """Return the code (or name) of another registered organization that is called exactly so today, or None."""
    query = (
        select(func.coalesce(Organization.uscc, Organization.name))
        .join(Registration, and_(Registration.organization_id == Organization.id, Registration.ended_on.is_(None)))
        .where(
            Organization.search.contains(literal(grams(name), ARRAY(Text))), Organization.name == name,
            Organization.id.is_distinct_from(except_id),
        )
    )
    return session.execute(query.order_by(Organization.id).limit(1)).scalar()


def named_by_code(session: AnySession, code: str) -> Row[int, str] | None:
    """Return id and name of the organization in the register that has this unified social credit code, or None."""
    query = select(Organization.id, Organization.name).where(Organization.uscc == normalize(code))
    return session.execute(query).one_or_none()


def applying_to(session: AnySession, organization_id: int | None, node_id: int) -> str:
    """Return what an organization's application to a hub or an incubator is called: who applies, and where."""
    query = (
        select(Organization.name, Node.name_zh).join(Node, Node.id == node_id).where(Organization.id == organization_id)
    )
    return named(*session.execute(query).one())


def frozen_by(session: AnySession, organization_id: int | None, on: date) -> str:
    """Return what freezes the organization on this day (a key of RESTRICTIONS), '' when nothing does."""
    return session.execute(_frozen_by(organization_id, on)).scalar() or ""


def registered_and_frozen(session: AnySession, organization_id: int | None, on: date) -> tuple[bool, str]:
    """Return both `is_registered` and `frozen_by`; one query."""
    registered = exists().where(Registration.organization_id == organization_id, Registration.ended_on.is_(None))
    row = session.execute(select(registered, _frozen_by(organization_id, on).scalar_subquery())).one()
    return bool(row[0]), row[1] or ""


def _frozen_by(organization_id: int | None, on: date) -> Select[str]:
    held = OrganizationRestriction
    query = select(held.kind).where(
        held.organization_id == organization_id, held.from_on <= on, or_(held.to_on.is_(None), held.to_on > on)
    )
    return query.order_by(held.from_on, held.id).limit(1)


def organization_json(row: RegisterRow) -> dict[str, Any]:
    """Return the organization as GET /api/v1/organizations sends it."""
    return {
        "id": row.id,
        "name": row.name,
        "name_en": row.name_en,
        "former_names": row.formerly,
        "uscc": row.uscc,
        "legal_type": row.legal_type,
        "standing": row.standing,
        "registered": row.standing in ("registered", "entry_from_decision"),
        "registered_on": row.registered_on.isoformat() if row.registered_on else None,
        "division": {"code": row.division_code, "zh": row.division_zh, "en": row.division_en},
        "grade": row.grade,
    }
