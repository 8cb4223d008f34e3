"""One organization with all that the features know of it; its registrar confirms a registration here.

The page stands here and not in the register's folder: it shows what lies above the register.
"""

from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, url_for
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
from app.access.roles import ORGANIZATION_ROLES, PLACE_ROLES
from app.affiliation.queries import Membership, hubs_of
from app.cases.kinds import offer_of
from app.cases.queries import find_cases
from app.clock import business_now
from app.doors.caller import held, holds
from app.doors.list_pages import kind_titles
from app.doors.list_pages import row as case_row
from app.doors.move_form import organizations_of_caller
from app.errors import Problem
from app.extensions import db
from app.language import current_locale
from app.organizations.divisions import registrar_of
from app.organizations.models import Registration
from app.organizations.queries import LARGEST_ID, Profile, profile_of
from app.organizations.steps import Certificate, confirm_entry
from app.organizations.words import (
    CATEGORY,
    LEGAL_TYPE,
    SOURCE,
    STANDING,
    STANDING_NOTE,
    STANDING_TONE,
    grade_words,
)
from app.payments.queries import InstalmentStanding, instalment_standings, visible_contracts

pages = Blueprint("organization", __name__)
MOST_CASES = 12

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
    cases = find_cases(db.session, held(), organization_id=profile.row.id, limit=MOST_CASES)
    own = any(id_ == profile.row.id for id_, _name, _node in organizations_of_caller())
    return render_template(
        "pages/organization.html",
        organization=_organization(profile),
        registrations=[_registration(row) for row in profile.registrations],
        decisions=[
            {"decided_on": row.decided_on, "category": CATEGORY[row.category], "doc_no": row.doc_no,
             "authority": row.authority, "name_printed": row.name_printed}
            for row in profile.decisions
        ],
        assessments=[
            {"grade": grade_words(row.grade), "source": row.source, "known_on": row.known_on}
            for row in profile.assessments
        ],
        affiliations=[_membership(row) for row in hubs_of(db.session, profile.row.id)],
        contracts=_contracts(profile.row.id, own),
        cases=[case_row(line) for line in cases.rows],
        actions=_actions(profile.row.id) if own else [],
        export_href=f"/audit/exports?organization={profile.row.id}" if holds("auditor") else None,
        confirm_form=form if may_confirm else None,
        confirm_action=url_for("organization.confirm_registration", organization_id=profile.row.id),
        latest_day=today(),
    )


def _organization(profile: Profile) -> dict[str, Any]:
    row = profile.row
    registered_on = format_date(row.registered_on, "long") if row.registered_on else None
    return {
        "name": row.name,
        "name_en": row.name_en,
        "uscc": row.uscc,
        "state": STANDING[row.standing],
        "tone": STANDING_TONE[row.standing],
        "legal_type": LEGAL_TYPE[row.legal_type],
        "place": row.division(current_locale()),
        "known_from": STANDING_NOTE[row.standing],
        "facts": [
            {"label": _("Unified social credit code"), "value": row.uscc},
            {"label": _("Registered on"), "value": registered_on},
            {"label": _("Place of registration"), "value": row.division(current_locale())},
        ],
    }


def _registration(row: Registration) -> dict[str, Any]:
    source = SOURCE[row.source]
    return {
        "from_on": row.known_since,
        "to_on": row.ended_on,
        "name": row.name,
        "authority": row.authority,
        "source": f"{source} ({row.evidence})" if row.evidence else source,
        "case_href": None,
    }


def _actions(organization_id: int) -> list[dict[str, Any]]:
    """Return what may be applied for; each kind says itself whether it makes sense now."""
    return [
        {"title": title, "href": f"/apply/{kind}?organization={organization_id}"}
        for kind, title in kind_titles().items()
        if (offer := offer_of(kind)) is None or offer(db.session, organization_id)
    ]


def _contracts(organization_id: int, own: bool) -> list[dict[str, Any]]:
    """Return the contracts that the caller may see, each with its instalments and how they stand."""
    rows = instalment_standings(db.session, organization_id, visible_contracts(held(), organization_id))
    return [
        {
            "number": number, "title": parts[0].part.title, "amount_fen": parts[0].contract_fen,
            "signed_on": parts[0].signed_on, "instalments": [_instalment(part, own) for part in parts],
        }
        for number, parts in ((n, list(group)) for n, group in groupby(rows, key=lambda one: one.part.number))
    ]


def _instalment(standing: InstalmentStanding, own: bool) -> dict[str, Any]:
    part = standing.part
    state, tone = _("not applied for"), ""
    if standing.number:
        state, tone = (_("paid"), "green") if standing.settled else (_("under way"), "blue")
    may_apply = own and standing.number is None
    return {
        "position": part.position, "condition": part.condition, "amount_fen": part.amount_fen, "state": state,
        "tone": tone, "number": standing.number,
        "case_href": f"/cases/{standing.number}" if standing.number else None,
        "apply_href": f"/apply/payment?organization={part.organization_id}&instalment={part.instalment_id}"
        if may_apply else None,
    }


def _membership(row: Membership) -> dict[str, Any]:
    return {
        "hub": row.name_zh if current_locale().startswith("zh") or not row.name_en else row.name_en,
        "href": f"/hubs/{row.hub_node_id}",
        "primary": row.is_primary,
        "from_on": row.from_on,
        "to_on": row.to_on,
    }
