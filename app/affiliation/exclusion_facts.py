"""What does the hub's list of members say, for the guards of an exclusion? And whom may an officer name?"""

from typing import Any

from sqlalchemy import or_, select

from app.access.models import Node
from app.access.nodes import AnySession, within
from app.access.reach import holdings, people_holding
from app.affiliation.facts import is_member
from app.affiliation.models import Affiliation
from app.cases.kinds import choices_held, facts, opening_node, opening_organization
from app.cases.models import Case
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.organizations.models import Organization
from workflows.kinds.case import CaseFacts
from workflows.kinds.exclusion import ExclusionFacts
from workflows.rules.working_days import local_day

KIND = "exclusion"
ENDINGS = (KIND, "disaffiliation")


@choices_held("members_of_hubs_held")
def members_of_hubs_held(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return the memberships of today of the hubs at which the person is an officer, by hub and name."""
    if person_id is None:
        return []
    held = holdings(session, person_id, local_day(business_now(session)))
    paths = {each.node_path for each in held if each.role == "hub_officer" and each.case_id is None}
    if not paths:
        return []
    query = (
        select(Affiliation.id, Organization.name, Node.name_zh)
        .join(Organization, Organization.id == Affiliation.organization_id)
        .join(Node, Node.id == Affiliation.hub_node_id)
        .where(Affiliation.to_on.is_(None), or_(*(within(path) for path in sorted(paths))))
        .order_by(Node.name_zh, Organization.name, Affiliation.id)
    )
    return [(id_, f"{organization} · {hub}") for id_, organization, hub in session.execute(query)]


@opening_organization(KIND)
def member_named(session: AnySession, data: dict[str, Any]) -> int | None:
    """Return the organization whose membership is to end."""
    membership = _membership(session, data)
    return membership.organization_id if membership is not None else None


@opening_node(KIND)
def hub_of_the_member(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the hub of the membership: the case happens there."""
    membership = _membership(session, data)
    return membership.hub_node_id if membership is not None else None


def _membership(session: AnySession, data: dict[str, Any]) -> Affiliation | None:
    return session.get(Affiliation, data["membership"]) if data.get("membership") else None


@facts(KIND)
def exclusion_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> ExclusionFacts:
    """Return whether it is a member, what else ends the membership, and who could decide."""
    on = local_day(business_now(session))
    officers = people_holding(session, "hub_officer", node_path=case.node_path, on=on)
    return ExclusionFacts(
        case=case_facts, is_member=is_member(session, case.organization_id, case.node_id),
        ending=open_ending(session, case), officers=frozenset(person.id for person in officers),
    )


def open_ending(session: AnySession, case: CaseRow) -> str | None:
    """Return the number of another open case by which the organization leaves this hub, or None."""
    query = select(Case.number).where(
        Case.organization_id == case.organization_id, Case.kind.in_(ENDINGS), Case.closed_at.is_(None),
        Case.node_id == case.node_id, Case.id != case.id,
    )
    return session.scalars(query.order_by(Case.id).limit(1)).first()
