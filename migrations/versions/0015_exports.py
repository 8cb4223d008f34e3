"""Downloads that are made beside: who asked for what, how far it is, where its file lies."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE exports (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    person_id BIGINT NOT NULL,
    asked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    asked JSONB NOT NULL,
    format TEXT NOT NULL,
    purpose TEXT,
    locale TEXT NOT NULL,
    reach TEXT NOT NULL,
    title_zh TEXT NOT NULL,
    title_en TEXT NOT NULL,
    rows_total BIGINT,
    rows_done BIGINT DEFAULT 0 NOT NULL,
    attempt INTEGER DEFAULT 0 NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    beat_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    sha256 CHAR(64),
    size BIGINT,
    expires_at TIMESTAMP WITH TIME ZONE,
    removed_at TIMESTAMP WITH TIME ZONE,
    failed_at TIMESTAMP WITH TIME ZONE,
    failure TEXT,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_exports PRIMARY KEY (id),
    CONSTRAINT ck_exports_format CHECK (format IN ('bundle', 'xlsx', 'csv')),
    CONSTRAINT ck_exports_ends_once CHECK (num_nonnulls(finished_at, failed_at, cancelled_at) <= 1),
    CONSTRAINT ck_exports_finished_has_a_file CHECK ((finished_at IS NULL) = (sha256 IS NULL)),
    CONSTRAINT ck_exports_finished_has_a_size CHECK ((finished_at IS NULL) = (size IS NULL)),
    CONSTRAINT ck_exports_finished_expires CHECK ((finished_at IS NULL) = (expires_at IS NULL)),
    CONSTRAINT ck_exports_failed_says_why CHECK ((failed_at IS NULL) = (failure IS NULL)),
    CONSTRAINT fk_exports_person_id FOREIGN KEY(person_id) REFERENCES people (id)
)
"""

INDEXES = (
    "CREATE INDEX ix_exports_person_id_id ON exports (person_id, id)",
    "CREATE INDEX ix_exports_open ON exports (id)"
    " WHERE finished_at IS NULL AND failed_at IS NULL AND cancelled_at IS NULL",
    "CREATE INDEX ix_exports_kept ON exports (sha256) WHERE finished_at IS NOT NULL AND removed_at IS NULL",
)


def upgrade() -> None:
    for statement in (TABLE, *INDEXES):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE exports")
