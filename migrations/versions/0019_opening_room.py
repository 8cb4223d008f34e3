"""Who of the opening officers sits in the room of a package."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.execute("""
    CREATE TABLE opening_presences (
        package_id BIGINT NOT NULL,
        person_id BIGINT NOT NULL,
        arrived_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_opening_presences PRIMARY KEY (package_id, person_id),
        CONSTRAINT fk_opening_presences_package_id FOREIGN KEY(package_id) REFERENCES cases (id),
        CONSTRAINT fk_opening_presences_person_id FOREIGN KEY(person_id) REFERENCES people (id)
    )
    """)


def downgrade() -> None:
    """Drop the table."""
    op.execute("DROP TABLE opening_presences")
