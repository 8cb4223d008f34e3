"""Moving the clock of a demo: forward only, stopping at every due date on the way. Impossible in production."""

from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import text
from werkzeug.wrappers import Response

from app.access.declare import allow
from app.cases.due import ClockMayNotMove, move_clock
from app.clock import SHANGHAI, real_now
from app.doors.caller import now, request_id
from app.doors.markup import due_words
from app.doors.move_form import fresh_key
from app.extensions import db
from app.language import localized
from workflows.loader import library
from workflows.rules.working_days import add_working_days, official_calendar

blueprint = Blueprint("clock", __name__)
NEXT_DUE = text("""
SELECT k.due_at, k.name, c.number, c.policy FROM clocks k JOIN cases c ON c.id = k.case_id
 WHERE k.stopped_at IS NULL AND k.paused_since IS NULL AND k.fires IS NOT NULL
 ORDER BY k.due_at LIMIT 8
""")
STEPS = {"1": 1, "5": 5, "20": 20}


def register(app: Flask) -> None:
    """Add the page in a demo or test; production has no such address."""
    if app.config["ENVIRONMENT"] != "production":
        app.register_blueprint(blueprint)


@blueprint.get("/demo/clock")
@allow("signed_in")
def show() -> str:
    """Show both clocks and the next deadlines."""
    due = [
        {"at": line.due_at, "title": localized(library().policy_pinned(line.policy).number(line.name).title),
         "number": line.number, "href": f"/cases/{line.number}",
         "words": due_words(line.due_at, now(), official_calendar()).words}
        for line in db.session.execute(NEXT_DUE)
    ]
    steps = [
        {"title": ngettext("%(num)d working day", "%(num)d working days", days), "value": value}
        for value, days in STEPS.items()
    ]
    if due:
        steps.insert(0, {"title": _("To the next deadline"), "value": "next"})
    return render_template(
        "pages/clock.html", now=now(), real=real_now(), steps=steps, form=None, key=fresh_key(), due=due, log=[]
    )


@blueprint.post("/demo/clock")
@allow("signed_in")
def move() -> Response:
    """Move the business clock and say what happened on the way."""
    fired = move_clock(
        db.session, to=_target(), environment=current_app.config["ENVIRONMENT"], request_id=request_id()
    )
    flash(ngettext("The clock was moved; %(num)d case moved by itself.",
                   "The clock was moved; %(num)d cases moved by themselves.", fired), "green")
    return redirect("/demo/clock", 303)


def _target() -> datetime:
    step = request.form.get("step", "")
    if step == "next":
        first = db.session.execute(NEXT_DUE).first()
        if first is not None:
            return first.due_at
    if step in STEPS:
        today = now().astimezone(SHANGHAI).date()
        day = add_working_days(today, STEPS[step], official_calendar()).date
        return datetime.combine(day, time(9, 0), SHANGHAI).astimezone(UTC)
    until = request.form.get("until", "")
    try:
        day = datetime.fromisoformat(until).date()
    except ValueError:
        raise ClockMayNotMove(_("Choose how far the clock shall move.")) from None
    if day > now().date() + timedelta(days=3660):
        raise ClockMayNotMove(_("Choose a day within ten years."))
    return datetime.combine(day, time(9, 0), SHANGHAI).astimezone(UTC)
