"""What does an administrator do for other people? Invite, give and end roles, disable accounts."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app.access import accounts, grants, invitations
from app.access.api_auth import current_holdings, today
from app.access.declare import allow
from app.access.forms import GrantForm, InviteForm, RoleForm
from app.access.models import Account, Node, Person, RoleGrant
from app.access.nodes import find_by_code
from app.access.people import administered_paths, find_person, holds_elsewhere, is_within, list_people
from app.clock import real_now
from app.errors import Problem
from app.extensions import db

pages = Blueprint("people", __name__, url_prefix="/people")

Answer = str | Response | tuple[str, int]


class AnswerableElsewhere(Problem):
    """The person also holds a role outside of what this administrator looks after."""

    status = 403
    code = "answerable_elsewhere"
    title: Any = _l("Other administrators answer for this person too")

    def __init__(self) -> None:
        super().__init__(_l("End the roles here, or ask the administrator of a place above both."))


@pages.get("")
@allow("role:system_admin")
def people_page() -> Answer:
    """List the people below the administrator's node, by key."""
    return _people_page(InviteForm(formdata=None), GrantForm(formdata=None))


def _people_page(
    invite: InviteForm, give: GrantForm, *, link: str | None = None, whom: int | None = None
) -> str:
    after = request.args.get("after", 0, type=int)
    named = request.args.get("q", "").strip()
    people, more = list_people(db.session, _paths(), on=today(), after=after, named=named)
    following = url_for("people.people_page", after=more, q=named or None) if more else None
    return render_template(
        "pages/people.html",
        people=people,
        q=named,
        next_page=following,
        invite_form=invite,
        grant_form=give,
        grant_person=whom,
        invitation_link=link,
    )


@pages.post("/invitations")
@allow("role:system_admin")
def invite_person() -> Answer:
    """Make a one-time link and show it this once."""
    form = InviteForm()
    node = _chosen_node(form)
    if node is None or not form.role.data:
        return _people_page(form, GrantForm(formdata=None)), 422
    token = invitations.invite(
        db.session,
        role=form.role.data,
        node=node,
        email=form.email.data or None,
        by=g.actor.person_id,
        now=real_now(),
    )
    db.session.commit()
    link = invitations.link_to(token, base=request.host_url)
    return _people_page(InviteForm(formdata=None), GrantForm(formdata=None), link=link)


@pages.post("/<int:person_id>/grants")
@allow("role:system_admin")
def grant_role(person_id: int) -> Answer:
    """Give a person a role below the administrator's node."""
    person = _person(person_id)
    form = GrantForm()
    node = _chosen_node(form)
    if node is None or not form.role.data:
        return _people_page(InviteForm(formdata=None), form, whom=person_id), 422
    try:
        grants.grant(
            db.session,
            person_id=person.id,
            role=form.role.data,
            node=node,
            on=today(),
            until=form.until.data,
            by=g.actor.person_id,
            now=real_now(),
        )
    except grants.GrantRefused as refusal:
        return _refused(refusal)
    return _done(_("%(name)s holds the role from today.", name=person.name))


@pages.post("/grants/<int:grant_id>/revoke")
@allow("role:system_admin")
def revoke_role(grant_id: int) -> Answer:
    """End a role; it no longer counts with the person's next request."""
    given = db.session.get(RoleGrant, grant_id)
    if given is None or not is_within(given.node.path, _paths()):
        raise NotFound
    try:
        grants.revoke(db.session, given, on=today(), by=g.actor.person_id, now=real_now())
    except grants.GrantRefused as refusal:
        return _refused(refusal)
    return _done(_("The role has ended."))


@pages.post("/accounts/<int:account_id>/disable")
@allow("role:system_admin")
def disable_account(account_id: int) -> Answer:
    """Disable an account with its sessions and tokens."""
    account = _account(account_id)
    try:
        accounts.disable(db.session, account, by=g.actor.person_id, now=real_now())
    except accounts.AccountRefused as refusal:
        return _refused(refusal)
    return _done(_("The account is disabled."))


@pages.post("/accounts/<int:account_id>/enable")
@allow("role:system_admin")
def enable_account(account_id: int) -> Answer:
    """Let a disabled account sign in again."""
    accounts.enable(_account(account_id))
    return _done(_("The account may sign in again."))


def _paths() -> Sequence[str]:
    return administered_paths(current_holdings())


def _person(person_id: int) -> Person:
    person = find_person(db.session, person_id, _paths())
    if person is None:
        raise NotFound
    return person


def _account(account_id: int) -> Account:
    account = db.session.get(Account, account_id)
    if account is None or find_person(db.session, account.person_id, _paths()) is None:
        raise NotFound
    if holds_elsewhere(db.session, account.person_id, _paths(), today()):
        raise AnswerableElsewhere
    return account


def _chosen_node(form: RoleForm) -> Node | None:
    """Return the node the form names; None with the form's errors set if it may not be chosen."""
    if not form.validate_on_submit():
        return None
    node = find_by_code(db.session, (form.node.data or "").strip().upper())
    if node is None or not is_within(node.path, _paths()):
        form.node.errors = [_("There is no such place among those you administer.")]
        return None
    return node


def _done(words: str) -> Response:
    db.session.commit()
    flash(words, "green")
    return redirect(url_for("people.people_page"), 303)


def _refused(refusal: Problem) -> Response:
    db.session.rollback()
    flash(str(refusal.detail), "red")
    return redirect(url_for("people.people_page"), 303)
