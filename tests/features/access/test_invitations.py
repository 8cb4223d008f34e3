"""How somebody comes in who has no account: once, in time, and with the role they were invited to."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access.accounts import AccountRefused
from app.access.invitations import InvitationInvalid, NewPerson, accept, invite, link_to
from app.access.links import LIFE
from app.access.models import Account, Invitation, Person, RoleGrant
from app.access.nodes import ensure_root
from app.access.passwords import Mistyped
from app.access.reach import roles_held
from app.clock import SHANGHAI, real_now
from tests.builders_access import PASSWORD, a_person, a_place

WHO = NewPerson(name="林小溪", login="linxi", password=PASSWORD)
TYPED = {"name": "林小溪", "login": "linxi", "password": PASSWORD, "again": PASSWORD}


def invited(session, now, *, role="registrar", node=None, email=None):
    token = invite(session, role=role, node=node, email=email, by=None, now=now)
    session.commit()
    return token


def accepted(session, token, now, who=WHO):
    return accept(session, token, who, now=now, on=now.astimezone(SHANGHAI).date())


def test_an_invitation_makes_person_account_and_role(session, now):
    district = a_place(session, "110102")
    token = invited(session, now, node=district, email="linxi@example.org")

    account = accepted(session, token, now)

    assert (account.login, account.person.name, account.person.email) == (
        "linxi",
        "林小溪",
        "linxi@example.org",
    )
    given = session.scalars(select(RoleGrant)).one()
    assert (given.person_id, given.role, given.node_id) == (account.person_id, "registrar", district.id)
    assert roles_held(session, account.person_id, now.astimezone(SHANGHAI).date()) == {"registrar"}


def test_the_first_administrator_is_invited_to_an_empty_instance(session, now):
    token = invited(session, now, role="system_admin")

    account = accepted(session, token, now)

    given = session.scalars(select(RoleGrant)).one()
    assert (given.person_id, given.role, given.node_id) == (
        account.person_id,
        "system_admin",
        ensure_root(session).id,
    )


def test_an_invitation_is_accepted_once(session, now):
    token = invited(session, now)
    accepted(session, token, now)
    session.commit()

    with pytest.raises(InvitationInvalid):
        accepted(session, token, now, NewPerson(name="周远山", login="zhou", password=PASSWORD))

    assert session.scalars(select(Account.login)).all() == ["linxi"]


@pytest.mark.parametrize("token", ["", "wrong", "x" * 43])
def test_a_link_that_was_never_made_opens_nothing(session, now, token):
    invited(session, now)

    with pytest.raises(InvitationInvalid):
        accepted(session, token, now)


def test_an_invitation_expires(session, now):
    token = invited(session, now)

    with pytest.raises(InvitationInvalid):
        accepted(session, token, now + LIFE)

    assert accepted(session, token, now + LIFE - timedelta(seconds=1)).login == "linxi"


@pytest.mark.parametrize(
    "who, refusal",
    [
        (NewPerson(name="林小溪", login="taken", password=PASSWORD), AccountRefused),
        (NewPerson(name="林小溪", login="a b", password=PASSWORD), AccountRefused),
        (NewPerson(name="林小溪", login="linxi", password="12345678"), Mistyped),
    ],
)
def test_what_is_mistyped_does_not_use_the_invitation_up(session, now, who, refusal):
    a_person(session, login="taken")
    token = invited(session, now)

    with pytest.raises(refusal):
        accepted(session, token, now, who)
    session.rollback()

    assert session.scalars(select(Person.name)).all() == ["林小溪"]
    assert accepted(session, token, now).login == "linxi"


def test_only_the_digest_of_a_link_is_kept(session, now):
    token = invited(session, now)

    assert token.encode() not in session.scalars(select(Invitation.token_digest)).one()


def test_the_link_lets_somebody_in_through_the_browser(app, session, client):
    address = link_to(invited(session, real_now()), base="")
    assert client.get(address).status_code == 200
    assert client.get(address).headers["Cache-Control"] == "no-store"

    answer = client.post(address, data=TYPED)

    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/account").status_code == 200
    assert client.get(address).status_code == 404
    assert client.post(address, data=TYPED).status_code == 404


def test_a_form_with_mistakes_comes_back_with_what_was_typed(app, session, client):
    address = link_to(invited(session, real_now()), base="")

    for mistake in (
        {"password": "12345678", "again": "12345678"},
        {"again": "another-one"},
        {"login": "?"},
        {"name": ""},
    ):
        answer = client.post(address, data={**TYPED, **mistake})
        assert answer.status_code == 422
        assert (mistake.get("login") or "linxi") in answer.text
        assert PASSWORD not in answer.text

    assert session.scalars(select(Account)).all() == []


def test_used_expired_and_unknown_links_get_the_same_page(app, session, client):
    used, expired = invited(session, real_now()), invited(session, real_now() - LIFE)
    accepted(session, used, real_now())
    session.commit()

    pages = [client.get(f"/invitations/{token}") for token in (used, expired, "never-made")]

    assert [page.status_code for page in pages] == [404, 404, 404]


def test_the_command_prints_the_link_and_nothing_else(app, session):
    answer = app.test_cli_runner().invoke(args=["access", "invite", "--role", "system_admin"])

    assert answer.exit_code == 0, answer.output
    link = answer.output.strip()
    assert link.startswith("http://127.0.0.1:5000/invitations/")
    assert accepted(session, link.rpartition("/")[2], real_now()).login == "linxi"


def test_the_command_refuses_an_unknown_role_or_place(app, session):
    runner = app.test_cli_runner()

    assert runner.invoke(args=["access", "invite", "--role", "emperor"]).exit_code == 2
    assert runner.invoke(args=["access", "invite", "--role", "auditor", "--node", "999999"]).exit_code == 2
    assert session.scalars(select(Invitation)).all() == []
