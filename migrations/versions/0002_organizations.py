"""The register: organizations, their registrations, published decisions, grades, code ranges."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEGAL_TYPE = "legal_type IN ('social_service', 'association', 'foundation', 'other')"

# Every character and every pair of neighbours: what a LIKE of one or two characters can be answered from.
NGRAMS = """
CREATE FUNCTION ngrams(value text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(value, start, size)), '{}')
    FROM generate_series(1, length(value)) AS start, generate_series(1, 2) AS size
    WHERE start + size <= length(value) + 1
$$
"""


def _id() -> "sa.Column[int]":
    return sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True)


def _organization() -> "sa.Column[int]":
    return sa.Column("organization_id", sa.BigInteger, sa.ForeignKey("organizations.id"), nullable=False)


def upgrade() -> None:
    op.execute(NGRAMS)
    op.create_table(
        "organizations",
        _id(),
        sa.Column("node_id", sa.BigInteger, sa.ForeignKey("nodes.id"), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_en", sa.Text),
        sa.Column("legal_type", sa.Text, nullable=False),
        sa.Column("uscc", sa.Text, unique=True),
        sa.Column("known_from", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("search", ARRAY(sa.Text), sa.Computed("ngrams(name)", persisted=True), nullable=False),
        sa.CheckConstraint(LEGAL_TYPE, name="legal_type"),
        sa.CheckConstraint("known_from IN ('self', 'case', 'decision', 'list')", name="known_from"),
        sa.CheckConstraint("uscc ~ '^[0-9A-HJ-NPQRTUWXY]{18}$'", name="uscc"),
        sa.CheckConstraint("name <> ''", name="name"),
    )
    op.create_index("ix_organizations_search", "organizations", ["search"], postgresql_using="gin")
    op.create_table(
        "registrations",
        _id(),
        _organization(),
        sa.Column("uscc", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("known_since", sa.Date, nullable=False),
        sa.Column("registered_on", sa.Date),
        sa.Column("ended_on", sa.Date),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("evidence", sa.Text, nullable=False, server_default=""),
        sa.Column("case_id", sa.BigInteger),
        sa.Column("sequence", sa.Integer),
        sa.Column("entered_by", sa.BigInteger, sa.ForeignKey("people.id")),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "source IN ('case', 'certificate', 'establishment_decision', 'change_decision')", name="source"
        ),
        sa.CheckConstraint("registered_on IS NOT NULL OR source = 'change_decision'", name="registered_on"),
        sa.CheckConstraint("(source = 'case') = (case_id IS NOT NULL)", name="case"),
        sa.CheckConstraint("(case_id IS NULL) = (sequence IS NULL)", name="sequence"),
        sa.CheckConstraint("(source = 'certificate') = (entered_by IS NOT NULL)", name="entered_by"),
        sa.CheckConstraint("ended_on >= known_since", name="dates"),
    )
    op.create_index("ix_registrations_organization_id", "registrations", ["organization_id"])
    op.create_index(
        "uq_registrations_organization_id_open",
        "registrations",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "register_decisions",
        _id(),
        _organization(),
        sa.Column("doc_no", sa.Text, nullable=False),
        sa.Column("doc_no_printed", sa.Text, nullable=False),
        sa.Column("decided_on", sa.Date, nullable=False),
        sa.Column("authority", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("name_printed", sa.Text, nullable=False),
        sa.CheckConstraint(
            "category IN ('establishment', 'change', 'cancellation', 'recognition', 'penalty', 'other')",
            name="category",
        ),
        sa.UniqueConstraint("organization_id", "doc_no", "decided_on"),
    )
    op.create_table(
        "assessments",
        _id(),
        _organization(),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("known_on", sa.Date, nullable=False),
        sa.CheckConstraint("grade IN ('5A', '4A', '3A', '2A', '1A', 'none')", name="grade"),
        sa.UniqueConstraint("organization_id", "grade", "source"),
    )
    op.create_index("ix_assessments_organization_id", "assessments", ["organization_id", "id"])
    op.create_table(
        "uscc_allotments",
        _id(),
        sa.Column("node_id", sa.BigInteger, sa.ForeignKey("nodes.id"), nullable=False),
        sa.Column("legal_type", sa.Text, nullable=False),
        sa.Column("prefix", sa.Text, nullable=False),
        sa.Column("next_number", sa.Integer, nullable=False),
        sa.Column("last_number", sa.Integer, nullable=False),
        sa.CheckConstraint(LEGAL_TYPE, name="legal_type"),
        sa.CheckConstraint("prefix ~ '^[0-9A-HJ-NPQRTUWXY]{1,4}$'", name="prefix"),
        sa.CheckConstraint("length(last_number::text) + length(prefix) <= 8", name="last_number"),
        sa.CheckConstraint("next_number >= 0 AND next_number <= last_number + 1", name="next_number"),
    )
    op.create_index("ix_uscc_allotments_node_id", "uscc_allotments", ["node_id", "legal_type"])


def downgrade() -> None:
    for table in ("uscc_allotments", "assessments", "register_decisions", "registrations", "organizations"):
        op.drop_table(table)
    op.execute("DROP FUNCTION ngrams(text)")
