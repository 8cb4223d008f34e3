"""What does each step of a bid write? Before the opening only that there is one; what it says, at the opening."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.cases.kinds import effect, sealer
from app.cases.models import Case
from app.cases.move import Move, plain
from app.errors import InvalidInput
from app.ledger.transfers import constraint_of
from app.purchasing.sealed import Bid, BidLine, BidPartner, PackageSeal
from app.purchasing.sealing import seal
from app.purchasing.tendering import Package
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.rules.money import format_yuan

NOT_SEALED = ("organization", "package")
TWICE = Reason("bid_already", Text(
    "本单位刚刚对本包投标；请查看该投标。", "Your organization has just bid for this package; look there."
))


@sealer("bid")
def seal_bid(move: Move) -> bytes:
    """Return what was handed in, sealed to the package's key for this bidder."""
    package = move.session.get_one(Case, move.case.parent_id)
    public = move.session.get_one(PackageSeal, package.id).public_key
    said = {name: plain(value) for name, value in move.data.items() if name not in NOT_SEALED}
    return seal(public, package=package.number, bidder=move.case.organization_id or 0, data=said)


@effect("bid", "hand_in")
def hand_in(move: Move) -> None:
    """Note that the organization bids for the package; what it says is sealed by the frame."""
    _within_budget(move)
    move.case.subject = move.session.get_one(Case, move.case.parent_id).subject
    move.session.add(Bid(
        case_id=move.case.id, package_id=move.case.parent_id, organization_id=move.case.organization_id
    ))
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_bids_package_id_organization_id_standing":
            raise Refused(TWICE) from error
        raise


@effect("bid", "replace")
def replace(move: Move) -> None:
    """Check the new price; the new content is sealed beside the old one, and counts."""
    _within_budget(move)


@effect("bid", "withdraw")
def withdraw(move: Move) -> None:
    """Let the organization bid again."""
    move.session.get_one(Bid, move.case.id).withdrawn_at = move.now


@effect("bid", "open")
def open_bid(move: Move) -> None:
    """Write down what was sealed, and put its papers in their slots."""
    data, row = move.data, move.session.get_one(Bid, move.case.id)
    row.price_fen, row.approach, row.team = data["price_fen"], data["approach"], data["team"]
    move.session.add_all(
        BidLine(case_id=row.case_id, position=position, name=line["name"], amount_fen=line["amount_fen"])
        for position, line in enumerate(data["budget"], start=1)
    )
    move.session.add_all(
        BidPartner(case_id=row.case_id, uscc=partner["uscc"], share_bp=partner["share_bp"])
        for partner in data["partners"]
    )


def _within_budget(move: Move) -> None:
    # An InvalidInput, not a guard: a refusal is kept as an attempt, and would tell of the price.
    lot = move.session.scalars(select(Package).where(Package.case_id == move.case.parent_id)).one()
    if move.data["price_fen"] > lot.amount_fen:
        most = format_yuan(lot.amount_fen)
        words = str(_l("The package has at most %(most)s yuan.", most=most))
        raise InvalidInput({"price_fen": [words]})
