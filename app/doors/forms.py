"""From an input's schema to a form: field type -> WTForms field. The only code that knows both.

The form's fields carry no validators: the schema loads what was typed and its messages go back to the fields.
Only here does money speak yuan.
"""

from collections.abc import Callable, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, FieldList, Form, FormField, SelectField, StringField, TextAreaField

from app.cases.inputs import Label
from app.cases.kinds import choices_of
from app.cases.snapshot import CaseRow
from app.extensions import db
from app.language import localized
from workflows.definition import DocumentSlot
from workflows.rules.money import MoneyError, format_yuan, parse_yuan


class MoneyField(StringField):
    """An amount: fen inside, yuan on the screen; what cannot be read stays as it was typed."""

    def process_data(self, value: Any) -> None:
        """Show fen as yuan."""
        self.data = format_yuan(value) if isinstance(value, int) else value


class PlainField(StringField):
    """A number or a date, kept as typed until the schema reads it."""

    def process_data(self, value: Any) -> None:
        """Show any value as text."""
        self.data = "" if value is None else str(value)


class DocumentsField(Field):
    """Documents in slots: values are `slot:id`; files come beside it as `upload-<slot>`."""

    slots: Sequence[DocumentSlot] = ()
    required_slots: frozenset[str] = frozenset()
    given: list[dict[str, Any]]
    reusable: Sequence[dict[str, Any]] = ()

    def process_data(self, value: Any) -> None:
        """Take the list that the schema loads."""
        self.data = list(value or [])

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read `slot:id` values; what has another form is no document."""
        self.data = []
        for value in valuelist:
            slot, _, number = value.rpartition(":")
            if slot and number.isdigit():
                entry = {"slot": slot, "document_id": int(number)}
                if entry not in self.data:
                    self.data.append(entry)

    def in_slot(self, slot: str) -> list[int]:
        """Return the ids of the documents that stand in a slot."""
        return [item["document_id"] for item in self.data or [] if item["slot"] == slot]


def form_for(
    schema: Schema, *, case: CaseRow | None, organization_id: int | None, formdata: MultiDict[str, Any] | None = None,
    data: dict[str, Any] | None = None, slots: Sequence[DocumentSlot] = (), required_slots: frozenset[str] = frozenset(),
    organizations: Sequence[tuple[int, str]] = (),
) -> Form:
    """Return the form of an input, filled from what was posted or from a draft."""

    def rows_of(name: str) -> list[tuple[Any, str]]:
        return choices_of(name)(db.session, case, organization_id)

    form_class = _form_class(schema, rows_of, organizations)
    form = form_class(formdata=formdata, data=_shown(schema, data or {}))
    for field in form:
        if isinstance(field, DocumentsField):
            field.slots, field.required_slots = slots, required_slots
    return form


def _form_class(
    schema: Schema, rows_of: Callable[[str], list[tuple[Any, str]]], organizations: Sequence[tuple[int, str]]
) -> type[Form]:
    made = {
        name: _made(field, rows_of, organizations)
        for name, field in schema.fields.items()
        if field.metadata.get("widget") != "organization" or len(organizations) > 1
    }
    return type(f"{type(schema).__name__}Form", (Form,), made)


def _made(
    field: fields.Field, rows_of: Callable[[str], list[tuple[Any, str]]], organizations: Sequence[tuple[int, str]]
) -> Any:
    metadata = field.metadata
    widget = metadata.get("widget", "text")
    common = {
        "label": metadata.get("label", ""),
        "description": metadata.get("help") or "",
        "render_kw": _attributes(field),
    }
    if widget == "textarea":
        return TextAreaField(**common)
    if widget == "choice":
        return SelectField(choices=_choices(metadata["choices"], field.required), validate_choice=False, **common)
    if widget == "row_choice":
        return SelectField(
            choices=_choices(rows_of(metadata["choices_from"]), field.required), validate_choice=False, **common
        )
    if widget == "organization":
        return SelectField(choices=_choices(organizations, True), validate_choice=False, **common)
    if widget == "money":
        return MoneyField(**common)
    if widget in ("bool", "declaration"):
        return BooleanField(**common)
    if widget == "documents":
        return DocumentsField(**common)
    if widget == "table":
        row_form = _form_class(metadata["row"](), rows_of, ())
        common.pop("render_kw")
        return FieldList(FormField(row_form), min_entries=1, max_entries=200, **common)
    return StringField(**common) if widget == "text" else PlainField(**common)


def _attributes(field: fields.Field) -> dict[str, Any]:
    metadata = field.metadata
    widget = metadata.get("widget")
    attributes: dict[str, Any] = {"data-widget": widget}
    if metadata.get("max"):
        attributes["maxlength"] = metadata["max"]
    if widget == "money":
        attributes["inputmode"] = "decimal"
    if widget == "integer":
        attributes["inputmode"] = "numeric"
    if widget == "date":
        attributes["type"] = "date"
    if field.required:
        attributes["aria-required"] = "true"
    return attributes


def _choices(pairs: Sequence[tuple[Any, Label]], required: bool) -> list[tuple[str, Any]]:
    listed = [(str(value), label) for value, label in pairs]
    return [("", _l("Please choose"))] + listed if not required or len(listed) != 1 else listed


def _shown(schema: Schema, data: dict[str, Any]) -> dict[str, Any]:
    """Return stored data as the form fields take it; unknown names are dropped."""
    return {name: value for name, value in data.items() if name in schema.fields}


def as_input(schema: Schema, form: Form) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the schema can load, and errors of what could not even be read (an amount that is none)."""
    data: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, field in schema.fields.items():
        if name not in form._fields:
            continue
        _read(field, form._fields[name], name, data, errors)
    return data, errors


