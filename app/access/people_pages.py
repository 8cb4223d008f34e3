"""What does an administrator do for other people? Invite, give and end roles, disable accounts, let in again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app.access import accounts, grants, invitations, password_links
from app.access.api_auth import current_holdings, today
from app.access.declare import allow
from app.access.forms import GrantForm, InviteForm, RoleForm, problems_of
from app.access.models import Account, Node, RoleGrant
from app.access.nodes import find_place
from app.access.people import (
    ListedPerson,
    administered_paths,
    find_account,
    find_person,
    holds_elsewhere,
    is_within,
    list_people,
)
from app.access.roles import role_of
from app.access.telling import tell_role_ended, tell_role_given
from app.clock import real_now
from app.errors import Problem
from app.extensions import db
from app.language import current_locale, localized

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
    return _page(InviteForm(formdata=None), GrantForm(formdata=None))


def _page(
    invite: InviteForm, give: GrantForm, *, link: str | None = None, password_link: dict[str, str] | None = None
) -> str:
    after = request.args.get("after", 0, type=int)
    named = request.args.get("q", "").strip()
    people, more = list_people(db.session, _paths(), on=today(), after=after, named=named)
    open_links = password_links.open_links(
        db.session, [account.id for listed in people for account in listed.accounts], now=real_now()
    )
    following = url_for("people.people_page", after=more, q=named or None) if more else None
    first = url_for("people.people_page", q=named or None) if after else None
    return render_template(
        "pages/people.html",
        rows=[_row(listed, open_links) for listed in people],
        filters=_filters(named),
        count=ngettext("%(num)s person", "%(num)s people", len(people)),
        pages={"words": "", "previous": first, "next": following},
        invite_form=invite,
        grant_form=give,
        invitations=_open_invitations(),
        errors=problems_of(invite) + problems_of(give),
        link=link,
        password_link=password_link,
        key=None,
    )


def _filters(named: str) -> dict[str, Any]:
    address = url_for("people.people_page")
    return {
        "action": address,
        "search": {"name": "q", "label": _("Name"), "value": named},
        "selects": [],
        "dates": [],
        "sort": None,
        "keep": [],
        "chips": [{"title": named, "href": address}] if named else [],
        "clear": address if named else None,
    }


def _row(listed: ListedPerson, open_links: dict[int, datetime]) -> dict[str, Any]:
    own = listed.person.id == g.actor.person_id
    return {
        "name": listed.person.name,
        "login": " · ".join(account.login for account in listed.accounts),
        "disabled": all(account.disabled_at is not None for account in listed.accounts),
        "accounts": [
            {
                "login": account.login,
                "disabled": account.disabled_at is not None,
                "action": None if own else _switch(account),
                "link_action": None
                if own or account.disabled_at is not None
                else url_for("people.issue_password_link", account_id=account.id),
                "link_until": open_links.get(account.id),
            }
            for account in listed.accounts
        ],
        "roles": [
            {
                "id": held.grant_id,
                "title": localized(held.role.title),
                "place": held.node.name(current_locale()),
                "from_on": held.valid_from,
                "to_on": held.valid_to,
                "one_case": held.case_bound,
                "end_action": None if own else url_for("people.revoke_role", grant_id=held.grant_id),
            }
            for held in listed.roles
        ],
        "href": None,
    }


def _switch(account: Account) -> str:
    view = "people.disable_account" if account.disabled_at is None else "people.enable_account"
    return url_for(view, account_id=account.id)


def _open_invitations() -> list[dict[str, Any]]:
    found = invitations.open_invitations(db.session, _paths(), now=real_now())
    return [
        {
            "role_title": localized(role_of(invitation.invited_to).title),
            "place": node.name(current_locale()),
            "email": invitation.email,
            "expires_at": invitation.expires_at,
        }
        for invitation, node in found
    ]


@pages.post("/invitations")
@allow("role:system_admin")
def invite_person() -> Answer:
    """Make a one-time link and show it this once."""
    form = InviteForm()
    node = _chosen_node(form)
    if node is None:
        return _page(form, GrantForm(formdata=None)), 422
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
    return _page(InviteForm(formdata=None), GrantForm(formdata=None), link=link)


@pages.post("/grants")
@allow("role:system_admin")
def grant_role() -> Answer:
    """Give a person a role below the administrator's node; whoever has a login can be given one."""
    form = GrantForm()
    node = _chosen_node(form)
    account = find_account(db.session, form.login.data or "")
    if node is not None and account is None:
        form.login.errors = [_("Nobody has this login.")]
    if node is None or account is None:
        return _page(InviteForm(formdata=None), form), 422
    try:
        given = grants.grant(
            db.session,
            person_id=account.person_id,
            role=form.role.data,
            node=node,
            on=today(),
            until=form.to_on.data,
            by=g.actor.person_id,
            now=real_now(),
        )
    except grants.GrantRefused as refusal:
        return _refused(refusal)
    tell_role_given(db.session, given, now=real_now())
    return _done(_("%(login)s holds the role from today.", login=account.login))


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
    tell_role_ended(db.session, given, now=real_now())
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
    accounts.enable(db.session, _account(account_id), by=g.actor.person_id, now=real_now())
    return _done(_("The account may sign in again."))


@pages.post("/accounts/<int:account_id>/password-link")
@allow("role:system_admin")
def issue_password_link(account_id: int) -> Answer:
    """Make a one-time link with which the account's owner sets a new password, and show it this once."""
    account = _account(account_id)
    try:
        token = password_links.issue(db.session, account, by=g.actor.person_id, now=real_now())
    except accounts.AccountRefused as refusal:
        return _refused(refusal)
    shown = {
        "name": account.person.name,
        "login": account.login,
        "link": password_links.link_to(token, base=request.host_url),
    }
    db.session.commit()
    return _page(InviteForm(formdata=None), GrantForm(formdata=None), password_link=shown)


def _paths() -> Sequence[str]:
    return administered_paths(current_holdings())


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
    node = find_place(db.session, (form.place.data or "").strip().upper())
    if node is None or not is_within(node.path, _paths()):
        form.place.errors = [_("There is no such place among those you administer.")]
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
