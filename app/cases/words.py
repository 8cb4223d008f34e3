"""How does what was handed in read for people? Labels and values of an input's data, personal ones masked."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema, fields

from app.cases.kinds import input_of
from app.formats import day, day_and_time, money, percent

Shown = list[tuple[str, str]]
HIDDEN = "••••"
NUMBERS = ("money", "integer", "percent")
# Shown elsewhere, or a bare row number that would tell nobody anything: the overview names what was chosen.
SKIPPED = ("documents", "table", "organization", "row_choice", "declaration", "hidden")

# What the system puts beside, or instead of, what a person typed.
NOT_TYPED = {"sealed": _l("Digest of what was sealed")}


def shown_data(kind: str, trigger: str, data: Mapping[str, Any], *, legal_class: str | None) -> Shown:
    """Return (label, words) of a move's data as history holds it; tables and documents are told by their size.

    A field whose metadata says `told=False` holds a row number of the machine's and is left out.
    """
    schema_type = input_of(kind, trigger, legal_class)
    schema = schema_type() if schema_type else None
    listed: Shown = []
    # History keeps its names in alphabetical order; people read them in the order of the form.
    order = [*(name for name in (schema.fields if schema else ()) if name in data), *data]
    for name in dict.fromkeys(order):
        value, field = data[name], schema.fields.get(name) if schema else None
        if _skipped(field, value):
            continue
        label = str(field.metadata.get("label", name)) if field is not None else str(NOT_TYPED.get(name, name))
        listed.append((label, shown_value(field, value)))
    return listed


def shown_tables(
    kind: str, trigger: str, data: Mapping[str, Any], left_out: frozenset[str] = frozenset(), *,
    legal_class: str | None,
) -> list[dict[str, Any]]:
    """Return the tables of a move's data: field, title, columns and rows of words; not of the fields `left_out`."""
    schema_type = input_of(kind, trigger, legal_class)
    if schema_type is None:
        return []
    tables = []
    for name, field in schema_type().fields.items():
        if field.metadata.get("widget") != "table" or name in left_out:
            continue
        if isinstance(data.get(name), list) and data[name]:
            tables.append({"field": name, **_table(field, data[name])})
    return tables


def _table(field: fields.Field, rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    schema: Schema = field.metadata["row"]()
    columns = [
        {"title": str(f.metadata.get("label", name)), "number": f.metadata.get("widget") in NUMBERS}
        for name, f in schema.fields.items()
    ]
    shown = [[shown_value(f, row.get(name)) for name, f in schema.fields.items()] for row in rows]
    return {"title": str(field.metadata["label"]), "columns": columns, "rows": shown}


def _skipped(field: fields.Field | None, value: Any) -> bool:
    if value in (None, "", []):
        return True
    return field is not None and (field.metadata.get("widget") in SKIPPED or not field.metadata.get("told", True))


def shown_value(field: fields.Field | None, value: Any) -> str:
    """Return one value in words; a commitment reads as hidden."""
    if value is None or value == "":
        return "—"
    if isinstance(value, Mapping):
        return HIDDEN
    metadata = field.metadata if field is not None else {}
    widget = metadata.get("widget")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if widget == "money" and isinstance(value, int):
        return money(value)
    if widget == "percent" and isinstance(value, int):
        return percent(value)
    if "title_of" in metadata:
        return str(metadata["title_of"](value))
    if widget == "choice":
        return str(dict(metadata["choices"]).get(value, value))
    if widget == "date":
        return day(date.fromisoformat(value)) if isinstance(value, str) else day(value)
    if widget == "moment":
        return day_and_time(datetime.fromisoformat(value) if isinstance(value, str) else value)
    if isinstance(value, list):
        return _("%(n)s entries", n=len(value))
    return str(value)
