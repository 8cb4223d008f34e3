"""What a link for a new password does: it works once, in time, for its account alone, and ends all that was open."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.access import accounts, sign_in
from app.access.accounts import AccountRefused, disable, enable
from app.access.links import LIFE
from app.access.models import SignInSession
from app.access.password_links import LinkInvalid, find_link, issue, link_to, use
from app.access.passwords import Mistyped
from app.access.throttle import LOGIN_PACE, admit
from app.clock import real_now
from app.extensions import db
from tests.builders_access import PASSWORD, browser_of, token_of
from tests.builders_links import NEW, TYPED, enter, failing, issued, links, password_is


def test_a_link_is_used_once(session, clerk, now):
    token = issued(session, clerk, now)
    use(session, token, new=NEW, now=now)
    session.commit()

    with pytest.raises(LinkInvalid):
        use(session, token, new="another-kite-on-the-roof", now=now)
    session.rollback()

    assert password_is(session, clerk, NEW)


def test_of_many_who_use_it_at_once_one_sets_the_password(app, session, clerk):
    token = issued(session, clerk, real_now())

    def try_it(number):
        with app.app_context():
            try:
                use(db.session, token, new=f"{NEW}-{number}", now=real_now())
                db.session.commit()
                return number
            except LinkInvalid:
                db.session.rollback()
                return None

    with ThreadPoolExecutor(4) as pool:
        [won] = [number for number in pool.map(try_it, range(4)) if number is not None]

    assert password_is(session, clerk, f"{NEW}-{won}")


def test_a_link_expires(session, clerk, now):
    token = issued(session, clerk, now)

    with pytest.raises(LinkInvalid):
        use(session, token, new=NEW, now=now + LIFE)

    assert use(session, token, new=NEW, now=now + LIFE - timedelta(seconds=1)).login == "linxi"


def test_a_new_link_ends_the_one_before_and_a_new_password_ends_them_all(session, clerk, now):
    first, second = issued(session, clerk, now), issued(session, clerk, now)

    with pytest.raises(LinkInvalid):
        find_link(session, first, now=now)
    find_link(session, second, now=now)
    accounts.change_password(session, clerk.accounts[0], new=NEW, now=now, keep_session=None)
    session.commit()

    with pytest.raises(LinkInvalid):
        find_link(session, second, now=now)
    assert [(link.used_at, link.voided_at) for link in links(session)] == [(None, now)] * 2


def test_a_disabled_account_gets_no_link_and_the_one_it_has_opens_nothing_for_good(session, clerk, now):
    token = issued(session, clerk, now)
    account = clerk.accounts[0]
    disable(session, account, by=None, now=now)
    session.commit()

    with pytest.raises(AccountRefused):
        issue(session, account, by=None, now=now)
    with pytest.raises(LinkInvalid):
        use(session, token, new=NEW, now=now)
    enable(session, account, by=None, now=now)
    session.commit()
    with pytest.raises(LinkInvalid):
        use(session, token, new=NEW, now=now)

    assert password_is(session, clerk, PASSWORD)


def test_an_account_disabled_by_hand_opens_nothing_either(session, clerk, now):
    token = issued(session, clerk, now)
    clerk.accounts[0].disabled_at = now
    session.commit()

    with pytest.raises(LinkInvalid):
        find_link(session, token, now=now)


@pytest.mark.parametrize(
    "new, again", [("12345678", None), ("short", None), ("linxi-linxi", None), (NEW, "other"), ("", None)]
)
def test_what_is_mistyped_does_not_use_the_link_up(session, client, clerk, new, again):
    address = link_to(issued(session, clerk, real_now()), base="")

    answer = client.post(address, data={"new": new, "again": again or new})

    assert answer.status_code == 422
    assert password_is(session, clerk, PASSWORD)
    assert client.post(address, data=TYPED).status_code == 303
    assert client.post(address, data=TYPED).status_code == 404


def test_the_wait_after_wrong_passwords_ends_with_the_new_one_at_every_door(session, client, clerk, now):
    long = real_now() - timedelta(seconds=2)
    for device in (None, b"d" * 32):
        for _ in range(LOGIN_PACE.free):
            admit(session, login="linxi", address="127.0.0.1", device=device, now=long)
    assert enter(client, PASSWORD) == 429

    client.post(link_to(issued(session, clerk, real_now()), base=""), data=TYPED)

    assert enter(client, NEW) == 303
    admit(session, login="linxi", address="127.0.0.1", device=b"d" * 32, now=real_now())


def test_a_new_password_buys_nobody_guesses_at_another_login(session, client, clerk):
    for _ in range(LOGIN_PACE.free):
        assert enter(client, "wrong-password", login="zhou") == 401
    client.post(link_to(issued(session, clerk, real_now()), base=""), data=TYPED)

    assert enter(client, "wrong-password", login="zhou") == 429


@pytest.mark.parametrize("broken", ["revoke_all_tokens", "void_links", "end_all_sessions"])
def test_a_failure_half_way_leaves_the_old_password_the_sessions_and_the_link(
    app, session, clerk, monkeypatch, broken
):
    theirs = browser_of(app, session, clerk)
    program = token_of(session, clerk)
    address = link_to(issued(session, clerk, real_now()), base="")
    app.config["PROPAGATE_EXCEPTIONS"] = False

    with monkeypatch.context() as patched:
        patched.setattr(accounts, broken, failing)
        assert app.test_client().post(address, data=TYPED).status_code == 500

    assert password_is(session, clerk, PASSWORD)
    assert theirs.get("/account").status_code == 200
    assert app.test_client().get("/account", headers=program).status_code == 200
    assert app.test_client().post(address, data=TYPED).status_code == 303


def test_who_is_just_signing_in_with_the_old_password_does_not_come_in_after_the_new_one(
    app, session, client, clerk, monkeypatch
):
    token = issued(session, clerk, real_now())
    looked = sign_in.is_password

    def meanwhile(password, kept):
        right = looked(password, kept)
        with app.app_context():
            use(db.session, token, new=NEW, now=real_now())
            db.session.commit()
        return right

    monkeypatch.setattr(sign_in, "is_password", meanwhile)
    assert enter(client, PASSWORD) == 401

    assert session.scalars(select(SignInSession).where(SignInSession.ended_at.is_(None))).all() == []


def test_the_sign_in_page_says_whom_to_ask_and_says_it_to_everybody(client, clerk):
    client.get("/sign-in?lang=en")
    words = "Password forgotten? Ask the administrator who looks after your account"

    assert client.get("/sign-in").text.count(words) == 1
    assert client.post("/sign-in", data={"login": "linxi", "password": "wrong"}).text.count(words) == 1
    assert client.post("/sign-in", data={"login": "nobody", "password": "wrong"}).text.count(words) == 1


def test_a_password_that_may_not_be_chosen_is_refused_by_the_same_rules_as_at_the_invitation(session, clerk, now):
    token = issued(session, clerk, now)

    with pytest.raises(Mistyped):
        use(session, token, new="林小溪林小溪林小溪", now=now)
    with pytest.raises(Mistyped):
        use(session, token, new="password123", now=now)
    session.rollback()

    assert links(session)[0].used_at is None
    find_link(session, token, now=now)
