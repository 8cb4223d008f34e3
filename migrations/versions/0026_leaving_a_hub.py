"""A membership says which move ended it, as it says which move made it."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE affiliations
        ADD COLUMN ended_case_id BIGINT,
        ADD COLUMN ended_sequence INTEGER,
        ADD CONSTRAINT ck_affiliations_a_move_ends_it CHECK (num_nulls(to_on, ended_case_id, ended_sequence) IN (0, 3)),
        ADD CONSTRAINT fk_affiliations_ended_history FOREIGN KEY (ended_case_id, ended_sequence)
            REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED
    """)


def downgrade() -> None:
    op.execute("""
    ALTER TABLE affiliations
        DROP CONSTRAINT fk_affiliations_ended_history, DROP CONSTRAINT ck_affiliations_a_move_ends_it,
        DROP COLUMN ended_case_id, DROP COLUMN ended_sequence
    """)
