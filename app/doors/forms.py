"""From an input's schema to a form: field type -> WTForms field. The only code that knows both.

The form's fields carry no validators: the schema loads what was typed and its messages go back to the fields.
Only here do amounts speak yuan and shares percent. Beside WTForms' own attributes each field has kind, help and max
for the macros.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice

from app.cases.inputs import Label
from app.language import localized
from workflows.rules.money import MoneyError, format_yuan, parse_yuan
from workflows.rules.percent import PercentError, format_percent, parse_percent

PARSED: dict[str, Callable[[str], int]] = {"money": parse_yuan, "percent": parse_percent}
"""What is typed in a unit for people and kept as an integer: fen, basis points."""
WHOLE = re.compile(r"-?[0-9]{1,18}")
Rows = Callable[[str], list[tuple[Any, str]]]


class MoneyField(StringField):
    """An amount: fen inside, yuan on the screen; what cannot be read stays as it was typed."""

    def process_data(self, value: Any) -> None:
        """Show fen as yuan."""
        self.data = format_yuan(value) if isinstance(value, int) else value


class PercentField(StringField):
    """A share: basis points inside, percent on the screen; what cannot be read stays as it was typed."""

    def process_data(self, value: Any) -> None:
        """Show basis points as percent."""
        self.data = format_percent(value) if isinstance(value, int) else value


class PlainField(StringField):
    """A number or a date, kept as typed until the schema reads it."""

    def process_data(self, value: Any) -> None:
        """Show any value as text."""
        self.data = "" if value is None else str(value)


class DocumentsField(Field):
    """Documents in slots: posted as one name per slot with ids; `slots` is filled by the page for the macro."""

    slots: Sequence[Mapping[str, Any]] = ()

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Take the list that the schema loads, or what was posted under `<name>-<slot>`."""
        self.process_errors: list[str] = []
        self.data = list(data) if isinstance(data, list) else []
        if formdata:
            self.data = documents_posted(formdata, self.name)

    def in_slot(self, slot: str) -> list[int]:
        """Return the ids of the documents that stand in a slot."""
        return [item["document_id"] for item in self.data if item["slot"] == slot]


def documents_posted(formdata: Any, name: str) -> list[dict[str, Any]]:
    """Return what was posted under `<name>-<slot>` as the schema loads it; empty choices are left out."""
    found: list[dict[str, Any]] = []
    for key in formdata:
        if not key.startswith(f"{name}-") or key.endswith("-file"):
            continue
        slot = key[len(name) + 1:]
        for value in formdata.getlist(key):
            entry = {"slot": slot, "document_id": int(value) if value.isdigit() else 0}
            if entry["document_id"] and entry not in found:
                found.append(entry)
    return found


def form_for(
    schema: Schema, *, rows_of: Rows, prefix: str = "", formdata: MultiDict[str, Any] | None = None,
    data: Mapping[str, Any] | None = None, organizations: Sequence[tuple[int, str]] = (),
) -> Form:
    """Return the form of an input, filled from what was posted or from a draft; `rows_of` lists a case's choices."""
    form_class = _form_class(schema, rows_of, organizations)
    known = {name: value for name, value in (data or {}).items() if name in schema.fields}
    form = form_class(formdata=formdata, data=known, prefix=prefix)
    _dress(schema, form)
    return form


def _form_class(schema: Schema, rows_of: Rows, organizations: Sequence[tuple[int, str]]) -> type[Form]:
    made = {
        name: _made(field, rows_of, organizations)
        for name, field in schema.fields.items()
        if field.metadata.get("widget") != "organization" or len(organizations) > 1
    }
    return type(f"{type(schema).__name__}Form", (Form,), made)