def _read(field: fields.Field, made: Field, name: str, data: dict[str, Any], errors: dict[str, Any]) -> None:
    widget = field.metadata.get("widget")
    if widget == "table":
        rows, mistakes = _rows(field.metadata["row"](), made)
        data[name] = rows
        if mistakes:
            errors[name] = mistakes
        return
    value = made.data
    if widget in ("bool", "declaration"):
        data[name] = bool(value)
    elif widget == "documents":
        data[name] = value or []
    elif value in (None, ""):
        if field.required:
            data[name] = None
    elif widget == "money":
        try:
            data[name] = parse_yuan(value)
        except MoneyError as error:
            errors[name] = [localized(error.text)]
    elif widget in ("integer", "row_choice", "organization"):
        data[name] = int(value) if str(value).strip().lstrip("-").isdigit() else value
    else:
        data[name] = value


def _rows(schema: Schema, table: FieldList) -> tuple[list[dict[str, Any]], dict[int, Any]]:
    rows: list[dict[str, Any]] = []
    mistakes: dict[int, Any] = {}
    for entry in table.entries:
        row, errors = as_input(schema, entry.form)
        if not any(value not in (None, "", False, []) for value in row.values()) and not errors:
            continue  # an empty row at the end of the table is no row
        if errors:
            mistakes[len(rows)] = errors
        rows.append(row)
    return rows, mistakes


def put_errors(form: Form, errors: dict[str, Any]) -> list[tuple[str, str]]:
    """Put messages on the fields they belong to; return (field id, message) for the summary, in order."""
    listed: list[tuple[str, str]] = []
    for name, messages in errors.items():
        field = form._fields.get(name)
        if field is None:
            listed += [("", message) for message in _flat(messages)]
        elif isinstance(field, FieldList) and isinstance(messages, dict):
            listed += _row_errors(field, messages)
        else:
            found = _flat(messages)
            field.errors = [*field.errors, *found]
            listed += [(field.id, message) for message in found]
    return listed


def _row_errors(table: FieldList, messages: dict[Any, Any]) -> list[tuple[str, str]]:
    listed: list[tuple[str, str]] = []
    for index, row_messages in messages.items():
        if isinstance(index, int) and index < len(table.entries) and isinstance(row_messages, dict):
            listed += put_errors(table.entries[index].form, row_messages)
        else:
            found = _flat(row_messages)
            table.errors = [*table.errors, *found]
            listed += [(table.id, message) for message in found]
    return listed


def _flat(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [message for value in messages.values() for message in _flat(value)]
    if isinstance(messages, list | tuple):
        return [message for value in messages for message in _flat(value)]
    return [str(messages)]
