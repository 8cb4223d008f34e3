"""What has this person been told, and does the outbox move?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.engine import CursorResult

from app.access.nodes import AnySession
from app.access.reach import Holding, visible_by
from app.notices.access import HREF, told_words
from app.notices.cases import COLUMNS, cases, history, organizations, words_of
from app.notices.models import Delivery, Mail, Notice
from app.notices.templates import template_of

COUNTED_TO = 100


@dataclass(frozen=True)
class Entry:
    """One line of a person's list, in their language. `id` is the delivery's; `href` leads to what it is about.

    `number` is None for what is of no case: what was done to the person's access.
    """

    id: int
    at: datetime
    number: str | None
    subject: str
    body: str
    task: bool
    read_at: datetime | None

    @property
    def href(self) -> str:
        """The page of the case, or of what the person may do."""
        return f"/cases/{self.number}" if self.number is not None else HREF


@dataclass(frozen=True)
class Outbox:
    """How many mails wait, were given up or were sent; `oldest` waits since then, `error` is the last one."""

    waiting: int
    failed: int
    sent: int
    oldest: datetime | None
    error: str | None


def unread_count(session: AnySession, person_id: int, held: Iterable[Holding]) -> int:
    """Return how many notices the person has not read, of cases they may see today: COUNTED_TO stands for more.

    Every page asks this, so it stops counting where no page shows a difference. One query.
    """
    unread = (
        select(Delivery.id)
        .join(Notice, Notice.id == Delivery.notice_id)
        .outerjoin(cases, cases.c.id == Notice.case_id)
        .where(Delivery.person_id == person_id, Delivery.read_at.is_(None), _visible(held))
        .limit(COUNTED_TO)
    )
    return session.scalar(select(func.count()).select_from(unread.subquery())) or 0


def notices_of(
    session: AnySession,
    person_id: int,
    held: Iterable[Holding],
    *,
    locale: str,
    unread_only: bool = False,
    before: int | None = None,
    limit: int = 30,
) -> list[Entry]:
    """Return the person's notices, newest first, from the one `before` (a delivery's id) on. One query."""
    query = (
        _entries()
        .where(Delivery.person_id == person_id, _visible(held))
        .order_by(Delivery.id.desc())
        .limit(limit)
    )
    if unread_only:
        query = query.where(Delivery.read_at.is_(None))
    if before is not None:
        query = query.where(Delivery.id < before)
    entries = []
    for row in session.execute(query):
        template, told = template_of(row.template), row.told
        written = (
            told_words(row.template, told, locale) if told is not None
            else template.written(words_of(row, locale), locale)
        )
        task = template.task and told is None
        entries.append(Entry(row.id, row.created_at, row.number, *written, task, row.read_at))
    return entries


def _visible(held: Iterable[Holding]) -> ColumnElement[bool]:
    """Return the condition that a notice is of a case that may be seen today, or of the person's own access."""
    return or_(Notice.case_id.is_(None), visible_by(held, cases.c))


def mark_read(session: AnySession, person_id: int, now: datetime, *, delivery_id: int | None = None) -> int:
    """Mark one of the person's notices as read, or all; return how many were unread. The caller commits."""
    mine: list[ColumnElement[bool]] = [Delivery.person_id == person_id, Delivery.read_at.is_(None)]
    if delivery_id is not None:
        mine.append(Delivery.id == delivery_id)
    done = session.execute(update(Delivery).where(*mine).values(read_at=now))
    assert isinstance(done, CursorResult)
    return done.rowcount


def outbox(session: AnySession) -> Outbox:
    """Return how the outbox stands. Without SMTP_URL everything in it waits."""
    waiting = Mail.sent_at.is_(None) & Mail.failed_at.is_(None)
    counts = session.execute(
        select(
            func.count().filter(waiting),
            func.count(Mail.failed_at),
            func.count(Mail.sent_at),
            func.min(Mail.created_at).filter(waiting),
        )
    ).one()
    error = session.scalar(
        select(Mail.error).where(Mail.error.is_not(None)).order_by(Mail.id.desc()).limit(1)
    )
    return Outbox(*counts, error)


def _entries() -> Select[Any]:
    return (
        select(Delivery.id, Delivery.read_at, Notice.template, Notice.told, Notice.created_at, *COLUMNS)
        .join(Notice, Notice.id == Delivery.notice_id)
        .outerjoin(cases, cases.c.id == Notice.case_id)
        .outerjoin(history, (history.c.case_id == Notice.case_id) & (history.c.sequence == Notice.sequence))
        .outerjoin(organizations, organizations.c.id == cases.c.organization_id)
    )
