"""How do people come in, leave, and look after their own account? And: where access is joined to the app."""

from typing import Any

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access import cookies, invitations, people_pages, sign_in
from app.access.accounts import AccountRefused, change_password
from app.access.api_auth import current_holdings, limits, today, watch
from app.access.commands import access_commands
from app.access.declare import allow
from app.access.forms import AcceptForm, PasswordForm, SignInForm
from app.access.local_paths import local_path
from app.access.models import Account, Node, Person
from app.access.passwords import Mistyped, is_password
from app.access.roles import role_of
from app.access.throttle import Throttled
from app.clock import real_now
from app.errors import Problem
from app.extensions import db
from app.language import current_locale, known_locale

pages = Blueprint("access", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


def register(app: Flask) -> None:
    """Put access in front of every route of the app, and add its own pages and commands."""
    watch(app)
    app.register_blueprint(pages)
    app.register_blueprint(people_pages.pages)
    app.cli.add_command(access_commands)


@pages.get("/sign-in")
@allow("public")
def sign_in_page() -> Answer:
    """Show the form; who is signed in already is sent on."""
    wanted = local_path(request.args.get("next"))
    if g.actor is not None:
        return redirect(wanted, 303)
    return _sign_in_form(SignInForm(next=wanted))


@pages.post("/sign-in")
@allow("public")
def sign_in_now() -> Answer:
    """Sign in and go on; what was wrong is said in one way, whatever it was."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_form(form), 422
    login = (form.login.data or "").strip().lower()
    try:
        token, account = sign_in.sign_in(
            db.session,
            login=login,
            password=form.password.data or "",
            address=request.remote_addr or "",
            device=cookies.device_of(login),
            user_agent=request.user_agent.string,
            now=real_now(),
            old_token=cookies.read_cookie(cookies.SESSION),
        )
    except Throttled as problem:
        return _sign_in_form(form, problem), problem.status, {"Retry-After": str(problem.retry_after)}
    except sign_in.NotRecognised as problem:
        return _sign_in_form(form, problem), problem.status
    return _signed_in(token, account, local_path(form.next.data))


def _sign_in_form(form: SignInForm, problem: Problem | None = None) -> str:
    g.keep_nowhere = True
    return render_template("pages/sign_in.html", form=form, problem=problem)


def _signed_in(token: str, account: Account, onward: str) -> Response:
    session.clear()  # with it the CSRF token from before: another person's page cannot write in this session
    response = redirect(onward, 303)
    cookies.set_cookie(response, cookies.SESSION, token)
    cookies.remember_device(response, account.login)
    return response


@pages.post("/sign-out")
@allow("public")
def sign_out() -> Answer:
    """End this browser's session. Pressing it twice does no harm."""
    token = cookies.read_cookie(cookies.SESSION)
    if token:
        sign_in.end_session(db.session, token=token, now=real_now())
        db.session.commit()
    session.clear()
    response = redirect("/", 303)
    cookies.drop_cookie(response, cookies.SESSION)
    return response


@pages.get("/account")
@allow("signed_in")
def account_page() -> Answer:
    """Show the person's roles and the browsers that are signed in."""
    return _account_page(PasswordForm())


def _account_page(form: PasswordForm) -> str:
    opened = sign_in.open_sessions(db.session, g.actor.account_id, now=real_now(), limits=limits())
    roles = [
        {
            "role": role_of(holding.role),
            "place": holding.node_name_en
            if current_locale() == "en" and holding.node_name_en
            else holding.node_name_zh,
            "case_bound": holding.case_id is not None,
        }
        for holding in current_holdings()
    ]
    return render_template(
        "pages/account.html",
        me=db.session.get(Account, g.actor.account_id),
        roles=roles,
        sessions=opened,
        this_session=g.session_id,
        password_form=form,
    )


@pages.post("/account/sessions/<int:session_id>/end")
@allow("signed_in")
def end_session(session_id: int) -> Answer:
    """End one of the person's own sessions."""
    ended = sign_in.end_own_session(
        db.session, session_id=session_id, account_id=g.actor.account_id, now=real_now()
    )
    db.session.commit()
    flash(_("This browser is signed out.") if ended else _("This browser was signed out already."), "green")
    return redirect(url_for("access.account_page"), 303)


@pages.post("/account/sessions/end-others")
@allow("signed_in")
def end_other_sessions() -> Answer:
    """End all sessions of the account but this one."""
    count = sign_in.end_all_sessions(db.session, g.actor.account_id, now=real_now(), but=g.session_id)
    db.session.commit()
    flash(_("Signed out elsewhere: %(count)s.", count=count), "green")
    return redirect(url_for("access.account_page"), 303)


@pages.post("/account/password")
@allow("signed_in")
def set_password() -> Answer:
    """Change the password; every other browser is signed out."""
    form = PasswordForm()
    account = db.session.get_one(Account, g.actor.account_id)
    if not form.validate_on_submit():
        return _account_page(form), 422
    if not is_password(form.current.data or "", account.password_hash):
        form.current.errors = [_("This is not your current password.")]
        return _account_page(form), 422
    try:
        change_password(
            db.session, account, new=form.new.data or "", now=real_now(), keep_session=g.session_id
        )
    except Mistyped as mistake:
        form.new.errors = [str(mistake.message)]
        return _account_page(form), 422
    db.session.commit()
    flash(_("The password is changed; other browsers are signed out."), "green")
    return redirect(url_for("access.account_page"), 303)


@pages.get("/invitations/<token>")
@allow("public")
def invitation_page(token: str) -> Answer:
    """Show what one is invited to; a link that opens nothing is a 404."""
    return _invitation_page(token, AcceptForm())


def _invitation_page(token: str, form: AcceptForm) -> str:
    g.keep_nowhere = True
    invitation = invitations.find_invitation(db.session, token, now=real_now())
    node = db.session.get(Node, invitation.node_id) if invitation.node_id else None
    return render_template(
        "pages/invitation.html",
        form=form,
        role=role_of(invitation.role),
        place=node.name(current_locale()) if node else None,
        expires_at=invitation.expires_at,
    )


@pages.post("/invitations/<token>")
@allow("public")
def accept_invitation(token: str) -> Answer:
    """Make the account and sign its person in."""
    form = AcceptForm()
    if not form.validate_on_submit():
        return _invitation_page(token, form), 422
    who = invitations.NewPerson(
        name=form.name.data or "",
        login=form.login.data or "",
        password=form.password.data or "",
        locale=current_locale(),
    )
    try:
        account = invitations.accept(db.session, token, who, now=real_now(), on=today())
    except (AccountRefused, Mistyped) as mistake:
        db.session.rollback()
        _point_at(form, mistake)
        return _invitation_page(token, form), 422
    opened = sign_in.open_session(
        db.session, account_id=account.id, user_agent=request.user_agent.string, now=real_now()
    )
    db.session.commit()
    return _signed_in(opened, account, "/")


def _point_at(form: AcceptForm, mistake: Any) -> None:
    if isinstance(mistake, Mistyped):
        form.password.errors = [str(mistake.message)]
    else:
        form.login.errors = [str(mistake.detail)]


@pages.post("/language")
@allow("public")
def choose_language() -> Answer:
    """Remember the language for this browser, and for the person if one is signed in."""
    locale = known_locale(request.form.get("locale"))
    if g.actor is not None:
        db.session.get_one(Person, g.actor.person_id).locale = locale
        db.session.commit()
    response = redirect(local_path(request.form.get("next")), 303)
    cookies.set_cookie(response, cookies.LANGUAGE, locale, life=cookies.LANGUAGE_LIFE)
    return response
