"""The award of a package: why this one. All of it to who reaches the package; candidates and awards to everybody."""

from typing import Any

from flask import Blueprint, Flask, g, render_template
from flask_babel import gettext as _

from app.access.api_auth import current_holdings
from app.access.declare import allow
from app.cases.facts import definition_of, reaching_roles
from app.cases.models import Case
from app.cases.reading import read_case
from app.cases.seeing import seen_case, spelled
from app.cases.snapshot import CaseRow
from app.doors.caller import now
from app.doors.case_view import due_of
from app.errors import CaseNotFound
from app.extensions import db
from app.language import localized
from app.purchasing.award.queries import lot_of
from app.purchasing.award.story import awards_of, candidates_of, story_of
from workflows.loader import library

pages = Blueprint("awards", __name__)
TONES = {"success": "green", "failure": "red"}


def register(app: Flask) -> None:
    """Add the pages of awards to the app."""
    app.register_blueprint(pages)


@pages.get("/awards/<number>")
@allow("signed_in")
def award(number: str) -> str:
    """Show why this one, with every bidder's points; a package out of reach or without a ranking is not found."""
    case, _roles = seen_case(db.session, number, g.actor, now())
    story = story_of(db.session, case, current_holdings()) if case.kind == "package" else None
    if story is None:
        raise CaseNotFound
    return render_template(
        "pages/award.html", **_frame(case), lot=story.lot, ranking=story.ranking, candidates=story.candidates,
        awards=story.awards, pools=story.pools, objections=[_below(each) for each in story.objections],
        contracts=[_below(each) for each in story.contracts], public=bool(story.candidates),
    )


@pages.get("/publicity/<number>")
@allow("public")
def published(number: str) -> str:
    """Show everybody who was published, awarded or struck out, and why; nothing before anybody was published."""
    case = read_case(db.session.connection(), spelled(number))
    candidates = candidates_of(db.session, case.id) if case is not None and case.kind == "package" else ()
    if case is None or not candidates:
        raise CaseNotFound
    actor = getattr(g, "actor", None)
    roles = reaching_roles(db.session, case, actor, now()) if actor is not None else frozenset()
    return render_template(
        "pages/published.html", **_frame(case), lot=lot_of(db.session, case.id), candidates=candidates,
        awards=awards_of(db.session, case.id), award_href=f"/awards/{case.number}" if roles else None,
    )


def _frame(case: CaseRow) -> dict[str, Any]:
    """Return what both pages show at their head."""
    state = definition_of(case).states[case.state or ""]
    due = next((due_of(run) for run in case.clocks if run.name == "publicity" and run.stopped_at is None), None)
    return {
        "number": case.number, "subject": case.subject, "state": case.state, "state_title": localized(state.title),
        "state_tone": TONES.get(state.outcome or "", "blue"), "due": due,
    }


def _below(case: Case) -> dict[str, str]:
    definition = library().exact(case.kind, case.place, case.version, case.legal_class)
    state = definition.states[case.state or ""]
    return {
        "number": case.number, "href": f"/cases/{case.number}", "title": localized(definition.title),
        "state": localized(state.title), "tone": TONES.get(state.outcome or "", "blue"),
        "note": _("closed") if case.closed_at else "",
    }
