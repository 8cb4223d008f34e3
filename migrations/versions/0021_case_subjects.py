"""Cases are found by any piece of their subject: kept beside the cases, so that no move pays for the index."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# A GIN index on `cases` itself would get new entries with every move, as each one writes a new version of the row.
# SECURITY DEFINER: the application may read what is searched, and only a case's own subject writes it.
KEEP = """
CREATE FUNCTION case_keeps_its_subject() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO case_subjects (case_id, subject) VALUES (NEW.id, NEW.subject)
        ON CONFLICT (case_id) DO UPDATE SET subject = EXCLUDED.subject;
    RETURN NULL;
END
$$
"""


def upgrade() -> None:
    """Make the table, fill it from the cases and keep it up by triggers."""
    op.execute("""
    CREATE TABLE case_subjects (
        case_id BIGINT NOT NULL,
        subject TEXT NOT NULL,
        search TEXT[] GENERATED ALWAYS AS (ngrams(subject)) STORED NOT NULL,
        CONSTRAINT pk_case_subjects PRIMARY KEY (case_id),
        CONSTRAINT fk_case_subjects_case_id FOREIGN KEY(case_id) REFERENCES cases (id)
    )
    """)
    op.execute("INSERT INTO case_subjects (case_id, subject) SELECT id, subject FROM cases WHERE subject <> ''")
    op.execute("CREATE INDEX ix_case_subjects_search ON case_subjects USING gin (search)")
    op.execute(KEEP)
    op.execute(
        "CREATE TRIGGER cases_open_with_their_subject AFTER INSERT ON cases"
        " FOR EACH ROW WHEN (NEW.subject <> '') EXECUTE FUNCTION case_keeps_its_subject()"
    )
    op.execute(
        "CREATE TRIGGER cases_keep_their_subject AFTER UPDATE OF subject ON cases"
        " FOR EACH ROW WHEN (OLD.subject IS DISTINCT FROM NEW.subject) EXECUTE FUNCTION case_keeps_its_subject()"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TRIGGER cases_keep_their_subject ON cases")
    op.execute("DROP TRIGGER cases_open_with_their_subject ON cases")
    op.execute("DROP FUNCTION case_keeps_its_subject()")
    op.execute("DROP TABLE case_subjects")
