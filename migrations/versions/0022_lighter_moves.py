"""Two constraints that every move paid for and that others already hold.

A hash is that of a body that names its case and its place in the chain, and the primary key lets each place be
taken once; the index of hashes was read by nothing. A notice stands at a move, and a move at a case.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE history DROP CONSTRAINT uq_history_hash")
    op.execute("ALTER TABLE notices DROP CONSTRAINT fk_notices_case_id")


def downgrade() -> None:
    op.execute("ALTER TABLE notices ADD CONSTRAINT fk_notices_case_id FOREIGN KEY (case_id) REFERENCES cases (id)")
    op.execute("ALTER TABLE history ADD CONSTRAINT uq_history_hash UNIQUE (hash)")
