"""A person is also told what an administrator did to their access: of no case, but with what there is to say."""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE notices
        ALTER COLUMN case_id DROP NOT NULL,
        ALTER COLUMN sequence DROP NOT NULL,
        ADD COLUMN told JSONB,
        ADD CONSTRAINT ck_notices_of_a_move_or_told CHECK (
            (case_id IS NULL) = (sequence IS NULL) AND (case_id IS NULL) = (told IS NOT NULL)
            AND (told IS NULL OR person_id IS NOT NULL))
    """)


def downgrade() -> None:
    op.execute("DELETE FROM mails USING deliveries d, notices n"
               " WHERE d.id = mails.delivery_id AND n.id = d.notice_id AND n.case_id IS NULL")
    op.execute("DELETE FROM deliveries USING notices n WHERE n.id = deliveries.notice_id AND n.case_id IS NULL")
    op.execute("DELETE FROM notices WHERE case_id IS NULL")
    op.execute("ALTER TABLE notices DROP COLUMN told")
    op.execute("ALTER TABLE notices ALTER COLUMN case_id SET NOT NULL, ALTER COLUMN sequence SET NOT NULL")
