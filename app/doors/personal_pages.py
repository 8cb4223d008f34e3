"""Personal values in full: only to who says what for, and it is remembered who asked."""

from flask import Blueprint, Flask, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access.declare import allow
from app.access.reads import record_read
from app.cases.personal import personal_fields
from app.clock import real_now
from app.doors.caller import actor, request_id
from app.doors.seeing import visible_case
from app.extensions import db

blueprint = Blueprint("personal", __name__)
PURPOSES = (
    ("check", _l("To check what was handed in")),
    ("contact", _l("To reach the person")),
    ("audit", _l("For an audit")),
)


def register(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(blueprint)


@blueprint.get("/cases/<number>/personal")
@allow("signed_in")
def ask(number: str) -> str:
    """Ask what the values are wanted for."""
    case = visible_case(number)
    return render_template("pages/personal.html", case=case, purposes=PURPOSES, values=None, error=None)


@blueprint.post("/cases/<number>/personal")
@allow("moves")
def reveal(number: str) -> tuple[str, int]:
    """Show the values, after it was written down who asked and what for."""
    case = visible_case(number)
    purpose = request.form.get("purpose", "")
    if purpose not in dict(PURPOSES):
        page = render_template(
            "pages/personal.html", case=case, purposes=PURPOSES, values=None, error=_("Choose what you need them for.")
        )
        return page, 422
    values = personal_fields(db.session, case.kind, case.id)
    record_read(
        db.session, person_id=actor().person_id or 0, subject=f"case {case.number}", what=f"personal values: {purpose}",
        now=real_now(), request_id=request_id(),
    )
    db.session.commit()
    page = render_template("pages/personal.html", case=case, purposes=PURPOSES, values=values, error=None)
    return page, 200
