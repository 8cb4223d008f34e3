"""How does a mail of the outbox get to a server? At least once, under one Message-ID, with patience.

A mail is marked in the transaction that holds it: if the process dies after the server took it and before the
mark, it goes again under the same Message-ID, which receivers fold into one.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from sqlalchemy import select

from app.access.nodes import AnySession
from app.notices.models import Mail

MAX_TRIES = 12
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=4)
TIMEOUT_SECONDS = 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class BadMailSetting(Exception):
    """SMTP_URL cannot be used; the message says how it must look."""


class _Unreachable(Exception):
    """No mail can go now: the server is away, or does not let us in. Says nothing about any one mail."""


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over: `smtps` speaks TLS from the start, else once the server offers it."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    smtps: bool = False


@dataclass
class Outcome:
    """What one run did: mails a server took, mails given up, mails that wait for another try."""

    sent: int = 0
    failed: int = 0
    postponed: int = 0


def mail_server(url: str) -> MailServer:
    """Return the server that SMTP_URL names, or raise BadMailSetting."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise BadMailSetting(
            "SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465; special characters"
            " in user and password are written as %XX"
        )
    smtps = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname,
        port=port or (465 if smtps else 25),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        smtps=smtps,
    )


def send_waiting(
    session: AnySession,
    *,
    server: MailServer,
    sender: str,
    now: datetime,
    limit: int = 50,
    context: ssl.SSLContext | None = None,
) -> Outcome:
    """Hand over up to `limit` mails that are due by the real time `now`, one transaction each."""
    outcome = Outcome()
    first = _next_due(session, now)
    if first is None:
        session.rollback()
        return outcome
    try:
        with _connected(server, context or ssl.create_default_context()) as connection:
            mail: Mail | None = first
            for _ in range(limit):
                if mail is None:
                    break
                _try(connection, mail, sender, now, outcome)
                session.commit()
                mail = _next_due(session, now)
    except _Unreachable as away:
        # The mail in hand says why nothing moves; a server that is away uses up nobody's tries.
        blocked = _next_due(session, now)
        if blocked is not None:
            _postpone(blocked, now, str(away))
            outcome.postponed += 1
        session.commit()
    finally:
        session.rollback()
    return outcome


def message_of(mail: Mail, sender: str) -> EmailMessage:
    """Return the mail as it goes over the wire: the same bytes at every try."""
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = sender
    message["To"] = mail.address
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body, cte="base64")
    message["Content-Language"] = mail.language  # set_content() clears what describes content
    return message


def _next_due(session: AnySession, now: datetime) -> Mail | None:
    return session.scalars(
        select(Mail)
        .where(Mail.sent_at.is_(None), Mail.failed_at.is_(None), Mail.next_try_at <= now)
        .order_by(Mail.next_try_at, Mail.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def _try(connection: smtplib.SMTP, mail: Mail, sender: str, now: datetime, outcome: Outcome) -> None:
    try:
        message = message_of(mail, sender)
        connection.send_message(message, from_addr=parseaddr(sender)[1], to_addrs=[mail.address])
    except smtplib.SMTPRecipientsRefused as refused:
        code, reply = next(iter(refused.recipients.values()))
        _refused(mail, now, code, reply, outcome)
    except smtplib.SMTPDataError as refused:
        _refused(mail, now, refused.smtp_code, refused.smtp_error, outcome)
    except (smtplib.SMTPNotSupportedError, ValueError, IndexError) as wrong:
        # The address or its script is nothing this server can deliver to: another try changes nothing.
        _give_up(mail, now, f"{type(wrong).__name__}: {wrong}", outcome)
    except (smtplib.SMTPException, OSError) as away:
        raise _Unreachable(_said(away)) from away
    else:
        mail.tries += 1
        mail.sent_at, mail.error = now, None
        outcome.sent += 1


def _refused(mail: Mail, now: datetime, code: int, reply: bytes | str, outcome: Outcome) -> None:
    words = f"{code} {reply.decode('utf-8', 'replace') if isinstance(reply, bytes) else reply}"
    if code >= 500 or mail.tries + 1 >= MAX_TRIES:
        _give_up(mail, now, words, outcome)
    else:
        mail.tries += 1
        _postpone(mail, now, words)
        outcome.postponed += 1


def _give_up(mail: Mail, now: datetime, words: str, outcome: Outcome) -> None:
    mail.tries += 1
    mail.failed_at, mail.error = now, words[:500]
    outcome.failed += 1


def _postpone(mail: Mail, now: datetime, words: str) -> None:
    mail.next_try_at = now + min(FIRST_PAUSE * 2 ** min(mail.tries, 10), LONGEST_PAUSE)
    mail.error = words[:500]


@contextmanager
def _connected(server: MailServer, context: ssl.SSLContext) -> Iterator[smtplib.SMTP]:
    """Give a connection that is let in, or raise _Unreachable."""
    try:
        connection = (
            smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
            if server.smtps
            else smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        )
    except (smtplib.SMTPException, OSError) as away:
        raise _Unreachable(_said(away)) from away
    try:
        _enter(connection, server, context)
        yield connection
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()
        connection.close()


def _enter(connection: smtplib.SMTP, server: MailServer, context: ssl.SSLContext) -> None:
    try:
        connection.ehlo()
        private = server.smtps or server.host in _LOOPBACK
        if not server.smtps and connection.has_extn("starttls"):
            connection.starttls(context=context)
            connection.ehlo()
            private = True
        if server.user is not None:
            if not private:
                raise _Unreachable(
                    "the server offers no STARTTLS: the password is not sent over an open line"
                )
            connection.login(server.user, server.password or "")
    except (smtplib.SMTPException, OSError) as away:
        raise _Unreachable(_said(away)) from away


def _said(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"
