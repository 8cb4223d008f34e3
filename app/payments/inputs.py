"""What does a person hand in with each step of a payment?"""

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, post_load

from app.cases.inputs import (
    Input,
    OpeningInput,
    document_list_field,
    money_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for

SEPARATORS = re.compile(r"[\s-]")


def account_number(value: str) -> None:
    """Refuse what can be no bank account: 8 to 32 digits, spaces and hyphens between them allowed."""
    if not re.fullmatch(r"[0-9]{8,32}", SEPARATORS.sub("", value)):
        raise ValidationError([_l("Write the account number: 8 to 32 digits.")])


def four_digits(value: str) -> None:
    """Refuse anything but four digits."""
    if not re.fullmatch(r"[0-9]{4}", value):
        raise ValidationError([_l("Write the last four digits of the account.")])


def _payee_account() -> Any:
    field = text_field(
        _l("Payee's account number"),
        max=48,
        help=_l("Nobody sees it whole but the bank."),
        example="0200 0012 0900 1234",
        example_from="payment_payee_account",
        personal=True,
    )
    field.validators.append(account_number)
    return field


def _account_end() -> Any:
    field = text_field(
        _l("Last four digits of the payee's account"),
        max=4,
        help=_l("Copy them from the invoice, not from this page."),
        example="1234",
        example_from="payment_account_end",
        personal=True,
    )
    field.validators.append(four_digits)
    return field


class Claim(Input):
    """What an applicant states, and states again when the application was sent back."""

    invoice_no = text_field(
        _l("Invoice number"), max=40, example="25117000000123456789", example_from="payment_invoice_no"
    )
    payee_name = text_field(
        _l("Payee"),
        max=120,
        help=_l("The organization's own name, as its bank account is called."),
        example="西城区示例社会工作服务中心",
        prefill_from="own_name",
        example_from="payment_payee_name",
    )
    payee_bank = text_field(
        _l("Payee's bank"),
        max=120,
        help=_l("With its branch."),
        example="示例银行北京西城支行",
        example_from="payment_payee_bank",
        prefill_from="earlier_bank",
    )
    payee_account = _payee_account()
    report = text_field(
        _l("What was done"),
        max=5000,
        multiline=True,
        help=_l("Since the last instalment, in numbers where there are any."),
        example="本阶段完成全部约定服务。",
    )
    documents = document_list_field()

    @post_load
    def _plain_account(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**data, "payee_account": SEPARATORS.sub("", data["payee_account"])}


class ForInstalment(OpeningInput):
    """Which instalment of which contract is asked for."""

    instalment = row_choice_field(
        _l("Instalment"), "instalments_open",
        when_none=_l("No instalment of a contract of yours is left to ask for."),
    )


@input_for("payment", "apply")
class ApplyForPayment(Claim, ForInstalment):
    """Ask for an instalment of a contract."""


@input_for("payment", "resubmit")
class ResubmitPayment(Claim):
    """Hand the application in again with everything that was asked for."""


@input_for("payment", "check_business", "check_finance")
class CheckPayment(Input):
    """Say what was checked."""

    opinion = text_field(
        _l("Opinion"),
        max=2000,
        multiline=True,
        help=_l("What you compared with what, and the result."),
        example="合同、阶段报告与发票一致。",
    )


@input_for("payment", "approve")
class ApprovePayment(Input):
    """Approve, with the two numbers that must not be wrong typed once more."""

    amount_fen = money_field(
        _l("Amount to be paid"),
        help=_l("Type the amount again; it is compared with the application."),
        example_from="payment_amount",
    )
    account_end = _account_end()
    opinion = text_field(_l("Opinion"), max=2000, multiline=True, required=False, example="同意支付。")


@input_for("payment", "instruct", "resume")
class PaymentNote(Input):
    """Go on, with a note if there is something to say."""

    note = text_field(_l("Note"), max=500, multiline=True, required=False, example="按计划办理。")


@input_for("payment", "settle", "bounce")
class BankAnswer(Input):
    """Name the line of a bank statement that proves it; the import of statements does this by itself."""

    bank_line = row_choice_field(
        _l("Line of the bank statement"), "payment_bank_lines", example_from="payment_bank_line"
    )


class ChangeAsked(Input):
    """One thing to be changed."""

    item = text_field(_l("What has to be changed"), max=500, example="发票抬头与合同甲方不一致，请重新开具。")


@input_for("payment", "return_for_changes")
class ReturnPayment(Input):
    """Send the application back once, with everything that has to be changed in one list."""

    items = table_field(_l("Everything that has to be changed"), ChangeAsked, max_rows=30)


@input_for("payment", "refuse", "suspend")
class PaymentReason(Input):
    """Say why; the applicant reads it."""

    reason = text_field(
        _l("Reason"),
        max=2000,
        multiline=True,
        help=_l("The applicant reads this. Name the rule or the fact."),
        example="阶段成果未达到合同约定。",
    )


@input_for("payment", "withdraw")
class WithdrawPayment(Input):
    """Take the application back."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="发票需要重开。")
