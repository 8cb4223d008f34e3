"""Who asked for which download, how far is it, and where does its file lie? What was asked is never changed."""

from datetime import datetime
from typing import Any

from sqlalchemy import CHAR, BigInteger, CheckConstraint, ForeignKey, Identity, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

Moment = TIMESTAMP(timezone=True)
FORMATS = ("bundle", "xlsx", "csv")


class Export(db.Model):
    """A download that is made beside: what is asked for (`asked`), by whom, and what became of it, by dates.

    `reach` says what the person reached as an auditor when they asked; whoever reaches something else since gets
    nothing. `attempt` counts the workers that took it up: only the last may still write. `beat_at` is when that
    one last said that it lives. The file lies in the folder of exports under its `sha256` until it was removed.
    """

    __tablename__ = "exports"
    __table_args__ = (
        CheckConstraint("format IN ('bundle', 'xlsx', 'csv')", name="format"),
        CheckConstraint("num_nonnulls(finished_at, failed_at, cancelled_at) <= 1", name="ends_once"),
        CheckConstraint("(finished_at IS NULL) = (sha256 IS NULL)", name="finished_has_a_file"),
        CheckConstraint("(finished_at IS NULL) = (size IS NULL)", name="finished_has_a_size"),
        CheckConstraint("(finished_at IS NULL) = (expires_at IS NULL)", name="finished_expires"),
        CheckConstraint("(failed_at IS NULL) = (failure IS NULL)", name="failed_says_why"),
        Index("ix_exports_person_id_id", "person_id", "id"),
        Index("ix_exports_open", "id",
              postgresql_where=text("finished_at IS NULL AND failed_at IS NULL AND cancelled_at IS NULL")),
        Index("ix_exports_kept", "sha256", postgresql_where=text("finished_at IS NOT NULL AND removed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    asked: Mapped[dict[str, Any]] = mapped_column(JSONB)
    format: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    reach: Mapped[str] = mapped_column(Text)
    title_zh: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    rows_total: Mapped[int | None] = mapped_column(BigInteger)
    rows_done: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    beat_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    sha256: Mapped[str | None] = mapped_column(CHAR(64))
    size: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    removed_at: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str | None] = mapped_column(Text)
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)
