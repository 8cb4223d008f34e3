"""What does a bid say, and what is answered to it?"""

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, validates_schema

from app.cases.inputs import (
    Input,
    OpeningInput,
    declaration_field,
    document_list_field,
    money_field,
    percent_field,
    row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from workflows.rules.percent import WHOLE_BP
from workflows.rules.uscc import UsccError, parse


class BudgetLineRow(Input):
    """One line of the budget."""

    name = text_field(_l("Item"), max=120, example="社工服务费")
    amount_fen = money_field(_l("Amount"), example=9_000_000, total=True)


class PartnerRow(Input):
    """One partner of a joint bid, beside the organization that hands it in."""

    uscc = text_field(_l("Credit code"), max=18, example="53110102MJ00000000")
    share_bp = percent_field(_l("Share"), max_bp=WHOLE_BP - 1)


def _adds_up(data: dict[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    if sum(row["amount_fen"] for row in data["budget"]) != data["price_fen"]:
        wrong["budget"] = [str(_l("The lines must sum to the price."))]
    codes = [row["uscc"] for row in data["partners"]]
    if len(set(codes)) != len(codes) or sum(row["share_bp"] for row in data["partners"]) >= WHOLE_BP:
        wrong["partners"] = [str(_l("Name each partner once, and leave a share for your organization."))]
    for code in codes:
        try:
            parse(code)
        except UsccError:
            wrong["partners"] = [str(_l("Check the credit codes of the partners."))]
    if wrong:
        raise ValidationError(wrong)


@input_for("bid", "hand_in")
class HandIn(OpeningInput):
    """A bid for one package."""

    package = row_choice_field(
        _l("Package"), "packages_open", help=_l("Packages that still take bids."),
        when_none=_l("No package takes bids at present."),
    )
    price_fen = money_field(_l("Price"), example=9_000_000)
    budget = table_field(_l("Budget"), BudgetLineRow, max_rows=60, help=_l("The lines sum to the price."))
    approach = text_field(_l("How you will do it"), max=10_000, multiline=True, example="每月入户探访两次。")
    team = text_field(_l("Who will do it"), max=4000, multiline=True, example="项目负责人一名，社工四名。")
    partners = table_field(
        _l("Partners of a joint bid"), PartnerRow, min_rows=0, max_rows=10,
        help=_l("Leave empty when you bid alone. Add the agreement to the documents."),
    )
    documents = document_list_field()
    declaration = declaration_field(_l("No grave violation in the last three years; all that is said here is true."))

    @validates_schema(skip_on_field_errors=True)
    def _sums(self, data: dict[str, Any], **_: Any) -> None:
        _adds_up(data)


@input_for("bid", "replace")
class Replace(Input):
    """The whole bid anew."""

    price_fen = money_field(_l("Price"), example=9_000_000)
    budget = table_field(_l("Budget"), BudgetLineRow, max_rows=60, help=_l("The lines sum to the price."))
    approach = text_field(_l("How you will do it"), max=10_000, multiline=True, example="每月入户探访两次。")
    team = text_field(_l("Who will do it"), max=4000, multiline=True, example="项目负责人一名，社工四名。")
    partners = table_field(_l("Partners of a joint bid"), PartnerRow, min_rows=0, max_rows=10)
    documents = document_list_field()
    declaration = declaration_field(_l("No grave violation in the last three years; all that is said here is true."))

    @validates_schema(skip_on_field_errors=True)
    def _sums(self, data: dict[str, Any], **_: Any) -> None:
        _adds_up(data)


@input_for("bid", "open")
class OpenedBid(Replace):
    """What was sealed, read again at the opening."""


@input_for("bid", "withdraw")
class WithdrawBid(Input):
    """Why, if the bidder wants to say; sealed like the bid."""

    reason = text_field(_l("Reason"), max=500, multiline=True, required=False, example="")


@input_for("bid", "lapse")
class LapseBid(Input):
    """Why the package failed or was cancelled."""

    reason = text_field(_l("Reason"), max=2000, multiline=True, example="符合条件的投标人不足三家。")


@input_for("bid", "qualify")
class QualifyBid(Input):
    """A word on the qualification."""

    remark = text_field(_l("Remark"), max=1000, multiline=True, required=False, example="资格材料齐全。")


@input_for("bid", "disqualify")
class DisqualifyBid(Input):
    """Why the bidder is not qualified."""

    reason = text_field(
        _l("Reason"), min=4, max=1000, multiline=True, example="联合体协议未载明份额。",
        help=_l("The bidder reads it word by word."),
    )
