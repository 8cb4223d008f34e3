"""What does the worker do about notices? It addresses what moves left, and sends what is due.

Needs an app context; may run anywhere, any time, twice at once.
"""

from flask import current_app

from app.clock import business_now, real_now
from app.extensions import db
from app.notices.expanding import MailStyle, expand_waiting
from app.notices.mailing import mail_server, send_waiting

BATCH = 100


def tell() -> None:
    """Tell what moves left to be told, in the app and by mail."""
    address_notices()
    send_mails()


def address_notices() -> None:
    """Turn every waiting notice into deliveries and mails."""
    style = MailStyle(
        sender=str(current_app.config["MAIL_FROM"]),
        public_url=str(current_app.config.get("PUBLIC_URL") or "").rstrip("/"),
    )
    while True:
        now = business_now(db.session)
        if expand_waiting(db.session, now=now, real_now=real_now(), style=style, limit=BATCH) < BATCH:
            return


def send_mails() -> None:
    """Send the mails that are due. Without SMTP_URL they wait in the outbox, which the outbox page counts."""
    url = current_app.config.get("SMTP_URL")
    if url:
        sender = str(current_app.config["MAIL_FROM"])
        send_waiting(db.session, server=mail_server(str(url)), sender=sender, now=real_now())
