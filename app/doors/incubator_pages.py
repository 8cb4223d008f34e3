"""Which incubators are there, and who stands where in one? The list, and the board of one with its places."""

from typing import Any

from flask import Blueprint, Flask, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import NotFound

from app.access.api_auth import today
from app.access.declare import allow
from app.access.reach import visible_by
from app.cases.models import Case
from app.cases.queries import find_cases
from app.doors.caller import held
from app.doors.entrance import entrance_to, formerly
from app.doors.list_pages import row
from app.extensions import db
from app.formats import day
from app.incubation.inputs import MODE_LABELS
from app.incubation.queries import IncubatorView, Resident, incubators, residents
from app.language import current_locale
from app.organizations.queries import LARGEST_ID
from workflows.loader import library

pages = Blueprint("incubators", __name__)

MOST_OPEN = 50
LEVEL = {
    "city": _l("City level"),
    "district": _l("District level"),
    "street": _l("Street level"),
    "community": _l("Community level"),
}
MODE = dict(MODE_LABELS)


def register(app: Flask) -> None:
    """Add the incubators' pages to the app."""
    app.register_blueprint(pages)


@pages.get("/incubators")
@allow("signed_in")
def incubators_list() -> str:
    """Show the incubators in force with their free places. Two queries."""
    search = request.args.get("q", "").strip()[:200]
    found = incubators(db.session, search=search)
    address = url_for("incubators.incubators_list")
    return render_template(
        "pages/incubators.html",
        incubators=[_incubator_row(one) for one in found],
        filters={
            "action": address, "search": {"name": "q", "label": _("Name of the incubator"), "value": search},
            "selects": [], "dates": [], "sort": None, "keep": [], "clear": address if search else None,
            "chips": [{"title": search, "href": address}] if search else [],
        },
        count=ngettext("%(num)s incubator", "%(num)s incubators", len(found)),
    )


def _incubator_row(one: IncubatorView) -> dict[str, Any]:
    return {
        "name": one.name(current_locale()), "level": LEVEL[one.level], "place": one.place(current_locale()),
        "href": url_for("incubators.board", node_id=one.node_id), "operator": one.operator,
        "served": one.served, "capacity": one.capacity, "free": max(0, one.capacity - one.served),
    }


@pages.get("/incubators/<int:node_id>")
@allow("signed_in")
def board(node_id: int) -> str:
    """Show the places of an incubator; its cases and logs only to those who may see the cases."""
    found = incubators(db.session, node_id=node_id) if node_id <= LARGEST_ID else []
    if not found:
        raise NotFound
    one = found[0]
    return render_template(
        "pages/incubator.html",
        incubator={
            "name": one.name(current_locale()), "level": LEVEL[one.level], "place": one.place(current_locale()),
            "operator": one.operator, **entrance_to("incubation", {"incubator": one.node_id}),
        },
        figures=[*_figures(one), *formerly(one.node_id)],
        stages=_stages(node_id),
        residents=[_resident(each) for each in _seen_residents(one)],
    )


def _figures(one: IncubatorView) -> list[dict[str, Any]]:
    full = one.served >= one.capacity
    ended = _("ended on %(day)s", day=day(one.ended_on)) if one.ended_on else _("in force")
    return [
        {"title": _("Organizations"), "value": f"{one.served} / {one.capacity}",
         "note": _("all places are taken") if full else _("%(n)s more can come", n=one.capacity - one.served),
         "tone": "amber" if full else None},
        {"title": _("On the premises"), "value": f"{one.on_site} / {one.places}", "note": None, "tone": None},
        {"title": _("Length of stay"),
         "value": ngettext("%(num)d month", "%(num)d months", one.term_months), "note": None, "tone": None},
        {"title": _("Recognized on"), "value": day(one.recognized_on), "note": ended,
         "tone": "amber" if one.ended_on else None},
    ]


def _stages(node_id: int) -> list[dict[str, Any]]:
    """Return the open cases that the caller may see, by the state in which they stand, along the road."""
    found = find_cases(db.session, held(), kind="incubation", node_id=node_id, open_only=True, limit=MOST_OPEN)
    stages: dict[int, dict[str, Any]] = {}
    for line in found.rows:
        shown = {**row(line), "subject": line.organization_name or line.subject}
        definition = library().exact(line.kind, line.place, line.version, line.legal_class)
        stage = {"title": shown["state_title"], "note": None, "tone": None, "rows": []}
        stages.setdefault(list(definition.states).index(line.state), stage)["rows"].append(shown)
    for stage in stages.values():
        stage["note"] = ngettext("%(num)d case", "%(num)d cases", len(stage["rows"]))
    return [stages[place] for place in sorted(stages)]


def _seen_residents(one: IncubatorView) -> list[Resident]:
    everybody = residents(db.session, one.id, today())
    query = db.session.query(Case.id).where(visible_by(held(), Case), Case.id.in_([each.case_id for each in everybody]))
    seen = {case_id for (case_id,) in query}
    return [each for each in everybody if each.case_id in seen]


def _resident(each: Resident) -> dict[str, Any]:
    return {
        "name": each.organization, "href": f"/cases/{each.number}", "number": each.number, "mode": MODE[each.mode],
        "from_on": each.from_on, "until_on": each.until_on,
        "missing": ", ".join(f"{month:%Y-%m}" for month in each.missing),
    }
