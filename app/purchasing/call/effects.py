"""What does each step of a call write? Its lots; on publication a case, money and a key for each."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.cases.kinds import effect
from app.cases.models import Case
from app.cases.move import FollowOn, Move
from app.errors import InvalidInput
from app.ledger.transfers import constraint_of
from app.purchasing.call.facts import OFFICERS
from app.purchasing.tendering import Call, Package
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason

TAKEN = Reason("plan_not_open", Text(
    "这项计划刚被另一份公告占用；请查看该公告。", "Another call has just taken this plan; look there."
))


@effect("call", "draft")
def draft(move: Move) -> None:
    """Write the call and hold its plan; refused if another call was faster."""
    data = move.data
    move.session.add(Call(case_id=move.case.id, plan_id=data["plan"], **_said(move)))
    move.case.subject = data["title"]
    try:
        move.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_calls_plan_id_held":
            raise Refused(TAKEN) from error
        raise
    _write_packages(move)


@effect("call", "redraft")
def redraft(move: Move) -> None:
    """Take over what was changed; the plan stays the same."""
    row = move.session.get_one(Call, move.case.id)
    if row.plan_id != move.data["plan"]:
        raise InvalidInput({"plan": [str(_l("A call stays with its plan; withdraw it to use another."))]})
    for name, value in _said(move).items():
        setattr(row, name, value)
    move.case.subject = move.data["title"]
    move.session.execute(delete(Package).where(Package.call_id == move.case.id))
    _write_packages(move)


@effect("call", "publish")
def publish(move: Move) -> list[FollowOn]:
    """Open a case for every lot; each reserves its money and makes its key, or nothing is published."""
    row = move.session.get_one(Call, move.case.id)
    lots = move.session.scalars(
        select(Package).where(Package.call_id == move.case.id).order_by(Package.position)
    )
    return [
        FollowOn(
            "package", "publish", node_id=move.case.node_id, parent_id=move.case.id,
            data={"package": lot.id, "bids_due_at": row.bids_due_at.isoformat()},
        )
        for lot in lots
    ]


@effect("call", "cancel")
def cancel(move: Move) -> list[FollowOn]:
    """End every lot that has not ended, and free the plan."""
    move.session.get_one(Call, move.case.id).released_at = move.now
    numbers = move.session.scalars(
        select(Case.number).where(Case.parent_id == move.case.id, Case.closed_at.is_(None)).order_by(Case.id)
    )
    reason = move.data["reason"]
    return [FollowOn("package", "cancel", number=number, data={"reason": reason}) for number in numbers]


@effect("call", "withdraw")
def withdraw(move: Move) -> None:
    """Free the plan for another call."""
    move.session.get_one(Call, move.case.id).released_at = move.now


def _said(move: Move) -> dict[str, object]:
    data = move.data
    return {
        "title": data["title"], "requirements": data["requirements"], "bids_due_at": data["bids_due_at"],
        "documents_until": data["documents_until"], "officers": sorted(data[name] for name in OFFICERS),
    }


def _write_packages(move: Move) -> None:
    move.session.add_all(
        Package(call_id=move.case.id, position=position, title=row["title"], amount_fen=row["amount_fen"])
        for position, row in enumerate(move.data["packages"], start=1)
    )
