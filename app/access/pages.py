"""How do people come in and leave? And: where access is joined to the app."""

from typing import Any

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, session
from werkzeug.wrappers import Response

from app.access import account_pages, cookies, invitations, password_pages, people_pages, sign_in
from app.access.accounts import AccountRefused
from app.access.api_auth import today, watch
from app.access.commands import access_commands
from app.access.declare import allow
from app.access.forms import AcceptForm, SignInForm, problems_of
from app.access.local_paths import local_path
from app.access.models import Account, Node, Person
from app.access.passwords import Mistyped
from app.access.roles import role_of
from app.access.throttle import Throttled
from app.clock import real_now
from app.errors import Problem
from app.extensions import db
from app.language import current_locale, known_locale, localized

pages = Blueprint("access", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]


def register(app: Flask) -> None:
    """Put access in front of every route of the app, and add its own pages and commands."""
    watch(app)
    app.register_blueprint(pages)
    app.register_blueprint(account_pages.pages)
    app.register_blueprint(password_pages.pages)
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
    wanted = local_path(form.next.data, "")
    return render_template(
        "pages/sign_in.html",
        form=form,
        next=wanted or None,
        problem=str(problem.detail) if problem else None,
        ended="ended" in request.args,
        demo_users=current_app.config.get("DEMO_USERS", list)()
        if current_app.config["ENVIRONMENT"] == "demo"
        else [],
        demo_password=current_app.config.get("DEMO_PASSWORD"),
    )


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
        "pages/invite.html",
        invitation={
            "role_title": localized(role_of(invitation.invited_to).title),
            "place": node.name(current_locale()) if node else None,
            "expires_at": invitation.expires_at,
        },
        form=form,
        action=request.path,
        errors=problems_of(form),
        key=None,
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
