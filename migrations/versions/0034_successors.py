"""Who the new legal representative is among those who sign in for the organization."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute(
        "ALTER TABLE registration_changes ADD COLUMN successor_id BIGINT,"
        " ADD CONSTRAINT fk_registration_changes_successor_id FOREIGN KEY (successor_id) REFERENCES people (id)"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE registration_changes DROP COLUMN successor_id")
