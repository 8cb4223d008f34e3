"""Organizations that end: the ground, the liquidation and its end."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute("""
    CREATE TABLE deregistrations (
        case_id BIGINT NOT NULL,
        organization_id BIGINT NOT NULL,
        ground TEXT NOT NULL,
        resolved_on DATE NOT NULL,
        liquidators JSONB NOT NULL,
        liquidated_on DATE,
        assets TEXT,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_deregistrations PRIMARY KEY (case_id),
        CONSTRAINT ck_deregistrations_ground CHECK (ground IN ('purpose_complete', 'resolved', 'merged', 'other')),
        CONSTRAINT ck_deregistrations_dates CHECK (liquidated_on >= resolved_on),
        CONSTRAINT fk_deregistrations_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_deregistrations_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_deregistrations_open ON deregistrations (organization_id) WHERE ended_at IS NULL"
    )
    op.execute("CREATE INDEX ix_deregistrations_organization_id ON deregistrations (organization_id, case_id)")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE deregistrations")
