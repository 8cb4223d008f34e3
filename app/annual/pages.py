"""Who has not reported a year: the registrar's list; and the conclusions that everybody may read."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext

from app.access.api_auth import current_holdings, today
from app.access.declare import allow
from app.annual.file_parts import TONES
from app.annual.queries import NO_REPORT, REGISTRAR, Conclusion, Unreported, conclusions, unreported
from app.cases.numbers import places_of
from app.csv_files import BOM, csv_file, csv_line
from app.extensions import db
from app.formats import day
from app.language import current_locale, localized
from app.organizations.words import LEGAL_TYPE
from workflows.kinds.annual_report import CONCLUSIONS, DUE_NUMBER, REPORTING, due_on
from workflows.loader import Policy, library

pages = Blueprint("annual", __name__)
LIST, PUBLIC = "/annual-reports", "/publicity/annual-reports"
A_FILE_PAGE = 500


def register(app: Flask) -> None:
    """Add the list and the public page to the app."""
    app.register_blueprint(pages)


@pages.get(LIST)
@allow(f"role:{REGISTRAR}")
def unreported_page() -> str:
    """Show who in the registrar's reach has not handed in the report of a year. One query and two for the place."""
    year, legal_type, policy = _year(), _legal_type(), _policy()
    asked = {"year": str(year)} | ({"class": legal_type} if legal_type else {})
    rows, after = unreported(
        db.session, current_holdings(), year, skip_months=policy.number("annual_skip").value, legal_type=legal_type,
        after=request.args.get("after"),
    )
    return render_template(
        "pages/annual_unreported.html", year=year, rows=[_row(row, year, policy) for row in rows],
        count=ngettext("%(num)s organization", "%(num)s organizations", len(rows)),
        due=[_due(each, year, policy) for each in ((legal_type,) if legal_type else REPORTING[1:])],
        skip=localized(policy.number("annual_skip").cite), filters=_filters(year, legal_type, policy),
        file_href=f"{LIST}.csv?{urlencode(asked)}", pages=_pages(LIST, asked, after),
    )


@pages.get(f"{LIST}.csv")
@allow(f"role:{REGISTRAR}")
def unreported_file() -> Response:
    """Send all of them as a file, page by page from the database."""
    year, legal_type, policy = _year(), _legal_type(), _policy()
    heads = [_("Organization"), _("Unified social credit code"), _("Type"), _("Registered on"), _("Due on"),
             _("Days late"), _("Listing under way")]

    def lines() -> Iterator[str]:
        yield BOM + csv_line(heads)
        after: str | None = None
        while True:
            rows, after = unreported(
                db.session, current_holdings(), year, skip_months=policy.number("annual_skip").value,
                legal_type=legal_type, after=after, limit=A_FILE_PAGE,
            )
            for row in rows:
                last = _last(row.legal_type, year, policy)
                yield csv_line([
                    row.name, row.uscc or "", str(LEGAL_TYPE[row.legal_type]),
                    row.registered_on.isoformat() if row.registered_on else "", last.isoformat(),
                    max((today() - last).days, 0), row.listing or "",
                ])
            if after is None:
                return

    return csv_file(lines(), f"annual-reports-{year}.csv")


@pages.get(PUBLIC)
@allow("public")
def conclusions_page() -> str:
    """Show the conclusions, the newest case first: organizations only, no person is named. One query."""
    search = request.args.get("q", "").strip()[:200]
    year = int(request.args["year"]) if _is_year(request.args.get("year", "")) else None
    rows, after = conclusions(db.session, year=year, search=search, after=request.args.get("after"))
    asked = {name: value for name, value in (("q", search), ("year", str(year or ""))) if value}
    years = [(str(each), str(each)) for each in range(today().year - 1, today().year - 6, -1)]
    return render_template(
        "pages/annual_conclusions.html", rows=[_published(row) for row in rows],
        count=ngettext("%(num)s conclusion", "%(num)s conclusions", len(rows)),
        filters={
            "action": PUBLIC, "search": {"name": "q", "label": _("Name"), "value": search},
            "selects": [{"name": "year", "label": _("Year"), "value": str(year or ""),
                         "options": [("", _("All years")), *years]}],
            "dates": [], "sort": None, "keep": [], "clear": PUBLIC if asked else None,
            "chips": [{"title": value, "href": f"{PUBLIC}?{urlencode({k: v for k, v in asked.items() if k != name})}"}
                      for name, value in asked.items()],
        },
        pages=_pages(PUBLIC, asked, after),
    )


