"""One budget line: the road of its money, its contracts and packages, every transfer.

It stands here and not in the ledger, because the ledger knows nothing of contracts.
"""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.access.reach import visible_by
from app.cases.models import Case
from app.errors import CaseNotFound
from app.extensions import db
from app.ledger.pages import balances_of, line_row
from app.ledger.queries import LIST_LIMIT, TransferLine, packages, transfers, visible_budget_line
from app.ledger.words import ACCOUNTS, CODES
from app.organizations.models import Organization
from app.purchasing.queries import contracts_on_line

pages = Blueprint("budget_line", __name__)


@pages.get("/budget-lines/<int:line_id>")
@allow("role:finance_officer,finance_approver,cashier,auditor,buyer,project_officer")
def line_page(line_id: int) -> str:
    """Show a line that the caller may see; any other is not there."""
    line = visible_budget_line(db.session, line_id, current_holdings())
    if line is None:
        raise CaseNotFound
    held = packages(db.session, line_id)
    before = request.args.get("before", type=int)
    rows = transfers(db.session, line_id, before=before, limit=LIST_LIMIT + 1)
    shown, more = rows[:LIST_LIMIT], len(rows) > LIST_LIMIT
    return render_template(
        "pages/budget_line.html",
        line=line_row(line),
        balances=balances_of(line),
        packages=[{"name": each["package"], **each} for each in held],
        contracts=_contracts(line_id, {each["package"]: each["paid_fen"] for each in held}),
        transfers=_transfers(shown),
        pages={
            "words": "",
            "previous": url_for("budget_line.line_page", line_id=line_id) if before else None,
            "next": url_for("budget_line.line_page", line_id=line_id, before=shown[-1].id) if more else None,
        },
    )


def _contracts(line_id: int, paid_fen: dict[str, int]) -> list[dict[str, Any]]:
    contracts = contracts_on_line(db.session, line_id)
    owners = {contract.organization_id for contract in contracts}
    named = select(Organization.id, Organization.name).where(Organization.id.in_(owners))
    names: dict[int, str] = dict(db.session.execute(named).all())
    return [
        {
            "number": contract.number,
            "title": contract.title,
            "organization": names[contract.organization_id],
            "amount_fen": contract.amount_fen,
            "paid_fen": paid_fen.get(contract.number, 0),
            "href": url_for("contract.contract_page", contract_id=contract.id),
        }
        for contract in contracts
    ]


def _transfers(rows: list[TransferLine]) -> list[dict[str, Any]]:
    """Return transfers as the template shows them; a case's number only to who may see the case."""
    ids = {row.case_id for row in rows if row.case_id is not None}
    seen = select(Case.id, Case.number).where(Case.id.in_(ids), visible_by(current_holdings(), Case))
    numbers: dict[int, str] = dict(db.session.execute(seen).all())
    return [
        {
            "id": row.id,
            "made_at": row.made_at,
            "debit": _account(row.debit, row.package),
            "credit": _account(row.credit, row.package),
            "amount_fen": row.amount_fen,
            "running_fen": row.running_fen,
            "code": CODES[row.code],
            "reference": row.reference,
            "corrects": row.corrects,
            "case_number": numbers.get(row.case_id) if row.case_id is not None else None,
            "case_href": f"/cases/{numbers[row.case_id]}" if row.case_id in numbers else None,
        }
        for row in rows
    ]


def _account(name: str, package: str) -> str:
    of_line = name in ("source", "available", "returned")
    if of_line:
        return str(ACCOUNTS[name])
    return _("%(account)s, %(package)s", account=ACCOUNTS[name], package=package)
