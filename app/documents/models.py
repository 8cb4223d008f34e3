"""Which papers exist, and in which case does each one stand? The bytes lie in the store, by their hash."""

from datetime import datetime

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

FIRST_SEALED = 2**52
"""Papers of sealed cases have ids from here on, at random; those of documents stay below. All fit into JSON."""


class Document(db.Model):
    """One paper under its name: handed in by a person for an organization, or issued by a case (`issued`).

    Rows are never changed. Two rows may point to the same bytes. `organization_id` says whose paper it is:
    who uploads for it may use it again in another case. An issued paper may carry a `verification_code`,
    by which whoever holds a print can ask whether it is genuine; only the system issues without a person.
    """

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_is_lower_hex"),
        CheckConstraint("size > 0", name="size_is_positive"),
        CheckConstraint("length(name) BETWEEN 1 AND 120", name="name_is_short"),
        CheckConstraint("issued OR uploaded_by IS NOT NULL", name="uploaded_by_somebody"),
        CheckConstraint("issued OR verification_code IS NULL", name="only_issued_papers_have_a_code"),
        Index("ix_documents_organization_id_id", "organization_id", "id"),
        Index("ix_documents_sha256", "sha256"),
        Index("ix_documents_uploaded_by_id", "uploaded_by", "id"),
        Index(
            "uq_documents_verification_code",
            "verification_code",
            unique=True,
            postgresql_where=text("verification_code IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    sha256: Mapped[str] = mapped_column(CHAR(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    uploaded_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    issued: Mapped[bool] = mapped_column(server_default=text("false"))
    verification_code: Mapped[str | None] = mapped_column(Text)


class SealedPaper(db.Model):
    """A paper for a sealed case, before its opening: what it is called, says and hashes to is ciphertext.

    `file` names its ciphertext in the store, `size` is that file's; `about` is sealed under the paper's own key.
    `own_key` is that key, wrapped, while the paper is a draft: it goes into the sealed case when that is handed in.
    `sent` tells whether one form was sent twice.
    """

    __tablename__ = "sealed_papers"
    __table_args__ = (
        CheckConstraint("size > 0", name="size_is_positive"),
        CheckConstraint(f"id >= {FIRST_SEALED}", name="id_is_of_no_document"),
        Index("ix_sealed_papers_organization_id", "organization_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    uploaded_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    file: Mapped[str] = mapped_column(Text, unique=True)
    size: Mapped[int] = mapped_column(BigInteger)
    about: Mapped[bytes] = mapped_column(LargeBinary)
    own_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sent: Mapped[bytes | None] = mapped_column(LargeBinary)


class CaseDocument(db.Model):
    """A paper that a move put into a slot of its case, by reference; append-only, the last one is current."""

    __tablename__ = "case_documents"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "sequence"],
            ["history.case_id", "history.sequence"],
            name="fk_case_documents_history",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("ix_case_documents_document_id", "document_id"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    slot: Mapped[str] = mapped_column(Text, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    sequence: Mapped[int]
