"""How does somebody set a new password who forgot the old one? On the page that an administrator's link opens."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.access import password_links
from app.access.declare import allow
from app.access.forms import NewPasswordForm, problems_of
from app.access.passwords import Mistyped
from app.clock import real_now
from app.extensions import db

pages = Blueprint("new_password", __name__, url_prefix="/new-password")

Answer = str | Response | tuple[str, int]


@pages.get("/<token>")
@allow("public")
def new_password_page(token: str) -> Answer:
    """Show the form; a link that opens nothing is a 404, whatever is wrong with it."""
    return _page(token, NewPasswordForm())


@pages.post("/<token>")
@allow("public")
def set_new_password(token: str) -> Answer:
    """Set the password and lead to the sign-in, where it is typed for the first time."""
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return _page(token, form), 422
    try:
        password_links.use(db.session, token, new=form.new.data or "", now=real_now())
    except Mistyped as mistake:
        db.session.rollback()
        form.new.errors = [str(mistake.message)]
        return _page(token, form), 422
    db.session.commit()
    flash(_("The new password is set. Sign in with it."), "green")
    return redirect(url_for("access.sign_in_page"), 303)


def _page(token: str, form: NewPasswordForm) -> str:
    g.keep_nowhere = True
    link, account = password_links.find_link(db.session, token, now=real_now())
    return render_template(
        "pages/new_password.html",
        owner={"name": account.person.name, "login": account.login},
        expires_at=link.expires_at,
        form=form,
        action=request.path,
        errors=problems_of(form),
        key=None,
    )
