"""Coming in and leaving through the browser: what the pages tell, and what they keep to themselves."""

import re

import pytest
from sqlalchemy import select, text, update

from app.access.api_auth import LANGUAGE_TAGS
from app.access.declare import allow
from app.access.grants import revoke
from app.access.local_paths import local_path
from app.access.models import Account, Person, SignInAttempt, SignInSession
from app.clock import real_now
from tests.builders_access import PASSWORD, a_person, a_place, apart, browser_of, holds, somebody, token_of
from tests.queries import counted
from workflows.rules.working_days import local_day


@pytest.fixture
def person(session):
    person = a_person(session, login="linxi", password=PASSWORD)
    session.commit()
    return person


def enter(client, *, login="linxi", password=PASSWORD, **named):
    return client.post("/sign-in", data={"login": login, "password": password, **named})


def test_somebody_signs_in_and_is_sent_where_they_wanted_to_go(client, person):
    asked = client.get("/account")
    assert asked.status_code == 303
    assert asked.location == "/sign-in?next=/account"

    answer = enter(client, next="/account")

    assert (answer.status_code, answer.location) == (303, "/account")
    assert client.get("/account").status_code == 200


def test_a_form_sent_after_the_session_ended_leads_back_to_it_and_says_that_nothing_was_handed_in(client):
    sent = client.post("/apply/registration?organization=3", data={"scope": "社区服务。"})
    assert (sent.status_code, sent.location) == (303, "/sign-in?next=/apply/registration?organization%3D3&ended=1")
    assert "nothing was handed in" in client.get(f"{sent.location}&lang=en").text
    assert "nothing was handed in" not in client.get("/sign-in?next=/account").text

    only_sent = client.post("/drafts/registration/apply?holder=1", data={})
    assert (only_sent.status_code, only_sent.location) == (303, "/sign-in?ended=1")
    assert client.post("/drafts/registration/apply?holder=1", headers={"X-Partial": "1"}).status_code == 401


def test_who_is_signed_in_already_is_sent_on(app, session, person):
    answer = browser_of(app, session, person).get("/sign-in?next=/account")

    assert (answer.status_code, answer.location) == (303, "/account")


def test_an_unknown_login_and_a_wrong_password_get_the_same_answer(client, person):
    client.get("/sign-in")
    unknown = enter(client, login="nobody", password="wrong-password")
    wrong = enter(client, login="linxi", password="wrong-password")

    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text.replace("nobody", "linxi") == wrong.text
    of_each = {name: unknown.headers[name] for name in ("Content-Length", "X-Request-Id")}
    assert dict(unknown.headers) == {**wrong.headers, **of_each}


def test_a_disabled_account_gets_that_answer_too(client, session, person):
    wrong = enter(client, password="wrong-password")
    session.execute(update(Account).values(disabled_at=real_now()))
    session.commit()

    assert enter(client).text == wrong.text


def test_too_many_tries_get_429_with_the_time_to_wait(client, person):
    for _ in range(3):
        assert enter(client, password="wrong-password").status_code == 401

    answer = enter(client)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 4
    assert answer.headers["Retry-After"] in answer.text


def test_an_unknown_login_is_throttled_with_the_same_words(client, person):
    for login in ("linxi", "nobody"):
        for _ in range(3):
            enter(client, login=login, password="wrong-password")

    known, unknown = enter(client), enter(client, login="nobody")

    assert known.status_code == unknown.status_code == 429
    # The seconds left may pass on between the two; how many they are is the test above.
    assert _without_seconds(unknown).replace("nobody", "linxi") == _without_seconds(known)


def _without_seconds(answer):
    return answer.text.replace(f"请等待{answer.headers['Retry-After']}秒", "请等待N秒")


def test_the_owner_comes_in_on_a_known_device_while_strangers_guess(app, client, session, person):
    assert enter(client).status_code == 303
    client.post("/sign-out")
    stranger = app.test_client()
    for _ in range(4):
        last = enter(stranger, password="wrong-password")
    assert last.status_code == 429

    assert enter(client).status_code == 303


