"""One contract: its money, what each instalment waits for, everything that happened on it, and its papers.

It stands here and not in delivery, because delivery knows nothing of payments.
"""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select, text

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.access.models import Node
from app.access.reach import Holding, visible_by
from app.cases.models import Case
from app.cases.score_sheets import level_title
from app.delivery.queries import Happening, Standing, closed_on, happenings, results_of, standing_of
from app.delivery.words import STAGES, WAITS_FOR
from app.errors import CaseNotFound
from app.extensions import db
from app.language import localized
from app.ledger.accounts import package_balances
from app.organizations.models import Organization
from app.organizations.queries import name_on
from app.payments.queries import InstalmentStanding, instalment_standings
from app.purchasing.models import Contract
from app.purchasing.queries import LARGEST_ID, visible_contracts
from workflows.loader import library
from workflows.rules.evaluation import points_text

pages = Blueprint("contract", __name__)

PAPERS = text("""
SELECT d.id, d.name, d.size, d.sha256, d.issued, d.uploaded_at, c.number, c.kind, c.place, c.version, c.legal_class,
       p.slot
  FROM case_documents p JOIN documents d ON d.id = p.document_id JOIN cases c ON c.id = p.case_id
 WHERE c.number = ANY(:numbers) ORDER BY d.uploaded_at DESC, d.id DESC LIMIT 200
""")
TONES = {"success": "green", "failure": "red"}


@pages.get("/contracts/<int:contract_id>")
@allow("signed_in")
def contract_page(contract_id: int) -> str:
    """Show a contract that the caller may see; any other is not there."""
    contract = db.session.get(Contract, contract_id) if 0 < contract_id <= LARGEST_ID else None
    if contract is None:
        raise CaseNotFound
    held = current_holdings()
    visible = visible_contracts(held, contract.organization_id) & (Contract.id == contract_id)
    parts = instalment_standings(db.session, contract.organization_id, visible)
    if not parts:
        raise CaseNotFound
    own = any(one.organization_id == contract.organization_id and one.role == "staff" for one in held)
    found = happenings(db.session, contract_id, held)
    return render_template(
        "pages/contract.html",
        contract=_contract(contract, held),
        standing=_standing(contract),
        balances=package_balances(db.session, contract.budget_line_id, contract.number),
        instalments=[_instalment(part, own) for part in parts],
        results=[
            {"stage": STAGES[row.stage], "grade": level_title(rubric, row.grade), "total": points_text(row.total),
             "tone": "green" if row.passed else "red", "decided_on": row.decided_on}
            for row, rubric in results_of(db.session, contract_id)
        ],
        happenings=[_happening(one) for one in found],
        papers=_papers([one.number for one in found]),
        actions=_actions(contract, held),
    )


def _contract(contract: Contract, held: tuple[Holding, ...]) -> dict[str, Any]:
    signed_in = select(Case.number).where(Case.id == contract.case_id, visible_by(held, Case))
    case = db.session.execute(signed_in).scalar() if contract.case_id is not None else None
    organization = db.session.get_one(Organization, contract.organization_id)
    return {
        "number": contract.number, "title": contract.title, "amount_fen": contract.amount_fen,
        "signed_on": contract.signed_on, "ends_on": contract.ends_on,
        "organization": organization.name, "party": name_on(db.session, organization.id, contract.signed_on),
        "organization_href": url_for("organization.organization_page", organization_id=organization.id),
        "case_number": case, "case_href": f"/cases/{case}" if case else None,
    }


def _standing(contract: Contract) -> dict[str, Any]:
    standing = standing_of(db.session, contract.id)
    return {"closed_on": closed_on(db.session, contract.id), "rectifying": standing.rectifying}


def _instalment(one: InstalmentStanding, own: bool) -> dict[str, Any]:
    part = one.part
    standing = standing_of(db.session, part.contract_id, part.instalment_id)
    missing = standing.missing(part.waits_for)
    state, tone = (_("not applied for"), "") if missing else (_("may be applied for"), "blue")
    if one.number:
        state, tone = (_("paid"), "green") if one.settled else (_("under way"), "blue")
    return {
        "position": part.position, "condition": part.condition, "amount_fen": part.amount_fen,
        "waits_for": WAITS_FOR[part.waits_for], "missing": [str(WAITS_FOR[code]) for code in missing],
        "state": state, "tone": tone, "number": one.number,
        "case_href": f"/cases/{one.number}" if one.number else None,
        "action": _next(one, missing, standing) if own and one.number is None else None,
    }


def _next(one: InstalmentStanding, missing: tuple[str, ...], standing: Standing) -> dict[str, str] | None:
    """Return what the contractor can do now so that this instalment is paid."""
    part = one.part
    who = f"organization={part.organization_id}"
    if standing.closed or standing.rectifying:
        return None
    if not missing:
        return {"title": _("Apply"), "href": f"/apply/payment?{who}&instalment={part.instalment_id}"}
    if missing[0] == "report":
        return {"title": _("Report"), "href": f"/apply/milestone_report?{who}&instalment={part.instalment_id}"}
    if missing[0] == "acceptance":
        return {"title": _("Ask for acceptance"), "href": f"/apply/acceptance?{who}&contract={part.contract_id}"}
    return None


def _happening(one: Happening) -> dict[str, Any]:
    definition = library().exact(one.kind, one.place, one.version, one.legal_class)
    state = definition.states[one.state]
    note = str(STAGES[one.stage]) if one.stage else None
    return {
        "number": one.number, "href": f"/cases/{one.number}", "title": localized(definition.title), "note": note,
        "state_title": localized(state.title), "state_tone": TONES.get(state.outcome or "", "blue"),
        "opened_at": one.opened_at,
    }


def _papers(numbers: list[str]) -> list[dict[str, Any]]:
    if not numbers:
        return []
    shown = []
    for row in db.session.execute(PAPERS, {"numbers": numbers}):
        definition = library().exact(row.kind, row.place, row.version, row.legal_class)
        slot = definition.documents.get(row.slot)
        file = {"name": row.name, "size": row.size, "at": row.uploaded_at, "by": row.number,
                "href": f"/documents/{row.id}", "sha256": row.sha256, "seen": None}
        shown.append({"title": localized(slot.title) if slot else row.slot, "required": False, "issued": row.issued,
                      "files": [file]})
    return shown


def _actions(contract: Contract, held: tuple[Holding, ...]) -> list[dict[str, str]]:
    """Return what this person may begin on the contract; the guards say whether it can be done now."""
    path = db.session.get_one(Node, contract.node_id).path
    officer = any(
        one.role == "project_officer" and one.case_id is None and path.startswith(one.node_path) for one in held
    )
    if not officer or closed_on(db.session, contract.id):
        return []
    titles = {
        "evaluation": _("Commission an evaluation"), "rectification": _("Order rectification"),
        "closure": _("Close the project"),
    }
    return [
        {"title": title, "href": f"/apply/{kind}?contract={quote(contract.number)}"} for kind, title in titles.items()
    ]
