"""What does each step of a programme write? The rules as entered; their version when confirmed."""

from sqlalchemy import func, select, text

from app.cases.kinds import effect
from app.cases.move import Move
from app.purchasing.tendering import Programme

ONE_VERSION_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('programme ' || :code, :node))")


@effect("programme", "enter")
def enter(move: Move) -> None:
    """Write the rules; nothing may follow them before a second person has confirmed them."""
    data, person_id = move.data, move.person_id
    assert person_id is not None
    move.session.add(Programme(
        case_id=move.case.id, node_id=move.case.node_id, code=data["code"], title=data["title"],
        year=data["year"], regime=data["regime"], cite=data["cite"],
        directions=[row["name"] for row in data["directions"]], cap_fen=data["cap_fen"],
        most_per_organization=data["most_per_organization"], publicity_days=data["publicity_days"],
        rubric=data["rubric"], criteria=data["criteria"],
        bands=sorted(data["bands"], key=lambda row: row["low"]),
        instalments=data["instalments"], price_bp=data["price_bp"], entered_by=person_id,
    ))
    move.case.subject = f"{data['title']}（{data['year']}）"


@effect("programme", "confirm")
def confirm(move: Move) -> None:
    """Put the rules into force under the next version of their code."""
    row = move.session.scalars(select(Programme).where(Programme.case_id == move.case.id)).one()
    move.session.execute(ONE_VERSION_AT_A_TIME, {"code": row.code, "node": row.node_id})
    last = move.session.execute(
        select(func.max(Programme.version)).where(Programme.node_id == row.node_id, Programme.code == row.code)
    ).scalar()
    row.version = (last or 0) + 1
    row.confirmed_by = move.person_id
