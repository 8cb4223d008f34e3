"""Rating with a one-time code, without an account; and the codes themselves, shown to the evaluator once."""

from typing import Any

from flask import Blueprint, Flask, g, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from app.access.declare import allow
from app.access.reads import record_read
from app.cases.seeing import seen_case
from app.clock import business_now, real_now
from app.delivery.models import Evaluation
from app.delivery.queries import ratings_of
from app.delivery.steps import make_codes, open_code, rate
from app.errors import CaseNotFound, Problem
from app.extensions import db
from workflows.rules.working_days import local_day

pages = Blueprint("delivery", __name__)
Answer = str | tuple[str, int]
STARS = [
    SelectChoice("5", _l("5: very good")), SelectChoice("4", _l("4: good")), SelectChoice("3", _l("3: fair")),
    SelectChoice("2", _l("2: poor")), SelectChoice("1", _l("1: very poor")),
]
MOST_COMMENT = 500


class RatingForm(FlaskForm):
    """What a beneficiary says."""

    class Meta:
        csrf = False  # every write is asked for its token before it gets here

    stars = RadioField(_l("How good was the service?"), [InputRequired(_l("Choose one of the list."))], choices=STARS)
    comment = TextAreaField(
        _l("What should be better?"),
        [Length(max=MOST_COMMENT, message=_l("Write at most %(max)s characters.", max=MOST_COMMENT))],
        description=_l("No names, please. Nobody can tell who wrote it."),
    )


class CodesNotSet(Problem):
    """The number of codes must be set by a move before there are any."""

    status = 409
    code = "codes_not_set"
    title = _l("Set how many codes first")


def register(app: Flask) -> None:
    """Add the pages of ratings to the app."""
    app.register_blueprint(pages)


@pages.get("/rate/<code>")
@allow("public")
def rating_page(code: str) -> Answer:
    """Show what the code rates; a used, unknown or late code is one and the same answer."""
    return _rating(code, RatingForm(formdata=None))


@pages.post("/rate/<code>")
@allow("public")
def take_rating(code: str) -> Answer:
    """Take the rating once."""
    form = RatingForm()
    if not form.validate():
        return _rating(code, form, 422)
    comment = "".join(c for c in (form.comment.data or "").strip() if c == "\n" or c.isprintable())
    on = local_day(business_now(db.session))
    if not rate(db.session, code, stars=int(form.stars.data), comment=comment, on=on):
        return _gone()
    return render_template("pages/rate.html", form=None, rated=None, thanks=True)


def _rating(code: str, form: RatingForm, status: int = 200) -> Answer:
    found = open_code(db.session, code)
    if found is None:
        return _gone()
    rated = {"title": found.title, "contract": found.contract, "action": url_for("delivery.take_rating", code=code)}
    return render_template("pages/rate.html", form=form, rated=rated, thanks=False), status


def _gone() -> Answer:
    return render_template("pages/rate.html", form=None, rated=None, thanks=False), 404


@pages.get("/evaluations/<number>/codes")
@allow("role:evaluator")
def codes_page(number: str) -> str:
    """Show how many codes there are and how many came back; never the codes."""
    return _codes(number, _own(number), [])


@pages.post("/evaluations/<number>/codes")
@allow("role:evaluator")
def new_codes(number: str) -> str:
    """Make the codes and show them this once; unused ones of before are void."""
    row = _own(number)
    if not row.codes:
        raise CodesNotSet(_l("Choose “Set how many codes” on the case first."))
    codes = make_codes(db.session, row.case_id)
    record_read(
        db.session, person_id=g.actor.person_id, subject=f"case {number}", what="satisfaction codes",
        now=real_now(), request_id=g.request_id,
    )
    db.session.commit()
    return _codes(number, db.session.get_one(Evaluation, row.case_id), codes)


def _own(number: str) -> Evaluation:
    """Return the evaluation that the caller evaluates; anybody else's is not there."""
    case, roles = seen_case(db.session, number, g.actor, business_now(db.session))
    row = db.session.get(Evaluation, case.id)
    if row is None or "evaluator" not in roles or case.state != "commissioned":
        raise CaseNotFound
    return row


def _codes(number: str, row: Evaluation, codes: list[str]) -> str:
    ratings = ratings_of(db.session, row.case_id, row.codes)
    shown: list[dict[str, Any]] = [
        {"code": code, "href": url_for("delivery.rating_page", code=code, _external=True)} for code in codes
    ]
    figures = [
        {"title": _("Codes"), "value": row.codes, "note": None, "tone": None},
        {"title": _("Ratings so far"), "value": ratings.answered, "note": None, "tone": None},
    ]
    return render_template(
        "pages/satisfaction_codes.html", number=number, case_href=f"/cases/{number}", codes=shown, figures=figures,
        action=url_for("delivery.new_codes", number=number) if row.codes else None,
    )
