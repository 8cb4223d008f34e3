"""How does a new person come in? By a link that works once and not for long. Real time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from app.access.accounts import add_account
from app.access.grants import grant
from app.access.links import OneTimeLinkInvalid, address_of, has_token, is_open, new_link, use_up
from app.access.models import Account, Invitation, Node, Person
from app.access.nodes import AnySession, ensure_root
from app.access.roles import role_of


class InvitationInvalid(OneTimeLinkInvalid):
    """This link invites nobody."""

    code = "invitation_invalid"
    title: Any = _l("This invitation is not valid")


@dataclass(frozen=True)
class NewPerson:
    """What the invited person says of themselves."""

    name: str
    login: str
    password: str
    locale: str = "zh_Hans_CN"


def invite(
    session: AnySession,
    *,
    role: str,
    node: Node | None,
    email: str | None,
    by: int | None,
    now: datetime,
) -> str:
    """Return the token of a new invitation, shown this once; the caller commits."""
    role_of(role)
    return new_link(session, by=by, now=now, role=role, node_id=node.id if node else None, email=email)


def link_to(token: str, *, base: str) -> str:
    """Return the address to send to the invited person."""
    return address_of("invitations", token, base=base)


def find_invitation(session: AnySession, token: str, *, now: datetime) -> Invitation:
    """Return the invitation that can be accepted by this token now, or raise InvitationInvalid."""
    found = session.scalars(
        select(Invitation).where(has_token(token), Invitation.role.is_not(None), is_open(now))
    ).one_or_none()
    if found is None:
        raise InvitationInvalid
    return found


def open_invitations(
    session: AnySession, paths: Sequence[str], *, now: datetime
) -> list[tuple[Invitation, Node]]:
    """Return the invitations to places below these paths that can still be accepted, the newest first."""
    below = or_(*(Node.path.like(path + "%") for path in paths))
    query = (
        select(Invitation, Node)
        .join(Node, Node.id == Invitation.node_id)
        .where(is_open(now), below)
        .order_by(Invitation.id.desc())
        .limit(50)
    )
    return [(invitation, node) for invitation, node in session.execute(query)]


def accept(session: AnySession, token: str, who: NewPerson, *, now: datetime, on: date) -> Account:
    """Make person, account and role grant, and use the invitation up; or raise, leaving it as it was.

    Of two who accept at once one gets InvitationInvalid. The caller commits.
    """
    invitation = find_invitation(session, token, now=now)
    # The second waits here for the first, and then sees that it was used.
    session.refresh(invitation, with_for_update=True)
    if invitation.used_at is not None:
        raise InvitationInvalid
    person = Person(name=who.name.strip(), email=invitation.email, locale=who.locale)
    account = add_account(session, person, login=who.login, password=who.password)
    node = session.get(Node, invitation.node_id) if invitation.node_id else None
    grant(
        session,
        person_id=person.id,
        role=invitation.invited_to,
        node=node or ensure_root(session),
        on=on,
        by=invitation.invited_by,
        now=now,
    )
    use_up(invitation, account, now=now)
    session.flush()
    return account
