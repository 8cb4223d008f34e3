"""What does each step of a lot write? Money reserved and given back, a key made and destroyed, bids opened."""

from datetime import UTC

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.cases.papers import opened_documents
from app.cases.sealed import sealed_inputs_of, tell_of_closed
from app.documents.folder import documents_folder
from app.documents.sealing import PaperDamaged
from app.errors import InvalidInput
from app.ledger.accounts import package_balances
from app.ledger.steps import Because, release, reserve
from app.ledger.transfers import NotEnough
from app.purchasing.award.queries import candidate_of
from app.purchasing.objection.queries import lapses_of_package
from app.purchasing.opening_key.effects import kept_key, newest_keys
from app.purchasing.sealed import OpeningKey, OpeningPresence, PackageSeal, PackageShare
from app.purchasing.sealing import (
    BadSeal,
    WrongPassphrase,
    new_package_key,
    open_canary,
    recover,
    unlock,
    unseal,
)
from app.purchasing.tendering import Call, Package, Plan
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason

SHORT = Reason("not_enough", Text(
    "预算余额不足以占用各包金额；请刷新后核对预算。",
    "The budget line does not hold enough for the packages; reload and check."
))


@effect("package", "publish")
def publish(move: Move) -> None:
    """Reserve the lot's money under its number and make the key to which its bids are sealed."""
    lot = move.session.get_one(Package, move.data["package"])
    lot.case_id = move.case.id
    call = move.session.get_one(Call, lot.call_id)
    move.case.subject = f"{lot.title}（{call.title}）"
    move.ends["bids_due_at"] = move.data["bids_due_at"].astimezone(UTC)
    try:
        reserve(move.session, _line(move, call), move.case.number, lot.amount_fen, _because(move))
    except NotEnough as short:
        raise Refused(SHORT) from short
    _make_key(move, call)


def _make_key(move: Move, call: Call) -> None:
    keys = sorted(newest_keys(move.session, call.officers, move.case.node_id).values(), key=lambda key: key.id)
    made = new_package_key({key.id: key.public_key for key in keys})
    move.session.add(PackageSeal(package_id=move.case.id, public_key=made.public))
    move.session.add_all(
        PackageShare(package_id=move.case.id, first_key=first, second_key=second, wrapped=wrapped)
        for (first, second), wrapped in made.shares.items()
    )


@effect("package", "arrive")
def arrive(move: Move) -> None:
    """Note that an officer is there, once the own key has opened."""
    used = select(PackageShare.first_key).where(PackageShare.package_id == move.case.id).union(
        select(PackageShare.second_key).where(PackageShare.package_id == move.case.id)
    )
    key = move.session.scalars(
        select(OpeningKey).where(OpeningKey.id.in_(used), OpeningKey.person_id == move.person_id)
    ).one()
    try:
        open_canary(kept_key(key), move.data["passphrase"])
    except (WrongPassphrase, BadSeal):
        raise InvalidInput({"passphrase": [str(_l("This is not the officer's passphrase."))]}) from None
    assert move.person_id is not None
    move.session.add(OpeningPresence(package_id=move.case.id, person_id=move.person_id, arrived_at=move.now))


@effect("package", "open_bids")
def open_bids(move: Move) -> list[FollowOn]:
    """Unseal every bid with the keys of two officers; a damaged one is set aside and stops no other."""
    private = _recovered(move)
    follow_ons = []
    for bid in _standing_bids(move):
        last = sealed_inputs_of(move.session, bid.id)[0]
        try:
            sealed = unseal(private, last.ciphertext, package=move.case.number, bidder=bid.organization_id or 0)
            data = opened_documents(
                move.session, sealed, folder=documents_folder(), organization_id=bid.organization_id or 0
            )
            follow_ons.append(FollowOn("bid", "open", number=bid.number, data=data))
        except (BadSeal, PaperDamaged):
            follow_ons.append(FollowOn("bid", "set_aside", number=bid.number))
    _destroy_key(move)
    tell_of_closed(move.session, move.case.id)
    return follow_ons


