"""The register as a list: who is there, searched by name or code, page by page."""

from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.access.declare import allow
from app.access.nodes import find_by_code
from app.extensions import db
from app.language import current_locale
from app.organizations.divisions import DIVISIONS
from app.organizations.queries import (
    COUNTED_TO,
    RegisterPage,
    RegisterRow,
    count_organizations,
    organizations_page,
)
from app.organizations.words import LEGAL_TYPE, STANDING, STANDING_TONE, grade_words

pages = Blueprint("organizations", __name__)


def register(app: Flask) -> None:
    """Add the register's list to the app."""
    app.register_blueprint(pages)


@pages.get("/organizations")
@allow("signed_in")
def register_page() -> str:
    """Show the register, newest entry first. Two queries and one for the place, however many rows."""
    search = request.args.get("q", "").strip()[:200]
    place = request.args.get("place", "")
    node = find_by_code(db.session, place) if place in DIVISIONS else None
    chosen: dict[str, Any] = {"search": search, "place_path": node.path if node else None}
    page = organizations_page(db.session, **chosen, after=request.args.get("after"))
    total = _total(count_organizations(db.session, **chosen))
    return render_template(
        "pages/register.html",
        rows=[register_row(row) for row in page.rows],
        filters=_filters(search, place if node else ""),
        count=total,
        total=total,
        pages=_pages(page, search, place if node else ""),
    )


def _total(number: int) -> str:
    if number > COUNTED_TO:
        return _("more than %(number)s organizations", number=COUNTED_TO)
    return ngettext("%(num)s organization", "%(num)s organizations", number)


def register_row(row: RegisterRow) -> dict[str, Any]:
    """Return an organization as the list's template shows it."""
    return {
        "name": row.name,
        "name_en": row.name_en,
        "formerly": row.formerly,
        "href": f"/organizations/{row.id}",
        "uscc": row.uscc,
        "legal_type": LEGAL_TYPE[row.legal_type],
        "place": row.division(current_locale()),
        "state": STANDING[row.standing],
        "tone": STANDING_TONE[row.standing],
        "registered_on": row.registered_on,
        "grade": grade_words(row.grade) if row.grade else None,
        "hubs": None,
    }


def _filters(search: str, place: str) -> dict[str, Any]:
    locale = current_locale()
    places = [("", _("All places"))] + [
        (each.code, each.zh if locale.startswith("zh") else each.en)
        for each in DIVISIONS.values() if each.level < 4
    ]
    address = url_for("organizations.register_page")
    chips = []
    if search:
        chips.append({"title": search, "href": _address("", place)})
    if place:
        chips.append({"title": dict(places)[place], "href": _address(search, "")})
    return {
        "action": address,
        "search": {"name": "q", "label": _("Name or credit code"), "value": search},
        "selects": [{"name": "place", "label": _("Place"), "value": place, "options": places}],
        "dates": [],
        "sort": None,
        "keep": [],
        "chips": chips,
        "clear": address if chips else None,
    }


def _pages(page: RegisterPage, search: str, place: str) -> dict[str, Any]:
    return {
        "words": "",
        "previous": _address(search, place) if request.args.get("after") else None,
        "next": _address(search, place, page.after) if page.after else None,
    }


def _address(search: str, place: str, after: str | None = None) -> str:
    return url_for("organizations.register_page", q=search or None, place=place or None, after=after)