def _made(field: fields.Field, rows_of: Rows, organizations: Sequence[tuple[int, str]]) -> Any:
    metadata = field.metadata
    widget = metadata.get("widget", "text")
    common: dict[str, Any] = {"label": metadata.get("label", "")}
    if metadata.get("max"):
        common["render_kw"] = {"maxlength": metadata["max"]}
    if widget in ("choice", "row_choice", "organization"):
        pairs = {
            "choice": lambda: metadata["choices"],
            "row_choice": lambda: rows_of(metadata["choices_from"]),
            "organization": lambda: organizations,
        }[widget]()
        return SelectField(choices=_choices(pairs, field.required), validate_choice=False, **common)
    if widget == "table":
        return FieldList(FormField(_form_class(metadata["row"](), rows_of, ())), min_entries=1, **common)
    if widget in ("date", "moment"):
        common["render_kw"] = {"type": "date" if widget == "date" else "datetime-local"}
    if widget == "secret":
        common["render_kw"] = {"type": "password", "autocomplete": "off"}
    kinds = {"textarea": TextAreaField, "money": MoneyField, "bool": BooleanField, "declaration": BooleanField,
             "percent": PercentField, "documents": DocumentsField, "text": StringField, "secret": PasswordField,
             "hidden": HiddenField}
    return kinds.get(widget, PlainField)(**common)


def _choices(pairs: Iterable[tuple[Any, Label]], required: bool) -> list[SelectChoice]:
    listed = [SelectChoice(str(value), str(label)) for value, label in pairs]
    return listed if required and len(listed) == 1 else [SelectChoice("", str(_l("Please choose"))), *listed]


def _dress(schema: Schema, form: Form) -> None:
    """Give each field what the macros read: kind, help, max, flags.required, and a table's columns."""
    for name, made in form._fields.items():
        field = schema.fields[name]
        metadata = field.metadata
        made.kind = {"secret": "password"}.get(metadata.get("widget", "text"), metadata.get("widget", "text"))
        made.help = metadata.get("help")
        made.max = metadata.get("max")
        made.present = None
        made.section = metadata.get("section")
        made.flags.required = field.required
        if isinstance(made, FieldList):
            row = metadata["row"]()
            made.row, made.columns = row, _columns(row)
            made.totals = {column["name"]: _total(made, column) for column in made.columns if column["total"]}
            for entry in made.entries:
                _dress(row, entry.form)


def sections_of(form: Form | None) -> list[dict[str, Any]] | None:
    """Return the form in parts, [{title, anchor, fields}]: a field whose schema names a `section` begins one.

    None for a form without sections, which is short enough to be one.
    """
    parts: list[dict[str, Any]] = []
    for made in form or ():
        if made.kind == "hidden":
            continue
        if made.section or not parts:
            parts.append({"title": made.section, "anchor": f"part-{len(parts) + 1}", "fields": []})
        parts[-1]["fields"].append(made)
    return parts if len(parts) > 1 else None


def _columns(row: Schema) -> list[dict[str, Any]]:
    return [
        {"name": name, "title": _title_of_column(name, field), "kind": field.metadata.get("widget", "text"),
         "total": bool(field.metadata.get("total"))}
        for name, field in row.fields.items()
    ]


def _title_of_column(name: str, field: fields.Field) -> str:
    label = str(field.metadata.get("label", name))
    return f"{label} (%)" if field.metadata.get("widget") == "percent" else label


def _total(table: FieldList, column: dict[str, Any]) -> str:
    total = 0
    for entry in table.entries:
        try:
            total += PARSED.get(column["kind"], int)(entry.form[column["name"]].data or "0")
        except ValueError:
            return "—"
    return {"money": format_yuan, "percent": format_percent}.get(column["kind"], str)(total)


