"""What do the register and the application say, for the guards of a registration?"""

from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l

from app.access.nodes import AnySession
from app.cases.facts import definition_of
from app.cases.kinds import choices, example, facts, facts_asked, opening_classes, opening_node
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.database.connections import Asked, Row
from app.database.one_look import remembered
from app.documents.required import missing_documents
from app.errors import InvalidInput
from app.organizations.divisions import NATION, division, registrar_of
from app.organizations.models import Organization
from app.organizations.steps import CODE_LEFT, REPRESENTS, registrar_place, representative_key
from app.registration.applying import fund_of
from workflows.kinds.case import CaseFacts
from workflows.kinds.registration import RegistrationFacts
from workflows.rules.working_days import local_day

FOUNDED = ("social_service", "association", "foundation")
"""The legal classes that can be founded here."""
SPONSOR_SLOT = "sponsor_approval"
REPRESENTATIVE = "coalesce(%(representative)s::bytea, a.representative_key)"
REGISTRAR = "coalesce(c.node_id, %(node)s)"

# One statement for all: it is sent with every move. The pieces of a name lead to its holder through the index;
# those of the organization's own name are at hand.
STATED = """
SELECT o.uscc,
       EXISTS (SELECT FROM registrations r WHERE r.organization_id = o.id AND r.ended_on IS NULL),
       a.direct,
       ARRAY(SELECT d.slot FROM case_documents d WHERE d.case_id = c.id),
       {code_left},
       (SELECT coalesce(h.uscc, h.name) FROM organizations h
          JOIN registrations r ON r.organization_id = h.id AND r.ended_on IS NULL
         WHERE h.search @> CASE WHEN n.name = o.name AND o.former_names = '' THEN o.search ELSE ngrams(n.name) END
           AND h.name = n.name AND h.id <> o.id ORDER BY h.id LIMIT 1),
       coalesce(c.legal_class, %(legal_class)s, o.legal_type), n.name,
       (SELECT t.code FROM nodes t WHERE t.id = {node}),
       a.individual_members, a.unit_members, a.start_up_fund_fen, a.public_fundraising, {represents},
       EXISTS (SELECT FROM registrations r WHERE r.organization_id = o.id AND r.ended_on IS NOT NULL),
       CASE WHEN c.state IS NULL THEN
         (SELECT k.number FROM cases k WHERE k.organization_id = o.id AND k.kind = 'registration'
             AND k.closed_at IS NULL AND k.id IS DISTINCT FROM c.id ORDER BY k.id LIMIT 1) END
  FROM (VALUES (1)) AS one
  LEFT JOIN cases c ON c.number = %(number)s
  JOIN organizations o ON o.id = coalesce(c.organization_id, %(organization)s)
  LEFT JOIN registration_applications a ON a.case_id = c.id
 CROSS JOIN LATERAL (SELECT coalesce(%(proposed_name)s, a.proposed_name, o.name) AS name) AS n
""".replace(
    "{node}", REGISTRAR
).replace(
    "{code_left}",
    CODE_LEFT.replace("{legal_type}", "coalesce(c.legal_class, o.legal_type)").replace("%(node)s", REGISTRAR),
).replace(
    "{represents}", REPRESENTS.replace("{key}", REPRESENTATIVE).replace("{organization}", "o.id")
)


class Stated(NamedTuple):
    """What the register and the application on file say, in the order of the query."""

    uscc: str | None
    registered: bool
    direct: bool | None
    slots: list[str]
    code_left: bool
    name_holder: str | None
    legal_class: str
    name: str
    place_code: str | None
    individual_members: int | None
    unit_members: int | None
    fund_fen: int | None
    public_fundraising: bool | None
    represented: list[str]
    ever_ended: bool
    under_way: str | None


@opening_node("registration")
def registering_place(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int:
    """Return the district, city or province that the organization in preparation belongs to."""
    place = _place_of_registrar(session, organization_id) if organization_id is not None else None
    if place is None:
        raise InvalidInput({"organization": [str(_l("Ask the registrar to open your organization first."))]})
    return place


@remembered
def _place_of_registrar(session: AnySession, organization_id: int) -> int | None:
    organization = session.get(Organization, organization_id)
    place = registrar_place(session, organization.node_id) if organization is not None else None
    return place.id if place is not None else None


@opening_classes("registration")
@remembered
def founded_classes(session: AnySession, organization_id: int) -> tuple[str, ...]:
    """Return what an organization in preparation may become; one that has a code is of the class that the code says."""
    organization = session.get(Organization, organization_id)
    return FOUNDED if organization is not None and organization.uscc is None else ()


@choices("founding_name")
def founding_name(session: AnySession, case: CaseRow | None, organization_id: int | None) -> str | None:
    """Return the name under which the organization in preparation was opened."""
    organization = session.get(Organization, organization_id) if organization_id is not None else None
    return organization.name if organization else None


@example("registration_day")
def registration_day(session: AnySession, case: CaseRow) -> str:
    """Return today, as the business clock has it."""
    return local_day(business_now(session)).isoformat()


@facts_asked("registration")
def registration_asked(number: str, case: CaseRow | None, data: dict[str, Any]) -> Asked:
    """Return what is asked of the register and of the application on file."""
    return STATED, {
        "number": number, "proposed_name": data.get("proposed_name") or None,
        "organization": case.organization_id if case else None, "node": case.node_id if case else None,
        "legal_class": case.legal_class if case else None,
        "representative": representative_key(identity) if (identity := data.get("identity_number")) else None,
    }


@facts("registration")
def registration_facts(
    read: list[Row], case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> RegistrationFacts:
    """Return the facts; what is being handed in counts before what the application says so far."""
    given = data or {}
    stated = Stated(*read[0])
    has_code = stated.uscc is not None or bool(given.get("uscc"))
    return RegistrationFacts(
        case=case_facts,
        organization_registered=stated.registered,
        organization_ended=stated.ever_ended and not stated.registered,
        under_way=stated.under_way,
        name_is_free=stated.name_holder is None,
        name_conflict=stated.name_holder,
        missing_documents=_missing(case, given, stated),
        has_code_allotment=has_code or stated.code_left,
        legal_class=stated.legal_class,
        proposed_name=stated.name,
        registrar_level=division(stated.place_code).level if stated.place_code else None,
        provincial_registrar=_provincial(stated.place_code),
        individual_members=_given(given, "individual_members", stated.individual_members) or 0,
        unit_members=_given(given, "unit_members", stated.unit_members) or 0,
        fund_fen=fund_of(given) or stated.fund_fen or 0,
        public_fundraising=(
            given["fundraising"] == "public" if "fundraising" in given else bool(stated.public_fundraising)
        ),
        represented=tuple(stated.represented),
    )


def _given(given: dict[str, Any], name: str, stated: int | None) -> int | None:
    value = given.get(name)
    return stated if value is None else int(value)


def _provincial(code: str | None) -> str:
    """Return what the civil affairs department of the province is called in which the place lies."""
    return registrar_of(f"{code[:2]}0000") if code and code != NATION else ""


def _missing(case: CaseRow, given: dict[str, Any], stated: Stated) -> tuple[str, ...]:
    definition = definition_of(case)
    filled = set(stated.slots) | {item["slot"] for item in given.get("documents") or ()}
    missing = missing_documents(definition, definition.opening_transitions()[0], filled)
    direct = given["route"] == "direct" if "route" in given else stated.direct
    if direct is False and SPONSOR_SLOT in definition.documents and SPONSOR_SLOT not in filled:
        return (*missing, SPONSOR_SLOT)
    return missing
