"""A small district for tests: who is there, who may do what. Everything invented."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from app.access.actor import Actor
from app.access.models import Account, Node, Person, RoleGrant
from app.access.nodes import create_node
from app.organizations.models import Organization

LONG_AGO = date(2020, 1, 1)


@dataclass(frozen=True)
class District:
    """City, district, an office and an organization in preparation, with one person for each role asked for."""

    city: Node
    district: Node
    buyer: Node
    organization: Organization
    actors: dict[str, Actor]


def make_person(session: Session, name: str, login: str | None = None) -> tuple[Person, Account]:
    """Add a person with one account."""
    person = Person(name=name)
    session.add(person)
    session.flush()
    account = Account(person_id=person.id, login=login or f"login{person.id}")
    session.add(account)
    session.flush()
    return person, account


def grant_role(session: Session, person_id: int, role: str, node_id: int, case_id: int | None = None) -> RoleGrant:
    """Give a role for ever."""
    given = RoleGrant(person_id=person_id, role=role, node_id=node_id, case_id=case_id, valid_from=LONG_AGO,
                      granted_at=datetime(2020, 1, 1, tzinfo=UTC))
    session.add(given)
    session.flush()
    return given


def make_actor(session: Session, name: str, *grants: tuple[str, int]) -> Actor:
    """Add a person who holds these (role, node id)."""
    person, account = make_person(session, name)
    for role, node_id in grants:
        grant_role(session, person.id, role, node_id)
    return Actor(person_id=person.id, account_id=account.id, name=name)


def make_organization(session: Session, parent: Node, name: str, **more: object) -> Organization:
    """Add an organization with its node."""
    node = create_node(session, parent=parent, kind="organization", name_zh=name)
    organization = Organization(node_id=node.id, name=name, legal_type="social_service", known_from="self",
                                created_at=datetime(2026, 1, 1, tzinfo=UTC), **more)
    session.add(organization)
    session.flush()
    return organization


def make_district(session: Session, code: str = "110102") -> District:
    """Add a city and a district with an organization and one person per role of the three kinds."""
    city_code = code[:4] + "00"
    city = create_node(session, parent=None, kind="territory", code=city_code, name_zh=f"城市{city_code}")
    district = create_node(session, parent=city, kind="territory", code=code, name_zh=f"城区{code}")
    buyer = create_node(session, parent=district, kind="buyer", name_zh="月坛街道办事处（示例）")
    organization = make_organization(session, district, "晨光社区服务中心（示例）")
    places = {
        "staff": organization.node_id, "registrar": district.id, "project_officer": buyer.id,
        "finance_officer": buyer.id, "finance_approver": buyer.id, "cashier": buyer.id, "auditor": city.id,
    }
    actors = {role: make_actor(session, f"示例{role}", (role, node)) for role, node in places.items()}
    session.commit()
    return District(city, district, buyer, organization, actors)