def test_a_device_cookie_of_another_login_or_a_forged_one_proves_nothing(app, client, session, person):
    other = a_person(session, login="other", password=PASSWORD)
    session.commit()
    assert enter(client, login=other.accounts[0].login).status_code == 303
    enter(client)

    forged = app.test_client()
    forged.set_cookie("device", "WyJsaW54aSIsIngiXQ.aaaaaa.bbbbbbbb")
    enter(forged)

    devices = session.execute(select(SignInAttempt.login, SignInAttempt.device).order_by(SignInAttempt.id)).all()
    assert devices == [("other", None), ("linxi", None), ("linxi", None)]


def test_signing_in_changes_the_cookie_and_ends_the_session_before(client, session, person):
    enter(client)
    first = client.get_cookie("sid").value
    enter(client)
    second = client.get_cookie("sid").value

    assert first != second
    client.set_cookie("sid", first)
    assert client.get("/account").status_code == 303


def test_a_cookie_prepared_by_a_stranger_is_not_taken_over(client, session, person):
    client.set_cookie("sid", "chosen-by-the-stranger")
    enter(client)

    assert client.get_cookie("sid").value != "chosen-by-the-stranger"


def test_signing_out_ends_the_session_and_not_only_the_cookie(client, session, person):
    enter(client)
    token = client.get_cookie("sid").value

    assert client.post("/sign-out").status_code == 303

    assert client.get_cookie("sid") is None
    client.set_cookie("sid", token)
    assert client.get("/account").status_code == 303
    assert client.post("/sign-out").status_code == 303


@pytest.mark.parametrize("column, age", [("last_seen_at", "30 minutes"), ("created_at", "12 hours")])
def test_a_session_left_alone_or_grown_old_is_over(client, session, person, column, age):
    enter(client)
    assert client.get("/account").status_code == 200

    session.execute(text(f"UPDATE sign_in_sessions SET {column} = now() - interval '{age}'"))
    session.commit()

    assert client.get("/account").status_code == 303


def test_one_session_is_ended_from_another(app, client, session, person):
    enter(client)
    elsewhere = browser_of(app, session, person)
    ids = session.scalars(select(SignInSession.id).order_by(SignInSession.id)).all()

    client.post(f"/account/sessions/{ids[1]}/end")

    assert elsewhere.get("/account").status_code == 303
    assert client.get("/account").status_code == 200


def test_nobody_ends_the_session_of_another_person(app, client, session, person):
    enter(client)
    other = browser_of(app, session, a_person(session, name="周远山"))
    theirs = session.scalars(select(SignInSession.id).order_by(SignInSession.id.desc())).first()

    assert client.post(f"/account/sessions/{theirs}/end").status_code == 303

    assert other.get("/account").status_code == 200


def test_all_other_sessions_are_ended_at_once(app, client, session, person):
    enter(client)
    others = [browser_of(app, session, person) for _ in range(2)]

    client.post("/account/sessions/end-others")

    assert [other.get("/account").status_code for other in others] == [303, 303]
    assert client.get("/account").status_code == 200


def test_a_new_password_ends_the_other_sessions(app, client, session, person):
    enter(client)
    elsewhere = browser_of(app, session, person)
    new = "a-kite-over-the-roofs"

    answer = client.post("/account/password", data={"current": PASSWORD, "new": new, "again": new})

    assert answer.status_code == 303
    assert elsewhere.get("/account").status_code == 303
    assert client.get("/account").status_code == 200
    client.post("/sign-out")
    assert enter(client).status_code == 401
    assert enter(client, password=new).status_code == 303


@pytest.mark.parametrize(
    "current, new, again",
    [
        ("wrong", "a-kite-over-the-roofs", None),
        (PASSWORD, "12345678", None),
        (PASSWORD, "a-kite-over", "a-kite-under"),
    ],
)
def test_a_password_is_not_changed_without_the_old_one_or_to_a_bad_one(
    client, session, person, current, new, again
):
    enter(client)

    answer = client.post("/account/password", data={"current": current, "new": new, "again": again or new})

    assert answer.status_code == 422
    client.post("/sign-out")
    assert enter(client).status_code == 303


