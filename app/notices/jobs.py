"""What does the worker do about notices? It addresses what moves left, and sends what is due."""

from flask import current_app
from sqlalchemy.orm import Session

from app.clock import business_now, real_now
from app.database.jobs import PeriodicJob
from app.notices.expanding import MailStyle, expand_waiting
from app.notices.mailing import mail_server, send_waiting

BATCH = 100


def address_notices(session: Session) -> None:
    """Turn every waiting notice into deliveries and mails."""
    style = MailStyle(
        sender=str(current_app.config["MAIL_FROM"]),
        public_url=str(current_app.config.get("PUBLIC_URL") or "").rstrip("/"),
    )
    while True:
        now = business_now(session)
        if expand_waiting(session, now=now, real_now=real_now(), style=style, limit=BATCH) < BATCH:
            return


def send_mails(session: Session) -> None:
    """Send the mails that are due. Without SMTP_URL they wait in the outbox, which the outbox page counts."""
    url = current_app.config.get("SMTP_URL")
    if url:
        sender = str(current_app.config["MAIL_FROM"])
        send_waiting(session, server=mail_server(str(url)), sender=sender, now=real_now())


JOBS = (PeriodicJob("notices", 5, address_notices), PeriodicJob("mails", 10, send_mails))
