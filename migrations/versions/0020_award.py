"""Candidates, awards, objections, drafts and terminations of contracts; what freezes an organization."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

HISTORY = """CONSTRAINT fk_{table}_history FOREIGN KEY(case_id, sequence)
            REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED"""
TABLES = (
    f"""
    CREATE TABLE award_candidates (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        case_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        bid_id BIGINT NOT NULL,
        confirmed_by BIGINT NOT NULL,
        published_at TIMESTAMP WITH TIME ZONE NOT NULL,
        reason TEXT NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        ended_reason TEXT,
        CONSTRAINT pk_award_candidates PRIMARY KEY (id),
        CONSTRAINT uq_award_candidates_bid_id UNIQUE (bid_id),
        CONSTRAINT ck_award_candidates_ended_with_a_reason CHECK ((ended_at IS NULL) = (ended_reason IS NULL)),
        {HISTORY.format(table="award_candidates")},
        CONSTRAINT fk_award_candidates_bid_id FOREIGN KEY(bid_id) REFERENCES bids (case_id),
        CONSTRAINT fk_award_candidates_confirmed_by FOREIGN KEY(confirmed_by) REFERENCES people (id)
    )
    """,
    f"""
    CREATE TABLE awards (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        case_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        bid_id BIGINT NOT NULL,
        organization_id BIGINT NOT NULL,
        programme_id BIGINT NOT NULL,
        amount_fen BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        points INTEGER NOT NULL,
        decided_by BIGINT NOT NULL,
        decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
        reason TEXT NOT NULL,
        ranking JSONB NOT NULL,
        revoked_at TIMESTAMP WITH TIME ZONE,
        revoked_reason TEXT,
        CONSTRAINT pk_awards PRIMARY KEY (id),
        CONSTRAINT ck_awards_amount_fen CHECK (amount_fen > 0),
        CONSTRAINT ck_awards_position CHECK (position >= 1),
        CONSTRAINT ck_awards_revoked_with_a_reason CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
        {HISTORY.format(table="awards")},
        CONSTRAINT fk_awards_bid_id FOREIGN KEY(bid_id) REFERENCES bids (case_id),
        CONSTRAINT fk_awards_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_awards_programme_id FOREIGN KEY(programme_id) REFERENCES programmes (id),
        CONSTRAINT fk_awards_decided_by FOREIGN KEY(decided_by) REFERENCES people (id)
    )
    """,
    """
    CREATE TABLE objections (
        case_id BIGINT NOT NULL,
        package_id BIGINT NOT NULL,
        bid_id BIGINT NOT NULL,
        claim TEXT NOT NULL,
        request TEXT NOT NULL,
        answer TEXT,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_objections PRIMARY KEY (case_id),
        CONSTRAINT fk_objections_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_objections_package_id FOREIGN KEY(package_id) REFERENCES cases (id),
        CONSTRAINT fk_objections_bid_id FOREIGN KEY(bid_id) REFERENCES bids (case_id)
    )
    """,
    """
    CREATE TABLE contract_drafts (
        case_id BIGINT NOT NULL,
        award_id BIGINT NOT NULL,
        title TEXT NOT NULL,
        ends_on DATE,
        stable BOOLEAN DEFAULT false NOT NULL,
        instalments JSONB NOT NULL,
        CONSTRAINT pk_contract_drafts PRIMARY KEY (case_id),
        CONSTRAINT uq_contract_drafts_award_id UNIQUE (award_id),
        CONSTRAINT fk_contract_drafts_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_contract_drafts_award_id FOREIGN KEY(award_id) REFERENCES awards (id)
    )
    """,
    f"""
    CREATE TABLE contract_terminations (
        case_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        contract_id BIGINT NOT NULL,
        ground TEXT NOT NULL,
        reason TEXT NOT NULL,
        released_fen BIGINT NOT NULL,
        terminated_on DATE NOT NULL,
        CONSTRAINT pk_contract_terminations PRIMARY KEY (case_id),
        CONSTRAINT uq_contract_terminations_contract_id UNIQUE (contract_id),
        CONSTRAINT ck_contract_terminations_released_fen CHECK (released_fen >= 0),
        CONSTRAINT ck_contract_terminations_ground
            CHECK (ground IN ('public_interest', 'failed_evaluation', 'breach', 'agreed')),
        {HISTORY.format(table="contract_terminations")},
        CONSTRAINT fk_contract_terminations_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
    )
    """,
    """
    CREATE TABLE organization_restrictions (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        organization_id BIGINT NOT NULL,
        kind TEXT NOT NULL,
        from_on DATE NOT NULL,
        to_on DATE,
        evidence TEXT NOT NULL,
        entered_by BIGINT,
        entered_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_organization_restrictions PRIMARY KEY (id),
        CONSTRAINT ck_organization_restrictions_kind CHECK (kind IN ('dissolving', 'abnormal', 'dishonest')),
        CONSTRAINT ck_organization_restrictions_dates CHECK (to_on >= from_on),
        CONSTRAINT fk_organization_restrictions_organization_id
            FOREIGN KEY(organization_id) REFERENCES organizations (id),
        CONSTRAINT fk_organization_restrictions_entered_by FOREIGN KEY(entered_by) REFERENCES people (id)
    )
    """,
)
INDEXES = (
    "CREATE UNIQUE INDEX uq_award_candidates_case_id_open ON award_candidates (case_id) WHERE ended_at IS NULL",
    "CREATE UNIQUE INDEX uq_awards_case_id_standing ON awards (case_id) WHERE revoked_at IS NULL",
    "CREATE INDEX ix_awards_organization_id ON awards (organization_id)",
    "CREATE INDEX ix_objections_package_id ON objections (package_id)",
    "CREATE INDEX ix_organization_restrictions_organization_id ON organization_restrictions (organization_id)",
    "ALTER TABLE contracts ADD COLUMN case_id BIGINT, ADD CONSTRAINT uq_contracts_case_id UNIQUE (case_id),"
    " ADD CONSTRAINT fk_contracts_case_id FOREIGN KEY (case_id) REFERENCES cases (id)",
)
NAMES = (
    "organization_restrictions", "contract_terminations", "contract_drafts", "objections", "awards", "award_candidates",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER contract_terminations_only_added BEFORE UPDATE OR DELETE ON contract_terminations"
        " FOR EACH ROW EXECUTE FUNCTION money_is_only_added()"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE contracts DROP COLUMN case_id")
    for name in NAMES:
        op.execute(f"DROP TABLE {name}")
