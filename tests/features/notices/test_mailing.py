"""Does every mail arrive, once, or say why not? Against a real server on loopback."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.notices.expanding import expand_waiting
from app.notices.jobs import send_mails
from app.notices.mailing import (
    MAX_TRIES,
    BadMailSetting,
    MailServer,
    message_of,
    send_waiting,
)
from app.notices.mailing import mail_server as server_from
from app.notices.models import Mail
from tests.features.notices.scene import STYLE, a_notice, a_scene
from tests.features.notices.smtp import Mailbox, certificate, free_port, mail_server, only

HOUR = timedelta(hours=1)


@pytest.fixture
def mails(session, now):
    """Two mails in the outbox: to officer@ and city@example.org."""
    scene = a_scene(session, now)
    scene.officer.email, scene.city_officer.email = "officer@example.org", "city@example.org"
    a_notice(session, scene, now)
    expand_waiting(session, now=now, real_now=now, style=STYLE)
    return {mail.address.split("@")[0]: mail for mail in session.scalars(select(Mail))}


def sent(session, port, now, **more):
    server = MailServer("127.0.0.1", port, more.pop("user", None), more.pop("password", None))
    return send_waiting(session, server=server, sender=STYLE.sender, now=now, **more)


def test_a_mail_arrives_whole(session, mails, now):
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        outcome = sent(session, port, now)

    assert (outcome.sent, outcome.failed, outcome.postponed) == (2, 0, 0)
    message = next(m for m in mailbox.messages if m["To"] == "officer@example.org")
    mail = mails["officer"]
    assert message["Subject"] == mail.subject
    assert message["From"] == "枢纽 <no-reply@example.org>"
    assert message["Message-ID"] == mail.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "zh-CN"
    assert message["Date"].datetime == now
    assert message.get_content().replace("\r\n", "\n") == mail.body
    assert (mail.sent_at, mail.tries, mail.error) == (now, 1, None)


def test_a_sent_mail_is_not_sent_again(session, mails, now):
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        sent(session, port, now)
        again = sent(session, port, now + HOUR)

    assert again.sent == 0
    assert len(mailbox.messages) == 2


def test_after_a_crash_between_server_and_mark_it_goes_again_under_the_same_id(
    session, mails, now, monkeypatch
):
    class Crash(BaseException):
        pass

    def crash():
        raise Crash

    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        with monkeypatch.context() as patch:
            patch.setattr(session(), "commit", crash)
            with pytest.raises(Crash):
                sent(session, port, now)
        assert len(mailbox.messages) == 1
        sent(session, port, now)

    ids = [message["Message-ID"] for message in mailbox.messages]
    assert len(ids) == 3
    assert ids[0] == ids[1]
    assert set(ids) == {mails["officer"].message_id, mails["city"].message_id}
    assert bytes(mailbox.messages[0]) == bytes(mailbox.messages[1])


def test_a_refused_address_is_given_up_and_holds_nobody_else_up(session, mails, now):
    mailbox = Mailbox(to_recipient={"officer@example.org": "550 no such user"})
    with mail_server(mailbox) as port:
        outcome = sent(session, port, now)
        sent(session, port, now + HOUR)

    assert (outcome.sent, outcome.failed) == (1, 1)
    mail = mails["officer"]
    assert (mail.sent_at, mail.failed_at, mail.tries, mail.error) == (None, now, 1, "550 no such user")
    assert [message["To"] for message in mailbox.messages] == ["city@example.org"]


def test_a_full_mailbox_is_tried_again_later_and_then_arrives(session, mails, now):
    mailbox = Mailbox(to_recipient={"officer@example.org": "452 mailbox full"})
    with mail_server(mailbox) as port:
        first = sent(session, port, now)
        too_soon = sent(session, port, now + timedelta(seconds=30))
        mailbox.to_recipient.clear()
        later = sent(session, port, now + timedelta(minutes=5))

    assert (first.sent, first.postponed) == (1, 1)
    assert (too_soon.sent, too_soon.postponed) == (0, 0)
    assert later.sent == 1
    assert mails["officer"].tries == 2


def test_pauses_grow_and_patience_ends(session, mails, now):
    mailbox = Mailbox(to_data="451 try later")
    mail, pauses, at = mails["officer"], [], now
    with mail_server(mailbox) as port:
        while mail.failed_at is None:
            sent(session, port, at)
            pauses.append(mail.next_try_at - at)
            at = mail.next_try_at

    assert mail.tries == MAX_TRIES
    assert mail.error == "451 try later"
    assert pauses[:3] == [timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8)]
    assert max(pauses) == timedelta(hours=4)


def test_a_server_that_is_away_uses_up_nobodys_patience(session, mails, now):
    port, at = free_port(), now
    for _ in range(20):
        assert sent(session, port, at).sent == 0
        at += timedelta(hours=5)
    waiting = session.scalars(select(Mail)).all()
    assert [(mail.failed_at, mail.tries) for mail in waiting] == [(None, 0), (None, 0)]
    assert any("refused" in (mail.error or "").lower() for mail in waiting)

    mailbox = Mailbox()
    with mail_server(mailbox, port):
        assert sent(session, port, at).sent == 2


def test_an_address_that_is_none_is_given_up(session, mails, now):
    mails["officer"].address = "nobody at all\r\nBcc: x@example.org"
    session.commit()
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        outcome = sent(session, port, now)

    assert (outcome.sent, outcome.failed) == (1, 1)
    assert [message["To"] for message in mailbox.messages] == ["city@example.org"]


def test_starttls_is_used_where_it_is_offered_and_the_certificate_is_checked(session, mails, now, tmp_path):
    server_side, client_side = certificate(tmp_path)
    mailbox = Mailbox()
    with mail_server(mailbox, tls_context=server_side) as port:
        distrusted = sent(session, port, now)
        trusted = sent(session, port, now + HOUR, context=client_side)

    assert (distrusted.sent, distrusted.postponed) == (0, 1)
    assert trusted.sent == 2
    assert mailbox.encrypted == [True, True]


def test_user_and_password_are_given_where_asked(session, mails, now, tmp_path):
    mailbox = Mailbox()
    server_side, client_side = certificate(tmp_path)
    options = {"authenticator": only("u", "p"), "auth_required": True, "tls_context": server_side}
    with mail_server(mailbox, **options) as port:
        wrong = sent(session, port, now, user="u", password="x", context=client_side)
        right = sent(session, port, now + HOUR, user="u", password="p", context=client_side)

    assert (wrong.sent, wrong.failed, wrong.postponed) == (0, 0, 1)
    assert right.sent == 2
    assert mailbox.signed_in == [True, True]


def test_without_a_server_mails_wait_visibly(app, session, mails, now):
    assert app.config["SMTP_URL"] is None

    send_mails()

    assert [(mail.sent_at, mail.tries) for mail in session.scalars(select(Mail))] == [(None, 0), (None, 0)]


def test_the_worker_sends_by_the_settings(app, session, mails):
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        app.config["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        send_mails()

    assert len(mailbox.messages) == 2


def test_every_try_has_the_same_bytes(session, mails):
    mail = mails["officer"]

    assert bytes(message_of(mail, STYLE.sender)) == bytes(message_of(mail, STYLE.sender))


def test_a_setting_is_read_whole():
    assert server_from("smtp://a%40b:p%2Fw@mail.example.org:587") == MailServer(
        "mail.example.org", 587, "a@b", "p/w", False
    )
    assert server_from("smtps://mail.example.org") == MailServer("mail.example.org", 465, smtps=True)
    assert server_from("smtp://[::1]") == MailServer("::1", 25)
    assert "p/w" not in repr(server_from("smtp://a:p%2Fw@mail.example.org"))


@pytest.mark.parametrize("url", ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://x:99999"])
def test_a_setting_that_says_nothing_is_refused(url):
    with pytest.raises(BadMailSetting, match="SMTP_URL"):
        server_from(url)
