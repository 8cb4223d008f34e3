"""What is kept of a link for good, and how little is told of one that opens nothing."""

import re

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.access.invitations import InvitationInvalid, find_invitation, invite
from app.access.links import LIFE
from app.access.models import AccountChange
from app.access.password_links import LinkInvalid, find_link, use
from app.clock import real_now
from tests.builders_access import a_person, somebody
from tests.builders_links import NEW, TYPED, issued, links


def test_only_the_digest_of_a_link_is_kept_and_what_is_kept_stays(session, clerk, now):
    token = issued(session, clerk, now)
    assert token.encode() not in links(session)[0].token_digest

    for change in ("invited_by = NULL", "for_account_id = NULL", "created_at = now()", "expires_at = 'infinity'"):
        with pytest.raises(ProgrammingError):
            session.execute(text(f"UPDATE invitations SET {change}"))
        session.rollback()
    for table in ("invitations", "account_changes"):
        with pytest.raises(ProgrammingError):
            session.execute(text(f"DELETE FROM {table}"))
        session.rollback()


def test_no_link_is_used_by_another_account_than_its_own(session, clerk, now):
    issued(session, clerk, now)
    other = a_person(session).accounts[0].id

    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE invitations SET used_at = now(), account_id = :other"), {"other": other})


def test_disabling_and_enabling_say_who_did_it_once(session, administrator, chief, clerk):
    account = clerk.accounts[0].id
    for _ in range(2):
        administrator.post(f"/people/accounts/{account}/disable")
    for _ in range(2):
        administrator.post(f"/people/accounts/{account}/enable")

    kept = session.execute(select(AccountChange.what, AccountChange.account_id, AccountChange.by_person)).all()
    assert kept == [("disabled", account, chief.id), ("enabled", account, chief.id)]


def test_a_link_invites_nobody_and_an_invitation_sets_no_password(session, client, district, clerk, now):
    token = issued(session, clerk, now)
    invitation = invite(session, role="staff", node=district, email=None, by=None, now=now)
    session.commit()

    with pytest.raises(InvitationInvalid):
        find_invitation(session, token, now=now)
    with pytest.raises(LinkInvalid):
        find_link(session, invitation, now=now)
    assert find_invitation(session, invitation, now=now).invited_to == "staff"
    with pytest.raises(LookupError):
        assert links(session)[0].invited_to


def test_links_that_open_nothing_get_one_answer_whatever_is_wrong_with_them(app, session, district, clerk, now):
    used = issued(session, clerk, real_now())
    use(session, used, new=NEW, now=real_now())
    session.commit()
    expired = issued(session, clerk, real_now() - LIFE)
    voided = issued(session, clerk, real_now())
    issued(session, clerk, real_now())
    gone = somebody(session, "staff", district)
    disabled = issued(session, gone, real_now())
    gone.accounts[0].disabled_at = real_now()
    invitation = invite(session, role="staff", node=district, email=None, by=None, now=real_now())
    session.commit()
    client = app.test_client()

    def told(method, token, **named):
        answer = method(f"/new-password/{token}", **named)
        named_in_it = (token, answer.headers["X-Request-Id"])
        words = answer.text
        for each in named_in_it:
            words = words.replace(each, "")
        return answer.status_code, re.sub(r'value="[^"]*"', "", words)

    tokens = [used, expired, voided, disabled, invitation, "never-made", "x" * 43]
    pages = {told(client.get, token) for token in tokens}
    sent = {told(client.post, token, data=TYPED) for token in tokens}

    assert [status for status, _ in pages] == [404]
    assert [status for status, _ in sent] == [404]
