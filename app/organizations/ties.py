"""What binds a person to an organization, so that they must not judge it? Dated rows, and what roles tell.

A tie is recorded by an office or declared by the person; employment and direction follow from roles as well.
"""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import text

from app.access.nodes import AnySession
from app.organizations.models import PersonTie
from workflows.rules.conflicts import Tie

KNOWN = """
SELECT t.organization_id, t.person_id, t.kind, t.from_on, t.to_on FROM person_ties t
 WHERE t.organization_id = ANY(:organizations) AND t.person_id = ANY(:people)
UNION ALL
SELECT o.id, g.person_id, CASE g.role WHEN 'staff' THEN 'employment' ELSE 'directorship' END, g.valid_from, g.valid_to
  FROM role_grants g JOIN organizations o ON o.node_id = g.node_id
 WHERE o.id = ANY(:organizations) AND g.role IN ('staff', 'legal_representative') AND g.person_id = ANY(:people)
UNION ALL
SELECT c.organization_id, g.person_id, 'mentoring', g.valid_from, g.valid_to
  FROM role_grants g JOIN cases c ON c.id = g.case_id
 WHERE c.organization_id = ANY(:organizations) AND g.role = 'mentor' AND g.person_id = ANY(:people)
"""
_SOURCES = [KNOWN]


def also_ties(query: str) -> None:
    """Add a query of another feature: (organization, person, kind, from, to) for :organizations and :people."""
    _SOURCES.append(query)


def ties_to_all(
    session: AnySession, organizations: Iterable[int], people: Iterable[int]
) -> dict[int, dict[int, tuple[Tie, ...]]]:
    """Return for each of these people their ties to each of the organizations that they have any to. One query."""
    known: dict[int, dict[int, tuple[Tie, ...]]] = {person: {} for person in people}
    query = text("\nUNION ALL\n".join(_SOURCES))
    for organization, person, kind, from_on, to_on in session.execute(
        query, {"organizations": list(organizations), "people": list(known)}
    ):
        known[person][organization] = (*known[person].get(organization, ()), Tie(kind, from_on, to_on))
    return known


def ties_to(session: AnySession, organization_id: int, people: Iterable[int]) -> dict[int, tuple[Tie, ...]]:
    """Return for each of these people what ties or tied them to the organization. One query."""
    known = ties_to_all(session, [organization_id], people)
    return {person: ties.get(organization_id, ()) for person, ties in known.items()}


def record_tie(
    session: AnySession, *, person_id: int, organization_id: int, kind: str, from_on: date,
    to_on: date | None = None, case_id: int | None = None,
) -> PersonTie:
    """Write down a tie; flushed. The caller commits."""
    tie = PersonTie(
        person_id=person_id, organization_id=organization_id, kind=kind, from_on=from_on, to_on=to_on, case_id=case_id
    )
    session.add(tie)
    session.flush()
    return tie
