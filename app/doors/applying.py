"""What stands beside the form of an application? Whether one may apply, until when, and what is still to be done."""

from typing import Any
from urllib.parse import urlencode

from app.cases.applying import prospect_of
from app.cases.numbers import classes_to_choose, definition_in_force
from app.doors.caller import actor, now
from app.doors.case_view import due_of
from app.doors.forms import DocumentsField
from app.doors.markup import DueWords
from app.doors.move_form import MoveForm
from app.extensions import db
from app.language import localized
from workflows.engine import Rule


def beside_application(made: MoveForm) -> tuple[list[dict[str, Any]], DueWords | None]:
    """Return the conditions of the opening with their answers, and the end of the time for it."""
    found = prospect_of(
        db.session, made.kind, made.transition, actor(), made.data()[0], now(), organization_id=made.organization_id,
    )
    if found is None:
        return [], None
    return [_rule(rule) for rule in found.rules], due_of(found.until) if found.until else None


def classes_of(made: MoveForm) -> list[dict[str, Any]]:
    """Return the legal classes that the applicant may choose for this case, [{title, href, current}]; [] for one."""
    found = []
    for legal_class in classes_to_choose(db.session, made.kind, made.organization_id):
        assert made.holder_node_id is not None
        definition, _pins = definition_in_force(db.session, made.kind, made.holder_node_id, legal_class, now())
        address = urlencode({"organization": made.organization_id, "legal_type": legal_class})
        found.append({"title": localized(definition.title), "href": f"/apply/{made.kind}?{address}",
                      "count": None, "current": legal_class == made.definition.legal_class})
    return found


def _rule(rule: Rule) -> dict[str, Any]:
    state = "later" if not rule.asked else "met" if rule.reason is None else "refused"
    return {"title": localized(rule.title), "state": state,
            "reason": localized(rule.reason.text) if rule.reason is not None else None, "fixed": rule.fixed}


def tasks_of(made: MoveForm) -> list[dict[str, Any]]:
    """Return what is to be handed in, and what of it is there already; after the form was dressed."""
    tasks = []
    for field in made.form or ():
        declared = made.schema.fields.get(field.name) if made.schema is not None else None
        if isinstance(field, DocumentsField):
            tasks += [
                {"title": slot["title"], "anchor": field.id, "required": slot["required"],
                 "done": bool(slot["attached"])}
                for slot in field.slots
            ]
        elif declared is not None and declared.required:
            tasks.append({"title": str(field.label.text), "anchor": field.id, "required": True, "done": _said(field)})
    return tasks


def _said(field: Any) -> bool:
    data = field.data
    if isinstance(data, list):
        return any(any(value for value in row.values()) if isinstance(row, dict) else row for row in data)
    return bool(data)
