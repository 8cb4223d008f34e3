"""Experts listed, pools published, experts drawn, their reviews and scores; values that wait to be revealed."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE withheld_values (
        case_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        path TEXT NOT NULL,
        own_key BYTEA NOT NULL,
        ciphertext BYTEA NOT NULL,
        CONSTRAINT pk_withheld_values PRIMARY KEY (case_id, sequence, path),
        CONSTRAINT fk_withheld_values_history FOREIGN KEY(case_id, sequence)
            REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED
    )
    """,
    """
    CREATE TABLE pool_entries (
        case_id BIGINT NOT NULL,
        place_id BIGINT NOT NULL,
        person_id BIGINT NOT NULL,
        specialties TEXT NOT NULL,
        employer TEXT NOT NULL,
        employer_uscc TEXT,
        entered_by BIGINT NOT NULL,
        confirmed_by BIGINT,
        from_on DATE,
        until_on DATE,
        ended_on DATE,
        CONSTRAINT pk_pool_entries PRIMARY KEY (case_id),
        CONSTRAINT ck_pool_entries_from_confirmation_on CHECK ((confirmed_by IS NULL) = (from_on IS NULL)),
        CONSTRAINT ck_pool_entries_term CHECK ((from_on IS NULL) = (until_on IS NULL)),
        CONSTRAINT ck_pool_entries_confirmed_by_a_second_person CHECK (confirmed_by <> entered_by),
        CONSTRAINT fk_pool_entries_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_pool_entries_place_id FOREIGN KEY(place_id) REFERENCES nodes (id),
        CONSTRAINT fk_pool_entries_person_id FOREIGN KEY(person_id) REFERENCES people (id),
        CONSTRAINT fk_pool_entries_entered_by FOREIGN KEY(entered_by) REFERENCES people (id),
        CONSTRAINT fk_pool_entries_confirmed_by FOREIGN KEY(confirmed_by) REFERENCES people (id)
    )
    """,
    """
    CREATE TABLE pool_publications (
        package_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        panel_size SMALLINT NOT NULL,
        members JSONB NOT NULL,
        left_out JSONB NOT NULL,
        hash TEXT NOT NULL,
        checkpoint BIGINT,
        CONSTRAINT pk_pool_publications PRIMARY KEY (package_id, sequence),
        CONSTRAINT ck_pool_publications_panel_size_is_odd CHECK (panel_size >= 1 AND panel_size % 2 = 1),
        CONSTRAINT fk_pool_publications_history FOREIGN KEY(package_id, sequence)
            REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED
    )
    """,
    """
    CREATE TABLE drawn_experts (
        package_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        entry_id BIGINT NOT NULL,
        person_id BIGINT NOT NULL,
        CONSTRAINT pk_drawn_experts PRIMARY KEY (package_id, position),
        CONSTRAINT ck_drawn_experts_position CHECK (position >= 1),
        CONSTRAINT fk_drawn_experts_package_id FOREIGN KEY(package_id) REFERENCES cases (id),
        CONSTRAINT fk_drawn_experts_entry_id FOREIGN KEY(entry_id) REFERENCES pool_entries (case_id),
        CONSTRAINT fk_drawn_experts_person_id FOREIGN KEY(person_id) REFERENCES people (id)
    )
    """,
    """
    CREATE TABLE bid_reviews (
        case_id BIGINT NOT NULL,
        package_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        person_id BIGINT NOT NULL,
        named_at TIMESTAMP WITH TIME ZONE NOT NULL,
        declared_at TIMESTAMP WITH TIME ZONE,
        submitted_at TIMESTAMP WITH TIME ZONE,
        revealed_at TIMESTAMP WITH TIME ZONE,
        left_at TIMESTAMP WITH TIME ZONE,
        left_how TEXT,
        opinion TEXT,
        stance TEXT,
        dissent TEXT,
        CONSTRAINT pk_bid_reviews PRIMARY KEY (case_id),
        CONSTRAINT ck_bid_reviews_left_how CHECK ((left_at IS NULL) = (left_how IS NULL)),
        CONSTRAINT ck_bid_reviews_left_how_is_known CHECK (left_how IN ('recused', 'relieved', 'cancelled')),
        CONSTRAINT ck_bid_reviews_revealed_after_submitted CHECK (revealed_at IS NULL OR submitted_at IS NOT NULL),
        CONSTRAINT ck_bid_reviews_stance CHECK (stance IN ('agreed', 'dissented', 'deemed')),
        CONSTRAINT ck_bid_reviews_dissent
            CHECK ((dissent IS NOT NULL) = (stance IS NOT NULL AND stance = 'dissented')),
        CONSTRAINT fk_bid_reviews_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_bid_reviews_package_id FOREIGN KEY(package_id) REFERENCES cases (id),
        CONSTRAINT fk_bid_reviews_person_id FOREIGN KEY(person_id) REFERENCES people (id)
    )
    """,
    """
    CREATE TABLE bid_scores (
        case_id BIGINT NOT NULL,
        bid_id BIGINT NOT NULL,
        criterion TEXT NOT NULL,
        points SMALLINT NOT NULL,
        remark TEXT NOT NULL,
        CONSTRAINT pk_bid_scores PRIMARY KEY (case_id, bid_id, criterion),
        CONSTRAINT ck_bid_scores_points CHECK (points BETWEEN 0 AND 100),
        CONSTRAINT fk_bid_scores_case_id FOREIGN KEY(case_id) REFERENCES bid_reviews (case_id),
        CONSTRAINT fk_bid_scores_bid_id FOREIGN KEY(bid_id) REFERENCES bids (case_id)
    )
    """,
)
OTHERS = (
    "CREATE UNIQUE INDEX uq_pool_entries_place_id_person_id_listed ON pool_entries (place_id, person_id)"
    " WHERE from_on IS NOT NULL AND ended_on IS NULL",
    "CREATE UNIQUE INDEX uq_drawn_experts_package_id_person_id ON drawn_experts (package_id, person_id)",
    "CREATE UNIQUE INDEX uq_bid_reviews_package_id_position ON bid_reviews (package_id, position)",
    "ALTER TABLE programmes ADD COLUMN price_bp INTEGER,"
    " ADD CONSTRAINT ck_programmes_price_bp CHECK (price_bp BETWEEN 0 AND 9999)",
)
NAMES = ("withheld_values", "pool_entries", "pool_publications", "drawn_experts", "bid_reviews", "bid_scores")
# What was drawn and what was scored stays as it is.
ONLY_ADDED = ("drawn_experts", "bid_scores")


def upgrade() -> None:
    for statement in (*TABLES, *OTHERS):
        op.execute(statement)
    for table in ONLY_ADDED:
        op.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION money_is_only_added()"
        )


def downgrade() -> None:
    for table in reversed(NAMES):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE programmes DROP COLUMN price_bp")
