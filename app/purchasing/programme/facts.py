"""Where do a fund's rules belong, and who may choose them?"""

from typing import Any

from flask_babel import get_locale
from sqlalchemy import select, text

from app.access.models import Node
from app.access.nodes import AnySession
from app.cases.kinds import choices_held, facts, opening_node, opening_organization
from app.cases.snapshot import CaseRow
from app.clock import business_now
from workflows.kinds.case import CaseFacts
from workflows.kinds.programme import ProgrammeFacts
from workflows.rules.working_days import local_day

OFFICES = text("""
SELECT DISTINCT o.id FROM role_grants g JOIN nodes n ON n.id = g.node_id
  JOIN nodes o ON o.kind = 'buyer' AND starts_with(o.path, n.path)
 WHERE g.person_id = :person AND g.role = ANY(:roles) AND g.case_id IS NULL
   AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on)
""")


PLANNING = ("buyer", "project_officer")


def offices_of(session: AnySession, person_id: int | None, roles: tuple[str, ...] = PLANNING) -> list[int]:
    """Return the buying offices for which the person holds one of the roles on the day of the business clock."""
    held = {"person": person_id, "roles": list(roles), "on": local_day(business_now(session))}
    return list(session.execute(OFFICES, held).scalars())


@choices_held("offices_held")
def offices_held(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return the buying offices for which the person plans or decides, by name."""
    return offices_by_name(session, offices_of(session, person_id))


def offices_by_name(session: AnySession, offices: list[int]) -> list[tuple[int, str]]:
    """Return these offices with their names, as a list to choose from."""
    query = select(Node).where(Node.id.in_(offices)).order_by(Node.name_zh, Node.id)
    return [(node.id, node.name(str(get_locale()))) for node in session.scalars(query)]


@opening_organization("programme")
def nobody(session: AnySession, data: Any) -> None:
    """Return no organization: an office's own business."""
    return None


@opening_node("programme")
def office_of(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the office that was chosen."""
    return data.get("office")


@facts("programme")
def programme_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> ProgrammeFacts:
    """Return the facts: the case alone."""
    return ProgrammeFacts(case=case_facts)