def test_a_token_is_shown_once_and_opens_the_api_pages(app, client, session, person):
    enter(client)

    page = client.post("/account/tokens", data={"name": "报表"}).text

    token = re.search(r"shuniu_[\w-]{43}", page).group()
    assert token not in client.get("/account").text
    program = app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    assert program.get("/account", headers=headers).status_code == 200
    assert program.post("/account/tokens", data={"name": "more"}, headers=headers).status_code == 422


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "evil.example",
        " /account",
        "/a\nb",
        "///evil.example",
        "",
    ],
)
def test_no_foreign_address_is_followed(client, session, person, wanted):
    assert local_path(wanted) == "/"
    assert enter(client, next=wanted).location == "/"


@pytest.mark.parametrize("wanted", ["/account", "/cases?state=open&after=3", "/cases/PAY-1#history"])
def test_an_address_of_ours_is_followed(wanted):
    assert local_path(wanted) == wanted


def test_the_language_is_remembered_for_browser_and_person(app, session, person):
    client = browser_of(app, session, person)

    answer = client.post("/language", data={"locale": "en", "next": "/account"})

    assert (answer.status_code, answer.location) == (303, "/account")
    assert '<html lang="en">' in client.get("/account").text
    session.expire_all()
    assert session.get(Person, person.id).locale == "en"


def test_a_language_chosen_by_a_link_stays_in_this_browser(client):
    client.get(f"/sign-in?lang={LANGUAGE_TAGS[-1]}")

    assert '<html lang="en">' in client.get("/sign-in").text


def test_every_answer_carries_the_protecting_headers(app, session, person):
    client = browser_of(app, session, person)
    answers = [
        client.get("/account"),
        client.get("/no-such-page"),
        app.test_client().get("/sign-in"),
        app.test_client().get("/account"),
        app.test_client().post("/sign-in", data={}),
    ]

    for answer in answers:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answers[0].headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in answers[0].headers


def test_over_https_every_cookie_is_secure_and_bound_to_the_host(client, session, person):
    answer = client.post(
        "/sign-in", data={"login": "linxi", "password": PASSWORD}, base_url="https://shuniu.example"
    )

    cookies = answer.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"__Host-sid", "__Host-device", "__Host-form"}
    for cookie in cookies:
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_over_https_a_cookie_set_by_a_plain_connection_is_not_read(app, session, person):
    client = app.test_client()
    enter(client)
    token = client.get_cookie("sid").value
    secure = app.test_client()
    secure.set_cookie("sid", token, domain="shuniu.example")

    assert secure.get("/account", base_url="https://shuniu.example").status_code == 303


@pytest.fixture
def guarded(app, session, person):
    """The app with CSRF checks, two routes of the API and one for auditors."""
    app.config["WTF_CSRF_ENABLED"] = True
    app.post("/api/v1/test", endpoint="api_write")(allow("signed_in")(lambda: {"done": True}))
    app.get("/api/v1/test", endpoint="api_read")(allow("signed_in")(lambda: {"read": True}))
    app.get("/for-auditors", endpoint="for_auditors")(allow("role:auditor")(lambda: "audit"))
    app.get("/undeclared", endpoint="undeclared")(lambda: "oops")
    return app


def csrf_token_in(page):
    return re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)


def test_a_form_is_accepted_with_the_token_of_its_own_page_only(guarded):
    client = guarded.test_client()
    stolen = csrf_token_in(apart(guarded.test_client().get, "/sign-in").text)
    own = csrf_token_in(apart(client.get, "/sign-in").text)
    data = {"login": "linxi", "password": PASSWORD}

    assert apart(client.post, "/sign-in", data=data).status_code == 400
    assert apart(client.post, "/sign-in", data={**data, "csrf_token": stolen}).status_code == 400
    assert apart(client.post, "/sign-in", data={**data, "csrf_token": own}).status_code == 303


