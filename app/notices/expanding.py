"""To whom exactly does a notice go? A periodic job turns it into deliveries and, by address, into mails.

Running twice, or twice at once, tells nobody twice.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from app.access.models import Node, Person, RoleGrant
from app.access.nodes import AnySession
from app.access.reach import can_sign_in, in_force, people_holding, visible_cases
from app.clock import SHANGHAI
from app.notices.access import HREF, told_words
from app.notices.cases import COLUMNS, cases, history, organizations, words_of
from app.notices.models import Delivery, Mail, Notice
from app.notices.templates import template_of
from workflows.definition import Text

FOOTER = Text(
    "这封邮件由系统自动发送，请勿直接回复。请登录平台办理，不要把本邮件转发给他人。",
    "The system sent this mail; please do not answer it. Sign in to act, and do not pass this mail on.",
)


@dataclass(frozen=True)
class MailStyle:
    """What all mails of this instance share: the sender, and the address of the site ('' if it has none)."""

    sender: str
    public_url: str = ""

    @property
    def domain(self) -> str:
        """Return the right half of every Message-ID."""
        return parseaddr(self.sender)[1].rpartition("@")[2] or "localhost"


def expand_waiting(
    session: AnySession, *, now: datetime, real_now: datetime, style: MailStyle, limit: int = 100
) -> int:
    """Expand up to `limit` waiting notices, commit, and return how many there were.

    `now` is the business clock's and says who holds a role; mails are dated and tried by the real one.
    """
    query = (
        select(Notice)
        .where(Notice.expanded_at.is_(None))
        .order_by(Notice.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    waiting = session.scalars(query).all()
    on = now.astimezone(SHANGHAI).date()
    for notice in waiting:
        _expand(session, notice, on, real_now, style)
        notice.expanded_at = now
    session.commit()
    return len(waiting)


def _expand(session: AnySession, notice: Notice, on: date, real_now: datetime, style: MailStyle) -> None:
    case = _case_of(session, notice) if notice.case_id is not None else None
    for person in _audience(session, notice, on):
        if case is not None and not _concerned(session, person, notice, case, on):
            continue
        delivery_id = session.scalar(
            insert(Delivery)
            .values(notice_id=notice.id, person_id=person.id)
            .on_conflict_do_nothing()
            .returning(Delivery.id)
        )
        if delivery_id is not None and person.email:
            session.add(_mail(person, delivery_id, notice, case, real_now, style))


def _concerned(session: AnySession, person: Person, notice: Notice, case: Any, on: date) -> bool:
    """Tell whether to tell: whoever made the move knows; whoever may not see the case is told nothing of it."""
    assert notice.case_id is not None
    knows = person.id == case.actor_id and not template_of(notice.template).from_elsewhere
    return not knows and _sees(session, person.id, notice.case_id, on)


def _case_of(session: AnySession, notice: Notice) -> Any:
    query = (
        select(*COLUMNS, history.c.person_id.label("actor_id"))
        .select_from(cases)
        .join(history, history.c.case_id == cases.c.id)
        .outerjoin(organizations, organizations.c.id == cases.c.organization_id)
        .where(cases.c.id == notice.case_id, history.c.sequence == notice.sequence)
    )
    return session.execute(query).one()


def _audience(session: AnySession, notice: Notice, on: date) -> Iterable[Person]:
    if notice.person_id is not None:
        return session.scalars(select(Person).where(Person.id == notice.person_id)).all()
    assert notice.audience_role is not None
    path = session.scalar(select(Node.path).where(Node.id == notice.audience_node_id))
    assert path is not None
    there = people_holding(session, notice.audience_role, node_path=path, on=on)
    bound = session.scalars(
        select(Person)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role == notice.audience_role, RoleGrant.case_id == notice.case_id)
        .where(in_force(on), can_sign_in())
    )
    return {person.id: person for person in (*there, *bound)}.values()


def _sees(session: AnySession, person_id: int, case_id: int, on: date) -> bool:
    visible = visible_cases(session, person_id, on, cases.c)
    return bool(session.scalar(select(exists().where(cases.c.id == case_id, visible))))


def _mail(
    person: Person, delivery_id: int, notice: Notice, case: Any, real_now: datetime, style: MailStyle
) -> Mail:
    if notice.told is not None:
        (subject, body), href = told_words(notice.template, notice.told, person.locale), HREF
    else:
        subject, body = template_of(notice.template).written(words_of(case, person.locale), person.locale)
        href = f"/cases/{case.number}"
    link = f"{style.public_url}{href}" if style.public_url else ""
    parts = [body, link, "-- \n" + FOOTER.localized(person.locale)]
    return Mail(
        delivery_id=delivery_id,
        address=person.email,
        subject=" ".join(subject.split()),
        body="\n\n".join(part for part in parts if part) + "\n",
        language="zh-CN" if person.locale.startswith("zh") else "en",
        # Made once and kept: a mail that goes out twice after a crash is recognised as one.
        message_id=f"<{uuid.uuid4()}@{style.domain}>",
        created_at=real_now,
        next_try_at=real_now,
    )