def _recovered(move: Move) -> bytes:
    """Return the package's private key, or raise InvalidInput for the passphrase that is wrong."""
    data = move.data
    unlocked = {}
    shares = list(move.session.scalars(select(PackageShare).where(PackageShare.package_id == move.case.id)))
    used = {share.first_key for share in shares} | {share.second_key for share in shares}
    keys = {
        key.person_id: key for key in move.session.scalars(select(OpeningKey).where(OpeningKey.id.in_(used)))
    }
    for officer, passphrase in (("officer", "passphrase"), ("second_officer", "second_passphrase")):
        key = keys[data[officer]]
        try:
            unlocked[key.id] = unlock(kept_key(key), data[passphrase])
        except WrongPassphrase:
            raise InvalidInput({passphrase: [str(_l("This is not the officer's passphrase."))]}) from None
    first, second = sorted(unlocked)
    share = next(share for share in shares if (share.first_key, share.second_key) == (first, second))
    return recover(share.wrapped, unlocked[first], unlocked[second])


@effect("package", "fail")
def fail(move: Move) -> list[FollowOn]:
    """End the lot: its money goes back, its key is destroyed, and every bidder is told the reason."""
    return end_package(move)


@effect("package", "cancel")
def cancel(move: Move) -> list[FollowOn]:
    """End the lot with its call."""
    return end_package(move)


def end_package(move: Move) -> list[FollowOn]:
    """Give the money back, and return the end of every bid and objection, and of the call after its last lot."""
    lot = move.session.scalars(select(Package).where(Package.case_id == move.case.id)).one()
    line_id = _line(move, move.session.get_one(Call, lot.call_id))
    held = package_balances(move.session, line_id, move.case.number)["reserved"]
    if held:
        release(move.session, line_id, move.case.number, held, _because(move), held="reserved")
    _destroy_key(move)
    tell_of_closed(move.session, move.case.id)
    told = {"reason": move.data["reason"]}
    reviews = select(Case.number).where(
        Case.parent_id == move.case.id, Case.kind == "bid_review", Case.closed_at.is_(None)
    )
    numbers = move.session.scalars(reviews.order_by(Case.id))
    ended = [FollowOn("bid_review", "cancel", number=number, data=told) for number in numbers]
    lapses = [FollowOn("bid", "lapse", number=bid.number, data=told) for bid in _standing_bids(move)]
    candidate = candidate_of(move.session, move.case.id)
    if candidate is not None:
        candidate.ended_at, candidate.ended_reason = move.now, move.data["reason"]
    objections = lapses_of_package(move.session, move.case.id, move.data["reason"])
    return [*ended, *objections, *lapses, *last_of_call(move)]


def _standing_bids(move: Move) -> list[Case]:
    query = select(Case).where(Case.parent_id == move.case.id, Case.kind == "bid", Case.closed_at.is_(None))
    return list(move.session.scalars(query.order_by(Case.number)))


def last_of_call(move: Move) -> list[FollowOn]:
    """Return the end of the call, when this was the last of its lots."""
    others = select(Case.id).where(
        Case.parent_id == move.case.parent_id, Case.id != move.case.id, Case.closed_at.is_(None)
    )
    call = move.session.get_one(Case, move.case.parent_id)
    if call.state != "published" or move.session.execute(others.limit(1)).scalar() is not None:
        return []
    return [FollowOn("call", "finish", number=call.number)]


def _destroy_key(move: Move) -> None:
    """Destroy the wrapped private key; that it is gone is part of the lot's history."""
    move.session.execute(delete(PackageShare).where(PackageShare.package_id == move.case.id))
    move.record("package_shares", str(move.case.id), {"wrapped": "destroyed"}, None)


def _line(move: Move, call: Call) -> int:
    return move.session.get_one(Plan, call.plan_id).budget_line_id


def _because(move: Move) -> Because:
    return Because(
        now=move.now, case_id=move.case.id, sequence=move.sequence, reference=move.case.number
    )
