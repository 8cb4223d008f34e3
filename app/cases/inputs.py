"""What may a person hand in with a move? One marshmallow schema per (kind, trigger), declared once.

The page's form, the JSON operation, OpenAPI, the service guide and history all read these schemas.
Labels, help and messages are lazy translations; money is integer fen; dates are ISO in JSON.
"""

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from flask_babel import lazy_gettext as _l
from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validate

from app.clock import SHANGHAI
from workflows.rules.percent import WHOLE_BP, format_percent

Label: TypeAlias = Any
"""A text or a lazy translation."""
MOST_FEN = 10**15
LARGEST_ID = 2**63 - 1
# Controls but for line breaks and tabs, direction overrides, halves of surrogate pairs.
INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


FILL_IN = _l("Fill in this field.")
WRONG_FORM = _l("This value has the wrong form.")
TOO_MANY = _l("Add fewer documents.")


class Input(Schema):
    """The base of every input: unknown fields are refused, text is stripped, nothing is guessed."""

    class Meta:
        unknown = RAISE
        ordered = True

    error_messages = {"unknown": _l("This field is not known here."), "type": _l("Send an object of fields.")}

    @pre_load
    def _strip(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {name: value.strip() if isinstance(value, str) else value for name, value in data.items()}

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """Say in the reader's language what the library would say in English."""
        inner = getattr(field_obj, "inner", None)
        for field in (field_obj, inner) if inner is not None else (field_obj,):
            for name, words in field.error_messages.items():
                # Ours are lazy translations; what is plain text comes from the library.
                if isinstance(words, str):
                    field.error_messages[name] = FILL_IN if name in ("required", "null") else WRONG_FORM


class OpeningInput(Input):
    """What opens a case: `organization` says for which of the sender's organizations, if there are several."""

    organization = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        metadata={"label": _l("Organization"), "widget": "organization", "example": None},
    )


# Raise ValidationError with a list: marshmallow takes a lazy translation that stands alone apart, letter by letter.
def no_control_characters(value: str) -> None:
    """Refuse characters that no paper could show: NUL, other controls, direction overrides, lone surrogates."""
    if INVISIBLE.search(value):
        raise ValidationError([_l("Remove the invisible characters from this text.")])


def _messages(**more: Any) -> dict[str, Any]:
    return {"required": FILL_IN, "null": FILL_IN, "invalid": WRONG_FORM, **more}


def _metadata(label: Label, widget: str, help: Label | None, example: Any, **more: Any) -> dict[str, Any]:
    # `section` among `more` is a heading of the form that begins with this field.
    return {"label": label, "widget": widget, "help": help, "example": example, **more}


def _optional(required: bool) -> dict[str, Any]:
    return {"required": True} if required else {"required": False, "allow_none": True, "load_default": None}


def text_field(
    label: Label, *, max: int = 200, min: int = 1, multiline: bool = False, required: bool = True,
    help: Label | None = None, example: str = "说明", personal: bool = False, **metadata: Any,
) -> fields.String:
    """Text of `min` to `max` characters; `personal` values enter history only as salted commitments."""
    low = min if required else 0
    length = validate.Length(
        min=low, max=max,
        error=_l("Write %(min)s to %(max)s characters.", min=low, max=max),
    )
    return fields.String(
        validate=[length, no_control_characters], error_messages=_messages(), **_optional(required),
        metadata=_metadata(label, "textarea" if multiline else "text", help, example,
                           max=max, personal=personal, **metadata),
    )


def secret_field(label: Label, *, min: int = 12, max: int = 200, help: Label | None = None) -> fields.String:
    """A passphrase: it serves one move, and neither history nor draft nor attempt keeps it. Never stripped."""
    length = validate.Length(min=min, max=max, error=_l("Write %(min)s to %(max)s characters.", min=min, max=max))
    return fields.String(
        required=True, validate=length, error_messages=_messages(),
        metadata=_metadata(label, "secret", help, "three lanterns by the lake", secret=True),
    )


def choice_field(
    label: Label, choices: Sequence[tuple[str, Label]], *, required: bool = True, help: Label | None = None,
    example: str | None = None, **metadata: Any,
) -> fields.String:
    """One of a fixed list of (value, label)."""
    values = [value for value, _label in choices]
    return fields.String(
        validate=validate.OneOf(values, error=_l("Choose one of the list.")), error_messages=_messages(),
        **_optional(required),
        metadata=_metadata(label, "choice", help, example or values[0], choices=list(choices), **metadata),
    )


def fixed_field(value: str, label: Label) -> fields.String:
    """One value and no other, which whoever may choose it chooses before the form, such as a legal class."""
    return fields.String(
        validate=validate.OneOf([value], error=_l("Choose one of the list.")), error_messages=_messages(),
        **_optional(False), metadata=_metadata(label, "hidden", None, value),
    )


def row_choice_field(
    label: Label, choices_from: str, *, required: bool = True, help: Label | None = None, example: int | None = 1,
    **metadata: Any,
) -> fields.Integer:
    """The id of a row of a list that depends on the case: `choices_from` names a function registered with @choices."""
    return fields.Integer(
        strict=True, validate=validate.Range(min=1, max=LARGEST_ID, error=_l("Choose one of the list.")),
        error_messages=_messages(invalid=_l("Choose one of the list.")), **_optional(required),
        metadata=_metadata(label, "row_choice", help, example, choices_from=choices_from, **metadata),
    )


