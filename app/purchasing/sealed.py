"""What is kept of sealing keys and of bids? Private keys wrapped; of a bid nothing it says, until it is opened."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db

Moment = TIMESTAMP(timezone=True)


class OpeningKey(db.Model):
    """An opening officer's key (开标密钥), private half wrapped under a passphrase. The newest of a person counts.

    `rehearsed_at`: when it last opened a trial box; `retired_at`: since then no new call uses it.
    """

    __tablename__ = "opening_keys"
    __table_args__ = (Index("ix_opening_keys_person_id_id", "person_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    operations: Mapped[int] = mapped_column(Integer)
    memory: Mapped[int] = mapped_column(BigInteger)
    enrolled_at: Mapped[datetime] = mapped_column(Moment)
    rehearsed_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    retired_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)


class PackageSeal(db.Model):
    """The public key to which the bids of a package are sealed."""

    __tablename__ = "package_seals"

    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)


class PackageShare(db.Model):
    """The package's private key, wrapped for one pair of officers. Destroyed when the package opens or ends."""

    __tablename__ = "package_shares"
    __table_args__ = (CheckConstraint("first_key < second_key", name="pair_in_order"),)

    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    first_key: Mapped[int] = mapped_column(ForeignKey("opening_keys.id"), primary_key=True)
    second_key: Mapped[int] = mapped_column(ForeignKey("opening_keys.id"), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary, info={"unaudited": True})


class OpeningPresence(db.Model):
    """An opening officer who sits in the room of a package, having shown that the own key opens."""

    __tablename__ = "opening_presences"

    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    arrived_at: Mapped[datetime] = mapped_column(Moment)


class Bid(db.Model):
    """One organization's bid for one package; what it says stands here only once it was opened."""

    __tablename__ = "bids"
    __table_args__ = (
        Index("uq_bids_package_id_organization_id_standing", "package_id", "organization_id", unique=True,
              postgresql_where=text("withdrawn_at IS NULL")),
        CheckConstraint("price_fen > 0", name="price_fen"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    package_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(Moment, active_history=True)
    price_fen: Mapped[int | None] = mapped_column(BigInteger)
    approach: Mapped[str | None] = mapped_column(Text)
    team: Mapped[str | None] = mapped_column(Text)


class BidLine(db.Model):
    """One line of an opened bid's budget; the lines sum to its price."""

    __tablename__ = "bid_lines"
    __table_args__ = (CheckConstraint("amount_fen > 0", name="amount_fen"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("bids.case_id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(BigInteger)


class BidPartner(db.Model):
    """A partner of an opened joint bid (联合体), by its credit code."""

    __tablename__ = "bid_partners"
    __table_args__ = (CheckConstraint("share_bp BETWEEN 1 AND 9999", name="share_bp"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("bids.case_id"), primary_key=True)
    uscc: Mapped[str] = mapped_column(Text, primary_key=True)
    share_bp: Mapped[int] = mapped_column(Integer)
