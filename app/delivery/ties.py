"""Is the evaluator a third party? Ties to the contractor with their dates, and posts at the buyer."""

from datetime import date

from sqlalchemy import text

from app.access.nodes import AnySession
from app.organizations.ties import ties_to
from workflows.rules.conflicts import wall

PERSON = text("SELECT person_id FROM accounts WHERE login = lower(:login) AND disabled_at IS NULL")
AT_BUYER = text("""
SELECT EXISTS (SELECT FROM role_grants g JOIN nodes n ON n.id = g.node_id JOIN nodes b ON b.id = :buyer
                WHERE g.person_id = :person AND g.case_id IS NULL AND starts_with(b.path, n.path)
                  AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on))
""")
CODES = {"employment": "employed", "directorship": "employed", "kinship": "related", "mentoring": "consulted",
         "hub": "consulted", "incubator": "consulted"}


def person_signing_in_as(session: AnySession, login: str | None) -> int | None:
    """Return the person who signs in by this name, or None."""
    return session.execute(PERSON, {"login": login}).scalar_one_or_none()


def conflict_of(
    session: AnySession, person_id: int, *, organization_id: int, buyer_node_id: int, on: date, months: int
) -> str:
    """Return why this person may not evaluate, '' if nothing stands against it; a tie counts `months` longer."""
    standing = wall(ties_to(session, organization_id, [person_id])[person_id], on=on, months=months)
    if standing is not None:
        return CODES[standing.tie.kind]
    values = {"person": person_id, "buyer": buyer_node_id, "on": on}
    return "works_for_buyer" if session.execute(AT_BUYER, values).scalar_one() else ""
