"""What do the register and the application say, for the guards of a registration?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.facts import definition_of
from app.cases.kinds import example, facts, opening_node
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.documents.required import missing_documents
from app.errors import InvalidInput
from app.organizations.models import Organization
from app.organizations.queries import holder_of_name
from app.organizations.steps import has_code_left, registrar_place
from workflows.kinds.case import CaseFacts
from workflows.kinds.registration import RegistrationFacts
from workflows.rules.working_days import local_day

SPONSOR_SLOT = "sponsor_approval"

STATED = text("""
SELECT o.uscc, o.legal_type, o.name,
       EXISTS (SELECT FROM registrations r
                WHERE r.organization_id = o.id AND r.ended_on IS NULL) AS registered,
       a.proposed_name, a.direct,
       (SELECT array_agg(DISTINCT d.slot) FROM case_documents d WHERE d.case_id = :case) AS slots
  FROM organizations o LEFT JOIN registration_applications a ON a.case_id = :case
 WHERE o.id = :organization
""")


@opening_node("registration")
def registering_place(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int:
    """Return the district, city or province that the organization in preparation belongs to."""
    organization = session.get(Organization, organization_id) if organization_id is not None else None
    place = registrar_place(session, organization.node_id) if organization else None
    if place is None:
        raise InvalidInput({"organization": [str(_l("Ask the registrar to open your organization first."))]})
    return place.id


@example("registration_day")
def registration_day(session: AnySession, case: CaseRow) -> str:
    """Return today, as the business clock has it."""
    return local_day(business_now(session)).isoformat()


@facts("registration")
def registration_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> RegistrationFacts:
    """Return the facts; what is being handed in counts before what the application says so far."""
    given = data or {}
    stated = session.execute(STATED, {"case": case.id, "organization": case.organization_id}).one()
    name = given.get("proposed_name") or stated.proposed_name or stated.name
    conflict = holder_of_name(session, name, except_id=case.organization_id)
    has_code = stated.uscc is not None or bool(given.get("uscc"))
    return RegistrationFacts(
        case=case_facts,
        organization_registered=stated.registered,
        name_is_free=conflict is None,
        name_conflict=conflict,
        missing_documents=_missing(case, given, stated),
        has_code_allotment=has_code or has_code_left(session, case.node_id, stated.legal_type),
    )


def _missing(case: CaseRow, given: dict[str, Any], stated: Any) -> tuple[str, ...]:
    definition = definition_of(case)
    filled = set(stated.slots or ()) | {item["slot"] for item in given.get("documents") or ()}
    missing = missing_documents(definition, definition.opening_transitions()[0], filled)
    direct = given["route"] == "direct" if "route" in given else stated.direct
    if direct is False and SPONSOR_SLOT in definition.documents and SPONSOR_SLOT not in filled:
        return (*missing, SPONSOR_SLOT)
    return missing
