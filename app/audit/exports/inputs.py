"""What may be asked for when somebody takes records away? One schema for the page and the API."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema

from app.audit.exports.tables import TABLES
from app.cases.inputs import Input, bool_field, choice_field, date_field, integer_field, row_choice_field, text_field

SCOPES = ("organization", "project", "period")
LARGEST_ID = 2**63 - 1


class ExportInput(Input):
    """An organization's whole life, a project with everything under it, or what happened between two days."""

    scope = choice_field(
        _l("What"),
        [("organization", _l("An organization's whole life")), ("project", _l("A project with everything under it")),
         ("period", _l("A period"))],
        example="period",
    )
    organization = integer_field(
        _l("Organization"), min=1, max=LARGEST_ID, required=False, help=_l("Its id in the register.")
    )
    number = text_field(
        _l("Case or contract number"), max=60, required=False, example="JH26-0000-0000",
        help=_l("A plan, a call, a package, a contract or any other case."),
    )
    from_day = date_field(_l("From day"), required=False)
    to_day = date_field(_l("Until"), required=False, example="2026-03-31")
    place = row_choice_field(
        _l("Place"), "places", required=False, help=_l("Only cases in this place and below it.")
    )
    format = choice_field(
        _l("Format"),
        [("bundle", _l("Evidence bundle (zip with verify.py)")), ("xlsx", _l("Spreadsheet (XLSX)")),
         ("csv", _l("Tables (CSV)"))],
    )
    table = choice_field(
        _l("Only one table"), [(table.code, table.label) for table in TABLES], required=False,
        help=_l("For CSV; otherwise all tables come in one zip."),
    )
    bom = bool_field(_l("Mark the CSV for Excel (byte order mark)"), default=True)
    purpose = text_field(
        _l("Purpose"), required=False, example="专项审计",
        help=_l("Only with a purpose do personal values come unmasked; it is recorded with every download."),
    )

    @validates_schema(skip_on_field_errors=True)
    def _needs(self, data: dict[str, Any], **_: Any) -> None:
        missing = _l("Fill in this field.")
        if data["scope"] == "organization" and data["organization"] is None:
            raise ValidationError([missing], "organization")
        if data["scope"] == "project" and not data["number"]:
            raise ValidationError([missing], "number")
        if data["scope"] == "period":
            for name in ("from_day", "to_day"):
                if data[name] is None:
                    raise ValidationError([missing], name)
        if data["from_day"] and data["to_day"] and data["from_day"] > data["to_day"]:
            raise ValidationError([_l("The last day comes before the first.")], "to_day")
        if data["table"] and data["format"] != "csv":
            raise ValidationError([_l("Only CSV can hold one table alone.")], "table")
        if data["table"] == "personal" and not data["purpose"]:
            raise ValidationError([_l("Personal values are given for a purpose only.")], "purpose")


