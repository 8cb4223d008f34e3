"""The start page: the day's work first, and what can be applied for."""

from typing import Any

from flask import Blueprint, Flask, g, render_template
from flask_babel import gettext as _
from sqlalchemy import select

from app.access.declare import allow
from app.access.roles import ORGANIZATION_ROLES
from app.cases.models import Case, Draft
from app.cases.queries import find_cases, worklist, worklist_counts
from app.doors.caller import actor, held, holds, now
from app.doors.list_pages import kind_titles, row, strip
from app.doors.markup import due_words
from app.doors.move_form import organizations_of_caller, saved_words
from app.extensions import db
from app.organizations.duties import duties_of
from app.portal.pages import cards
from workflows.rules.working_days import end_of_day, local_day, official_calendar

blueprint = Blueprint("home", __name__)
MOST = 6


def register(app: Flask) -> None:
    """Add the start page."""
    app.register_blueprint(blueprint)


@blueprint.get("/")
@allow("public")
def home() -> str:
    """Show what waits for the caller, or what can be done here."""
    if getattr(g, "actor", None) is None:
        return render_template("pages/home.html", kinds=cards()[0], withheld=[], strip=None, mine=None, going=[],
                               duties=[], drafts=[], places=[_publicity()], places_title=_("Look up"))
    person_id = actor().person_id or 0
    counts = worklist_counts(db.session, held(), person_id, now())
    lines = worklist(db.session, held(), person_id, limit=MOST).rows
    mine = [_task(row(line)) for line in lines]
    offered, withheld = cards()
    return render_template(
        "pages/home.html", kinds=offered, withheld=withheld, strip=strip(counts) if any(counts.values()) else None,
        duties=_to_hand_in(), mine=mine,
        going=_under_way({line.number for line in lines}), drafts=_drafts(), places=_places(),
        places_title=_("Administration") if holds("system_admin") else _("Your organizations"),
    )


def _to_hand_in() -> list[dict[str, Any]]:
    """Return what the caller's organizations are to hand in by a day, of which no case is open yet."""
    own = [id_ for id_, _name, _node in organizations_of_caller()[:MOST]]
    return [
        {"title": each.title, "href": each.href, "note": each.note, "status": None, "tone": "",
         "due": due_words(end_of_day(each.due_on), now(), official_calendar())}
        for each in duties_of(db.session, own, local_day(now()))
    ]


def _under_way(waiting: set[str]) -> list[dict[str, Any]]:
    """Return the open cases of the caller's own organizations that wait for somebody else."""
    own = [holding for holding in held() if holding.role in ORGANIZATION_ROLES]
    lines = find_cases(db.session, own, open_only=True, limit=MOST).rows if own else []
    return [_task(row(line)) for line in lines if line.number not in waiting]


def _task(shown: dict[str, Any]) -> dict[str, Any]:
    """Return a case as a line of the start page; that nothing presses is told by nothing."""
    return {
        "title": shown["subject"], "href": shown["href"], "note": f"{shown['kind_title']} · {shown['state_title']}",
        "due": shown["due"] if shown["due"].tone != "none" else None, "status": None, "tone": "",
    }


def _drafts() -> list[dict[str, Any]]:
    nodes = [holding.node_id for holding in held()]
    titles = kind_titles()
    found = db.session.execute(
        select(Draft, Case.number).outerjoin(Case, Case.id == Draft.case_id)
        .where(Draft.holder_node_id.in_(nodes)).order_by(Draft.updated_at.desc()).limit(MOST)
    ).all()
    return [
        {"title": titles.get(draft.kind, draft.kind), "note": saved_words(draft.updated_at),
         "href": f"/cases/{number}/do/{draft.trigger}" if number else f"/apply/{draft.kind}"}
        for draft, number in found
    ]


def _publicity() -> dict[str, Any]:
    return {"title": _("Publicity"), "note": _("Candidates for purchases, conclusions of annual reports"),
            "href": "/publicity", "icon": "clipboard-list"}


def _duties() -> list[dict[str, Any]]:
    """Return what an administrator, for whom no case waits, is here for."""
    if not holds("system_admin"):
        return []
    return [{
        "title": _("People and roles"), "icon": "users", "href": "/people",
        "note": _("Invite people, give them a role at a place for a time, and end it. Cases begin with them."),
    }]


def _places() -> list[dict[str, Any]]:
    """Return the caller's own organizations; everything else that may be looked up stands in the navigation."""
    return _duties() + [
        {"title": name, "note": _("Its registration, hubs, contracts and cases"), "href": f"/organizations/{id_}",
         "icon": "house"}
        for id_, name, _node in organizations_of_caller()[:MOST]
    ]
