"""How do people look after their own account? Roles, browsers, tokens, password."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access import cookies, sign_in, tokens
from app.access.accounts import change_password
from app.access.api_auth import current_holdings, limits
from app.access.declare import allow
from app.access.devices import device_words
from app.access.forms import PasswordForm, TokenForm, problems_of
from app.access.models import Account
from app.access.passwords import Mistyped, check_choice
from app.access.roles import role_of
from app.access.throttle import Throttled
from app.clock import real_now
from app.extensions import db
from app.language import current_locale, localized

pages = Blueprint("account", __name__, url_prefix="/account")

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


@pages.get("")
@allow("signed_in")
def account_page() -> Answer:
    """Show the person's roles, and the browsers and programs that may act for them."""
    return _page(PasswordForm(formdata=None), TokenForm(formdata=None))


def _page(password_form: PasswordForm, token_form: TokenForm, *, token: str | None = None) -> str:
    now = real_now()
    account = db.session.get_one(Account, g.actor.account_id)
    opened = sign_in.open_sessions(db.session, account.id, now=now, limits=limits())
    return render_template(
        "pages/account.html",
        me={
            "name": account.person.name,
            "login": account.login,
            "email": account.person.email,
            "roles": [
                {
                    "title": localized(role_of(holding.role).title),
                    "place": holding.node_name(current_locale()),
                    "from_on": holding.valid_from,
                    "to_on": holding.valid_to,
                }
                for holding in current_holdings()
            ],
        },
        sessions=[
            {
                "id": open_session.id,
                "device": device_words(open_session.user_agent),
                "created_at": open_session.created_at,
                "last_seen_at": open_session.last_seen_at,
                "current": open_session.id == g.session_id,
            }
            for open_session in opened
        ],
        others_action=url_for("account.end_other_sessions") if len(opened) > 1 else None,
        tokens=tokens.open_tokens(db.session, account.id, now=now),
        token=token,
        token_form=token_form,
        password_form=password_form,
        password_set_at=account.password_set_at,
        errors=problems_of(password_form) + problems_of(token_form),
        key=None,
    )


@pages.post("/sessions/<int:session_id>/end")
@allow("signed_in")
def end_session(session_id: int) -> Answer:
    """End one of the person's own sessions."""
    ended = sign_in.end_own_session(
        db.session, session_id=session_id, account_id=g.actor.account_id, now=real_now()
    )
    return _done(_("This browser is signed out.") if ended else _("This browser was signed out already."))


@pages.post("/sessions/end-others")
@allow("signed_in")
def end_other_sessions() -> Answer:
    """End all sessions of the account but this one."""
    count = sign_in.end_all_sessions(db.session, g.actor.account_id, now=real_now(), but=g.session_id)
    return _done(_("Signed out elsewhere: %(count)s.", count=count))


@pages.post("/password")
@allow("signed_in")
def set_password() -> Answer:
    """Change the password; every other browser is signed out and every token ends. A program may not do it.

    The old password is asked for as at the sign-in: a stranger at an open browser guesses no faster here.
    """
    form = PasswordForm()
    if g.by_token or not form.validate_on_submit():
        return _page(form, TokenForm(formdata=None)), 422
    own = db.session.get_one(Account, g.actor.account_id)
    login, status, headers = own.login, 422, {}
    try:
        # First, so that a new password which may not be chosen costs no try of the old one.
        check_choice(form.new.data or "", login=login, name=own.person.name)
        account = sign_in.recognise(
            db.session,
            login=login,
            password=form.current.data or "",
            address=request.remote_addr or "",
            device=cookies.device_of(login),
            now=real_now(),
        )
        change_password(
            db.session, account, new=form.new.data or "", now=real_now(), keep_session=g.session_id
        )
        return _done(_("The password is changed. Other browsers are signed out, and tokens have ended."))
    except Throttled as problem:
        form.current.errors = [str(problem.detail)]
        status, headers = problem.status, {"Retry-After": str(problem.retry_after)}
    except sign_in.NotRecognised:
        form.current.errors = [_("This is not your current password.")]
    except Mistyped as mistake:
        form.new.errors = [str(mistake.message)]
    db.session.rollback()
    return _page(form, TokenForm(formdata=None)), status, headers


@pages.post("/tokens")
@allow("signed_in")
def make_token() -> Answer:
    """Make a token for a program and show it this once. A program may not make more of its kind."""
    form = TokenForm()
    if g.by_token or not form.validate_on_submit():
        return _page(PasswordForm(formdata=None), form), 422
    token = tokens.issue_token(
        db.session, account_id=g.actor.account_id, name=form.name.data or "", now=real_now()
    )
    db.session.commit()
    return _page(PasswordForm(formdata=None), TokenForm(formdata=None), token=token)


@pages.post("/tokens/<int:token_id>/revoke")
@allow("signed_in")
def revoke_token(token_id: int) -> Answer:
    """Revoke one of the person's own tokens."""
    revoked = tokens.revoke_own_token(
        db.session, token_id=token_id, account_id=g.actor.account_id, now=real_now()
    )
    return _done(_("The token is revoked.") if revoked else _("The token had ended already."))


def _done(words: str) -> Response:
    db.session.commit()
    flash(words, "green")
    return redirect(url_for("account.account_page"), 303)
