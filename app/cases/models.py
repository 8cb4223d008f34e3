"""What is a case, and what of it is kept for ever? Tables of the frame; no feature's columns."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

Moment = TIMESTAMP(timezone=True)
CASE_GAP = 2**20
"""How far the ids of two cases lie apart; 2**33 cases fit below 2**53, where JSON is exact."""
ATTEMPT_GAP = 2**30


class Case(db.Model):
    """One procedure of one organization. Its `state` is the only state in the database.

    `revision` counts its moves; `waits_*` say who must act; `due_at` is its earliest running clock;
    while `sealed`, only its own organization may know of it;
    `place`, `version`, `legal_class` and `policy` pin the definition and the numbers for its whole life.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint("revision >= 0", name="revision_counts_moves"),
        CheckConstraint("(closed_at IS NULL) OR (waits_role IS NULL)", name="closed_waits_for_nobody"),
        Index("ix_cases_waiting", "waits_role", "waits_node", "due_at", "id",
              postgresql_include=["waits_person", "sealed"], postgresql_where=text("closed_at IS NULL")),
        Index("ix_cases_open_due", "due_at", "id", postgresql_where=text("closed_at IS NULL")),
        Index("ix_cases_organization_id_id", "organization_id", "id"),
        Index("ix_cases_node_id_id", "node_id", "id"),
        Index("ix_cases_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )

    # The gaps between ids hold those of sealed cases, at random: who sees two ids cannot count what came between.
    id: Mapped[int] = mapped_column(BigInteger, Identity(increment=CASE_GAP), primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(SmallInteger)
    legal_class: Mapped[str | None] = mapped_column(Text)
    policy: Mapped[str] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    subject: Mapped[str] = mapped_column(Text, server_default=text("''"))
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    waits_role: Mapped[str | None] = mapped_column(Text)
    waits_node: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    waits_person: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    head: Mapped[bytes] = mapped_column(LargeBinary, server_default=text("''::bytea"))
    sealed: Mapped[bool] = mapped_column(server_default=text("false"))


class CaseSubject(db.Model):
    """What a case's subject is searched by; triggers on `cases` write it, nobody else may.

    A table of its own: the index would get new entries with every move if it stood on `cases`.
    """

    __tablename__ = "case_subjects"
    __table_args__ = (Index("ix_case_subjects_search", "search", postgresql_using="gin"),)

    case_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cases.id"), primary_key=True, autoincrement=False)
    subject: Mapped[str] = mapped_column(Text)
    search: Mapped[list[str]] = mapped_column(ARRAY(Text), Computed("ngrams(subject)", persisted=True), nullable=False)


class History(db.Model):
    """One move of one case, append-only. `body` is the exact text that was hashed; columns only serve queries."""

    __tablename__ = "history"
    __table_args__ = (
        CheckConstraint("hash = sha256('\\x00'::bytea || body)", name="hash_is_of_the_body"),
        CheckConstraint("sequence > 0", name="sequence_starts_at_one"),
        Index("ix_history_person_id_at", "person_id", "at"),
        Index("ix_history_at", "at", "case_id", "sequence"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    on_behalf_of: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(Text)
    trigger: Mapped[str] = mapped_column(Text)
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    prev: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class PersonalValue(db.Model):
    """A personal value that history holds only as a salted commitment; erasing the row keeps the chain valid."""

    __tablename__ = "personal_values"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_personal_values_history", deferrable=True, initially="DEFERRED",
        ),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    value: Mapped[Any] = mapped_column(JSONB)


class Clock(db.Model):
    """One run of a named clock of a case: `number` `unit`s from `started_at`, less its pauses.

    `due_at` is the end of the last day in Asia/Shanghai; it stands still while `paused_since` is set.
    `provisional` says that a year without a published holiday calendar was counted.
    `fires` is the trigger that the system performs when it is due, if any.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        Index("ix_clocks_firing", "due_at",
              postgresql_where=text("stopped_at IS NULL AND paused_since IS NULL AND fires IS NOT NULL")),
        # The calendar of deadlines pages through what has not stopped, by its key.
        Index("ix_clocks_open", "due_at", "case_id", "name", "run", postgresql_where=text("stopped_at IS NULL")),
        CheckConstraint("unit IN ('working_days', 'days', 'months', 'until')", name="unit_is_known"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    run: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    number: Mapped[int]
    unit: Mapped[str] = mapped_column(Text)
    extended_by: Mapped[int] = mapped_column(server_default=text("0"))
    pauses: Mapped[list[list[str]]] = mapped_column(JSONB, server_default=text("'[]'"))
    paused_since: Mapped[datetime | None] = mapped_column(Moment)
    paused_for: Mapped[str | None] = mapped_column(Text)
    due_at: Mapped[datetime] = mapped_column(Moment)
    provisional: Mapped[bool]
    promised: Mapped[bool]
    fires: Mapped[str | None] = mapped_column(Text)
    stopped_at: Mapped[datetime | None] = mapped_column(Moment)


class Draft(db.Model):
    """What somebody typed and has not handed in: shared within the holder (an organization or an office)."""

    __tablename__ = "drafts"
    __table_args__ = (
        Index("uq_drafts_place", "holder_node_id", "kind", "trigger", text("coalesce(case_id, 0)"), unique=True),
        Index("ix_drafts_case_id", "case_id", "kind", "trigger"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    holder_node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    kind: Mapped[str] = mapped_column(Text)
    trigger: Mapped[str] = mapped_column(Text)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    own_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    revision: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(Moment)
    updated_by: Mapped[int] = mapped_column(ForeignKey("people.id"))


class SealedInput(db.Model):
    """What was handed in with one move of a sealed case: ciphertext, and the digest that history holds."""

    __tablename__ = "sealed_inputs"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class WithheldValue(db.Model):
    """A value of a move that nobody may read yet, with the salt of its commitment; ciphertext under its own key."""

    __tablename__ = "withheld_values"
    __table_args__ = (
        ForeignKeyConstraint(
            ["case_id", "sequence"], ["history.case_id", "history.sequence"],
            name="fk_withheld_values_history", deferrable=True, initially="DEFERRED",
        ),
    )

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    own_key: Mapped[bytes] = mapped_column(LargeBinary)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)


class Attempt(db.Model):
    """A move that was refused, with the reasons that were given. Append-only."""

    __tablename__ = "attempts"
    __table_args__ = (
        Index("ix_attempts_case_id_id", "case_id", "id"),
        Index("ix_attempts_person_id_id", "person_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(increment=ATTEMPT_GAP), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(Text)
    trigger: Mapped[str] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    code: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    request_id: Mapped[str] = mapped_column(Text)


class IdempotencyKey(db.Model):
    """The answer that one account's key got; the same key with the same body gets it again.

    No reference to the account: it is that of the session or token that brought the key, and every move would pay.
    """

    __tablename__ = "idempotency_keys"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    made_at: Mapped[datetime] = mapped_column(Moment, server_default=text("clock_timestamp()"))


class LogQueue(db.Model):
    """A history row that is not yet in the Merkle log; the sequencer empties this queue."""

    __tablename__ = "log_queue"

    case_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)


class LogLeaf(db.Model):
    """The place of a history row in the Merkle log: dense from 0, never changed."""

    __tablename__ = "log_leaves"
    __table_args__ = (
        Index("uq_log_leaves_case_id_sequence", "case_id", "sequence", unique=True),
    )

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    sequence: Mapped[int]
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Checkpoint(db.Model):
    """A signed statement: at `signed_at` (real time) the log had `size` leaves and this root."""

    __tablename__ = "checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    peaks: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(Moment)


class SignatureRequest(db.Model):
    """Bytes that the web process asks the signer to sign (a bundle's manifest); answered by the worker."""

    __tablename__ = "signature_requests"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    message: Mapped[bytes] = mapped_column(LargeBinary)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)


class BusinessClock(db.Model):
    """One row: how far the clock of cases runs ahead of real time. Always 0 in production."""

    __tablename__ = "business_clock"
    __table_args__ = (CheckConstraint("one", name="one_row"),)

    one: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    ahead_seconds: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class Heartbeat(db.Model):
    """One row that `/readyz` writes to know that the database takes writes."""

    __tablename__ = "heartbeat"
    __table_args__ = (CheckConstraint("one", name="one_row"),)

    one: Mapped[bool] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment)
