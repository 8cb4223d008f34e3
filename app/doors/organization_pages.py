"""The file of an organization: what every feature tells of it, and what happened; its registrar confirms an entry here.

The page stands here and not in the register's folder: it shows what lies above the register.
"""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length

from app.access.api_auth import current_holdings, today
from app.access.declare import allow
from app.access.roles import ORGANIZATION_ROLES, PLACE_ROLES, ROLES
from app.cases.queries import CaseLine, find_cases
from app.cases.timeline import Happened, happened_to
from app.cases.titles import title_of_case
from app.clock import business_now
from app.doors.caller import held, holds
from app.doors.case_view import move_href
from app.doors.list_pages import row as case_row
from app.doors.move_form import organizations_of_caller
from app.errors import Problem
from app.extensions import db
from app.language import current_locale, localized
from app.organizations.divisions import registrar_of
from app.organizations.file import Reader, chapters
from app.organizations.queries import LARGEST_ID, Profile, frozen_by, profile_of
from app.organizations.steps import Certificate, confirm_entry
from app.organizations.words import (
    LEGAL_TYPE,
    RESTRICTION,
    STANDING,
    STANDING_NOTE,
    STANDING_TONE,
    grade_words,
)
from workflows.loader import library
from workflows.subjects import BETWEEN

pages = Blueprint("organization", __name__)
MOST_OPEN, MOST_CLOSED = 12, 50
MOST_RECENT = 4
ROWS = 50

CONFIRMABLE = ("known_from_decision", "known_from_list", "entry_from_decision")
Answer = str | Response | tuple[str, int]


def register(app: Flask) -> None:
    """Add the organization's page to the app."""
    app.register_blueprint(pages)


class ConfirmForm(FlaskForm):
    """What the registrar reads off the certificate."""

    registered_on = DateField(_l("Date of registration"), [InputRequired(_l("Fill this in."))])
    authority = StringField(
        _l("Registration authority"), [InputRequired(_l("Fill this in.")), Length(max=120)],
        description=_l("As printed on the certificate."),
    )
    evidence = StringField(
        _l("What you looked at"), [InputRequired(_l("Fill this in.")), Length(min=4, max=200)],
        description=_l("Such as the certificate's number, or where the original lies."),
    )


@pages.get("/organizations/<int:organization_id>")
@allow("signed_in")
def organization_page(organization_id: int) -> Answer:
    """Show the organization; one that only prepares is there for those who reach it."""
    return _page(_visible(organization_id), None)


@pages.post("/organizations/<int:organization_id>/confirm")
@allow("role:registrar")
def confirm_registration(organization_id: int) -> Answer:
    """Enter the registration that the certificate proves; the row says who entered it, when and from what."""
    profile = _visible(organization_id)
    form = ConfirmForm()
    if not form.validate():
        return _page(profile, form), 422
    certificate = Certificate(
        form.registered_on.data, form.authority.data.strip(), form.evidence.data.strip()
    )
    try:
        confirm_entry(
            db.session, organization_id=organization_id, person_id=g.actor.person_id,
            certificate=certificate, now=business_now(db.session),
        )
    except Problem as problem:
        db.session.rollback()
        flash(str(problem.detail), "red")
        return _page(_visible(organization_id), form), problem.status
    db.session.commit()
    flash(_("The registration is entered."), "green")
    return redirect(url_for("organization.organization_page", organization_id=organization_id), 303)


def _visible(organization_id: int) -> Profile:
    profile = profile_of(db.session, organization_id) if organization_id <= LARGEST_ID else None
    if profile is None or (profile.row.standing == "in_preparation" and not _reaches(profile)):
        raise NotFound
    return profile


def _reaches(profile: Profile) -> bool:
    return any(
        held.node_id == profile.node_id if held.role in ORGANIZATION_ROLES
        else held.role in PLACE_ROLES and profile.node_path.startswith(held.node_path)
        for held in current_holdings() if held.case_id is None
    )


def _may_confirm(profile: Profile) -> bool:
    return profile.row.standing in CONFIRMABLE and any(
        held.role == "registrar" and held.case_id is None and profile.node_path.startswith(held.node_path)
        for held in current_holdings()
    )


