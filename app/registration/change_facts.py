"""What do the register and other cases say, for the guards of a change? And what does the register hold today?"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text

from app.access.models import Node
from app.access.nodes import AnySession
from app.access.reach import people_holding
from app.access.roles import ORGANIZATION_ROLES
from app.cases.facts import definition_of
from app.cases.kinds import choices, example, facts, opening_node, reachable
from app.cases.named import Asker
from app.cases.snapshot import CaseRow
from app.clock import business_now
from app.documents.queries import filled_slots
from app.documents.required import missing_documents
from app.formats import money
from app.organizations.divisions import division
from app.organizations.models import Organization, Registration
from app.organizations.queries import name_holder
from app.organizations.steps import open_registration
from app.registration.facts import registering_place
from app.registration.models import RegistrationChangeItem
from workflows.kinds.case import CaseFacts
from workflows.kinds.registration_change import ITEMS, RegistrationChangeFacts
from workflows.rules.working_days import local_day

Given = dict[str, Any] | None
KIND = "registration_change"
SPONSOR_CONSENT = "sponsor_consent"
ENDING = text("""
SELECT number FROM cases WHERE kind = 'deregistration' AND organization_id = :organization AND closed_at IS NULL
 ORDER BY id LIMIT 1
""")
UNDER_WAY = text("""
SELECT i.item, c.number FROM registration_change_items i JOIN cases c ON c.id = i.case_id
 WHERE i.organization_id = :organization AND i.ended_at IS NULL AND i.case_id <> :case AND i.item = ANY(:items)
 ORDER BY c.id
""")
opening_node(KIND)(registering_place)

# What a certificate states; the supervising unit it need not.
NEEDED = ("registered_on", "domicile", "legal_representative", "scope", "fund_fen")
EXAMPLES: dict[str, Any] = {
    "registered_on": "2020-01-02", "domicile": "北京市西城区示例街1号", "legal_representative": "陈示例",
    "scope": "社区服务；社会工作服务。", "fund_fen": 3_000_000,
}


@facts(KIND)
def change_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> RegistrationChangeFacts:
    """Return the facts; what is being handed in counts before what was applied for."""
    entry = open_registration(session, case.organization_id)
    given = given_items(data or {})
    wanted = {row.item: row.after for row in items_of(session, case)} | given
    under_way = session.execute(
        UNDER_WAY, {"organization": case.organization_id, "case": case.id, "items": list(given)}
    )
    name = wanted.get("name")
    holder = name_holder(session, name, except_id=case.organization_id) if name else None
    return RegistrationChangeFacts(
        case=case_facts,
        organization_registered=entry is not None,
        ending=session.execute(ENDING, {"organization": case.organization_id}).scalar(),
        unchanged=tuple(item for item, value in given.items() if entry is not None and value == held(entry, item)),
        under_way=tuple((row.item, row.number) for row in under_way),
        name_is_free=holder is None,
        name_conflict=holder,
        proposed_name=name or "",
        legal_class=case.legal_class or _class_of(session, case),
        registrar_level=_level(session, case),
        missing_documents=_missing(session, case, data, wanted, entry),
    )


def given_items(data: dict[str, Any]) -> dict[str, str]:
    """Return the items that are filled in, in the order of the certificate; amounts as digits of fen."""
    return {item: str(data[f"new_{item}"]) for item in ITEMS if data.get(f"new_{item}")}


def items_of(session: AnySession, case: CaseRow) -> list[RegistrationChangeItem]:
    """Return what the case is to change, in the order of the certificate."""
    if case.state is None:
        return []
    query = select(RegistrationChangeItem).where(RegistrationChangeItem.case_id == case.id)
    return sorted(session.scalars(query), key=lambda row: list(ITEMS).index(row.item))


def held(entry: Registration, item: str) -> str | None:
    """Return what an entry states of an item, as it is kept with a change; None: it is not held, or there is none."""
    value = getattr(entry, item)
    return str(value) if value is not None else None


def value_words(item: str, value: str | None) -> str:
    """Return the value of an item as people read it."""
    if value is None:
        return _("not held in the register here")
    return money(int(value)) if item == "fund_fen" else value


def _class_of(session: AnySession, case: CaseRow) -> str:
    organization = session.get(Organization, case.organization_id)
    return organization.legal_type if organization is not None else ""


def _level(session: AnySession, case: CaseRow) -> int | None:
    """Return the level of the authority that decides: 0 the ministry, 1 a province, 2 a city, 3 a district."""
    node = session.get(Node, case.node_id)
    return division(node.code).level if node is not None and node.code else None


def _missing(
    session: AnySession, case: CaseRow, data: Given, wanted: dict[str, str], entry: Registration | None
) -> tuple[str, ...]:
    definition = definition_of(case)
    there = {item["slot"] for item in (data or {}).get("documents") or ()}
    if case.state is not None:
        there |= filled_slots(session, case.id)
    filled = {f"new_{item}": value for item, value in wanted.items()}
    missing = missing_documents(definition, definition.opening_transitions()[0], there, filled)
    if entry is not None and entry.sponsor and SPONSOR_CONSENT not in (*there, *missing):
        return (*missing, SPONSOR_CONSENT)
    return missing


@choices("people_of_the_organization")
def people_of_the_organization(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return who acts for the organization today, by name."""
    organization = session.get(Organization, organization_id) if organization_id is not None else None
    if organization is None:
        return []
    node, on = session.get_one(Node, organization.node_id), local_day(business_now(session))
    found = {
        person.id: person.name for role in ORGANIZATION_ROLES
        for person in people_holding(session, role, node_path=node.path, on=on)
    }
    return sorted(found.items(), key=lambda each: (each[1], each[0]))


@reachable("people_of_the_organization")
def acts_for_the_organization(session: AnySession, asker: Asker, person_id: int) -> bool:
    """Tell whether somebody acts for the organization that is asked for; of others it is not told that they exist."""
    return any(person_id == each for each, _name in people_of_the_organization(session, None, asker.organization_id))


@example("no_successor")
def no_successor(session: AnySession, case: CaseRow) -> None:
    """Return nobody: an example changes no legal representative."""


def _register_item(item: str) -> None:
    """Tell forms what the register holds of an item, and whether it lacks it; and the API what fits."""

    @choices(f"entry_{item}")
    def present(session: AnySession, case: CaseRow | None, organization_id: int | None) -> str | None:
        entry = open_registration(session, organization_id)
        if entry is None:
            return None
        directly = item == "sponsor" and entry.sponsor is None and entry.domicile is not None
        return _("none, registered directly") if directly else value_words(item, held(entry, item))


def _register_lack(item: str) -> None:
    @choices(f"lacks_{item}")
    def lacks(session: AnySession, case: CaseRow | None, organization_id: int | None) -> bool:
        return case is not None and item in lacking(session, case)

    @example(f"lacking_{item}")
    def fitting(session: AnySession, case: CaseRow) -> Any:
        return EXAMPLES.get(item) if item in lacking(session, case) else None


def lacking(session: AnySession, case: CaseRow) -> tuple[str, ...]:
    """Return what the new certificate must state and neither the register nor the change tells."""
    entry = open_registration(session, case.organization_id)
    if entry is None:
        return ()
    told = {row.item for row in items_of(session, case)}
    found = tuple(item for item in NEEDED if item not in told and getattr(entry, item) is None)
    return (*found, "sponsor") if entry.source != "case" and "sponsor" not in told else found


for _each in ITEMS:
    _register_item(_each)
for _each in (*NEEDED, "sponsor"):
    _register_lack(_each)
