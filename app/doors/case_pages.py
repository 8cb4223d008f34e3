"""Looking at a case: the page with everything about it, and the receipt of its opening. No kind is named here."""

from flask import Blueprint, Flask, render_template
from sqlalchemy import text

from app.access.declare import allow
from app.cases.facts import definition_of
from app.cases.options import choices_for
from app.cases.snapshot import CaseRow
from app.cases.titles import title_of_case
from app.doors import case_moving, case_opening
from app.doors.caller import actor, now
from app.doors.case_forms import Page
from app.doors.case_panel import case_page
from app.doors.case_view import due_of, steps_of
from app.doors.move_form import words_of
from app.doors.seeing import visible_case
from app.extensions import db
from app.language import localized

blueprint = Blueprint("cases", __name__)
FIRST_HASH = text("SELECT hash FROM history WHERE case_id = :case AND sequence = 1")


def register(app: Flask) -> None:
    """Add the pages of cases: looking, moving, opening."""
    for door in (blueprint, case_moving.blueprint, case_opening.blueprint):
        app.register_blueprint(door)


@blueprint.get("/cases/<number>")
@allow("signed_in")
def show(number: str) -> Page:
    """Show a case with what may be done about it."""
    case = visible_case(number)
    return case_page(case, choices_for(db.session, case, actor(), now()))


@blueprint.get("/cases/<number>/receipt")
@allow("signed_in")
def receipt(number: str) -> Page:
    """Show what was handed in, what happens next and by when, and the receipt to keep."""
    case = visible_case(number)
    definition = definition_of(case)
    first = case.steps[0]
    state = definition.states[case.state or ""]
    due = next((due_of(run) for run in case.clocks if run.stopped_at is None), None)
    steps = [
        {"title": step["title"], "note": due.detail if due and step["state"] == "current" else step["when"]}
        for step in steps_of(definition, case)
    ]
    shown = {
        "title": localized(definition.states[first.to_state].title), "kind": localized(definition.title),
        "sentence": words_of(state.applicant_says), "number": case.number, "at": first.at,
        "subject": title_of_case(case),
        "receipt": _receipt_of(case), "case_href": f"/cases/{case.number}", "steps": steps, "papers": [],
    }
    return render_template("pages/receipt.html", receipt=shown, state=state)


def _receipt_of(case: CaseRow) -> str:
    row = db.session.execute(FIRST_HASH, {"case": case.id}).scalar_one()
    return f"{case.number}:1:{bytes(row).hex()}"
