"""Associations and foundations are registered too: what they state beside, and who represents what.

Of registrations of before it is not known who represents them: their representatives' keys stay empty.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
    ALTER TABLE registration_applications
        ADD COLUMN representative_key BYTEA,
        ADD COLUMN individual_members INTEGER,
        ADD COLUMN unit_members INTEGER,
        ADD COLUMN activity_area TEXT,
        ADD COLUMN public_fundraising BOOLEAN,
        ADD CONSTRAINT ck_registration_applications_members CHECK (individual_members >= 0 AND unit_members >= 0)
    """)
    op.execute("""
    ALTER TABLE registrations
        ADD COLUMN activity_area TEXT, ADD COLUMN public_fundraising BOOLEAN, ADD COLUMN representative_key BYTEA
    """)
    op.execute("ALTER TABLE registration_changes ADD COLUMN representative_key BYTEA")
    op.execute(
        "CREATE INDEX ix_registrations_representative_key ON registrations (representative_key)"
        " WHERE ended_on IS NULL AND representative_key IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE registration_changes DROP COLUMN representative_key")
    op.execute("""
    ALTER TABLE registrations
        DROP COLUMN activity_area, DROP COLUMN public_fundraising, DROP COLUMN representative_key
    """)
    op.execute("""
    ALTER TABLE registration_applications
        DROP COLUMN representative_key, DROP COLUMN individual_members, DROP COLUMN unit_members,
        DROP COLUMN activity_area, DROP COLUMN public_fundraising
    """)
