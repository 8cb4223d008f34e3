"""The public pages: start, service guide, help."""

from datetime import date
from typing import Any

from flask import Blueprint, Flask, g, render_template, request
from flask_babel import gettext as _

from app.access.api_auth import current_roles
from app.access.declare import allow
from app.access.roles import ORGANIZATION_ROLES
from app.clock import SHANGHAI, business_now
from app.database.one_look import one_look
from app.errors import CaseNotFound
from app.extensions import db
from app.language import localized
from app.portal.beginning import concerned, hindrances
from app.portal.guides import (
    definitions_in_force,
    guide_address,
    guide_of,
    opened_by,
    places,
    policy_for,
    words_of,
)
from app.portal.publicity import pages as publicity_pages
from workflows.definition import Definition

blueprint = Blueprint("portal", __name__)
ICONS = {
    "registration": "stamp", "registration_change": "file-pen", "affiliation": "network", "incubation": "sprout",
    "bid": "mail", "objection": "scale",
    "milestone_report": "clipboard-list", "acceptance": "clipboard-check", "payment": "coins", "call": "megaphone",
    "opening_key": "key-round", "pool_entry": "users", "evaluation": "star", "rectification": "wrench",
    "closure": "archive", "restriction": "shield-alert",
    "deregistration": "door-closed", "annual_report": "notebook-text", "exclusion": "user-x",
}


def register(app: Flask) -> None:
    """Add the public pages."""
    app.register_blueprint(blueprint)
    app.register_blueprint(publicity_pages)


@blueprint.get("/guide")
@allow("public")
def guide_list() -> str:
    """List what can be applied for, in every place that has rules."""
    place = request.args.get("place", "base")
    known, today = dict(places()), _today()
    titles = {"organizations": _("For organizations"), "offices": _("For offices"),
              "system": _("What other cases bring about")}
    found = _shown(place, today)
    groups = [
        {"title": title, "kinds": [
            {**_card(definition, today, place), "place": known.get(place, place)}
            for definition in found if opened_by(definition) == opener
        ]}
        for opener, title in titles.items()
    ]
    chooser = {"label": _("Place"), "name": "place", "value": place, "options": list(known.items())}
    return render_template(
        "pages/guide_list.html", groups=[group for group in groups if group["kinds"]], places=chooser
    )


@blueprint.get("/guide/<kind>")
@allow("public")
def guide(kind: str) -> str:
    """Show the service guide of one kind in a place."""
    place, today = request.args.get("place", "base"), _today()
    classes = [definition for definition in _shown(place, today) if definition.kind == kind]
    if not classes:
        raise CaseNotFound
    wanted = request.args.get("class")
    found = next((definition for definition in classes if definition.legal_class == wanted), classes[0])
    told = guide_of(found, place, today)
    told["classes"] = [
        {"title": localized(each.title), "href": guide_address(each, place), "count": None,
         "current": each is found}
        for each in classes
    ]
    told["open_refused"] = hindrances(found) if getattr(g, "actor", None) else [_("Sign in to apply.")]
    told["open_href"] = None if told["open_refused"] else _form_address(found)
    return render_template("pages/guide.html", guide=told)


@blueprint.get("/help")
@allow("public")
def help_page() -> str:
    """Say where help is to be had."""
    return render_template("pages/help.html")


def cards() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what the reader can begin, as the start page shows it, and what they would look for in vain, with reasons.

    An officer goes straight to the form. Organizations and whoever is not signed in see what organizations apply
    for, each with its guide; who is not signed in is refused nothing.
    """
    today = _today()
    roles = current_roles() if getattr(g, "actor", None) is not None else frozenset()
    office = bool(roles) and not roles & set(ORGANIZATION_ROLES)
    found = [
        (definition, _card(definition, today, "base")) for definition in _shown("base", today)
        if (roles & set(definition.opening_transitions()[0].roles) if office
            else opened_by(definition) == "organizations")
    ]
    if not roles:
        return [card for _definition, card in found], []
    with one_look(db.session):
        asked = [(definition, card, hindrances(definition)) for definition, card in found if concerned(definition)]
    # Who may apply is no news to who may.
    offered = [
        {**card, "who": None} | ({"href": _form_address(definition)} if office else {})
        for definition, card, no in asked if not no
    ]
    return offered, _withheld([(definition, card, no) for definition, card, no in asked if no])


def _withheld(asked: list[tuple[Definition, dict[str, Any], list[str]]]) -> list[dict[str, Any]]:
    """Return what cannot be begun with the reasons; the classes of one kind that lack the same stand there once."""
    told: dict[tuple[str, tuple[str, ...]], dict[str, Any]] = {}
    for definition, card, reasons in asked:
        key = definition.kind, tuple(reasons)
        if key in told:
            told[key] |= {"title": localized(definition.title_of_kind), "href": f"/guide/{definition.kind}"}
        else:
            told[key] = card | {"reasons": reasons}
    return list(told.values())


def _today() -> date:
    return business_now(db.session).astimezone(SHANGHAI).date()


def _shown(place: str, today: date) -> list[Definition]:
    """Return for each kind and class the definition that holds in the place: its own, or the general one."""
    found: dict[tuple[str, str | None], Definition] = {}
    for definition in definitions_in_force(today):
        key = definition.kind, definition.legal_class
        if definition.place == place or (definition.place == "base" and key not in found):
            found[key] = definition
    return list(found.values())


def _card(definition: Definition, today: date, place: str) -> dict[str, Any]:
    policy = policy_for(place, today)
    clocks = [name for state in definition.states.values() for name in state.clocks if name in policy.numbers]
    longest = max((policy.number(name) for name in clocks), key=lambda n: n.value, default=None)
    return {
        "kind": definition.kind, "title": localized(definition.title), "summary": localized(definition.summary),
        "who": localized(definition.who_may_apply), "days": words_of(longest) if longest else None,
        "href": guide_address(definition, place),
        "icon": ICONS.get(definition.kind, "file-text"),
    }


def _form_address(definition: Definition) -> str:
    """Return where the form of a definition stands; it says which class is founded where there are several."""
    chosen = f"?legal_type={definition.legal_class}" if definition.legal_class is not None else ""
    return f"/apply/{definition.kind}{chosen}"
