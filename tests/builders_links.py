"""Builders of one-time links for a new password, and what tests ask of them."""


from sqlalchemy import select

from app.access.models import Invitation
from app.access.password_links import issue
from app.access.passwords import is_password

NEW = "a-kite-over-the-roofs"
TYPED = {"new": NEW, "again": NEW}


def issued(session, person, now, *, by=None):
    """Return the token of a link for the person's account. Commits."""
    token = issue(session, person.accounts[0], by=by, now=now)
    session.commit()
    return token


def enter(client, password, login="linxi"):
    """Return the answer to a try to sign in."""
    return client.post("/sign-in", data={"login": login, "password": password}).status_code


def asked(client, person):
    """Return the answer to an administrator who asks for a link."""
    return client.post(f"/people/accounts/{person.accounts[0].id}/password-link")


def links(session):
    """Return every link for a new password, the oldest first."""
    session.expire_all()
    query = select(Invitation).where(Invitation.for_account_id.is_not(None)).order_by(Invitation.id)
    return session.scalars(query).all()


def password_is(session, person, password):
    """Tell whether the person signs in with this password."""
    session.expire_all()
    return is_password(password, person.accounts[0].password_hash)


def failing(*_args, **_named):
    """Fail, in the middle of something."""
    raise RuntimeError("half-way")
