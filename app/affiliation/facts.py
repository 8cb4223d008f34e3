"""What do the register and the hubs say, for the guards of joining and leaving a hub?"""

from typing import Any

from flask_babel import get_locale
from sqlalchemy import exists, select, text

from app.access.models import Node
from app.access.nodes import AnySession
from app.affiliation.models import Affiliation, Hub
from app.cases.kinds import choices, facts, opening_node, reachable
from app.cases.models import Case
from app.cases.named import Asker
from app.cases.snapshot import CaseRow
from app.cases.telling import carried_by
from app.organizations.ties import also_ties
from workflows.kinds.affiliation import AffiliationFacts
from workflows.kinds.case import CaseFacts
from workflows.kinds.disaffiliation import DisaffiliationFacts

READ = text("""
SELECT EXISTS (SELECT FROM registrations r
                WHERE r.organization_id = :organization AND r.ended_on IS NULL) AS registered,
       EXISTS (SELECT FROM hubs h WHERE h.node_id = :hub AND h.ended_on IS NULL) AS hub_in_force,
       EXISTS (SELECT FROM hubs h
                WHERE h.node_id = :hub AND h.organization_id = :organization) AS is_the_hub_itself,
       EXISTS (SELECT FROM affiliations a
                WHERE a.organization_id = :organization AND a.is_primary AND a.to_on IS NULL) AS has_primary,
       EXISTS (SELECT FROM affiliations a
                WHERE a.organization_id = :organization AND a.hub_node_id = :hub AND a.to_on IS NULL) AS is_member,
       (SELECT p.wants_primary FROM affiliation_applications p WHERE p.case_id = :case) AS wants_primary
""")


@choices("hubs_in_force")
def hubs_in_force(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the recognized hubs by name."""
    query = (
        select(Node).join(Hub, Hub.node_id == Node.id).where(Hub.ended_on.is_(None)).order_by(Node.name_zh)
    )
    return [(node.id, node.name(str(get_locale()))) for node in session.scalars(query)]


@reachable("hubs_in_force")
@reachable("hubs_of_the_organization")
def is_hub(session: AnySession, asker: Asker, node_id: int) -> bool:
    """Tell whether there is or was such a hub: hubs are public."""
    return session.execute(select(Hub.node_id).where(Hub.node_id == node_id).limit(1)).first() is not None


@opening_node("affiliation")
def hub_of(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the hub that is applied to: the case happens there."""
    return data.get("hub")


@choices("hubs_of_the_organization")
def hubs_of_the_organization(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the hubs that the organization belongs to today, by name."""
    query = (
        select(Node).join(Affiliation, Affiliation.hub_node_id == Node.id)
        .where(Affiliation.organization_id == organization_id, Affiliation.to_on.is_(None)).order_by(Node.name_zh)
    )
    return [(node.id, node.name(str(get_locale()))) for node in session.scalars(query)]


@opening_node("disaffiliation")
def hub_that_is_left(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the hub that is told: the case happens there."""
    return hub_of(session, organization_id, data)


also_ties("""
SELECT a.organization_id, g.person_id, 'hub', greatest(g.valid_from, a.from_on), least(g.valid_to, a.to_on)
  FROM role_grants g JOIN affiliations a ON a.hub_node_id = g.node_id
 WHERE a.organization_id = ANY(:organizations) AND g.role = 'hub_officer' AND g.person_id = ANY(:people)
   AND g.case_id IS NULL
""")


carried_by("""
SELECT a.case_id, a.sequence, 'hub_officer', a.hub_node_id FROM affiliations a
 WHERE a.organization_id = :organization AND a.to_on IS NULL
""")


@facts("affiliation")
def affiliation_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> AffiliationFacts:
    """Return the facts; what is being handed in counts before what was applied for."""
    values = {"organization": case.organization_id, "hub": case.node_id, "case": case.id}
    read = session.execute(READ, values).one()
    wanted = (data or {}).get("wants_primary", read.wants_primary)
    return AffiliationFacts(
        case=case_facts,
        organization_registered=read.registered,
        hub_in_force=read.hub_in_force,
        has_primary_hub=read.has_primary,
        is_member=read.is_member,
        is_the_hub_itself=read.is_the_hub_itself,
        wants_primary=bool(wanted),
    )


@facts("disaffiliation")
def disaffiliation_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> DisaffiliationFacts:
    """Return whether the organization is a member of the case's hub, and whether another notice is open."""
    return DisaffiliationFacts(
        case=case_facts,
        is_member=is_member(session, case.organization_id, case.node_id),
        is_leaving=is_leaving(session, case),
    )


def is_member(session: AnySession, organization_id: int | None, hub_node_id: int) -> bool:
    """Return whether the organization belongs to the hub today."""
    query = select(exists().where(
        Affiliation.organization_id == organization_id, Affiliation.hub_node_id == hub_node_id,
        Affiliation.to_on.is_(None),
    ))
    return bool(session.execute(query).scalar_one())


def is_leaving(session: AnySession, case: CaseRow) -> bool:
    """Return whether another case of the organization's leaving this hub is open."""
    query = select(exists().where(
        Case.organization_id == case.organization_id, Case.kind == "disaffiliation", Case.closed_at.is_(None),
        Case.node_id == case.node_id, Case.id != case.id,
    ))
    return bool(session.execute(query).scalar_one())