def named_row_choice_field(
    label: Label, choices_from: str, *, required: bool = True, help: Label | None = None, **metadata: Any
) -> fields.String:
    """One row of a list that depends on the case, called by its name: such as a criterion of the case's rubric."""
    return fields.String(
        validate=validate.Length(min=1, max=60, error=WRONG_FORM),
        error_messages=_messages(invalid=_l("Choose one of the list.")), **_optional(required),
        metadata=_metadata(label, "row_choice", help, "name", choices_from=choices_from, **metadata),
    )


def money_field(
    label: Label, *, required: bool = True, help: Label | None = None, example: int | None = 3_500_000,
    min_fen: int = 1, **metadata: Any,
) -> fields.Integer:
    """An amount in integer fen; the page's field shows and takes yuan."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(min=min_fen, max=MOST_FEN, error=_l("The amount is outside what is possible.")),
        error_messages=_messages(invalid=_l("Write the amount as a whole number of fen.")), **_optional(required),
        metadata=_metadata(label, "money", help, example, **metadata),
    )


def integer_field(
    label: Label, *, min: int = 0, max: int = 1_000_000, required: bool = True, help: Label | None = None,
    example: int | None = 1, **metadata: Any,
) -> fields.Integer:
    """A whole number from `min` to `max`."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(
            min=min, max=max, error=_l("Write a whole number from %(min)s to %(max)s.", min=min, max=max)
        ),
        error_messages=_messages(invalid=_l("Write a whole number.")), **_optional(required),
        metadata=_metadata(label, "integer", help, example, **metadata),
    )


def percent_field(
    label: Label, *, min_bp: int = 1, max_bp: int = WHOLE_BP, required: bool = True, help: Label | None = None,
    example: int | None = 3000, **metadata: Any,
) -> fields.Integer:
    """A share in integer basis points; the page's field shows and takes percent with two decimals."""
    return fields.Integer(
        strict=True,
        validate=validate.Range(
            min=min_bp, max=max_bp,
            error=_l("Write %(min)s to %(max)s percent.", min=format_percent(min_bp), max=format_percent(max_bp)),
        ),
        error_messages=_messages(invalid=_l("Write the share as a whole number of basis points.")),
        **_optional(required), metadata=_metadata(label, "percent", help, example, **metadata),
    )


def date_field(
    label: Label, *, required: bool = True, help: Label | None = None, example: str = "2026-03-02", **metadata: Any
) -> fields.Date:
    """A calendar day, ISO in JSON."""
    return fields.Date(
        error_messages=_messages(invalid=_l("Write the date as year-month-day, such as 2026-03-02.")),
        **_optional(required), metadata=_metadata(label, "date", help, example, **metadata),
    )


def moment_field(
    label: Label, *, required: bool = True, help: Label | None = None,
    example: str = "2026-06-01T17:00:00+08:00", **metadata: Any,
) -> fields.AwareDateTime:
    """A day and time, ISO with its zone in JSON; what is typed without a zone is Shanghai's."""
    return fields.AwareDateTime(
        format="iso", default_timezone=SHANGHAI,
        error_messages=_messages(invalid=_l("Write day and time as 2026-06-01T17:00.")),
        **_optional(required), metadata=_metadata(label, "moment", help, example, **metadata),
    )


def bool_field(
    label: Label, *, help: Label | None = None, example: bool = False, default: bool = False, **metadata: Any
) -> fields.Boolean:
    """Yes or no; absent means `default`."""
    return fields.Boolean(
        truthy={True}, falsy={False}, load_default=default, error_messages=_messages(),
        metadata=_metadata(label, "bool", help, example, **metadata),
    )


def declaration_field(label: Label, *, help: Label | None = None) -> fields.Boolean:
    """A statement that must be made: only true is accepted."""
    return fields.Boolean(
        truthy={True}, falsy={False}, required=True, error_messages=_messages(),
        validate=validate.Equal(True, error=_l("Confirm this statement to go on.")),
        metadata=_metadata(label, "declaration", help, True),
    )


class DocumentReference(Input):
    """A document of the organization, put into a slot of the required list."""

    slot = fields.String(required=True, validate=validate.Length(min=1, max=60, error=WRONG_FORM))
    document_id = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1, max=LARGEST_ID, error=WRONG_FORM)
    )


def document_list_field(label: Label = None, *, help: Label | None = None, **metadata: Any) -> fields.List:
    """Documents by reference; which slots a move needs stands in its definition."""
    label = label or _l("Documents")
    return fields.List(
        fields.Nested(DocumentReference), load_default=list, validate=validate.Length(max=60, error=TOO_MANY),
        metadata=_metadata(label, "documents", help, [], **metadata),
    )


def table_field(
    label: Label, row: type[Input], *, min_rows: int = 1, max_rows: int = 200, help: Label | None = None,
    **metadata: Any,
) -> fields.List:
    """An editable table: a list of rows of one schema."""
    rows = validate.Length(
        min=min_rows, max=max_rows,
        error=_l("Fill in %(min)s to %(max)s rows.", min=min_rows, max=max_rows),
    )
    return fields.List(
        fields.Nested(row), validate=rows, error_messages=_messages(),
        **({"required": True} if min_rows else {"load_default": list}),
        metadata=_metadata(label, "table", help, [example_row(row)] if min_rows else [], row=row, **metadata),
    )


def example_row(schema: type[Schema]) -> dict[str, Any]:
    """Return one valid object of the schema, from its fields' examples."""
    return {
        name: field.metadata.get("example")
        for name, field in schema().fields.items()
        if not (field.metadata.get("example") is None and not field.required)
    }


def labels_of(schema: type[Schema] | None, names: Sequence[str]) -> list[str]:
    """Return the labels of these fields in the reader's language; a field that the schema lacks is left out."""
    declared = schema._declared_fields if schema is not None else {}
    return [str(declared[name].metadata["label"]) for name in names if name in declared]
