"""The opening room of a package: who of the officers is there, the time left; after the opening its record, for all."""

from flask import Blueprint, Flask, g, render_template
from flask_babel import gettext as _

from app.access.declare import allow
from app.cases.facts import definition_of, reaching_roles
from app.cases.reading import read_case
from app.cases.seeing import spelled
from app.cases.snapshot import CaseRow
from app.doors.caller import now
from app.doors.case_view import due_of
from app.errors import CaseNotFound
from app.extensions import db
from app.language import localized
from app.purchasing.opening import Opening, ReadOut, opening_of
from workflows.loader import library

pages = Blueprint("openings", __name__)
TONES = {"unreadable": "red", "withdrawn": "", "lapsed": ""}


def register(app: Flask) -> None:
    """Add the opening room to the app."""
    app.register_blueprint(pages)


@pages.get("/openings/<number>")
@allow("public")
def opening(number: str) -> str:
    """Show the room: a published call is public, its bids are once they were opened, the officers to the office."""
    case = read_case(db.session.connection(), spelled(number))
    if case is None or case.kind != "package":
        raise CaseNotFound
    found = opening_of(db.session, case)
    roles = reaching_roles(db.session, case, g.actor, now()) if getattr(g, "actor", None) is not None else frozenset()
    state = definition_of(case).states[case.state or ""]
    due = next((due_of(run) for run in case.clocks if run.name == "bidding" and run.stopped_at is None), None)
    return render_template(
        "pages/opening.html", opening=found, number=case.number, subject=case.subject,
        state_title=localized(state.title), due=due, case_href=f"/cases/{case.number}" if roles else None,
        seats=found.seats if roles or found.opened_at else (), bids=[_bid(bid) for bid in found.bids],
        action=_action(case, found) if roles else None,
    )


def _action(case: CaseRow, found: Opening) -> dict[str, str] | None:
    """Return what the caller can do in the room: take the own seat, or open once two are there."""
    if case.state != "closed":
        return None
    mine = next((seat for seat in found.seats if seat.person_id == g.actor.person_id), None)
    if mine is not None and mine.arrived_at is None:
        return {"title": _("Take your seat with your passphrase"), "href": f"/cases/{case.number}"}
    if mine is not None and sum(seat.arrived_at is not None for seat in found.seats) > 1:
        return {"title": _("Open the bids together"), "href": f"/cases/{case.number}"}
    return None


def _bid(bid: ReadOut) -> dict[str, object]:
    titles = next(d for d in library().definitions if d.kind == "bid").states
    state = bid.state if bid.state in ("unreadable", "withdrawn") else "opened"
    return {**vars(bid), "title": localized(titles[state].title), "tone": TONES.get(state, "green")}
