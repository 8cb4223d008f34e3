"""Stage reports, evaluations with ratings, acceptances, rectifications, closures; what instalments wait for."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE milestone_reports (
        case_id BIGINT NOT NULL,
        instalment_id BIGINT NOT NULL,
        done TEXT NOT NULL,
        accepted_at TIMESTAMP WITH TIME ZONE,
        released_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_milestone_reports PRIMARY KEY (case_id),
        CONSTRAINT ck_milestone_reports_accepted_or_released CHECK (accepted_at IS NULL OR released_at IS NULL),
        CONSTRAINT fk_milestone_reports_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_milestone_reports_instalment_id FOREIGN KEY(instalment_id) REFERENCES instalments (id)
    )
    """,
    """
    CREATE TABLE report_indicators (
        case_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        name TEXT NOT NULL,
        planned INTEGER NOT NULL,
        achieved INTEGER NOT NULL,
        CONSTRAINT pk_report_indicators PRIMARY KEY (case_id, position),
        CONSTRAINT ck_report_indicators_position CHECK (position >= 1),
        CONSTRAINT fk_report_indicators_case_id FOREIGN KEY(case_id) REFERENCES milestone_reports (case_id)
    )
    """,
    """
    CREATE TABLE evaluations (
        case_id BIGINT NOT NULL,
        contract_id BIGINT NOT NULL,
        stage TEXT NOT NULL,
        evaluator_id BIGINT NOT NULL,
        codes INTEGER DEFAULT 0 NOT NULL,
        answered INTEGER,
        stars INTEGER,
        total INTEGER,
        grade TEXT,
        capped TEXT DEFAULT '' NOT NULL,
        released_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_evaluations PRIMARY KEY (case_id),
        CONSTRAINT ck_evaluations_stage CHECK (stage IN ('mid', 'final')),
        CONSTRAINT ck_evaluations_codes CHECK (codes >= 0),
        CONSTRAINT ck_evaluations_scored_whole CHECK ((total IS NULL) = (grade IS NULL)),
        CONSTRAINT fk_evaluations_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_evaluations_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id),
        CONSTRAINT fk_evaluations_evaluator_id FOREIGN KEY(evaluator_id) REFERENCES people (id)
    )
    """,
    """
    CREATE TABLE evaluation_scores (
        case_id BIGINT NOT NULL,
        criterion TEXT NOT NULL,
        points INTEGER NOT NULL,
        remark TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_evaluation_scores PRIMARY KEY (case_id, criterion),
        CONSTRAINT ck_evaluation_scores_points CHECK (points >= 0),
        CONSTRAINT fk_evaluation_scores_case_id FOREIGN KEY(case_id) REFERENCES evaluations (case_id)
    )
    """,
    """
    CREATE TABLE evaluation_results (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        contract_id BIGINT NOT NULL,
        stage TEXT NOT NULL,
        case_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        total INTEGER NOT NULL,
        grade TEXT NOT NULL,
        passed BOOLEAN NOT NULL,
        decided_on DATE NOT NULL,
        CONSTRAINT pk_evaluation_results PRIMARY KEY (id),
        CONSTRAINT uq_evaluation_results_case_id UNIQUE (case_id),
        CONSTRAINT ck_evaluation_results_stage CHECK (stage IN ('mid', 'final')),
        CONSTRAINT fk_evaluation_results_history FOREIGN KEY(case_id, sequence)
            REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT fk_evaluation_results_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
    )
    """,
    """
    CREATE TABLE satisfaction_codes (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        case_id BIGINT NOT NULL,
        digest BYTEA NOT NULL,
        used_on DATE,
        CONSTRAINT pk_satisfaction_codes PRIMARY KEY (id),
        CONSTRAINT uq_satisfaction_codes_digest UNIQUE (digest),
        CONSTRAINT fk_satisfaction_codes_case_id FOREIGN KEY(case_id) REFERENCES evaluations (case_id)
    )
    """,
    """
    CREATE TABLE satisfaction_ratings (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        case_id BIGINT NOT NULL,
        stars SMALLINT NOT NULL,
        comment TEXT DEFAULT '' NOT NULL,
        rated_on DATE NOT NULL,
        CONSTRAINT pk_satisfaction_ratings PRIMARY KEY (id),
        CONSTRAINT ck_satisfaction_ratings_stars CHECK (stars BETWEEN 1 AND 5),
        CONSTRAINT fk_satisfaction_ratings_case_id FOREIGN KEY(case_id) REFERENCES evaluations (case_id)
    )
    """,
    """
    CREATE TABLE acceptances (
        case_id BIGINT NOT NULL,
        contract_id BIGINT NOT NULL,
        accepted_on DATE,
        deduction_fen BIGINT DEFAULT 0 NOT NULL,
        released_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_acceptances PRIMARY KEY (case_id),
        CONSTRAINT ck_acceptances_deduction_fen CHECK (deduction_fen >= 0),
        CONSTRAINT ck_acceptances_accepted_or_released CHECK (accepted_on IS NULL OR released_at IS NULL),
        CONSTRAINT fk_acceptances_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_acceptances_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
    )
    """,
    """
    CREATE TABLE acceptance_standards (
        case_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        standard TEXT NOT NULL,
        evidence TEXT NOT NULL,
        met BOOLEAN,
        remark TEXT DEFAULT '' NOT NULL,
        CONSTRAINT pk_acceptance_standards PRIMARY KEY (case_id, position),
        CONSTRAINT ck_acceptance_standards_position CHECK (position >= 1),
        CONSTRAINT fk_acceptance_standards_case_id FOREIGN KEY(case_id) REFERENCES acceptances (case_id)
    )
    """,
    """
    CREATE TABLE acceptance_opinions (
        case_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        who TEXT NOT NULL,
        opinion TEXT NOT NULL,
        CONSTRAINT pk_acceptance_opinions PRIMARY KEY (case_id, position),
        CONSTRAINT ck_acceptance_opinions_position CHECK (position >= 1),
        CONSTRAINT fk_acceptance_opinions_case_id FOREIGN KEY(case_id) REFERENCES acceptances (case_id)
    )
    """,
    """
    CREATE TABLE rectifications (
        case_id BIGINT NOT NULL,
        contract_id BIGINT NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_rectifications PRIMARY KEY (case_id),
        CONSTRAINT fk_rectifications_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_rectifications_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
    )
    """,
    """
    CREATE TABLE rectification_findings (
        case_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        finding TEXT NOT NULL,
        basis TEXT NOT NULL,
        CONSTRAINT pk_rectification_findings PRIMARY KEY (case_id, position),
        CONSTRAINT ck_rectification_findings_position CHECK (position >= 1),
        CONSTRAINT fk_rectification_findings_case_id FOREIGN KEY(case_id) REFERENCES rectifications (case_id)
    )
    """,
    """
    CREATE TABLE contract_closures (
        case_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        contract_id BIGINT NOT NULL,
        returned_fen BIGINT NOT NULL,
        closed_on DATE NOT NULL,
        CONSTRAINT pk_contract_closures PRIMARY KEY (case_id),
        CONSTRAINT uq_contract_closures_contract_id UNIQUE (contract_id),
        CONSTRAINT ck_contract_closures_returned_fen CHECK (returned_fen >= 0),
        CONSTRAINT fk_contract_closures_history FOREIGN KEY(case_id, sequence)
            REFERENCES history (case_id, sequence) DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT fk_contract_closures_contract_id FOREIGN KEY(contract_id) REFERENCES contracts (id)
    )
    """,
)
INDEXES = (
    "CREATE INDEX ix_milestone_reports_instalment_id ON milestone_reports (instalment_id)",
    "CREATE UNIQUE INDEX uq_milestone_reports_instalment_claim ON milestone_reports (instalment_id)"
    " WHERE released_at IS NULL",
    "CREATE INDEX ix_evaluations_contract_id ON evaluations (contract_id, case_id)",
    "CREATE UNIQUE INDEX uq_evaluations_open_stage ON evaluations (contract_id, stage) WHERE released_at IS NULL",
    "CREATE UNIQUE INDEX uq_evaluation_results_passed ON evaluation_results (contract_id, stage) WHERE passed",
    "CREATE INDEX ix_satisfaction_codes_case_id ON satisfaction_codes (case_id)",
    "CREATE INDEX ix_satisfaction_ratings_case_id ON satisfaction_ratings (case_id)",
    "CREATE INDEX ix_acceptances_contract_id ON acceptances (contract_id)",
    "CREATE UNIQUE INDEX uq_acceptances_contract_claim ON acceptances (contract_id) WHERE released_at IS NULL",
    "CREATE INDEX ix_rectifications_contract_id ON rectifications (contract_id, case_id)",
    "CREATE INDEX ix_rectifications_contract_id_open ON rectifications (contract_id) WHERE ended_at IS NULL",
)
INSTALMENTS = (
    "ALTER TABLE instalments ADD COLUMN waits_for TEXT DEFAULT 'none' NOT NULL,"
    " ADD CONSTRAINT ck_instalments_waits_for"
    " CHECK (waits_for IN ('none', 'report', 'mid_evaluation', 'final_evaluation', 'acceptance')),"
    " ADD COLUMN deducted_fen BIGINT DEFAULT 0 NOT NULL,"
    " ADD CONSTRAINT ck_instalments_deducted_fen CHECK (deducted_fen >= 0 AND deducted_fen < amount_fen)",
    "ALTER TABLE contracts ADD COLUMN signed_by BIGINT,"
    " ADD CONSTRAINT fk_contracts_signed_by FOREIGN KEY (signed_by) REFERENCES people (id)",
)
NAMES = (
    "milestone_reports",
    "report_indicators",
    "evaluations",
    "evaluation_scores",
    "evaluation_results",
    "satisfaction_codes",
    "satisfaction_ratings",
    "acceptances",
    "acceptance_standards",
    "acceptance_opinions",
    "rectifications",
    "rectification_findings",
    "contract_closures",
)
# A rating and a result, once there, stay as they are.
ONLY_ADDED = ("satisfaction_ratings", "evaluation_results", "contract_closures")


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES, *INSTALMENTS):
        op.execute(statement)
    for table in ONLY_ADDED:
        op.execute(
            f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION money_is_only_added()"
        )


def downgrade() -> None:
    for table in reversed(NAMES):
        op.execute(f"DROP TABLE {table}")
    op.execute("ALTER TABLE instalments DROP COLUMN waits_for, DROP COLUMN deducted_fen")
    op.execute("ALTER TABLE contracts DROP COLUMN signed_by")