def _row(row: Unreported, year: int, policy: Policy) -> dict[str, Any]:
    last = _last(row.legal_type, year, policy)
    late = (today() - last).days
    begin = urlencode({"organization_code": row.uscc or "", "ground": NO_REPORT})
    return {
        "name": row.name, "href": f"/organizations/{row.id}", "uscc": row.uscc, "type": LEGAL_TYPE[row.legal_type],
        "registered_on": row.registered_on, "unknown": not row.registered_here, "late": late > 0,
        "due": ngettext("%(num)s day late", "%(num)s days late", late) if late > 0 else _("due on %(day)s",
                                                                                         day=day(last)),
        "listing": row.listing, "listing_href": f"/cases/{row.listing}" if row.listing else None,
        "begin_href": f"/apply/restriction?{begin}" if late > 0 and row.uscc and not row.listing else None,
    }


def _published(row: Conclusion) -> dict[str, Any]:
    return {
        "name": row.name, "uscc": row.uscc, "type": LEGAL_TYPE[row.legal_type], "year": row.year,
        "place": row.place_en if current_locale() == "en" and row.place_en else row.place_zh,
        "conclusion": localized(CONCLUSIONS[row.conclusion]), "tone": TONES[row.conclusion],
        "concluded_on": row.concluded_on, "put_right_on": row.put_right_on,
    }


def _due(legal_type: str, year: int, policy: Policy) -> dict[str, Any]:
    number = policy.number(DUE_NUMBER[legal_type])
    classes = [each for each in REPORTING if DUE_NUMBER[each] == number.name]
    return {
        "who": _(", ").join(str(LEGAL_TYPE[each]) for each in classes), "day": due_on(year, number.value),
        "cite": localized(number.cite),
    }


def _last(legal_type: str, year: int, policy: Policy) -> date:
    return due_on(year, policy.number(DUE_NUMBER[legal_type]).value)


def _policy() -> Policy:
    """Return the numbers of the place where the reader is registrar."""
    node = next(each.node_id for each in current_holdings() if each.role == REGISTRAR)
    return library().policy(places_of(db.session, node), today())


def _year() -> int:
    """Return the year that was asked for, else the last one that is over."""
    asked, last = request.args.get("year", ""), today().year - 1
    return int(asked) if _is_year(asked) and int(asked) <= last else last


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isascii() and text.isdigit() and 1990 <= int(text) <= 2200


def _legal_type() -> str | None:
    asked = request.args.get("class", "")
    return asked if asked in REPORTING else None


def _filters(year: int, legal_type: str | None, policy: Policy) -> dict[str, Any]:
    last, back = today().year - 1, policy.number("annual_back").value
    classes = [("", _("All types")), *((each, str(LEGAL_TYPE[each])) for each in REPORTING)]
    chips = [{"title": str(LEGAL_TYPE[legal_type]), "href": f"{LIST}?year={year}"}] if legal_type else []
    return {
        "action": LIST, "search": None, "dates": [], "sort": None, "keep": [], "chips": chips,
        "clear": LIST if chips else None,
        "selects": [
            {"name": "year", "label": _("Year"), "value": str(year),
             "options": [(str(each), str(each)) for each in range(last, last - back, -1)]},
            {"name": "class", "label": _("Type"), "value": legal_type or "", "options": classes},
        ],
    }


def _pages(address: str, asked: dict[str, str], after: str | None) -> dict[str, Any]:
    return {
        "words": "", "previous": f"{address}?{urlencode(asked)}" if request.args.get("after") else None,
        "next": f"{address}?{urlencode({**asked, 'after': after})}" if after else None,
    }
