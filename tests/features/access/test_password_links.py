"""How somebody comes in again who forgot the password: by a link of an administrator, once, in time, and recorded."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.access import accounts, sign_in
from app.access.accounts import AccountRefused, disable, enable
from app.access.invitations import LIFE, InvitationInvalid, find_invitation, invite
from app.access.models import Account, AccountChange, Invitation, SignInSession
from app.access.password_links import LinkInvalid, find_link, issue, link_to, open_links, use
from app.access.passwords import Mistyped, is_password
from app.access.roles import ROLES
from app.access.throttle import LOGIN_PACE, admit
from app.clock import real_now
from app.extensions import db
from tests.builders_access import PASSWORD, a_person, a_place, an_account, browser_of, holds, somebody, token_of

NEW = "a-kite-over-the-roofs"
TYPED = {"new": NEW, "again": NEW}


@pytest.fixture
def city(session):
    return a_place(session, "110000", "甲市")


@pytest.fixture
def other_city(session):
    return a_place(session, "520000", "乙市")


@pytest.fixture
def district(session, city):
    return a_place(session, "110102", "甲区", parent=city)


@pytest.fixture
def clerk(session, district):
    """Somebody of the district who has forgotten the password."""
    person = somebody(session, "registrar", district, name="林小溪", login="linxi", password=PASSWORD)
    session.commit()
    return person


@pytest.fixture
def chief(session, city):
    """The administrator of the city."""
    return somebody(session, "system_admin", city, name="管理员甲", login="chief")


@pytest.fixture
def administrator(app, session, chief):
    """The administrator's browser."""
    return browser_of(app, session, chief)


def issued(session, person, now, *, by=None):
    token = issue(session, person.accounts[0], by=by, now=now)
    session.commit()
    return token


def enter(client, password, login="linxi"):
    return client.post("/sign-in", data={"login": login, "password": password}).status_code


def asked(client, person):
    return client.post(f"/people/accounts/{person.accounts[0].id}/password-link")


def links(session):
    session.expire_all()
    query = select(Invitation).where(Invitation.for_account_id.is_not(None)).order_by(Invitation.id)
    return session.scalars(query).all()


def password_is(session, person, password):
    session.expire_all()
    return is_password(password, person.accounts[0].password_hash)


def test_an_administrator_issues_a_link_and_the_owner_sets_a_new_password(
    app, session, administrator, chief, clerk
):
    elsewhere = browser_of(app, session, clerk)
    program = token_of(session, clerk)

    page = asked(administrator, clerk)

    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    address = re.search(r"http://localhost(/new-password/[\w-]{43})<", page.text).group(1)
    assert "林小溪" in page.text and "linxi" in page.text
    assert not re.search(r"/new-password/", administrator.get("/people").text)
    # Nothing is taken from anybody before it is used.
    assert elsewhere.get("/account").status_code == 200
    assert enter(app.test_client(), PASSWORD) == 303

    client = app.test_client()
    form = client.get(address)
    assert (form.status_code, form.headers["Cache-Control"]) == (200, "no-store")
    assert "linxi" in form.text and "c-avatar" not in form.text  # the link signs nobody in
    answer = client.post(address, data=TYPED)

    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "新密码已设置，请用新密码登录。" in client.get("/sign-in").text
    assert elsewhere.get("/account").status_code == 303
    assert app.test_client().get("/account", headers=program).status_code == 401
    assert enter(client, PASSWORD) == 401
    assert enter(client, NEW) == 303
    [link] = links(session)
    account = clerk.accounts[0]
    assert (link.invited_by, link.for_account_id, link.account_id) == (chief.id, account.id, account.id)
    assert link.created_at < link.used_at and link.voided_at is None
    assert account.password_set_at == link.used_at


def test_nobody_but_the_system_administrator_issues_a_link(app, session, district, clerk):
    for role in (code for code in ROLES if code != "system_admin"):
        assert asked(browser_of(app, session, somebody(session, role, district)), clerk).status_code == 403, role
    assert asked(app.test_client(), clerk).location == "/sign-in"

    assert links(session) == []


