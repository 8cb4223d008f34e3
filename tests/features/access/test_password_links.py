"""How somebody who forgot the password gets a link: from an administrator above, or from the operator."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.access.accounts import disable
from app.access.models import Account
from app.access.password_links import APART, find_link, issue, open_links, use
from app.access.roles import ROLES
from app.clock import real_now
from app.extensions import db
from tests.builders_access import PASSWORD, a_person, an_account, apart, browser_of, holds, somebody, token_of
from tests.builders_links import NEW, TYPED, asked, enter, failing, issued, links


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
    assert asked(app.test_client(), clerk).location == "/sign-in?ended=1"

    assert links(session) == []


@pytest.mark.parametrize("role", [role for role in ROLES if role not in APART])
def test_whatever_role_somebody_holds_an_administrator_above_lets_them_in_again(
    session, administrator, district, role
):
    person = somebody(session, role, district)
    session.commit()

    assert asked(administrator, person).status_code == 200
    assert [link.for_account_id for link in links(session)] == [person.accounts[0].id]


@pytest.mark.parametrize("role", APART)
def test_for_the_administrators_who_are_kept_apart_only_the_operator_issues_a_link(
    app, session, administrator, district, role
):
    person = somebody(session, role, district, login="apart")
    session.commit()

    apart(administrator.get, "/people?lang=en")
    answer = apart(asked, administrator, person)

    assert answer.status_code == 303 and links(session) == []
    told = apart(administrator.get, "/people").text
    assert "kept apart from yours" in told and "access link apart" in told
    assert app.test_cli_runner().invoke(args=["access", "link", "apart"]).exit_code == 0
    assert [link.invited_by for link in links(session)] == [None]


def test_who_is_kept_apart_no_longer_is_let_in_again_like_everybody(session, administrator, district, clerk):
    ended = real_now().date() - timedelta(days=1)
    holds(session, clerk, "audit_admin", district, until=ended)
    session.commit()

    assert asked(administrator, clerk).status_code == 200


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


def test_a_failure_while_issuing_leaves_the_link_of_before(app, session, administrator, clerk, monkeypatch):
    token = issued(session, clerk, real_now())
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("app.access.links.digest_of", failing)

    assert asked(administrator, clerk).status_code == 500

    monkeypatch.undo()
    assert len(links(session)) == 1
    find_link(session, token, now=real_now())


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
