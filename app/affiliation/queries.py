"""Which hubs are there, and who belongs to one? Pages of members by key, no query per row."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.access.models import FormerPlaceName, Node
from app.access.nodes import AnySession
from app.affiliation.models import Affiliation, Hub
from app.organizations.models import Organization, Registration
from app.organizations.queries import key_from

PAGE = 50


@dataclass(frozen=True)
class HubView:
    """A hub as its page shows it; `members` counts those of today."""

    node_id: int
    name_zh: str
    name_en: str | None
    level: str
    fields: tuple[str, ...]
    recognized_on: date
    ended_on: date | None
    organization_id: int | None
    place_zh: str | None
    place_en: str | None
    members: int

    def place(self, locale: str) -> str:
        """Return the name of the place above the hub."""
        return (self.place_zh if locale.startswith("zh") or not self.place_en else self.place_en) or ""

    def name(self, locale: str) -> str:
        """Return the name for readers of `locale`."""
        return self.name_zh if locale.startswith("zh") or not self.name_en else self.name_en


@dataclass(frozen=True)
class Member:
    """One member of a hub today."""

    key: int
    organization_id: int
    name: str
    uscc: str | None
    legal_type: str
    registered: bool
    is_primary: bool
    from_on: date


@dataclass(frozen=True)
class MemberPage:
    """Some members, the newest first; `after` is the key of the next page, None at the end."""

    rows: tuple[Member, ...]
    after: str | None


@dataclass(frozen=True)
class Membership:
    """A hub that an organization belongs or belonged to."""

    hub_node_id: int
    name_zh: str
    name_en: str | None
    is_primary: bool
    from_on: date
    to_on: date | None


def hub_view(session: AnySession, node_id: int) -> HubView | None:
    """Return the hub with its newest recognition, or None where there never was one."""
    query = _hubs().where(Hub.node_id == node_id)
    row = session.execute(query.order_by(Hub.ended_on.is_(None).desc(), Hub.id.desc()).limit(1)).one_or_none()
    return _view(row) if row else None


def hubs_page(session: AnySession, *, search: str = "") -> tuple[HubView, ...]:
    """Return the hubs in force by name; there are dozens in a city, so they come at once. One query."""
    query = _hubs().where(Hub.ended_on.is_(None))
    if search:
        formerly = exists().where(
            FormerPlaceName.node_id == Node.id, FormerPlaceName.name_zh.contains(search, autoescape=True)
        )
        query = query.where(or_(Node.name_zh.contains(search, autoescape=True), formerly))
    return tuple(_view(row) for row in session.execute(query.order_by(Node.name_zh, Hub.id)))


def _hubs() -> Any:
    members = (
        select(func.count()).select_from(Affiliation)
        .where(Affiliation.hub_node_id == Hub.node_id, Affiliation.to_on.is_(None))
        .scalar_subquery().label("members")
    )
    place = aliased(Node)
    return (
        select(
            Hub.node_id, Node.name_zh, Node.name_en, Hub.level, Hub.fields, Hub.recognized_on, Hub.ended_on,
            Hub.organization_id, place.name_zh.label("place_zh"), place.name_en.label("place_en"), members,
        )
        .join(Node, Node.id == Hub.node_id)
        .outerjoin(place, place.id == Node.parent_id)
    )


def _view(row: Any) -> HubView:
    return HubView(**{**row._mapping, "fields": tuple(row.fields)})


def members_of(
    session: AnySession, node_id: int, *, after: str | None = None, limit: int = PAGE
) -> MemberPage:
    """Return a page of today's members behind the key `after`. One query, however many rows."""
    in_force = and_(Registration.organization_id == Organization.id, Registration.ended_on.is_(None))
    query = (
        select(
            Affiliation.id, Organization.id, Organization.name, Organization.uscc, Organization.legal_type,
            Registration.id.is_not(None), Affiliation.is_primary, Affiliation.from_on,
        )
        .join(Organization, Organization.id == Affiliation.organization_id)
        .outerjoin(Registration, in_force)
        .where(Affiliation.hub_node_id == node_id, Affiliation.to_on.is_(None))
    )
    if after:
        query = query.where(Affiliation.id < key_from(after))
    found = session.execute(query.order_by(Affiliation.id.desc()).limit(limit + 1)).all()
    rows = tuple(Member(*row) for row in found[:limit])
    return MemberPage(rows, str(rows[-1].key) if len(found) > limit else None)


def hubs_of(session: AnySession, organization_id: int) -> tuple[Membership, ...]:
    """Return the hubs of an organization, those of today first."""
    query = (
        select(
            Affiliation.hub_node_id, Node.name_zh, Node.name_en, Affiliation.is_primary, Affiliation.from_on,
            Affiliation.to_on,
        )
        .join(Node, Node.id == Affiliation.hub_node_id)
        .where(Affiliation.organization_id == organization_id)
        .order_by(Affiliation.to_on.is_(None).desc(), Affiliation.id.desc())
    )
    return tuple(Membership(*row) for row in session.execute(query))
