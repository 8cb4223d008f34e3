"""A listing is a case: what was proposed, and by which move a restriction was entered.

Rows of before were typed in by a command and by nobody's decision; no instance holds any.
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

GROUNDS = (
    "no_report", "no_party_organization", "not_put_right", "unreachable", "small_penalty", "two_years",
    "fraudulent_change", "judgment_defaulter", "suspension", "large_fine", "repeated_penalties", "revoked",
    "liquidation",
)
LIFTED_FOR = ("put_right", "nothing_to_do", "mistaken", "deregistered")


def upgrade() -> None:
    op.execute(f"""
    CREATE TABLE restriction_proposals (
        case_id BIGINT NOT NULL,
        organization_id BIGINT NOT NULL,
        ground TEXT NOT NULL,
        facts TEXT NOT NULL,
        legal_basis TEXT NOT NULL,
        lifting_reason TEXT,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_restriction_proposals PRIMARY KEY (case_id),
        CONSTRAINT ck_restriction_proposals_ground CHECK (ground IN {GROUNDS}),
        CONSTRAINT ck_restriction_proposals_lifting_reason CHECK (lifting_reason IN {LIFTED_FOR}),
        CONSTRAINT fk_restriction_proposals_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_restriction_proposals_organization_id
            FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_restriction_proposals_open ON restriction_proposals (organization_id, ground)"
        " WHERE ended_at IS NULL"
    )
    op.execute(
        "CREATE INDEX ix_restriction_proposals_organization_id ON restriction_proposals (organization_id, case_id)"
    )
    op.execute("""
    ALTER TABLE organization_restrictions
        ADD COLUMN case_id BIGINT NOT NULL,
        ADD COLUMN sequence INTEGER NOT NULL,
        ADD CONSTRAINT uq_organization_restrictions_case_id UNIQUE (case_id),
        ADD CONSTRAINT fk_organization_restrictions_history FOREIGN KEY (case_id, sequence)
            REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE organization_restrictions DROP COLUMN case_id, DROP COLUMN sequence")
    op.execute("DROP TABLE restriction_proposals")
