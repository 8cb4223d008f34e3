"""Papers by hash, and the slots of cases they stand in.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    """Create documents and case_documents."""
    op.create_table(
        "documents",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("sha256", sa.CHAR(64), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("organization_id", sa.BigInteger, sa.ForeignKey("organizations.id")),
        sa.Column("uploaded_by", sa.BigInteger, sa.ForeignKey("people.id")),
        sa.Column("uploaded_at", MOMENT, nullable=False),
        sa.Column("issued", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.Column("verification_code", sa.Text),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_is_lower_hex"),
        sa.CheckConstraint("size > 0", name="size_is_positive"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 120", name="name_is_short"),
        sa.CheckConstraint("issued OR uploaded_by IS NOT NULL", name="uploaded_by_somebody"),
        sa.CheckConstraint("issued OR verification_code IS NULL", name="only_issued_papers_have_a_code"),
    )
    op.create_index("ix_documents_organization_id_id", "documents", ["organization_id", "id"])
    op.create_index("ix_documents_sha256", "documents", ["sha256"])
    op.create_index("ix_documents_uploaded_by_id", "documents", ["uploaded_by", "id"])
    op.create_index(
        "uq_documents_verification_code",
        "documents",
        ["verification_code"],
        unique=True,
        postgresql_where=sa.text("verification_code IS NOT NULL"),
    )
    op.create_table(
        "case_documents",
        sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("slot", sa.Text, primary_key=True),
        sa.Column("document_id", sa.BigInteger, sa.ForeignKey("documents.id"), primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id", "sequence"],
            ["history.case_id", "history.sequence"],
            name="fk_case_documents_history",
            deferrable=True,
            initially="DEFERRED",
        ),
    )
    op.create_index("ix_case_documents_document_id", "case_documents", ["document_id"])


def downgrade() -> None:
    """Remove both tables; the files in the store stay."""
    op.drop_table("case_documents")
    op.drop_table("documents")
