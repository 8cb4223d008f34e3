"""By which rubric an evaluation is scored: pinned when it is commissioned, as an incubation's is."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the pin; what was commissioned before was scored by the only rubrics there were."""
    op.execute("ALTER TABLE evaluations ADD COLUMN rubric TEXT")
    op.execute("UPDATE evaluations SET rubric = 'base:1:evaluation_' || stage")
    op.execute("ALTER TABLE evaluations ALTER COLUMN rubric SET NOT NULL")


def downgrade() -> None:
    """Take it away."""
    op.execute("ALTER TABLE evaluations DROP COLUMN rubric")
