"""May the caller apply from here? The way in from the page of a hub or an incubator, or why there is none."""

from typing import Any
from urllib.parse import urlencode

from app.doors.move_form import organizations_of_caller
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
