"""Notices of moves, their deliveries to persons, and the outbox of mails.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create notices, deliveries and mails."""
    _create_notices()
    _create_deliveries()
    _create_mails()


def downgrade() -> None:
    """Remove the three tables."""
    op.drop_table("mails")
    op.drop_table("deliveries")
    op.drop_table("notices")


def _create_notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("audience_role", sa.Text),
        sa.Column("audience_node_id", sa.BigInteger, sa.ForeignKey("nodes.id")),
        sa.Column("person_id", sa.BigInteger, sa.ForeignKey("people.id")),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expanded_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["case_id", "sequence"],
            ["history.case_id", "history.sequence"],
            name="fk_notices_history",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.CheckConstraint(
            "(person_id IS NOT NULL) <> (audience_role IS NOT NULL AND audience_node_id IS NOT NULL)",
            name="audience_is_a_person_or_a_role_at_a_node",
        ),
    )
    op.create_index("ix_notices_waiting", "notices", ["id"], postgresql_where=sa.text("expanded_at IS NULL"))
    op.create_index("ix_notices_case_id_sequence", "notices", ["case_id", "sequence"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("notice_id", sa.BigInteger, sa.ForeignKey("notices.id"), nullable=False),
        sa.Column("person_id", sa.BigInteger, sa.ForeignKey("people.id"), nullable=False),
        sa.Column("read_at", MOMENT),
    )
    op.create_index(
        "uq_deliveries_notice_id_person_id", "deliveries", ["notice_id", "person_id"], unique=True
    )
    op.create_index("ix_deliveries_person_id_id", "deliveries", ["person_id", "id"])
    op.create_index(
        "ix_deliveries_unread", "deliveries", ["person_id"], postgresql_where=sa.text("read_at IS NULL")
    )


def _create_mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("deliveries.id"), nullable=False, unique=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_try_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("failed_at", MOMENT),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("error", sa.Text),
        sa.CheckConstraint("sent_at IS NULL OR failed_at IS NULL", name="sent_or_failed"),
        sa.CheckConstraint("tries >= 0", name="tries_count_up"),
    )
    op.create_index(
        "ix_mails_waiting",
        "mails",
        ["next_try_at", "id"],
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
