"""Somebody changes the own password: the old one is asked for as at the sign-in, and what it opened ends."""

import pytest
from sqlalchemy import select

from app.access import accounts
from app.access.models import AccountChange
from app.access.passwords import is_password
from app.access.throttle import LOGIN_PACE
from tests.builders_access import PASSWORD, a_person, browser_of, token_of

NEW = "a-kite-over-the-roofs"
FORM = {"current": PASSWORD, "new": NEW, "again": NEW}


@pytest.fixture
def person(session):
    person = a_person(session, login="linxi", password=PASSWORD)
    session.commit()
    return person


@pytest.fixture
def browser(app, session, person):
    return browser_of(app, session, person)


def changed(browser, **named):
    return browser.post("/account/password", data={**FORM, **named})


def password_is(session, person, password):
    session.expire_all()
    return is_password(password, person.accounts[0].password_hash)


def changes(session):
    session.expire_all()
    return session.execute(select(AccountChange.what, AccountChange.account_id, AccountChange.by_person)).all()


def test_other_browsers_and_all_tokens_end_this_browser_stays_and_it_is_recorded(app, session, person, browser):
    elsewhere, program = browser_of(app, session, person), token_of(session, person)

    assert changed(browser).status_code == 303

    assert browser.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    assert app.test_client().get("/account", headers=program).status_code == 401
    assert password_is(session, person, NEW)
    account = person.accounts[0]
    assert changes(session) == [("password_changed", account.id, person.id)]
    assert account.password_set_at is not None


def test_the_page_says_so_before_and_after(browser):
    browser.get("/account?lang=en")
    assert "all tokens for programs end" in browser.get("/account").text

    changed(browser)

    page = browser.get("/account").text
    assert "Other browsers are signed out, and tokens have ended." in page
    assert "Last changed" in page


def test_a_wrong_old_password_is_throttled_as_at_the_sign_in_and_counts_there(app, session, person, browser):
    for _ in range(LOGIN_PACE.free):
        assert changed(browser, current="wrong-password").status_code == 422
    answer = changed(browser)

    assert (answer.status_code, answer.headers["Retry-After"].isdecimal()) == (429, True)
    assert app.test_client().post("/sign-in", data={"login": "linxi", "password": PASSWORD}).status_code == 429
    assert password_is(session, person, PASSWORD)
    assert changes(session) == []


def test_the_right_old_password_costs_no_try(app, session, person, browser):
    for _ in range(LOGIN_PACE.free + 1):
        assert changed(browser, new="12345678", again="12345678").status_code == 422

    assert changed(browser).status_code == 303


def test_a_program_changes_no_password(app, session, person):
    answer = app.test_client().post("/account/password", data=FORM, headers=token_of(session, person))

    assert answer.status_code == 422
    assert password_is(session, person, PASSWORD)


def test_nobody_changes_a_password_without_being_signed_in(app, session, person):
    answer = app.test_client().post("/account/password", data=FORM)

    assert (answer.status_code, answer.location) == (303, "/sign-in?ended=1")
    assert password_is(session, person, PASSWORD)


@pytest.mark.parametrize("broken", ["revoke_all_tokens", "void_links", "_record"])
def test_a_failure_half_way_leaves_password_sessions_and_tokens(app, session, person, browser, monkeypatch, broken):
    elsewhere, program = browser_of(app, session, person), token_of(session, person)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def failing(*_args, **_named):
        raise RuntimeError("half-way")

    monkeypatch.setattr(accounts, broken, failing)
    assert changed(browser).status_code == 500

    assert password_is(session, person, PASSWORD)
    assert elsewhere.get("/account").status_code == 200
    assert app.test_client().get("/account", headers=program).status_code == 200
    assert changes(session) == []
