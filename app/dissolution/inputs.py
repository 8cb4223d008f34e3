"""What does a person hand in with each step of a deregistration?"""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from app.cases.inputs import (
    Input,
    OpeningInput,
    choice_field,
    date_field,
    declaration_field,
    document_list_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from app.language import localized
from app.registration.applying import ATTACHED
from app.registration.inputs import Accept, AskCorrection, Decision, ExtendDecision, Withdraw
from workflows.kinds.deregistration import GROUNDS

KIND = "deregistration"

# What a registration takes for the same step.
for _trigger, _schema in {
    "accept": Accept, "ask_correction": AskCorrection, "extend_decision": ExtendDecision, "withdraw": Withdraw,
}.items():
    input_for(KIND, _trigger)(_schema)


class Liquidator(Input):
    """One of the liquidation group."""

    name = text_field(_l("Name"), max=60, example="陈示例", personal=True)
    role = text_field(_l("Position"), max=60, example="清算组组长")


@input_for(KIND, "resolve")
class Resolve(OpeningInput):
    """Why the organization ends, since when, and who liquidates it."""

    ground = choice_field(
        _l("Ground of the end"), [(name, LazyString(localized, text)) for name, text in GROUNDS.items()],
        section=_l("The resolution"), example="resolved",
    )
    reason = text_field(
        _l("Reason"), min=4, max=2000, multiline=True, example="理事会决议终止，不再开展活动。",
        help=_l("In a few sentences, as the resolution says it."),
    )
    resolved_on = date_field(_l("Date of the resolution"), example_from="registration_day")
    liquidators = table_field(
        _l("Liquidation group"), Liquidator, max_rows=30,
        help=_l("Formed under the guidance of the supervising unit and other authorities concerned."),
    )
    documents = document_list_field(section=_l("Papers and declaration"))
    declaration = declaration_field(
        _l("From today the organization does nothing but what its liquidation needs.")
    )


@input_for(KIND, "finish_liquidation")
class FinishLiquidation(Input):
    """Since when the liquidation is over."""

    liquidated_on = date_field(
        _l("End of the liquidation"), example_from="registration_day",
        help=_l("15 days for the application run from this day."),
    )


@input_for(KIND, "apply")
class ApplyForDeregistration(Input):
    """What became of the assets, with the liquidation report and what is handed in."""

    assets = text_field(
        _l("What became of the remaining assets"), min=4, max=2000, multiline=True,
        example="剩余财产转给宗旨相近的社会组织，并已公告。",
        help=_l("Nothing may go to founders or members: it serves public benefit or a similar organization."),
    )
    documents = document_list_field()
    declaration = declaration_field(_l("Claims and debts are cleared, and certificate, seal and vouchers handed in."))


@input_for(KIND, "answer_correction")
class CorrectDeregistration(Input):
    """What was corrected; a field that was right stays empty."""

    answers = text_field(
        _l("What you corrected"), max=2000, multiline=True, example="已按清单补充材料。",
        help=_l("Answer each item of the list."),
    )
    assets = text_field(
        _l("What became of the remaining assets"), max=2000, multiline=True, required=False, example="",
        help=_l("Only if it changes."),
    )
    documents = document_list_field(help=ATTACHED)
    declaration = declaration_field(_l("What is stated here is true."))


@input_for(KIND, "approve")
class ApproveDeregistration(Input):
    """The decision to end the registration."""

    document_number = text_field(_l("Document number"), max=80, example="西民民许准注字〔2026〕1号")
    received = declaration_field(_l("Certificate, seal and financial vouchers have been received."))


@input_for(KIND, "refuse")
class RefuseDeregistration(Decision):
    """Why the registration does not end yet."""