def _page(profile: Profile, form: ConfirmForm | None) -> str:
    may_confirm = _may_confirm(profile)
    if may_confirm and form is None:
        form = ConfirmForm(formdata=None, authority=registrar_of(profile.row.division_code or "100000"))
    id_ = profile.row.id
    own = _is_own(id_)
    waiting = find_cases(db.session, held(), organization_id=id_, open_only=True, limit=MOST_OPEN)
    ended = find_cases(db.session, held(), organization_id=id_, open_only=False, limit=MOST_CLOSED)
    recent = happened_to(db.session, held(), id_, limit=MOST_RECENT)
    return render_template(
        "pages/organization.html",
        organization=_organization(profile),
        grade=grade_words(profile.row.grade) if profile.row.grade else None,
        frozen=RESTRICTION[frozen] if (frozen := frozen_by(db.session, id_, today())) else None,
        chapters=chapters(db.session, id_, Reader(held(), own, today())),
        waiting=[_case(line, profile) for line in sorted(waiting.rows, key=_due_first)],
        ended=[_case(line, profile) for line in ended.rows],
        ended_cut=ended.after is not None,
        more_href=_all_cases(profile) if waiting.after or ended.after else None,
        history=[_move(one) for one in recent.rows],
        timeline_href=url_for("organization.timeline_page", organization_id=id_) if recent.after else None,
        begin_href="/#services" if own else None,
        export_href=f"/audit/exports?organization={id_}" if holds("auditor") else None,
        confirm_form=form if may_confirm else None,
        confirm_action=url_for("organization.confirm_registration", organization_id=id_),
    )


@pages.get("/organizations/<int:organization_id>/timeline")
@allow("signed_in")
def timeline_page(organization_id: int) -> str:
    """Show everything that happened to the organization in the cases that the reader may see, by key."""
    profile = _visible(organization_id)
    before = request.args.get("before")
    page = happened_to(db.session, held(), organization_id, before=before, limit=ROWS)
    here = url_for("organization.timeline_page", organization_id=organization_id)
    return render_template(
        "pages/organization_timeline.html", organization=_organization(profile),
        history=[_move(one) for one in page.rows],
        back=url_for("organization.organization_page", organization_id=organization_id),
        pages={"words": "", "previous": here if before else None,
               "next": url_for("organization.timeline_page", organization_id=organization_id, before=page.after)
               if page.after else None},
    )


def _case(line: CaseLine, profile: Profile) -> dict[str, Any]:
    """Return a case as a list shows it; on its own file an organization need not be named in every row."""
    shown = case_row(line)
    return {**shown, "subject": shown["subject"].removeprefix(f"{profile.row.name}{BETWEEN}")}


def _due_first(line: CaseLine) -> tuple[bool, datetime, int]:
    return line.due_at is None, line.due_at or line.opened_at, -line.id


def _all_cases(profile: Profile) -> str:
    return f"/cases?{urlencode({'q': profile.row.name})}"


def _is_own(organization_id: int) -> bool:
    return any(id_ == organization_id for id_, _name, _node in organizations_of_caller())


def _move(one: Happened) -> dict[str, Any]:
    definition = library().exact(one.kind, one.place, one.version, one.legal_class)
    transition = definition.transition(one.from_state, one.trigger)
    state = definition.states[one.to_state]
    tone = {"success": "good", "failure": "bad"}.get(state.outcome or "", "back" if state.waits_for == "staff" else "")
    return {
        "at": one.at, "who": one.who, "role": localized(ROLES[one.role].title) if one.role in ROLES else None,
        "title": localized(transition.title) if transition else one.trigger, "to_title": localized(state.title),
        "kind_title": localized(definition.title), "subject": title_of_case(one),
        "number": one.number, "href": move_href(one.number, one.sequence, one.revision), "tone": tone,
    }


def _organization(profile: Profile) -> dict[str, Any]:
    row = profile.row
    registered_on = format_date(row.registered_on, "long") if row.registered_on else None
    return {
        "name": row.name,
        "name_en": row.name_en,
        "formerly": row.formerly,
        "uscc": row.uscc,
        "state": STANDING[row.standing],
        "tone": STANDING_TONE[row.standing],
        "legal_type": LEGAL_TYPE[row.legal_type],
        "place": row.division(current_locale()),
        "known_from": STANDING_NOTE[row.standing],
        "registered_on": registered_on,
    }
