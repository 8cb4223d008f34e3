"""A move in the making on a page: its form, filled from what was posted, from a draft, or empty."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy import text
from werkzeug.datastructures import MultiDict
from wtforms import Form

from app.cases.drafts import find_draft
from app.cases.kinds import choices_for_person, choices_of, input_of
from app.cases.models import Draft
from app.cases.numbers import own_organizations
from app.cases.snapshot import CaseRow
from app.cases.words import shown_value
from app.cases.writing import node_for
from app.doors.caller import actor, now
from app.doors.forms import DocumentsField, as_input, flat, form_for, put_errors
from app.doors.markup import clock_time
from app.doors.markup import text as in_words
from app.doors.uploads import keep_uploads, slots_for
from app.extensions import db
from app.language import localized
from workflows.definition import Definition, Transition

WHO = text("SELECT name FROM people WHERE id = :id")
NAMES = text("SELECT id, name, node_id FROM organizations WHERE id = ANY(:ids) ORDER BY name, id")
COPIED = ("text", "textarea", "money", "percent", "integer", "date", "moment")
"""The fields that hold what somebody wrote."""
Errors = list[tuple[str | None, str]]


@dataclass
class MoveForm:
    """One trigger's form with everything the page needs around it."""

    kind: str
    trigger: str
    definition: Definition
    transition: Transition
    case: CaseRow | None
    organization_id: int | None
    holder_node_id: int | None
    schema: Schema | None
    form: Form | None
    errors: Errors = field(default_factory=list)
    draft: Draft | None = None
    refusals: dict[str, list[str]] = field(default_factory=dict)
    conflict: dict[str, Any] | None = None

    @property
    def organization_name(self) -> str | None:
        """The name of the organization that opens the case, if it is known which."""
        return next((name for id_, name, _node in organizations_of_caller() if id_ == self.organization_id), None)

    @property
    def is_wide(self) -> bool:
        """Whether the form needs a page of its own: a table or documents."""
        return self.schema is not None and any(
            f.metadata.get("widget") in ("table", "documents") for f in self.schema.fields.values()
        )

    def data(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what was typed, as the schema loads it, and what could not be read."""
        if self.schema is None or self.form is None:
            return {}, {}
        data, errors = as_input(self.schema, self.form)
        if self.case is None and self.organization_id is not None and "organization" in self.schema.fields:
            data.setdefault("organization", self.organization_id)
        return data, errors

    def tell(self, errors: Mapping[Any, Any], papers: Mapping[str, str] | None = None) -> None:
        """Put messages on the fields, for the page to show again with everything that was typed.

        What asks for a paper (`papers`, by slot) stands at its slot, where the form has one.
        """
        if self.form is None:
            self.errors += [(None, str(message)) for messages in errors.values() for message in messages]
            return
        at_slots = papers or {} if any(isinstance(made, DocumentsField) for made in self.form) else {}
        for slot, message in at_slots.items():
            self.refusals.setdefault(slot, []).append(message)
        told = dict(errors)
        if at_slots:
            told["documents"] = [message for message in flat(told["documents"]) if message not in at_slots.values()]
        self.errors += put_errors(self.form, {name: messages for name, messages in told.items() if messages})

    def dress(self) -> None:
        """Fill the slots of a documents field; last, when it is known which papers stand there."""
        for made in self.form or ():
            if isinstance(made, DocumentsField):
                made.slots = slots_for(
                    self.definition, self.transition, self.case, self.organization_id, made.data, self.refusals
                )
                shown = {slot["name"] for slot in made.slots}
                for slot, messages in self.refusals.items():
                    anchor = f"{made.id}-{slot}-file" if slot in shown else made.id
                    self.errors += [(anchor, message) for message in messages]


def move_form(
    definition: Definition, transition: Transition, *, case: CaseRow | None, organization_id: int | None,
    holder_node_id: int | None, posted: bool = False, prefix: str = "", takes_files: bool = True,
    given: Mapping[str, Any] | None = None,
) -> MoveForm:
    """Return the form of a trigger; `posted` reads the request and keeps its files, otherwise a draft fills it,
    and what is `given`."""
    schema_type = input_of(definition.kind, transition.trigger, definition.legal_class)
    schema = schema_type() if schema_type else None
    made = MoveForm(
        definition.kind, transition.trigger, definition, transition, case, organization_id, holder_node_id,
        schema, None,
    )
    if schema is None:
        return made
    formdata: MultiDict[str, Any] | None = None
    data: dict[str, Any] = {}
    if holder_node_id is not None and not prefix:
        made.draft = find_draft(
            db.session, holder_node_id=holder_node_id, kind=definition.kind, trigger=transition.trigger,
            case_id=case.id if case else None,
        )
        data = made.draft.data if made.draft else prefilled(schema, case, organization_id)
    data |= {name: value for name, value in (given or {}).items() if _takes_text(schema, name)}
    data |= _fixed(schema)
    if posted:
        data = {}  # what was posted is all there is: what somebody left out must not come back from a draft
        formdata = MultiDict(request.form)
        _change_rows(formdata)
        if takes_files:
            made.refusals = keep_uploads(
                formdata, "documents", organization_id, sealed=bool(definition.sealed_until)
            )
    made.form = form_for(schema, rows_of=_rows_of(case, organization_id), prefix=prefix, formdata=formdata, data=data)
    _suit(made.form, schema, case, organization_id)
    return made


def _fixed(schema: Schema) -> dict[str, Any]:
    """Return what this form says without asking: the legal class whose form it is."""
    return {name: made.metadata["example"] for name, made in schema.fields.items()
            if made.metadata.get("widget") == "hidden"}


def _suit(form: Form, schema: Schema, case: CaseRow | None, organization_id: int | None) -> None:
    """Say beside a field what is so at present (`now_from`), and leave out what this case does not need (`offered_if`).

    Both name a function that is registered like choices.
    """
    for name, declared in schema.fields.items():
        if name not in form._fields:
            continue
        present, needed = declared.metadata.get("now_from"), declared.metadata.get("offered_if")
        if needed and not choices_of(needed)(db.session, case, organization_id):
            del form[name]
        elif present:
            form[name].present = choices_of(present)(db.session, case, organization_id)


def _takes_text(schema: Schema, name: str) -> bool:
    field = schema.fields.get(name)
    return field is not None and field.metadata.get("widget") in ("text", "choice", "row_choice")


def _rows_of(case: CaseRow | None, organization_id: int | None) -> Any:
    def rows(name: str) -> list[tuple[Any, str]]:
        return choices_for_person(name, db.session, case, organization_id, actor().person_id)

    return rows


def prefilled(schema: Schema, case: CaseRow | None, organization_id: int | None) -> dict[str, Any]:
    """Return what is known already, where a field says from where (`prefill_from`, registered like choices)."""
    known: dict[str, Any] = {}
    for name, made in schema.fields.items():
        source = made.metadata.get("prefill_from")
        if source:
            known[name] = choices_of(source)(db.session, case, organization_id)
    return {name: value for name, value in known.items() if value is not None} | _asked_for(schema)


def _asked_for(schema: Schema) -> dict[str, str]:
    """Return the rows that the address chose (?instalment=7): a link that says what it is about fills the form."""
    chosen = {name for name, made in schema.fields.items() if made.metadata.get("widget") == "row_choice"}
    return {name: request.args[name] for name in chosen if request.args.get(name, "").isdecimal()}


def _change_rows(formdata: MultiDict[str, Any]) -> None:
    """Add or remove a table's row, as the buttons without script ask for."""
    adding = formdata.pop("_add_row", None)
    if adding:
        indexes = [int(k.split("-")[1]) for k in formdata if k.startswith(f"{adding}-") and k.split("-")[1].isdigit()]
        formdata.add(f"{adding}-{max(indexes, default=-1) + 1}-_new", "1")
    removing = formdata.pop("_remove_row", None)
    if removing:
        for key in [k for k in formdata if k.startswith(f"{removing}-")]:
            formdata.poplist(key)


def wants_more_editing() -> bool:
    """Tell whether the person pressed a button that only changes the form: a row more or less."""
    return bool(request.form.get("_add_row") or request.form.get("_remove_row"))


def seen_draft_revision() -> int:
    """Return the revision of the draft that the sender of this form looked at; 0 for none."""
    return request.form.get("_draft_revision", 0, type=int)


def draft_state(made: MoveForm) -> dict[str, Any] | None:
    """Return the `draft` of the form page."""
    if made.holder_node_id is None or made.schema is None:
        return None
    address = f"/drafts/{made.kind}/{made.trigger}?holder={made.holder_node_id}"
    if made.case is not None:
        address += f"&case={made.case.number}"
    revision = made.draft.revision if made.draft else 0
    if "_draft_revision" in request.form and made.conflict is None:
        # A form with mistakes comes back: what a colleague saved meanwhile has still not been seen.
        revision = seen_draft_revision()
    return {
        "href": address, "revision": revision,
        "saved_at": saved_words(made.draft.updated_at) if made.draft else None, "conflict": made.conflict,
    }


def show_conflict(made: MoveForm) -> None:
    """Put both versions of a draft side by side for the page: what was typed here, what a colleague saved."""
    assert made.schema is not None and made.holder_node_id is not None
    made.draft = find_draft(
        db.session, holder_node_id=made.holder_node_id, kind=made.kind, trigger=made.trigger,
        case_id=made.case.id if made.case else None,
    )
    if made.draft is None:
        return
    mine, theirs = made.data()[0], made.draft.data
    who = db.session.execute(WHO, {"id": made.draft.updated_by}).scalar()
    made.conflict = {
        "who": who or "—", "at": made.draft.updated_at,
        "fields": [
            (str(each.metadata.get("label", name)), *(shown_value(each, told.get(name)) for told in (mine, theirs)))
            for name, each in made.schema.fields.items()
            if (mine.get(name) or None) != (theirs.get(name) or None)
        ],
    }


def kept_text(made: MoveForm) -> list[dict[str, str]]:
    """Return what was typed into a form that is offered no more, for its writer to copy; a passphrase is not shown."""
    kept = []
    for each in made.form or ():
        typed = str(each.data).strip() if each.data is not None else ""
        if typed and each.kind in COPIED:
            kept.append({"label": str(each.label.text), "text": typed, "id": each.id})
    return kept


def saved_words(at: datetime) -> str:
    """Return when a draft was saved, in words."""
    return _("Draft saved at %(time)s", time=clock_time(at))


def holder_for(case: CaseRow, transition: Transition, roles: frozenset[str]) -> int:
    """Return the node whose people share a draft of this trigger: the organization, or the office of the role."""
    role = next((role for role in transition.roles if role in roles), transition.roles[0] if transition.roles else "")
    return node_for(role, case) if role else case.node_id


def organizations_of_caller() -> list[tuple[int, str, int]]:
    """Return (id, name, node id) of the organizations for which the caller may open cases."""
    own = own_organizations(db.session, actor().person_id, now())
    return [(row.id, row.name, row.node_id) for row in db.session.execute(NAMES, {"ids": own})]


def fresh_key() -> str:
    """Return an idempotency key for a form."""
    return secrets.token_urlsafe(16)


def title_of(transition: Transition) -> str:
    """Return what the button says."""
    return localized(transition.title)


def words_of(value: Any) -> str | None:
    """Return a definition's sentence, or None when it has none."""
    return in_words(value) or None
