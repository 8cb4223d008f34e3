"""What does an expert declare, score and say of the report?"""

from flask_babel import lazy_gettext as _l

from app.cases.inputs import (
    Input,
    choice_field,
    declaration_field,
    integer_field,
    named_row_choice_field,
    table_field,
    text_field,
)
from app.cases.kinds import input_for
from workflows.kinds.panel import NO_CONFLICT

GROUNDS = [
    ("employment", _l("I work or worked for the bidder")),
    ("directorship", _l("I am or was in charge of the bidder")),
    ("kinship", _l("A close relative is in charge of the bidder")),
    ("mentoring", _l("I advised the bidder")),
    ("other", _l("Another reason")),
]
RELATIONS = [(NO_CONFLICT, _l("No relation")), *GROUNDS]


class Relation(Input):
    """How the expert stands to one bidder."""

    bid = named_row_choice_field(_l("Bidder"), "bidders_under_review")
    relation = choice_field(_l("Relation"), RELATIONS, example=NO_CONFLICT)


class BidScoreRow(Input):
    """What a bid gets for one criterion, and why."""

    bid = named_row_choice_field(_l("Bidder"), "bids_under_review")
    criterion = named_row_choice_field(_l("Criterion"), "criteria_of_programme")
    points = integer_field(_l("Points"), max=100, example=10)
    remark = text_field(_l("Remark"), max=500, required=False, example="")


@input_for("bid_review", "invite")
class InviteExpert(Input):
    """Whom the draw asks to review, and at which place of it."""

    person = integer_field(_l("Expert"), min=1, max=2**53 - 1, personal=True)
    position = integer_field(_l("Place in the draw"), min=1, max=1000)


@input_for("bid_review", "declare")
class DeclareToBidders(Input):
    """The binding declaration, bidder by bidder."""

    bidders = table_field(
        _l("Relations to the bidders"), Relation, max_rows=100, prefill_from="relation_sheet",
        example_from="no_relations",
        help=_l("Now and in the last three years. If you have a relation to anybody, step out instead."),
    )
    secrecy = declaration_field(_l("I keep what I read to myself and score on my own."))


@input_for("bid_review", "recuse")
class RecuseFromBids(Input):
    """Why the expert must not or will not judge, and for whose sake."""

    ground = choice_field(_l("Ground"), GROUNDS, example="other")
    bid = named_row_choice_field(_l("Bidder"), "bidders_under_review", required=False)
    reason = text_field(_l("Reason"), min=2, max=500, multiline=True, example="曾参与该单位的项目。")


@input_for("bid_review", "submit_scores")
class SubmitBidScores(Input):
    """One sheet for all bids. It is sealed: history holds a commitment until all have handed in."""

    scores = table_field(
        _l("Scores"), BidScoreRow, max_rows=2000, prefill_from="bid_score_sheet", example_from="full_bid_scores",
        help=_l("Every bid by every criterion. No points or full points need a remark."), withheld=True,
    )
    opinion = text_field(
        _l("Opinion"), required=False, example="", max=2000, multiline=True, withheld=True,
        help=_l("On the whole field of bids, if there is something to say."),
    )


WITHHELD_FIELDS = {"scores": _l("Scores"), "opinion": _l("Opinion")}


class Salt(Input):
    """The salt of one commitment: with it anybody can check the value."""

    path = text_field(_l("Field"), max=60, example="scores", title_of=lambda name: WITHHELD_FIELDS.get(name, name))
    salt = text_field(_l("Salt"), max=64, example="00")
    sequence = integer_field(_l("Move"), min=1, max=100_000, example=3)


@input_for("bid_review", "reveal")
class RevealScores(Input):
    """What was handed in, with the salts of its commitments."""

    scores = table_field(_l("Scores"), BidScoreRow, max_rows=2000)
    opinion = text_field(_l("Opinion"), required=False, example="", max=2000, multiline=True)
    salts = table_field(_l("Salts of the commitments"), Salt, max_rows=9)


@input_for("bid_review", "relieve", "cancel")
class EndReview(Input):
    """Why the expert is no longer asked."""

    reason = text_field(_l("Reason"), max=2000, multiline=True, example="采购包已经废标。")


@input_for("bid_review", "agree")
class AgreeToReport(Input):
    """The signature."""

    signature = declaration_field(_l("I have read the report of the review and agree to it."))


@input_for("bid_review", "dissent")
class DissentFromReport(Input):
    """What the expert does not agree to, and why."""

    dissent = text_field(
        _l("Dissent and its reasons"), min=4, max=4000, multiline=True, example="对第二名的服务方案评分有不同意见。"
    )
