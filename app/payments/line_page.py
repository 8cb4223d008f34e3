"""One budget line: the road of its money, its contracts and packages, every transfer.

It stands here and not in the ledger, because the ledger knows nothing of contracts.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

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
from app.purchasing.models import Contract
from app.purchasing.queries import contracts_on_line

pages = Blueprint("budget_line", __name__)
Row = TypeVar("Row")
KEYS = ("contracts_after", "packages_after", "before")


@pages.get("/budget-lines/<int:line_id>")
@allow("role:finance_officer,finance_approver,cashier,auditor,buyer,project_officer")
def line_page(line_id: int) -> str:
    """Show a line that the caller may see; any other is not there."""
    line = visible_budget_line(db.session, line_id, current_holdings())
    if line is None:
        raise CaseNotFound
    contracts, more_contracts = _page(contracts_on_line(
        db.session, line_id, after=_key("contracts_after") or 0, limit=LIST_LIMIT + 1,
    ))
    held, more_packages = _page(packages(
        db.session, line_id, after=request.args.get("packages_after"), limit=LIST_LIMIT + 1,
    ))
    shown, more = _page(transfers(db.session, line_id, before=_key("before"), limit=LIST_LIMIT + 1))
    return render_template(
        "pages/budget_line.html",
        line=line_row(line),
        balances=balances_of(line),
        packages=[{"name": each["package"], **each} for each in held],
        packages_pages=_pager(line_id, "packages_after", "packages", held[-1]["package"] if more_packages else None),
        contracts=_contracts(line_id, contracts),
        contracts_pages=_pager(line_id, "contracts_after", "contracts", contracts[-1].id if more_contracts else None),
        transfers=_transfers(shown),
        pages=_pager(line_id, "before", "list", shown[-1].id if more else None),
    )


def _key(name: str) -> int | None:
    """Return the key behind which a list begins; None for none, and for what no row can have."""
    key = request.args.get(name, type=int)
    return key if key is not None and 0 < key < 2**63 else None


def _page(rows: Sequence[Row]) -> tuple[Sequence[Row], bool]:
    return rows[:LIST_LIMIT], len(rows) > LIST_LIMIT


def _pager(line_id: int, name: str, anchor: str, last: int | str | None) -> dict[str, Any]:
    """Return the links of one of the three lists; the other two stay where they are."""
    others: dict[str, Any] = {key: request.args[key] for key in KEYS if key != name and request.args.get(key)}

    def address(**key: Any) -> str:
        return url_for("budget_line.line_page", line_id=line_id, _anchor=anchor, **others, **key)

    return {
        "words": "",
        "previous": address() if request.args.get(name) else None,
        "next": address(**{name: last}) if last is not None else None,
    }


def _contracts(line_id: int, contracts: Sequence[Contract]) -> list[dict[str, Any]]:
    stands = packages(db.session, line_id, only=[contract.number for contract in contracts])
    paid_fen = {each["package"]: each["paid_fen"] for each in stands}
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


def _transfers(rows: Sequence[TransferLine]) -> list[dict[str, Any]]:
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
