"""Which hubs are there, and who belongs to each? The hubs' list, and the page of one with its members."""

from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import NotFound

from app.access.declare import allow
from app.affiliation.queries import HubView, Member, MemberPage, hub_view, hubs_page, members_of
from app.cases.queries import find_cases
from app.doors.caller import held
from app.doors.entrance import entrance_to, formerly
from app.doors.list_pages import row
from app.extensions import db
from app.formats import day
from app.language import current_locale
from app.organizations.queries import LARGEST_ID
from app.registration.applying import FIELD_LABELS

pages = Blueprint("hubs", __name__)

MOST_APPLYING = 20
LEVEL = {
    "city": _l("City level"),
    "district": _l("District level"),
    "street": _l("Street level"),
    "community": _l("Community level"),
}
FIELD = dict(FIELD_LABELS)


def register(app: Flask) -> None:
    """Add the hubs' pages to the app."""
    app.register_blueprint(pages)


@pages.get("/hubs")
@allow("signed_in")
def hubs_list() -> str:
    """Show the hubs in force. One query."""
    search = request.args.get("q", "").strip()[:200]
    hubs = hubs_page(db.session, search=search)
    address = url_for("hubs.hubs_list")
    count = ngettext("%(num)s hub organization", "%(num)s hub organizations", len(hubs))
    return render_template(
        "pages/hubs.html",
        hubs=[_hub_row(hub) for hub in hubs],
        filters={
            "action": address, "search": {"name": "q", "label": _("Name of the hub"), "value": search}, "selects": [],
            "dates": [], "sort": None, "keep": [], "clear": address if search else None,
            "chips": [{"title": search, "href": address}] if search else [],
        },
        count=count,
        pages=None,
    )


def _hub_row(hub: HubView) -> dict[str, Any]:
    return {
        "name": hub.name(current_locale()),
        "href": url_for("hubs.hub_page", node_id=hub.node_id),
        "field": _fields(hub),
        "level": LEVEL[hub.level],
        "place": hub.place(current_locale()),
        "members": hub.members,
    }


def _fields(hub: HubView) -> str:
    return ", ".join(str(FIELD.get(field, field)) for field in hub.fields)


@pages.get("/hubs/<int:node_id>")
@allow("signed_in")
def hub_page(node_id: int) -> str:
    """Show a hub and a page of its members. The same queries however many there are."""
    hub = hub_view(db.session, node_id) if node_id <= LARGEST_ID else None
    if hub is None:
        raise NotFound
    members = members_of(db.session, node_id, after=request.args.get("after"))
    return render_template(
        "pages/hub.html",
        hub={
            "name": hub.name(current_locale()), "field": _fields(hub), "place": hub.place(current_locale()),
            "level": LEVEL[hub.level], "facts": [], **entrance_to("affiliation", {"hub": hub.node_id}),
        },
        figures=[*_figures(hub), *formerly(hub.node_id)],
        members=[_member(member) for member in members.rows],
        pages=_pages(node_id, members),
        applying=_applying(node_id),
    )


def _applying(node_id: int) -> list[dict[str, Any]]:
    """Return the open applications to the hub that the caller may see."""
    found = find_cases(db.session, held(), kind="affiliation", node_id=node_id, open_only=True, limit=MOST_APPLYING)
    return [{**row(line), "subject": line.organization_name or line.subject} for line in found.rows]


def _figures(hub: HubView) -> list[dict[str, Any]]:
    ended = _("ended on %(day)s", day=day(hub.ended_on)) if hub.ended_on else _("in force")
    return [
        {"title": _("Members"), "value": hub.members, "note": None, "tone": None},
        {"title": _("Recognized on"), "value": day(hub.recognized_on), "note": ended,
         "tone": "amber" if hub.ended_on else None},
    ]


def _member(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "href": url_for("organization.organization_page", organization_id=member.organization_id),
        "uscc": member.uscc,
        "primary": member.is_primary,
        "from_on": member.from_on,
        "case_href": None,
    }


def _pages(node_id: int, members: MemberPage) -> dict[str, Any]:
    first = url_for("hubs.hub_page", node_id=node_id)
    return {
        "words": "",
        "previous": first if request.args.get("after") else None,
        "next": url_for("hubs.hub_page", node_id=node_id, after=members.after) if members.after else None,
    }
