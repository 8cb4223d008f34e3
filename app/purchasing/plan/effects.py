"""What does each step of a plan write? The plan as it is said now."""

from flask_babel import lazy_gettext as _l

from app.cases.kinds import effect
from app.cases.move import Move
from app.errors import InvalidInput
from app.ledger.models import BudgetLine
from app.purchasing.tendering import Plan


@effect("plan", "propose")
def propose(move: Move) -> None:
    """Write the plan; the case is called after what is to be bought."""
    move.session.add(Plan(case_id=move.case.id, node_id=move.case.node_id, **_said(move)))
    move.case.subject = move.data["title"]


@effect("plan", "resubmit")
def resubmit(move: Move) -> None:
    """Take over what was changed."""
    row = move.session.get_one(Plan, move.case.id)
    for name, value in _said(move).items():
        setattr(row, name, value)
    move.case.subject = move.data["title"]


def _said(move: Move) -> dict[str, object]:
    data = move.data
    line = move.session.get_one(BudgetLine, data["budget_line"])
    if line.node_id != move.case.node_id:
        raise InvalidInput({"budget_line": [str(_l("Choose one of the list."))]})
    return {
        "title": data["title"], "year": line.year, "programme_id": data["programme"], "budget_line_id": line.id,
        "catalogue_item_id": data["catalogue_item"], "method": data["method"],
        "method_reason": data["method_reason"] or None, "need": data["need"],
        "negative_reason": data["negative"], "amount_fen": data["amount_fen"],
    }
