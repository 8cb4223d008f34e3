"""What do the pages of hubs and incubators share? The way in, or why there is none, and the names of before."""

from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _

from app.access.place_names import former_names
from app.doors.move_form import organizations_of_caller
from app.extensions import db
from app.formats import day
from app.language import current_locale
from app.portal.beginning import hindrances
from workflows.loader import library


def entrance_to(kind: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """Return {href_apply, refused} for who acts for an organization: the form with this chosen, or the reasons.

    The same conditions as everywhere (the guards of the opening move); to all others neither is told.
    """
    if not organizations_of_caller():
        return {"href_apply": None, "refused": []}
    definition = next(each for each in library().definitions if each.kind == kind)
    refused = hindrances(definition, chosen)
    return {"href_apply": None if refused else f"/apply/{kind}?{urlencode(chosen)}", "refused": refused}


def formerly(node_id: int) -> list[dict[str, Any]]:
    """Return a figure for each name that the place had before, the oldest first."""
    chinese = current_locale().startswith("zh")
    return [
        {"title": _("Former name"), "value": former.name_zh if chinese or not former.name_en else former.name_en,
         "note": _("until %(day)s", day=day(former.until_on)), "tone": None}
        for former in former_names(db.session, node_id)
    ]
