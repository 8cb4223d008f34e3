"""Moving the clock of a demo: forward only, stopping at every due date on the way. Impossible in production."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import DateField
from wtforms.validators import InputRequired

from app.access.declare import allow
from app.access.forms import problems_of
from app.cases.due import ClockMayNotMove, move_clock
from app.cases.stops import FiredMove, Stop, last_fired, next_stops
from app.cases.titles import title_of_case
from app.clock import SHANGHAI, real_now
from app.doors.caller import held, now, request_id, today
from app.doors.markup import due_words
from app.doors.move_form import fresh_key
from app.extensions import db
from app.language import localized
from workflows.loader import library
from workflows.rules.working_days import add_working_days, official_calendar

blueprint = Blueprint("clock", __name__)
STEPS = {"1": 1, "5": 5, "20": 20}
SHOWN = 8
FURTHEST = timedelta(days=3660)
"""A calendar counts ten years; nobody shows a demo further ahead."""


class DayForm(FlaskForm):
    """Up to which day the clock is to move."""

    until = DateField(_l("Up to the morning of"), [InputRequired(_l("Choose how far the clock shall move."))])


def register(app: Flask) -> None:
    """Add the page in a demo or test; production has no such address."""
    if app.config["ENVIRONMENT"] != "production":
        app.register_blueprint(blueprint)


@blueprint.get("/demo/clock")
@allow("signed_in")
def show() -> str:
    """Show both clocks, the next deadlines, and what the last jump set going (`since`: where it began)."""
    return _page(DayForm(formdata=None), _moment(request.args.get("since")))


@blueprint.post("/demo/clock")
@allow("signed_in")
def move() -> Response | tuple[str, int]:
    """Move the business clock and say what happened on the way; a day that cannot be is told at its field."""
    began, form = now(), DayForm()
    try:
        to = _target(form)
        if to is None:
            return _page(form, None), 422
        fired = move_clock(db.session, to=to, environment=current_app.config["ENVIRONMENT"], request_id=request_id())
    except ClockMayNotMove as refused:
        form.until.errors = [*form.until.errors, refused.detail]
        return _page(form, None), 422
    flash(ngettext("The clock was moved; %(num)d case moved by itself.",
                   "The clock was moved; %(num)d cases moved by themselves.", fired), "green")
    return redirect(url_for("clock.show", since=began.isoformat()), 303)


def _page(form: DayForm, began: datetime | None) -> str:
    stops = next_stops(db.session, held(), SHOWN)
    fired = last_fired(db.session, held(), began, SHOWN) if began is not None else []
    steps = [
        {"title": ngettext("%(num)d working day", "%(num)d working days", days), "value": value}
        for value, days in STEPS.items()
    ]
    if stops:
        steps.insert(0, {"title": _("To the next deadline"), "value": "next"})
    return render_template(
        "pages/clock.html", now=now(), real=real_now(), steps=steps, form=form, errors=problems_of(form),
        key=fresh_key(), due=[_due(stop) for stop in stops], fired=[_fired(each) for each in fired],
    )


def _due(stop: Stop) -> dict[str, Any]:
    number = library().policy_pinned(stop.policy).number(stop.name)
    words = due_words(stop.due_at, now(), official_calendar()).words
    return {"at": stop.due_at, "title": localized(number.title), "words": words, **_case(stop)}


def _fired(move: FiredMove) -> dict[str, Any]:
    definition = library().exact(move.kind, move.place, move.version, move.legal_class)
    transition = definition.transition(move.from_state, move.trigger)
    return {
        "at": move.at, "title": localized(transition.title) if transition is not None else move.trigger, **_case(move),
    }


def _case(named: Stop | FiredMove) -> dict[str, Any]:
    if not named.is_visible:
        return {"href": None, "subject": _("A case out of your reach"), "number": None}
    return {"href": f"/cases/{named.number}", "subject": title_of_case(named), "number": named.number}


def _target(form: DayForm) -> datetime | None:
    """Return the moment that was asked for, None with words at the field where the day is missing or no day.

    Raises ClockMayNotMove for a day too far ahead.
    """
    step = request.form.get("step", "")
    first = next_stops(db.session, held(), 1) if step == "next" else []
    if first:
        return first[0].due_at
    if step in STEPS:
        return _morning(add_working_days(today(), STEPS[step], official_calendar()).date)
    if not form.validate():
        return None
    if form.until.data > today() + FURTHEST:
        raise ClockMayNotMove(_("Choose a day within ten years."))
    return _morning(form.until.data)


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9, 0), SHANGHAI).astimezone(UTC)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