@pytest.mark.parametrize("role", list(ROLES))
def test_whatever_role_somebody_holds_an_administrator_above_lets_them_in_again(
    session, administrator, district, role
):
    person = somebody(session, role, district)
    session.commit()

    assert asked(administrator, person).status_code == 200
    assert [link.for_account_id for link in links(session)] == [person.accounts[0].id]


def test_no_link_is_issued_for_oneself_from_elsewhere_or_for_who_is_answered_for_by_others_too(
    session, administrator, chief, district, other_city
):
    stranger = somebody(session, "registrar", other_city)
    both = somebody(session, "registrar", district)
    holds(session, both, "cashier", other_city)
    nobody = a_person(session)
    second = an_account(session, chief)
    session.commit()

    answers = [asked(administrator, person).status_code for person in (stranger, both, nobody, chief)]
    answers += [administrator.post(f"/people/accounts/{id_}/password-link").status_code for id_ in (second.id, 999999)]

    assert answers == [404, 403, 404, 303, 303, 404]
    assert links(session) == []


def test_an_administrator_of_a_district_opens_no_account_of_the_city_above(app, session, district, chief):
    below = browser_of(app, session, somebody(session, "system_admin", district))

    assert asked(below, chief).status_code == 404
    assert links(session) == []


def test_the_list_offers_a_link_for_others_who_are_not_disabled_and_tells_which_is_open(
    session, administrator, district, chief, clerk
):
    gone = somebody(session, "staff", district, login="gone")
    gone.accounts[0].disabled_at = real_now()
    session.commit()

    offered = re.findall(r"/people/accounts/(\d+)/password-link", administrator.get("/people").text)

    assert offered == [str(clerk.accounts[0].id)]
    assert open_links(session, [clerk.accounts[0].id], now=real_now()) == {}
    asked(administrator, clerk)
    [link] = links(session)
    assert open_links(session, [clerk.accounts[0].id], now=real_now()) == {clerk.accounts[0].id: link.expires_at}
    assert open_links(session, [clerk.accounts[0].id], now=link.expires_at) == {}
    assert "c-tag is-amber" in administrator.get("/people").text


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


def test_two_clicks_leave_one_open_link(app, session, clerk):
    def click(_number):
        with app.app_context():
            account = db.session.get_one(Account, clerk_account)
            token = issue(db.session, account, by=None, now=real_now())
            db.session.commit()
            return token

    clerk_account = clerk.accounts[0].id
    session.commit()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 4

    assert len([link for link in links(session) if link.voided_at is None]) == 1


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


def test_a_failure_while_issuing_leaves_the_link_of_before(app, session, administrator, clerk, monkeypatch):
    token = issued(session, clerk, real_now())
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("app.access.password_links.digest_of", failing)

    assert asked(administrator, clerk).status_code == 500

    monkeypatch.undo()
    assert len(links(session)) == 1
    find_link(session, token, now=real_now())


def failing(*_args, **_named):
    raise RuntimeError("half-way")


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


def test_the_command_prints_the_link_and_nothing_else(app, session, chief):
    session.commit()
    answer = app.test_cli_runner().invoke(args=["access", "link", "CHIEF"])

    assert answer.exit_code == 0, answer.output
    link = answer.output.strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:5000/new-password/[\w-]{43}", link)
    assert use(session, link.rpartition("/")[2], new=NEW, now=real_now()).login == "chief"
    assert [row.invited_by for row in links(session)] == [None]


def test_the_command_refuses_who_is_unknown_or_disabled(app, session, clerk):
    runner = app.test_cli_runner()
    assert runner.invoke(args=["access", "link", "nobody"]).exit_code == 2
    disable(session, clerk.accounts[0], by=None, now=real_now())
    session.commit()

    answer = runner.invoke(args=["access", "link", "linxi"])

    assert (answer.exit_code, "new-password" in answer.output) == (1, False)
    assert links(session) == []


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