def test_a_token_from_before_signing_in_does_not_write_after_it(guarded):
    client = guarded.test_client()
    before = csrf_token_in(apart(client.get, "/sign-in").text)
    apart(client.post, "/sign-in", data={"login": "linxi", "password": PASSWORD, "csrf_token": before})

    refused = apart(client.post, "/account/sessions/end-others", data={"csrf_token": before})
    fresh = csrf_token_in(apart(client.get, "/account").text)
    accepted = apart(client.post, "/account/sessions/end-others", data={"csrf_token": fresh})

    assert (refused.status_code, accepted.status_code) == (400, 303)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_a_foreign_page_is_refused_even_with_a_token(guarded, headers):
    client = guarded.test_client()
    own = csrf_token_in(apart(client.get, "/sign-in").text)
    data = {"login": "linxi", "password": PASSWORD, "csrf_token": own}

    assert apart(client.post, "/sign-in", data=data, headers=headers).status_code == 400
    ours = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert apart(client.post, "/sign-in", data=data, headers=ours).status_code == 303


def test_the_api_takes_a_bearer_token_without_csrf(guarded, session, person):
    headers = token_of(session, person)

    answer = apart(guarded.test_client().post, "/api/v1/test", headers=headers)

    assert (answer.status_code, answer.json) == (200, {"done": True})


def test_the_api_takes_a_session_only_with_the_csrf_header(guarded, session, person):
    client = browser_of(guarded, session, person)
    token = csrf_token_in(apart(client.get, "/account").text)

    assert apart(client.get, "/api/v1/test").status_code == 200
    assert apart(client.post, "/api/v1/test").status_code == 400
    assert apart(client.post, "/api/v1/test", headers={"X-CSRFToken": token}).status_code == 200


@pytest.mark.parametrize("credentials", [None, "Bearer wrong", "Basic bGlueGk6eA==", "Bearer", ""])
def test_the_api_answers_strangers_with_401(guarded, credentials):
    headers = {} if credentials is None else {"Authorization": credentials}

    for method in ("get", "post"):
        answer = apart(getattr(guarded.test_client(), method), "/api/v1/test", headers=headers)
        assert answer.status_code == 401
        assert answer.json["code"] == "not_signed_in"


def test_a_request_with_a_wrong_token_is_not_saved_by_its_cookie(guarded, session, person):
    client = browser_of(guarded, session, person)

    assert apart(client.get, "/api/v1/test", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_route_for_a_role_is_open_to_it_and_to_no_other(guarded, session, person):
    place = a_place(session, "110102")
    auditor = browser_of(guarded, session, somebody(session, "auditor", place, name="何清"))
    cashier = browser_of(guarded, session, somebody(session, "cashier", place, name="冯平"))

    assert apart(auditor.get, "/for-auditors").status_code == 200
    assert apart(cashier.get, "/for-auditors").status_code == 403
    assert apart(guarded.test_client().get, "/for-auditors").status_code == 303


def test_a_role_that_ends_closes_the_route_with_the_next_request(guarded, session, person):
    given = holds(session, person, "auditor", a_place(session, "110102"))
    client = browser_of(guarded, session, person)
    assert apart(client.get, "/for-auditors").status_code == 200

    revoke(session, given, on=local_day(real_now()), by=None, now=real_now())
    session.commit()

    assert apart(client.get, "/for-auditors").status_code == 403


def test_a_route_that_declares_nothing_answers_nobody(guarded, session, person):
    client = browser_of(guarded, session, somebody(session, "auditor", a_place(session, "110102")))

    assert apart(client.get, "/undeclared").status_code == 403


def test_a_session_costs_one_query_and_the_roles_two_more(guarded, session, person):
    holds(session, person, "auditor", a_place(session, "110102"))
    client = browser_of(guarded, session, person)

    with counted() as statements:
        apart(client.get, "/api/v1/test")
        assert len(statements) == 1
        apart(client.get, "/for-auditors")
        assert len(statements) == 1 + 3
