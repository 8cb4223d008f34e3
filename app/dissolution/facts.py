"""What do register, contracts, money and other cases say, for the guards of a deregistration?"""

from typing import Any

from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.facts import definition_of
from app.cases.kinds import facts, opening_node
from app.cases.snapshot import CaseRow
from app.documents.queries import filled_slots
from app.documents.required import missing_documents
from app.organizations.steps import open_registration
from app.registration.facts import registering_place
from workflows.definition import Definition, Text, Transition
from workflows.kinds.case import CaseFacts
from workflows.kinds.deregistration import DeregistrationFacts, OpenMatter
from workflows.loader import library

Given = dict[str, Any] | None
KIND = "deregistration"
SPONSOR_CONSENT = "sponsor_consent"
ENDING = text("""
SELECT c.number FROM deregistrations d JOIN cases c ON c.id = d.case_id
 WHERE d.organization_id = :organization AND d.ended_at IS NULL AND d.case_id <> :case
""")
# A contract is open until it is closed or terminated; what is owed of it is what no bank line has proven yet.
CONTRACTS = text("""
SELECT c.number, c.title, c.amount_fen - coalesce((
         SELECT sum(p.amount_fen) FROM payments p JOIN instalments i ON i.id = p.instalment_id
          JOIN cases k ON k.id = p.case_id
         WHERE i.contract_id = c.id AND k.state = 'paid'), 0) AS unpaid_fen
  FROM contracts c
 WHERE c.organization_id = :organization
   AND NOT EXISTS (SELECT FROM contract_closures x WHERE x.contract_id = c.id)
   AND NOT EXISTS (SELECT FROM contract_terminations t WHERE t.contract_id = c.id)
 ORDER BY c.id
""")
# That an organization bids is known to nobody before the opening, so a sealed case is no open matter here. What lists
# it stays on record, and payments are money.
CASES = text("""
SELECT c.number, c.kind, c.place, c.version, c.legal_class, p.amount_fen
  FROM cases c LEFT JOIN payments p ON p.case_id = c.id
 WHERE c.organization_id = :organization AND c.closed_at IS NULL AND NOT c.sealed AND c.revision > 0
   AND c.kind NOT IN ('deregistration', 'restriction', 'disaffiliation', 'exclusion')
   AND NOT EXISTS (SELECT FROM contracts x WHERE x.case_id = c.id)
 ORDER BY c.id
""")
# An advance was paid for work that will not follow; what of it was spent, the liquidators and the buyer find out.
ADVANCES = text("""
SELECT c.number, c.title, sum(p.amount_fen) AS paid_fen
  FROM contracts c JOIN contract_terminations t ON t.contract_id = c.id
  JOIN instalments i ON i.contract_id = c.id AND i.waits_for = 'none'
  JOIN payments p ON p.instalment_id = i.id JOIN cases k ON k.id = p.case_id AND k.state = 'paid'
 WHERE c.organization_id = :organization GROUP BY c.id ORDER BY c.id
""")
HUBS = text("""
SELECT 'hub' AS kind, n.name_zh, n.name_en FROM hubs h JOIN nodes n ON n.id = h.node_id
 WHERE h.organization_id = :organization AND h.ended_on IS NULL
UNION ALL
SELECT 'affiliation', n.name_zh, n.name_en FROM affiliations a JOIN nodes n ON n.id = a.hub_node_id
 WHERE a.organization_id = :organization AND a.to_on IS NULL
 ORDER BY 1 DESC, 2
""")
opening_node(KIND)(registering_place)


@facts(KIND)
def deregistration_facts(session: AnySession, case: CaseRow, data: Given, case_facts: CaseFacts) -> DeregistrationFacts:
    """Return the facts; what is open is read anew for each move, for it changes with other cases."""
    entry = open_registration(session, case.organization_id)
    missing = _missing(session, case, data)
    if case.state is None and entry is not None and entry.sponsor and SPONSOR_CONSENT not in _given(data):
        missing = (*missing, SPONSOR_CONSENT)
    return DeregistrationFacts(
        case=case_facts,
        organization_registered=entry is not None,
        ending=session.execute(ENDING, {"organization": case.organization_id, "case": case.id}).scalar(),
        open_matters=open_matters(session, case.organization_id),
        missing_documents=missing,
    )


def open_matters(session: AnySession, organization_id: int | None) -> tuple[OpenMatter, ...]:
    """Return what is still open for an organization: contracts, money, cases, hubs and advances. Four queries."""
    whose = {"organization": organization_id}
    found = [
        OpenMatter("contract", Text(row.title, row.title), row.number, row.unpaid_fen)
        for row in session.execute(CONTRACTS, whose)
    ]
    for row in session.execute(CASES, whose):
        title = library().exact(row.kind, row.place, row.version, row.legal_class).title
        kind = "money" if row.kind == "payment" else "case"
        found.append(OpenMatter(kind, title, row.number, row.amount_fen))
    found += [
        OpenMatter(row.kind, Text(row.name_zh, row.name_en or row.name_zh)) for row in session.execute(HUBS, whose)
    ]
    found += [
        OpenMatter("advance", Text(row.title, row.title), row.number, int(row.paid_fen))
        for row in session.execute(ADVANCES, whose)
    ]
    return tuple(found)


def _given(data: Given) -> set[str]:
    return {item["slot"] for item in (data or {}).get("documents") or ()}


def _missing(session: AnySession, case: CaseRow, data: Given) -> tuple[str, ...]:
    """Return what is missing of the papers of the opening, or from then on of those of the application."""
    definition = definition_of(case)
    there = _given(data)
    if case.state is not None:
        there |= filled_slots(session, case.id)
    return missing_documents(definition, _papered(definition, case.state), there)


def _papered(definition: Definition, state: str | None) -> Transition:
    found = definition.transition(None, "resolve") if state is None else definition.transition("liquidated", "apply")
    assert found is not None
    return found
