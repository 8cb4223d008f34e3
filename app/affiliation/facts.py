"""What do the register and the hubs say, for the guards of joining a hub?"""

from typing import Any

from flask_babel import get_locale
from sqlalchemy import select, text

from app.access.models import Node
from app.access.nodes import AnySession
from app.affiliation.models import Hub
from app.cases.kinds import choices, facts, opening_node, reachable
from app.cases.named import Asker
from app.cases.snapshot import CaseRow
from app.organizations.ties import also_ties
from workflows.kinds.affiliation import AffiliationFacts
from workflows.kinds.case import CaseFacts

READ = text("""
SELECT EXISTS (SELECT FROM registrations r
                WHERE r.organization_id = :organization AND r.ended_on IS NULL) AS registered,
       EXISTS (SELECT FROM hubs h WHERE h.node_id = :hub AND h.ended_on IS NULL) AS hub_in_force,
       EXISTS (SELECT FROM hubs h
                WHERE h.node_id = :hub AND h.organization_id = :organization) AS is_the_hub_itself,
       EXISTS (SELECT FROM affiliations a
                WHERE a.organization_id = :organization AND a.is_primary AND a.to_on IS NULL) AS has_primary,
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
def is_hub(session: AnySession, asker: Asker, node_id: int) -> bool:
    """Tell whether there is or was such a hub: hubs are public."""
    return session.execute(select(Hub.node_id).where(Hub.node_id == node_id).limit(1)).first() is not None


@opening_node("affiliation")
def hub_of(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the hub that is applied to: the case happens there."""
    return data.get("hub")


also_ties("""
SELECT a.organization_id, g.person_id, 'hub', greatest(g.valid_from, a.from_on), least(g.valid_to, a.to_on)
  FROM role_grants g JOIN affiliations a ON a.hub_node_id = g.node_id
 WHERE a.organization_id = ANY(:organizations) AND g.role = 'hub_officer' AND g.person_id = ANY(:people)
   AND g.case_id IS NULL
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
        is_the_hub_itself=read.is_the_hub_itself,
        wants_primary=bool(wanted),
    )
