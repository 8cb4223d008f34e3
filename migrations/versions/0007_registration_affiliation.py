"""Applications for registration, recognized hubs, and who belongs to which."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _history(table: str) -> None:
    # A feature's row is written before the history row of the same move: checked at commit.
    op.create_foreign_key(
        f"fk_{table}_history", table, "history", ["case_id", "sequence"], ["case_id", "sequence"],
        deferrable=True, initially="DEFERRED",
    )


def _reference(name: str, target: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, sa.BigInteger, sa.ForeignKey(target), nullable=nullable)


def upgrade() -> None:
    _history("registrations")
    op.create_table(
        "registration_applications",
        sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True, autoincrement=False),
        _reference("organization_id", "organizations.id"),
        sa.Column("proposed_name", sa.Text, nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("domicile", sa.Text, nullable=False),
        sa.Column("start_up_fund_fen", sa.BigInteger, nullable=False),
        sa.Column("direct", sa.Boolean, nullable=False),
        sa.Column("sponsor", sa.Text),
        sa.Column("legal_representative", sa.Text, nullable=False),
        sa.Column("staff_count", sa.Integer, nullable=False),
        sa.Column("founders", JSONB, nullable=False),
        sa.CheckConstraint(
            "field IN ('public_welfare', 'community_service', 'elderly_care', 'education', 'health', "
            "'culture_sports', 'science_technology', 'environment', 'industry', 'law', 'other')",
            name="field",
        ),
        sa.CheckConstraint("start_up_fund_fen > 0", name="start_up_fund_fen"),
        sa.CheckConstraint("staff_count >= 0", name="staff_count"),
        sa.CheckConstraint("direct OR sponsor IS NOT NULL", name="sponsor"),
    )
    op.create_index(
        "ix_registration_applications_organization_id", "registration_applications", ["organization_id"]
    )
    op.create_table(
        "hubs",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _reference("node_id", "nodes.id"),
        _reference("organization_id", "organizations.id", nullable=True),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("fields", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("recognized_on", sa.Date, nullable=False),
        sa.Column("ended_on", sa.Date),
        sa.CheckConstraint("level IN ('city', 'district', 'street', 'community')", name="level"),
        sa.CheckConstraint("ended_on >= recognized_on", name="dates"),
    )
    op.create_index(
        "uq_hubs_node_id_open", "hubs", ["node_id"], unique=True, postgresql_where=sa.text("ended_on IS NULL")
    )
    op.create_table(
        "affiliation_applications",
        sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True, autoincrement=False),
        sa.Column("wants_primary", sa.Boolean, nullable=False),
    )
    _affiliations()


def _affiliations() -> None:
    op.create_table(
        "affiliations",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        _reference("organization_id", "organizations.id"),
        _reference("hub_node_id", "nodes.id"),
        sa.Column("is_primary", sa.Boolean, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("to_on", sa.Date),
        sa.Column("case_id", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.CheckConstraint("to_on >= from_on", name="dates"),
    )
    _history("affiliations")
    # One primary hub at a time. Ranges of one number stand in for equality, so that no extension is needed.
    op.execute(
        "ALTER TABLE affiliations ADD CONSTRAINT ex_affiliations_primary EXCLUDE USING gist ("
        "int8range(organization_id, organization_id, '[]') WITH &&, daterange(from_on, to_on) WITH &&) "
        "WHERE (is_primary)"
    )
    op.create_index(
        "uq_affiliations_organization_id_hub_node_id_open",
        "affiliations",
        ["organization_id", "hub_node_id"],
        unique=True,
        postgresql_where=sa.text("to_on IS NULL"),
    )
    op.create_index("ix_affiliations_hub_node_id_id", "affiliations", ["hub_node_id", "id"])


def downgrade() -> None:
    op.drop_table("affiliations")
    op.drop_table("affiliation_applications")
    op.drop_table("hubs")
    op.drop_table("registration_applications")
    op.drop_constraint("fk_registrations_history", "registrations", type_="foreignkey")
