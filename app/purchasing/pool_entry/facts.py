"""Where is an expert listed, and who can be?"""

from typing import Any

from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.kinds import choices_held, facts, opening_node, opening_organization
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.purchasing.programme.facts import nobody, office_of, offices_of
from workflows.kinds.case import CaseFacts
from workflows.kinds.panel import PoolEntryFacts
from workflows.rules.working_days import local_day

opening_organization("pool_entry")(nobody)
opening_node("pool_entry")(office_of)

EXPERTS = text("""
SELECT DISTINCT p.id, p.name FROM role_grants g JOIN people p ON p.id = g.person_id
  JOIN nodes n ON n.id = g.node_id JOIN nodes o ON starts_with(o.path, n.path)
 WHERE o.id = ANY(:offices) AND g.role = 'expert' AND g.case_id IS NULL
   AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on)
 ORDER BY p.name, p.id
""")
PLACE = text("""
SELECT t.id FROM nodes o JOIN nodes t ON starts_with(o.path, t.path) AND t.kind = 'territory'
 WHERE o.id = :office ORDER BY length(t.path) DESC LIMIT 1
""")


@choices_held("experts_to_list")
def experts_to_list(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return who holds the role of expert at the person's offices or above, by name."""
    return experts_at(session, offices_of(session, person_id))


def experts_at(session: AnySession, offices: list[int]) -> list[tuple[int, str]]:
    """Return who holds the role of expert at these offices or above on the day of the business clock, by name."""
    found = session.execute(EXPERTS, {"offices": offices, "on": local_day(business_now(session))})
    return [(row.id, row.name) for row in found]


def place_of_office(session: AnySession, office_id: int) -> int:
    """Return the territory in which the office lies: the place whose pool it draws from."""
    return int(session.execute(PLACE, {"office": office_id}).scalar_one())


@facts("pool_entry")
def pool_entry_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> PoolEntryFacts:
    """Return the facts: the case alone."""
    return PoolEntryFacts(case=case_facts)
