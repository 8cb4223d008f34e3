"""The clocks that have not stopped, in the order in which the calendar of deadlines shows them."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_clocks_open ON clocks (due_at, case_id, name, run) WHERE stopped_at IS NULL")


def downgrade() -> None:
    op.execute("DROP INDEX ix_clocks_open")
