"""What is agreed in a contract, and with which words is it signed, published, filed or ended?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema

from app.cases.inputs import (
    Input,
    bool_field,
    choice_field,
    date_field,
    declaration_field,
    document_list_field,
    integer_field,
    percent_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from app.purchasing.programme.inputs import WAITS_FOR
from workflows.rules.percent import WHOLE_BP

GROUNDS = [
    ("public_interest", _l("Going on would harm the public interest")),
    ("failed_evaluation", _l("The mid-term evaluation was failed")),
    ("breach", _l("Grave breach of contract")), ("agreed", _l("Both sides agree")),
]


class InstalmentRow(Input):
    """One instalment, and what it waits for."""

    share_bp = percent_field(_l("Share"), example=WHOLE_BP, total=True)
    condition = text_field(_l("Due when"), max=200, example="合同签订后")
    waits_for = choice_field(_l("What it waits for"), WAITS_FOR)


@input_for("contract", "prepare")
class PrepareContract(Input):
    """The award that it carries out."""

    award = integer_field(_l("Award"), min=1, max=2**62, told=False)


@input_for("contract", "send")
class SendContract(Input):
    """The contract as it shall be signed; price and organization are the award's."""

    title = text_field(_l("Title of the contract"), max=200, prefill_from="contract_title", example="社区为老服务合同")
    ends_on = date_field(
        _l("Ends on"), example="2026-12-31", example_from="contract_end",
        help=_l("At most one year from signing, in general."),
    )
    content_fixed = bool_field(_l("The content is fixed"), help=_l("All four allow up to three years."))
    continuous = bool_field(_l("The service is continuous"))
    funding_stable = bool_field(_l("The funding is stable"))
    price_stable = bool_field(_l("The price is stable"))
    instalments = table_field(
        _l("Instalments"), InstalmentRow, max_rows=12, prefill_from="contract_instalments",
        help=_l("Together 100 percent; the last takes what rounding leaves."),
    )

    @validates_schema(skip_on_field_errors=True)
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        if sum(row["share_bp"] for row in data["instalments"]) != WHOLE_BP:
            raise ValidationError({"instalments": [str(_l("The shares must make 100 percent."))]})


@input_for("contract", "agree")
class AgreeContract(Input):
    """The organization's word."""

    documents = document_list_field()
    declaration = declaration_field(_l("We agree to the contract as it stands, and may sign for the organization."))


@input_for("contract", "ask_changes", "take_back")
class ChangeContract(Input):
    """What is to be changed."""

    remarks = text_field(_l("Remarks"), min=4, max=2000, multiline=True, example="请调整第二期付款条件。")


@input_for("contract", "sign", "sign_grant")
class SignContract(Input):
    """The buyer's signature."""

    declaration = declaration_field(_l("I have compared it with the award and sign for the buyer."))


@input_for("contract", "publish")
class PublishContract(Input):
    """When and where it was announced."""

    published_on = date_field(_l("Published on"))
    place = text_field(_l("Where"), max=300, example="中国政府采购网地方分网")


@input_for("contract", "file_copy")
class FileContract(Input):
    """When and under which number the copy went to finance."""

    filed_on = date_field(_l("Filed on"))
    document_number = text_field(_l("Number of the filing"), max=100, example="备〔2026〕12号")


@input_for("contract", "terminate")
class TerminateContract(Input):
    """Why it ends early (Procurement Law art. 50: never at will)."""

    ground = choice_field(_l("Ground"), GROUNDS)
    reason = text_field(
        _l("Reason"), min=4, max=2000, multiline=True, example="服务场所拆迁，继续履行将损害公共利益。",
        help=_l("The organization reads it word by word."),
    )


@input_for("contract", "cancel")
class CancelContract(Input):
    """Why nothing is signed."""

    reason = text_field(_l("Reason"), max=2000, multiline=True, example="成交人放弃。")