def as_input(schema: Schema, form: Form) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the schema can load, and errors of what could not even be read (an amount that is none)."""
    data: dict[str, Any] = {}
    errors: dict[str, Any] = {}
    for name, field in schema.fields.items():
        if name in form._fields:
            _read(field, form._fields[name], name, data, errors)
    return data, errors


def _read(field: fields.Field, made: Field, name: str, data: dict[str, Any], errors: dict[str, Any]) -> None:
    widget = field.metadata.get("widget")
    value = made.data
    if widget == "table":
        data[name], mistakes = _rows(field.metadata["row"](), made)
        if mistakes:
            errors[name] = mistakes
    elif widget in ("bool", "declaration"):
        data[name] = bool(value)
    elif widget == "documents":
        data[name] = value or []
    elif value in (None, ""):
        if field.required:
            data[name] = None
    elif widget in PARSED:
        try:
            data[name] = PARSED[widget](value)
        except (MoneyError, PercentError) as error:
            errors[name] = [localized(error.text)]
            data[name] = value
    elif widget in ("integer", "row_choice", "organization"):
        data[name] = _whole(value)
    else:
        data[name] = value


def _whole(value: Any) -> Any:
    text = str(value).strip()
    return int(text) if WHOLE.fullmatch(text) else value


def _rows(schema: Schema, table: Any) -> tuple[list[dict[str, Any]], dict[int, Any]]:
    filled = _filled(schema, table)
    mistakes = {index: errors for index, (_entry, _row, errors) in enumerate(filled) if errors}
    return [row for _entry, row, _errors in filled], mistakes


def _filled(schema: Schema, table: Any) -> list[tuple[Any, dict[str, Any], dict[str, Any]]]:
    """Return the entries in which something was typed, as rows: an empty one is no row, wherever it stands."""
    read = [(entry, *as_input(schema, entry.form)) for entry in table.entries]
    return [
        (entry, row, errors) for entry, row, errors in read
        if errors or any(value not in (None, "", False, []) for value in row.values())
    ]


def merged(errors: Mapping[Any, Any], unreadable: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return the schema's messages, with our own where a value could not even be read."""
    both = dict(errors)
    for name, messages in unreadable.items():
        there = both.get(name)
        nested = isinstance(there, Mapping) and isinstance(messages, Mapping)
        both[name] = merged(there, messages) if nested else messages  # type: ignore[arg-type]
    return both


def put_errors(form: Form, errors: Mapping[Any, Any]) -> list[tuple[str | None, str]]:
    """Put messages on the fields they belong to; return (field id, message) for the summary, in order.

    The summary names the field: "Fill in this field." ten times would tell nobody which ten.
    """
    listed: list[tuple[str | None, str]] = []
    for name, messages in errors.items():
        made = form._fields.get(name)
        if made is None:
            listed += [(None, message) for message in flat(messages)]
        elif isinstance(made, FieldList) and isinstance(messages, Mapping):
            listed += _row_errors(made, messages)
        else:
            found = flat(messages)
            made.errors = [*made.errors, *found]
            listed += [(made.id, _named(made, message)) for message in found]
    return listed


def _named(made: Field, message: str) -> str:
    # What has a whole sentence beside its box says itself what it is about.
    if getattr(made, "kind", "") in ("bool", "declaration"):
        return message
    return gettext("%(field)s: %(why)s", field=made.label.text, why=message)


def _row_errors(table: Any, messages: Mapping[Any, Any]) -> list[tuple[str | None, str]]:
    listed: list[tuple[str | None, str]] = []
    filled = [entry for entry, _row, _errors in _filled(table.row, table)]
    for index, row_messages in messages.items():
        if isinstance(index, int) and index < len(filled) and isinstance(row_messages, Mapping):
            # The number that the reader sees: empty rows count.
            shown = table.entries.index(filled[index]) + 1
            listed += [
                (id_, gettext("Row %(n)s: %(why)s", n=shown, why=why))
                for id_, why in put_errors(filled[index].form, row_messages)
            ]
        else:
            found = flat(row_messages)
            table.errors = [*table.errors, *found]
            listed += [(table.id, _named(table, message)) for message in found]
    return listed


def flat(messages: Any) -> list[str]:
    """Return all messages of a nested structure, in order."""
    if isinstance(messages, Mapping):
        return [message for value in messages.values() for message in flat(value)]
    if isinstance(messages, list | tuple):
        return [message for value in messages for message in flat(value)]
    return [str(messages)]
