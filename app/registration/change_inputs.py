"""What does a person hand in with each step of a change of a registration? Only what changes."""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validates_schema

from app.cases.inputs import (
    Input,
    OpeningInput,
    date_field,
    declaration_field,
    document_list_field,
    money_field,
    row_choice_field,
    text_field,
)
from app.cases.kinds import input_for
from app.registration.applying import ATTACHED, checked, identity_number
from app.registration.inputs import (
    Accept,
    AskCorrection,
    Decision,
    Deliver,
    ExtendDecision,
    RefuseAcceptance,
    Withdraw,
)
from workflows.kinds.registration_change import ITEMS

KIND = "registration_change"
LEFT_EMPTY = _l("Leave it empty if it does not change.")
NOT_HELD = _l("As on the present certificate; the register does not hold it yet.")

# What a registration takes for the same step.
for _trigger, _schema in {
    "accept": Accept, "ask_correction": AskCorrection, "refuse_acceptance": RefuseAcceptance, "deliver": Deliver,
    "extend_decision": ExtendDecision, "withdraw": Withdraw,
}.items():
    input_for(KIND, _trigger)(_schema)


def _item(item: str, label: Any, *, max: int, **more: Any) -> fields.String:
    more = {"example": "", "help": LEFT_EMPTY, **more}
    return text_field(label, max=max, required=False, now_from=f"entry_{item}", **more)


def _name(**more: Any) -> fields.String:
    help = _l("Place, name, field and kind. Leave it empty if it does not change.")
    return _item("name", _l("New name"), max=80, help=help, **more)


def _identity() -> Any:
    field = text_field(
        _l("Identity number of the new legal representative"), max=18, required=False, example="", personal=True,
        help=_l("It is masked on every page."),
    )
    return checked(field, lambda value: identity_number(value) if value else None)


def _person() -> fields.Integer:
    return row_choice_field(
        _l("The new legal representative signs in as"), "people_of_the_organization", required=False, example=None,
        example_from="no_successor",
        help=_l("If they sign in for your organization already: the role is theirs with the approval. Else leave it"
                " empty; the administrator is told to invite them."),
    )


def _fund() -> fields.Integer:
    return money_field(
        _l("New start-up or registered fund"), required=False, help=LEFT_EMPTY, now_from="entry_fund_fen", example=None,
    )


class Changes:
    """What both hand-ins check: who is to represent must be told apart from others of the name."""

    @validates_schema
    def _identity_is_told(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("new_legal_representative") and not data.get("new_identity_number"):
            message = _l("Write the identity number of the new legal representative.")
            raise ValidationError([message], "new_identity_number")


@input_for(KIND, "apply")
class ApplyForChange(Changes, OpeningInput):
    """The application: each item that changes, and nothing else."""

    new_name = _name(section=_l("What changes"))
    new_domicile = _item("domicile", _l("New domicile"), max=200, example="北京市西城区示例街2号")
    new_legal_representative = _item("legal_representative", _l("New legal representative"), max=60, personal=True)
    new_identity_number = _identity()
    new_representative_person = _person()
    new_scope = _item("scope", _l("New scope of business"), max=1000, multiline=True)
    new_fund_fen = _fund()
    new_sponsor = _item("sponsor", _l("New supervising unit"), max=120)
    consented_on = date_field(
        _l("Date of the consent"), section=_l("Consent"), example_from="registration_day",
        help=_l("When the supervising unit consented; without one, when you resolved to change. Apply within 30 days."),
    )
    documents = document_list_field(section=_l("Papers and declaration"))
    declaration = declaration_field(_l("What is stated here is true, and was resolved as the charter demands."))

    @validates_schema
    def _something_changes(self, data: dict[str, Any], **_: Any) -> None:
        if not any(data.get(f"new_{item}") for item in ITEMS):
            raise ValidationError([_l("Fill in at least one item that changes.")], "new_name")


@input_for(KIND, "answer_correction")
class CorrectChange(Changes, Input):
    """What was corrected; a field that was right stays empty."""

    answers = text_field(
        _l("What you corrected"), max=2000, multiline=True, example="已按清单补充材料。",
        help=_l("Answer each item of the list."),
    )
    new_name = _name()
    new_domicile = _item("domicile", _l("New domicile"), max=200)
    new_legal_representative = _item("legal_representative", _l("New legal representative"), max=60, personal=True)
    new_identity_number = _identity()
    new_representative_person = _person()
    new_scope = _item("scope", _l("New scope of business"), max=1000, multiline=True)
    new_fund_fen = _fund()
    new_sponsor = _item("sponsor", _l("New supervising unit"), max=120)
    documents = document_list_field(help=ATTACHED)
    declaration = declaration_field(_l("What is stated here is true."))


def _lacking(item: str, label: Any, *, max: int = 200, **more: Any) -> fields.String:
    return text_field(
        label, max=max, required=False, help=NOT_HELD, offered_if=f"lacks_{item}", example_from=f"lacking_{item}",
        **more,
    )


@input_for(KIND, "approve")
class ApproveChange(Input):
    """The decision; what the register does not hold yet is read off the present certificate."""

    document_number = text_field(_l("Document number"), max=80, example="西民民许准变字〔2026〕1号")
    registered_on = date_field(
        _l("Date of registration"), required=False, help=NOT_HELD, offered_if="lacks_registered_on",
        example_from="lacking_registered_on",
    )
    domicile = _lacking("domicile", _l("Domicile"))
    legal_representative = _lacking("legal_representative", _l("Legal representative"), max=60, personal=True)
    scope = _lacking("scope", _l("Scope of business"), max=1000, multiline=True)
    fund_fen = money_field(
        _l("Start-up or registered fund"), required=False, help=NOT_HELD, offered_if="lacks_fund_fen",
        example_from="lacking_fund_fen", example=None,
    )
    sponsor = text_field(
        _l("Supervising unit"), max=120, required=False, offered_if="lacks_sponsor", example="",
        help=_l("As on the present certificate; empty where it names none."),
    )


@input_for(KIND, "refuse")
class RefuseChange(Decision):
    """Why the change is refused."""
