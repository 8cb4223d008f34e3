"""Whom may an office name as evaluator, and is that a third party? Ties to the contractor, and posts at the buyer."""

from datetime import date

from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.kinds import reachable
from app.cases.named import Asker
from app.clock import business_now
from app.organizations.ties import ties_to
from workflows.rules.conflicts import wall
from workflows.rules.working_days import local_day

PERSON = text("SELECT person_id FROM accounts WHERE login = lower(:login) AND disabled_at IS NULL")
AT_BUYER = text("""
SELECT EXISTS (SELECT FROM role_grants g JOIN nodes n ON n.id = g.node_id JOIN nodes b ON b.id = :buyer
                WHERE g.person_id = :person AND g.case_id IS NULL AND starts_with(b.path, n.path)
                  AND g.role <> 'evaluator'
                  AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on))
""")
# An evaluator of the place of one of the asker's offices, or of what is above it.
OF_THE_PLACE = text("""
SELECT EXISTS (SELECT FROM role_grants g JOIN nodes n ON n.id = g.node_id
                 JOIN accounts a ON a.person_id = g.person_id AND a.disabled_at IS NULL AND a.login = lower(:login)
                 JOIN role_grants o ON o.person_id = :asker AND o.role = 'project_officer' AND o.case_id IS NULL
                  AND o.valid_from <= :on AND (o.valid_to IS NULL OR o.valid_to > :on)
                 JOIN nodes b ON b.id = o.node_id AND starts_with(b.path, n.path)
                WHERE g.role = 'evaluator' AND g.case_id IS NULL
                  AND g.valid_from <= :on AND (g.valid_to IS NULL OR g.valid_to > :on))
""")
CODES = {"employment": "employed", "directorship": "employed", "kinship": "related", "mentoring": "consulted",
         "hub": "consulted", "incubator": "consulted"}


@reachable("evaluators_of_the_place")
def evaluator_of_the_place(session: AnySession, asker: Asker, login: str) -> bool:
    """Tell whether this is the login of an evaluator of the asker's place: of others it is not told that they exist."""
    values = {"login": login, "asker": asker.person_id, "on": local_day(business_now(session))}
    return bool(session.execute(OF_THE_PLACE, values).scalar_one())


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
