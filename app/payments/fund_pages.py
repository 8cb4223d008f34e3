"""The overview of funds (资金总览): the budget lines of a place and year in pictures, the rows behind each number."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.access.reach import visible_by
from app.cases.models import Case
from app.clock import SHANGHAI, business_now
from app.errors import CaseNotFound
from app.extensions import db
from app.formats import MONTHS, language
from app.language import CHINESE, current_locale
from app.ledger.models import BudgetLine
from app.ledger.pages import balances_of, line_row
from app.ledger.queries import LIST_LIMIT, budget_lines, budget_sums, budget_years, visible_lines
from app.ledger.words import ACCOUNTS, CODES
from app.payments.funds import (
    ALL_PARTS,
    BOUND,
    OF_PACKAGES,
    FundRow,
    Selection,
    Standing,
    by_organization,
    by_programme,
    fund_rows,
    paid_by_month,
    places_with_lines,
    total_of,
)
from app.payments.late import CAUSES, LateInstalment, late_instalments, late_sums
from app.payments.words import CAUSES as CAUSE_WORDS
from workflows.rules.money import format_yuan

pages = Blueprint("funds", __name__)
ROLES = "role:finance_officer,finance_approver,cashier,auditor,buyer,project_officer"
LINES = 12
SERIES = {"paid": 6, "transit": 5, "payable": 4, "committed": 1, "reserved": 2, "available": 3, "returned": 7}
"""Colour and order of the parts: what is furthest on its way stands first."""


@dataclass(frozen=True)
class Asked:
    """The year and place that the address asks for, with what may be chosen."""

    years: list[int]
    year: int | None
    places: list[tuple[int, str, str | None]]
    place: int | None
    visible: Any

    def address(self, path: str, **more: Any) -> str:
        """Return an address that keeps year and place."""
        kept = {"year": self.year, "place": self.place, **more}
        query = urlencode({name: value for name, value in kept.items() if value is not None})
        return f"{path}?{query}" if query else path


@pages.get("/funds")
@allow(ROLES)
def overview() -> str:
    """Show where the money of a place and year stands. The same questions however much there is."""
    asked, now = asked_for(), business_now(db.session)
    after = request.args.get("after")
    lines = budget_lines(db.session, asked.visible, after=after, limit=LINES + 1)
    shown, more = lines[:LINES], len(lines) > LINES
    sums = budget_sums(db.session, asked.visible)
    organizations, others = by_organization(db.session, asked.visible)
    return render_template(
        "pages/funds.html",
        choices=_choices(asked),
        figures=_figures(sums, asked.year, now.astimezone(SHANGHAI).date()),
        whole=_bar(asked, "", {part: sums[f"{part}_fen"] for part in SERIES}),
        appropriated={"fen": sums["appropriated_fen"], "href": asked.address("/funds/rows", part="appropriated")},
        lines=[
            {**line_row(line), **_bar(asked, line.name, {part: getattr(line, f"{part}_fen") for part in SERIES},
                                      line=line.id), "balances": balances_of(line)}
            for line in shown
        ],
        pages={
            "words": "", "previous": asked.address("/funds") if after else None,
            "next": asked.address("/funds", after=shown[-1].code) if more else None,
        },
        months=[_month(asked, first, fen) for first, fen in paid_by_month(db.session, asked.visible)],
        programmes=[
            _standing(asked, each, "programme", OF_PACKAGES) for each in by_programme(db.session, asked.visible)
        ],
        organizations=[_standing(asked, each, "organization", BOUND) for each in organizations], others_fen=others,
        late=_late(asked, late_sums(db.session, asked.visible, now)),
        titles={part: str(ACCOUNTS[part]) for part in SERIES}, series=SERIES, bound=BOUND, of_packages=OF_PACKAGES,
    )


@pages.get("/funds/rows")
@allow(ROLES)
def rows_page() -> str:
    """Show the transfers behind one number of the overview, newest first; they sum to it."""
    asked = asked_for()
    chosen, words = selection_for(asked)
    before = request.args.get("before")
    rows = fund_rows(db.session, chosen, before=before, limit=LIST_LIMIT + 1)
    shown, more = rows[:LIST_LIMIT], len(rows) > LIST_LIMIT
    numbers = numbers_of(shown)
    kept = {name: request.args.get(name) for name in NARROWED}
    return render_template(
        "pages/fund_rows.html",
        title=_("%(what)s: the transfers behind the number", what=words[0]), words=words[1:],
        total_fen=total_of(db.session, chosen),
        rows=[
            {**vars(row), "what": CODES[row.code], "case_number": numbers.get(row.case_id or 0),
             "case_href": f"/cases/{numbers[row.case_id]}" if row.case_id in numbers else None,
             "contract_href": f"/contracts/{row.contract_id}" if row.contract_id else None,
             "line_href": f"/budget-lines/{row.line_id}"}
            for row in shown
        ],
        back=asked.address("/funds"), file_href=asked.address("/funds/rows.csv", **kept),
        pages={
            "words": "", "previous": asked.address("/funds/rows", **kept) if before else None,
            "next": asked.address("/funds/rows", **kept, before=shown[-1].key) if more else None,
        },
    )


@pages.get("/funds/late")
@allow(ROLES)
def late_page() -> str:
    """Show the late instalments of one cause, or all, with who has them now."""
    asked, now = asked_for(), business_now(db.session)
    cause = request.args.get("cause") if request.args.get("cause") in CAUSES else None
    after = _whole_number("after") or 0
    found = late_instalments(db.session, asked.visible, now, cause=cause, after=after, limit=LIST_LIMIT + 1)
    shown, more = found[:LIST_LIMIT], len(found) > LIST_LIMIT
    numbers = case_numbers([row.case_id for row in shown])
    sums = late_sums(db.session, asked.visible, now)
    total = sum(fen for name, (_count, fen) in sums.items() if cause in (None, name))
    return render_template(
        "pages/fund_late.html", cause=CAUSE_WORDS[cause] if cause else None, total_fen=total,
        rows=[_late_row(row, numbers) for row in shown], back=asked.address("/funds"),
        file_href=asked.address("/funds/late.csv", cause=cause),
        pages={
            "words": "", "previous": asked.address("/funds/late", cause=cause) if after else None,
            "next": asked.address("/funds/late", cause=cause, after=shown[-1].id) if more else None,
        },
    )


NARROWED = ("part", "line", "month", "organization", "programme")


def asked_for() -> Asked:
    """Return what the address asks for, narrowed to what the caller may see; the newest year where it names none."""
    seen = visible_lines(current_holdings())
    years = budget_years(db.session, seen)
    wanted = _whole_number("year")
    year = wanted if wanted in years else (years[0] if years else None)
    visible = seen & (BudgetLine.year == year) if year is not None else seen
    places = places_with_lines(db.session, visible)
    place = _whole_number("place")
    if place is not None and place not in {node_id for node_id, _zh, _en in places}:
        place = None
    return Asked(years, year, places, place, visible & (BudgetLine.node_id == place) if place else visible)


def selection_for(asked: Asked) -> tuple[Selection, list[str]]:
    """Return what the address selects, and its words; what names nothing is not there."""
    part = request.args.get("part", "")
    if part not in ALL_PARTS:
        raise CaseNotFound
    month = _month_of(request.args.get("month"))
    chosen = Selection(
        asked.visible, part, _whole_number("line"), month, _whole_number("organization"), _whole_number("programme")
    )
    words = [str(ACCOUNTS[part]) if part != "appropriated" else _("Appropriated")]
    words += [str(asked.year)] if asked.year else []
    words += [_named(zh, en) for node_id, zh, en in asked.places if node_id == asked.place]
    words += [month_words(month)] if month else []
    return chosen, words


def _bar(asked: Asked, title: str, fen: dict[str, int], **narrowed: int) -> dict[str, Any]:
    """Return one bar of the pictures: its parts in order, each with the way to the transfers behind it."""
    return {
        "title": title, "total_fen": sum(fen.values()),
        "parts": [
            {"title": str(ACCOUNTS[part]), "name": part, "fen": fen[part], "series": SERIES[part],
             "href": asked.address("/funds/rows", part=part, **narrowed)}
            for part in SERIES if part in fen
        ],
    }


def _standing(asked: Asked, each: Standing, name: str, parts: tuple[str, ...]) -> dict[str, Any]:
    title = each.title or _("Outside of any programme")
    bar = _bar(asked, title, {part: each.fen[part] for part in parts}, **{name: each.id})
    return {**bar, "href": f"/organizations/{each.id}" if name == "organization" else None}


def _month(asked: Asked, first: date, fen: int) -> dict[str, Any]:
    return {
        "title": month_words(first), "short": f"{first:%m}" if first.month > 1 else f"{first:%Y-%m}", "fen": fen,
        "href": asked.address("/funds/rows", part="paid", month=f"{first:%Y-%m}"),
    }


def _late(asked: Asked, sums: dict[str, tuple[int, int]]) -> list[dict[str, Any]]:
    return [
        {"title": str(CAUSE_WORDS[cause]), "fen": sums[cause][1],
         "note": ngettext("%(num)d instalment", "%(num)d instalments", sums[cause][0]),
         "href": asked.address("/funds/late", cause=cause)}
        for cause in CAUSES if cause in sums
    ]


def _late_row(row: LateInstalment, numbers: dict[int, str]) -> dict[str, Any]:
    number = numbers.get(row.case_id or 0)
    return {
        **vars(row), "cause": CAUSE_WORDS[row.cause], "contract_href": f"/contracts/{row.contract_id}",
        "case_number": number, "case_href": f"/cases/{number}" if number else None,
    }


def _figures(sums: dict[str, int], year: int | None, on: date) -> list[dict[str, Any]]:
    given, paid = sums["appropriated_fen"], sums["paid_fen"]
    bound = sum(sums[f"{part}_fen"] for part in BOUND)
    elapsed = None
    if year == on.year:
        elapsed = _("%(share)s of the year has passed", share=_share((on - date(year, 1, 1)).days + 1, 365))
    return [
        {"title": _("Appropriated"), "value": format_yuan(given), "note": _("yuan"), "tone": None},
        {"title": _("Bound by contracts"), "value": format_yuan(bound),
         "note": _("committed, payable, in transit, paid"), "tone": None},
        {"title": _("Paid"), "value": format_yuan(paid),
         "note": " · ".join(filter(None, [_("%(share)s of the appropriation", share=_share(paid, given)), elapsed])),
         "tone": None},
        {"title": _("Available"), "value": format_yuan(sums["available_fen"]),
         "note": _("appropriated less all other parts"), "tone": None},
    ]


def _share(part: int, whole: int) -> str:
    return f"{min(part * 1000 // whole, 9999) / 10:.1f}%" if whole else "—"


def _choices(asked: Asked) -> dict[str, Any]:
    return {
        "years": [(str(year), str(year)) for year in asked.years], "year": str(asked.year or ""),
        "places": [("", _("All offices")), *((str(id_), _named(zh, en)) for id_, zh, en in asked.places)],
        "place": str(asked.place or ""),
    }


def month_words(month: date) -> str:
    """Return a month with its year, as the reader writes it."""
    return f"{month.year} 年 {month.month} 月" if language() == "zh" else f"{MONTHS[month.month - 1]} {month.year}"


def _named(zh: str, en: str | None) -> str:
    return zh if current_locale() == CHINESE or not en else en


def _month_of(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  a month has no zone
    except ValueError:
        raise CaseNotFound from None


def _whole_number(name: str) -> int | None:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def numbers_of(rows: list[FundRow]) -> dict[int, str]:
    return case_numbers([row.case_id for row in rows])


def case_numbers(ids: list[int | None]) -> dict[int, str]:
    """Return the numbers of those cases that the reader may see; one query."""
    seen = select(Case.id, Case.number).where(
        Case.id.in_({id_ for id_ in ids if id_ is not None}), visible_by(current_holdings(), Case)
    )
    return {row[0]: row[1] for row in db.session.execute(seen)}
