"""Whoever's access was changed by somebody else hears of it: in the app, and by mail where there is an address."""

import re

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.access.models import RoleGrant
from app.access.password_links import issue, link_to
from app.clock import real_now
from app.notices.expanding import MailStyle, expand_waiting
from app.notices.models import Delivery, Mail, Notice
from tests.builders_access import apart, browser_of, holds
from tests.builders_links import TYPED, asked, failing, issued

STYLE = MailStyle("枢纽 <no-reply@example.org>", "https://example.org")
A_ROLE = {"login": "linxi", "role": "cashier", "place": "110102"}


def address_all(session):
    return expand_waiting(session, now=real_now(), real_now=real_now(), style=STYLE)


def told_to(session, person):
    """Return the templates of what was addressed to the person, the oldest first."""
    query = select(Notice.template).join(Delivery, Delivery.notice_id == Notice.id)
    return session.scalars(query.where(Delivery.person_id == person.id).order_by(Notice.id)).all()


def give(administrator):
    assert administrator.post("/people/grants", data=A_ROLE).status_code == 303


def test_a_role_given_and_a_role_ended_are_told_with_place_day_and_name(
    app, session, administrator, chief, clerk, district
):
    reader = browser_of(app, session, clerk)
    give(administrator)
    given = session.scalars(select(RoleGrant).where(RoleGrant.role == "cashier")).one()
    assert administrator.post(f"/people/grants/{given.id}/revoke").status_code == 303
    assert address_all(session) == 2

    chinese, english = apart(reader.get, "/notices").text, apart(reader.get, "/notices?lang=en").text

    assert told_to(session, clerk) == ["role_given", "role_ended"]
    today = given.valid_from.isoformat()
    assert f"管理员甲授予您角色：出纳（甲区），自{today}起有效" in chinese
    assert "管理员甲已终止您的角色：出纳（甲区）" in chinese
    assert f"管理员甲 gave you the role cashier (甲区), from {today} on" in english.replace("Cashier", "cashier")
    assert english.count('href="/account"') >= 2
    assert told_to(session, chief) == []


def test_a_link_that_was_issued_is_told_and_never_the_link_itself(session, administrator, clerk, now):
    clerk.email = "linxi@example.org"
    session.commit()
    page = asked(administrator, clerk).text
    token = re.search(r"/new-password/([\w-]{43})<", page).group(1)
    address_all(session)

    [mail] = session.scalars(select(Mail)).all()
    assert (mail.address, mail.language) == ("linxi@example.org", "zh-CN")
    assert mail.subject == "已为您的账号签发重设密码链接：linxi"
    assert "管理员甲为您的账号linxi签发了重设密码的链接" in mail.body and "https://example.org/account" in mail.body
    assert "如果不是您要求的" in mail.body
    assert token not in mail.body
    kept = session.execute(text("SELECT string_agg(n::text, ' ') FROM notices n")).scalar_one()
    assert token not in kept


def test_the_operators_link_is_told_without_a_name(app, session, clerk):
    issued(session, clerk, real_now())
    address_all(session)

    assert "平台运维人员为您的账号linxi签发了" in browser_of(app, session, clerk).get("/notices").text


def test_without_an_address_there_is_no_mail_and_nobody_is_told_twice(session, administrator, clerk):
    give(administrator)
    assert (address_all(session), address_all(session)) == (1, 0)

    assert session.scalars(select(Mail)).all() == []
    assert told_to(session, clerk) == ["role_given"]


def test_it_is_told_in_the_language_of_who_reads_it(session, administrator, clerk):
    clerk.email, clerk.locale = "linxi@example.org", "en"
    session.commit()
    give(administrator)
    address_all(session)

    [mail] = session.scalars(select(Mail)).all()
    assert mail.subject == "A role for you: Cashier"


def test_it_is_counted_as_unread_ticked_off_and_seen_by_nobody_else(app, session, administrator, chief, clerk):
    give(administrator)
    address_all(session)
    reader, other = browser_of(app, session, clerk), browser_of(app, session, chief)

    assert "1 unread" in apart(reader.get, "/notices?lang=en").text
    assert "0 unread" in apart(other.get, "/notices?lang=en").text
    delivery = session.scalars(select(Delivery.id)).one()
    other.post(f"/notices/{delivery}/read")
    session.expire_all()
    assert session.scalars(select(Delivery.read_at)).one() is None
    reader.post(f"/notices/{delivery}/read")
    assert "0 unread" in apart(reader.get, "/notices").text


def test_who_lost_the_last_role_still_reads_that_it_ended(app, session, administrator, clerk):
    given = session.scalars(select(RoleGrant).where(RoleGrant.person_id == clerk.id)).one()
    administrator.post(f"/people/grants/{given.id}/revoke")
    address_all(session)

    assert "角色已终止：" in browser_of(app, session, clerk).get("/notices").text


@pytest.mark.parametrize("broken", ["tell_role_given", "tell_role_ended"])
def test_a_failure_while_telling_changes_no_role(app, session, administrator, clerk, monkeypatch, broken):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr(f"app.access.people_pages.{broken}", failing)
    given = session.scalars(select(RoleGrant).where(RoleGrant.person_id == clerk.id)).one().id
    before = session.execute(text("SELECT id, valid_to FROM role_grants ORDER BY id")).all()
    address = "/people/grants" if broken == "tell_role_given" else f"/people/grants/{given}/revoke"

    assert administrator.post(address, data=A_ROLE).status_code == 500

    session.rollback()
    assert session.execute(text("SELECT id, valid_to FROM role_grants ORDER BY id")).all() == before
    assert session.scalars(select(Notice)).all() == []


def test_what_is_refused_is_not_told(session, administrator, chief, clerk, district):
    second = holds(session, chief, "system_admin", district)
    session.commit()

    assert administrator.post(f"/people/grants/{second.id}/revoke").status_code == 303
    assert administrator.post("/people/grants", data={**A_ROLE, "login": "chief"}).status_code == 303

    assert session.scalars(select(Notice)).all() == []


def test_the_owner_who_did_not_ask_ends_the_link_by_changing_the_password(app, session, client, clerk):
    token = issue(session, clerk.accounts[0], by=None, now=real_now())
    session.commit()
    browser_of(app, session, clerk).post("/account/password", data={
        "current": "three-lanterns-by-the-lake", **TYPED,
    })

    assert client.get(link_to(token, base="")).status_code == 404


def test_a_notice_is_of_a_move_or_says_what_there_is_to_say(session, clerk):
    insert = "INSERT INTO notices (person_id, template, created_at, told, case_id, sequence) VALUES "
    for values in ("(:p, 'role_given', now(), NULL, NULL, NULL)", "(NULL, 'role_given', now(), '{}', NULL, NULL)"):
        with pytest.raises(IntegrityError):
            session.execute(text(insert + values), {"p": clerk.id} if ":p" in values else {})
        session.rollback()
