"""Which budget lines are there, and where does their money stand?"""

from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext as _

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.extensions import db
from app.language import CHINESE, current_locale
from app.ledger.models import BudgetLine
from app.ledger.queries import (
    LIST_LIMIT,
    PARTS,
    BudgetPosition,
    budget_lines,
    budget_sums,
    budget_years,
    visible_lines,
)
from workflows.rules.money import format_yuan

pages = Blueprint("ledger", __name__)


def register(app: Flask) -> None:
    """Add the list of budget lines to the app."""
    app.register_blueprint(pages)


@pages.get("/budget-lines")
@allow("role:finance_officer,finance_approver,cashier,auditor,buyer,project_officer")
def list_page() -> str:
    """Show the lines of the caller's places by code, with the sums of all of them."""
    visible = visible_lines(current_holdings())
    years = budget_years(db.session, visible)
    year = request.args.get("year", type=int)
    if year in years:
        visible = visible & (BudgetLine.year == year)
    after = request.args.get("after")
    lines = budget_lines(db.session, visible, after=after, limit=LIST_LIMIT + 1)
    shown, more = lines[:LIST_LIMIT], len(lines) > LIST_LIMIT
    sums = budget_sums(db.session, visible)
    address: dict[str, Any] = {"year": year if year in years else None}
    return render_template(
        "pages/budget_lines.html",
        figures=_figures(sums),
        lines=[line_row(line) for line in shown],
        totals=sums if not more and after is None and len(shown) > 1 else None,
        warnings=_warnings(shown),
        years=_years(years, year),
        pages={
            "words": "",
            "previous": url_for("ledger.list_page", **address) if after else None,
            "next": url_for("ledger.list_page", **address, after=shown[-1].code) if more else None,
        },
    )


def line_row(line: BudgetPosition) -> dict[str, Any]:
    """Return a line as templates show it."""
    place = line.place_zh if current_locale() == CHINESE else line.place_en or line.place_zh
    return {
        "code": line.code,
        "name": line.name,
        "year": line.year,
        "place": place,
        "href": f"/budget-lines/{line.id}",
        **balances_of(line),
    }


def balances_of(line: BudgetPosition) -> dict[str, int]:
    """Return {appropriated_fen, available_fen, ...} of a line."""
    names = ("appropriated", *PARTS)
    return {f"{name}_fen": getattr(line, f"{name}_fen") for name in names}


def _figures(sums: dict[str, int]) -> list[dict[str, Any]]:
    given = sums["appropriated_fen"]
    bound = sum(sums[f"{part}_fen"] for part in ("committed", "payable", "transit", "paid"))
    share = f"{sums['paid_fen'] * 10_000 // given / 100:.2f}%" if given else "—"
    figures = [
        (_("Appropriated"), given, _("yuan")),
        (_("Bound by contracts"), bound, _("committed, payable, in transit, paid")),
        (_("Paid"), sums["paid_fen"], _("%(share)s of the appropriation", share=share)),
        (_("Available"), sums["available_fen"], _("free for calls")),
    ]
    return [{"title": title, "value": format_yuan(fen), "note": note} for title, fen, note in figures]


def _warnings(lines: list[BudgetPosition]) -> list[str]:
    return [
        _("%(code)s: the parts do not sum to the appropriation. Tell the administrator.", code=line.code)
        for line in lines
        if not line.holds
    ]


def _years(years: list[int], chosen: int | None) -> dict[str, Any] | None:
    if len(years) < 2:
        return None
    options = [("", _("All years")), *((str(year), str(year)) for year in years)]
    return {"label": _("Year"), "name": "year", "value": str(chosen or ""), "options": options}
