"""What does each step of an objection do? Publicity stands still; an upheld one changes the result."""

from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.purchasing.award.queries import candidate_of, open_objections
from app.purchasing.awarding import Objection


@effect("objection", "file")
def file_objection(move: Move) -> list[FollowOn]:
    """Write the objection down, against the candidate of today, and stop publicity."""
    package = _package(move)
    candidate = candidate_of(move.session, package.id)
    assert candidate is not None, "the guard objection_in_time lets nothing else through"
    move.session.add(Objection(
        case_id=move.case.id, package_id=package.id, bid_id=candidate.bid_id, claim=move.data["claim"],
        request=move.data["request"],
    ))
    move.case.subject = package.subject
    return [FollowOn("package", "suspend", number=package.number)] if package.state == "publicized" else []


@effect("objection", "dismiss", "reject_inadmissible")
def dismiss(move: Move) -> list[FollowOn]:
    """Write the answer; publicity goes on when no other objection is open."""
    _end(move).answer = move.data["answer"]
    return _resumed(move)


@effect("objection", "withdraw")
def withdraw(move: Move) -> list[FollowOn]:
    """Publicity goes on when no other objection is open."""
    _end(move)
    return _resumed(move)


@effect("objection", "lapse")
def lapse(move: Move) -> None:
    """End it: the package has gone on already."""
    _end(move)


@effect("objection", "uphold")
def uphold(move: Move) -> list[FollowOn]:
    """Write the answer and change the result: the candidate is out, or the package fails."""
    _end(move).answer = move.data["answer"]
    trigger = "overturn" if move.data["remedy"] == "exclude" else "void"
    return [FollowOn("package", trigger, number=_package(move).number, data={"reason": move.data["answer"]})]


def _end(move: Move) -> Objection:
    row = move.session.get_one(Objection, move.case.id)
    row.ended_at = move.now
    return row


def _resumed(move: Move) -> list[FollowOn]:
    package = _package(move)
    # This one is still open for the database: its state is written after the effect.
    if package.state != "suspended" or open_objections(move.session, package.id) > 1:
        return []
    return [FollowOn("package", "resume", number=package.number)]


def _package(move: Move) -> Case:
    return move.session.get_one(Case, move.case.parent_id)
