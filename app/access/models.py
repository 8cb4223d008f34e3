"""Who are the people, where do they hold which role, and by what do we recognise them?"""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, Text, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db

Moment = TIMESTAMP(timezone=True)
NODE_KINDS = ("territory", "hub", "organization", "incubator", "buyer", "authority")


class Node(db.Model):
    """A place where a role can be held: territory, organization, hub, incubator, buyer or office.

    `path` holds the ids from the root to the node, as in '/1/5/9/': what stands below a node
    begins with its path. It exists from `valid_from` until, and not on, `valid_to`.
    """

    __tablename__ = "nodes"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('territory', 'hub', 'organization', 'incubator', 'buyer', 'authority')",
            name="kind_is_known",
        ),
        CheckConstraint("path LIKE '/%/' AND path LIKE '%/' || id || '/'", name="path_ends_with_the_node"),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        Unique("path", name="uq_nodes_path"),
        Unique("code", name="uq_nodes_code"),
        Index("ix_nodes_path", "path", postgresql_ops={"path": "text_pattern_ops"}),
        Index("ix_nodes_parent_id", "parent_id", "id"),
        Index("ix_nodes_places", "path", postgresql_ops={"path": "text_pattern_ops"},
              postgresql_where=text("kind <> 'organization'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    path: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    level: Mapped[int | None]
    valid_from: Mapped[date] = mapped_column(server_default=text("'1949-10-01'"))
    valid_to: Mapped[date | None]

    def name(self, locale: str) -> str:
        """Return the name for readers of `locale`; the Chinese one where there is no other."""
        return self.name_zh if locale.startswith("zh") or not self.name_en else self.name_en


class FormerPlaceName(db.Model):
    """What a place was called until, and not on, `until_on`; its name of today stands with the place. Append-only."""

    __tablename__ = "former_place_names"
    __table_args__ = (Index("ix_former_place_names_node_id", "node_id", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str | None] = mapped_column(Text)
    until_on: Mapped[date]
    entered_at: Mapped[datetime] = mapped_column(Moment)


class Person(db.Model):
    """A natural person. Separation of duties compares persons, never their accounts.

    `identity_digest` keeps one person from being two: a keyed HMAC of the identity number, which itself
    is kept nowhere.
    """

    __tablename__ = "people"
    __table_args__ = (Unique("identity_digest", name="uq_people_identity_digest"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    identity_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    email: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, server_default=text("'zh_Hans_CN'"))
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))

    accounts: Mapped[list["Account"]] = relationship(back_populates="person", order_by="Account.id")


class Account(db.Model):
    """A way for a person to sign in. A person may have several; a disabled one opens nothing from then on.

    `password_set_at` is when the password was last changed; None: never since the account was made.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("login = lower(login) AND login <> ''", name="login_is_lower_case"),
        Unique("login", name="uq_accounts_login"),
        Index("ix_accounts_person_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    login: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    password_set_at: Mapped[datetime | None] = mapped_column(Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))

    person: Mapped[Person] = relationship(back_populates="accounts")


class RoleGrant(db.Model):
    """A person holds a role on a node from `valid_from` until, and not on, `valid_to`.

    With `case_id` it holds for that case alone. Nothing is deleted: a revoked grant ends and says by whom.
    """

    __tablename__ = "role_grants"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="ends_after_it_begins"),
        CheckConstraint("(revoked_at IS NULL) OR (valid_to IS NOT NULL)", name="revoked_has_an_end"),
        Index("ix_role_grants_person_id", "person_id"),
        Index("ix_role_grants_node_id_role", "node_id", "role"),
        Index("ix_role_grants_case_id", "case_id", postgresql_where=text("case_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    role: Mapped[str] = mapped_column(Text)
    node_id: Mapped[int] = mapped_column(ForeignKey("nodes.id"))
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    granted_at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)

    node: Mapped[Node] = relationship()


class SignInSession(db.Model):
    """A signed-in browser. Only the SHA-256 of its token is kept; an ended one is never valid again."""

    __tablename__ = "sign_in_sessions"
    __table_args__ = (
        Unique("token_digest", name="uq_sign_in_sessions_token_digest"),
        Index("ix_sign_in_sessions_account_id", "account_id", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    user_agent: Mapped[str] = mapped_column(Text, server_default=text("''"))


class ApiToken(db.Model):
    """A program's way in for one account; only its SHA-256 is kept."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        CheckConstraint("expires_at > created_at", name="expires_after_it_begins"),
        Unique("digest", name="uq_api_tokens_digest"),
        Index("ix_api_tokens_account_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


class SignInAttempt(db.Model):
    """One try to sign in, written before the password is looked at: tries that race are all counted.

    `device` is the digest of a cookie that proves an earlier sign-in with this login from the same browser.
    """

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        Index("ix_sign_in_attempts_login_at", "login", "at"),
        Index("ix_sign_in_attempts_address_at", "address", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    login: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    device: Mapped[bytes | None] = mapped_column(LargeBinary)
    succeeded: Mapped[bool]


class AccountChange(db.Model):
    """What was done to an account that leaves no other trace, and who did it; None: the operator. Append-only."""

    __tablename__ = "account_changes"
    __table_args__ = (
        CheckConstraint("what IN ('password_changed', 'disabled', 'enabled')", name="what"),
        Index("ix_account_changes_account_id", "account_id"),
        Index("ix_account_changes_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    what: Mapped[str] = mapped_column(Text)
    by_person: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class Invitation(db.Model):
    """A one-time link; only its SHA-256 is kept. It says for good who made it, when it was used and by whom.

    With a `role` it lets somebody make an account with that role. With `for_account_id` it lets the owner of that
    account set a new password; of these at most one is open per account, and `voided_at` says when one ended unused.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        CheckConstraint("(used_at IS NULL) = (account_id IS NULL)", name="used_by_an_account"),
        CheckConstraint("(role IS NULL) <> (for_account_id IS NULL)", name="role_or_account"),
        CheckConstraint("account_id = for_account_id", name="used_by_whom_it_is_for"),
        CheckConstraint("used_at IS NULL OR voided_at IS NULL", name="used_or_voided"),
        Unique("token_digest", name="uq_invitations_token_digest"),
        Index("ix_invitations_for_account_id", "for_account_id", postgresql_where=text("for_account_id IS NOT NULL")),
        Index(
            "uq_invitations_for_account_id_open", "for_account_id", unique=True,
            postgresql_where=text("used_at IS NULL AND voided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    token_digest: Mapped[bytes] = mapped_column(LargeBinary)
    role: Mapped[str | None] = mapped_column(Text)
    for_account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    node_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    email: Mapped[str | None] = mapped_column(Text)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    voided_at: Mapped[datetime | None] = mapped_column(Moment)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    @property
    def invited_to(self) -> str:
        """The role that an invitation leads to; a link to set a password leads to none."""
        if self.role is None:
            raise LookupError("this link invites nobody")
        return self.role


class Read(db.Model):
    """Who opened or downloaded what that is worth remembering: unmasked values, bundles. Append-only."""

    __tablename__ = "reads"
    __table_args__ = (
        Index("ix_reads_person_id_at", "person_id", "at"),
        Index("ix_reads_subject_at", "subject", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    subject: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text, server_default=text("''"))
