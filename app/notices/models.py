"""What is told to whom? Notices are written by moves, deliveries and mails by a periodic job."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

Moment = TIMESTAMP(timezone=True)


class Notice(db.Model):
    """What a move has to say, to one person or to who holds a role at a node; only `expanded_at` changes.

    What was done to a person's access is of no case: `told` then holds what there is to say.
    """

    __tablename__ = "notices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "sequence"],
            ["history.case_id", "history.sequence"],
            name="fk_notices_history",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint(
            "(person_id IS NOT NULL) <> (audience_role IS NOT NULL AND audience_node_id IS NOT NULL)",
            name="audience_is_a_person_or_a_role_at_a_node",
        ),
        CheckConstraint(
            "(case_id IS NULL) = (sequence IS NULL) AND (case_id IS NULL) = (told IS NOT NULL)"
            " AND (told IS NULL OR person_id IS NOT NULL)",
            name="of_a_move_or_told",
        ),
        Index("ix_notices_waiting", "id", postgresql_where=text("expanded_at IS NULL")),
        Index("ix_notices_case_id_sequence", "case_id", "sequence"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    sequence: Mapped[int | None]
    audience_role: Mapped[str | None] = mapped_column(Text)
    # The place of its case or of the case's organization, which refer to it; every move would pay for one more.
    audience_node_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    template: Mapped[str] = mapped_column(Text)
    told: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expanded_at: Mapped[datetime | None] = mapped_column(Moment)


class Delivery(db.Model):
    """One notice in one person's list; `read_at` is when they opened or ticked it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_notice_id_person_id", "notice_id", "person_id", unique=True),
        Index("ix_deliveries_person_id_id", "person_id", "id"),
        Index("ix_deliveries_unread", "person_id", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    read_at: Mapped[datetime | None] = mapped_column(Moment)


class Mail(db.Model):
    """The outbox: one mail, with the words and the Message-ID it keeps through every try.

    It waits until `sent_at` (a server took it) or `failed_at` (given up, `error` says why); before
    `next_try_at` nobody tries.
    """

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name="sent_or_failed"),
        CheckConstraint("tries >= 0", name="tries_count_up"),
        Index(
            "ix_mails_waiting",
            "next_try_at",
            "id",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), unique=True)
    address: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    next_try_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    error: Mapped[str | None] = mapped_column(Text)
