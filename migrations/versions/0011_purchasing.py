"""Catalogues of services, programmes, plans, calls, packages and sealed bids; clocks that end on a given day."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = (
    """
    CREATE TABLE catalogues (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        division TEXT NOT NULL,
        source TEXT NOT NULL,
        imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_catalogues PRIMARY KEY (id),
        CONSTRAINT uq_catalogues_division_source UNIQUE (division, source)
    )
    """,
    """
    CREATE TABLE catalogue_items (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        catalogue_id BIGINT NOT NULL,
        code TEXT NOT NULL,
        name TEXT NOT NULL,
        level SMALLINT NOT NULL,
        parent_id BIGINT,
        CONSTRAINT pk_catalogue_items PRIMARY KEY (id),
        CONSTRAINT uq_catalogue_items_catalogue_id_code UNIQUE (catalogue_id, code),
        CONSTRAINT ck_catalogue_items_only_the_top_has_no_parent CHECK ((level = 1) = (parent_id IS NULL)),
        CONSTRAINT fk_catalogue_items_catalogue_id FOREIGN KEY(catalogue_id) REFERENCES catalogues (id),
        CONSTRAINT fk_catalogue_items_parent_id FOREIGN KEY(parent_id) REFERENCES catalogue_items (id)
    )
    """,
    """
    CREATE TABLE programmes (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        case_id BIGINT NOT NULL,
        node_id BIGINT NOT NULL,
        code TEXT NOT NULL,
        version SMALLINT,
        title TEXT NOT NULL,
        year SMALLINT NOT NULL,
        regime TEXT NOT NULL,
        cite TEXT NOT NULL,
        directions TEXT[] NOT NULL,
        cap_fen BIGINT NOT NULL,
        most_per_organization SMALLINT,
        publicity_days SMALLINT NOT NULL,
        rubric TEXT NOT NULL,
        criteria JSONB NOT NULL,
        bands JSONB NOT NULL,
        instalments JSONB NOT NULL,
        entered_by BIGINT NOT NULL,
        confirmed_by BIGINT,
        CONSTRAINT pk_programmes PRIMARY KEY (id),
        CONSTRAINT uq_programmes_node_id_code_version UNIQUE (node_id, code, version),
        CONSTRAINT ck_programmes_regime CHECK (regime IN ('P', 'G')),
        CONSTRAINT ck_programmes_cap_fen CHECK (cap_fen > 0),
        CONSTRAINT ck_programmes_publicity_days CHECK (publicity_days BETWEEN 1 AND 60),
        CONSTRAINT ck_programmes_confirmed_by_a_second_person CHECK (confirmed_by <> entered_by),
        CONSTRAINT ck_programmes_version_once_confirmed CHECK ((confirmed_by IS NULL) = (version IS NULL)),
        CONSTRAINT uq_programmes_case_id UNIQUE (case_id),
        CONSTRAINT fk_programmes_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_programmes_node_id FOREIGN KEY(node_id) REFERENCES nodes (id),
        CONSTRAINT fk_programmes_entered_by FOREIGN KEY(entered_by) REFERENCES people (id),
        CONSTRAINT fk_programmes_confirmed_by FOREIGN KEY(confirmed_by) REFERENCES people (id)
    )
    """,
    """
    CREATE TABLE plans (
        case_id BIGINT NOT NULL,
        title TEXT NOT NULL,
        node_id BIGINT NOT NULL,
        year SMALLINT NOT NULL,
        programme_id BIGINT NOT NULL,
        budget_line_id BIGINT NOT NULL,
        catalogue_item_id BIGINT NOT NULL,
        method TEXT NOT NULL,
        method_reason TEXT,
        need TEXT NOT NULL,
        negative_reason TEXT,
        amount_fen BIGINT NOT NULL,
        CONSTRAINT pk_plans PRIMARY KEY (case_id),
        CONSTRAINT ck_plans_method CHECK (method IN ('open_tender', 'invited_tender', 'consultation',
            'negotiation', 'inquiry', 'single_source', 'grant_call')),
        CONSTRAINT ck_plans_negative_reason CHECK (negative_reason IN ('not_government_duty',
            'must_be_done_itself', 'goods_or_works', 'financing', 'recruitment', 'other_prohibited')),
        CONSTRAINT ck_plans_amount_fen CHECK (amount_fen > 0),
        CONSTRAINT fk_plans_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_plans_node_id FOREIGN KEY(node_id) REFERENCES nodes (id),
        CONSTRAINT fk_plans_programme_id FOREIGN KEY(programme_id) REFERENCES programmes (id),
        CONSTRAINT fk_plans_budget_line_id FOREIGN KEY(budget_line_id) REFERENCES budget_lines (id),
        CONSTRAINT fk_plans_catalogue_item_id FOREIGN KEY(catalogue_item_id) REFERENCES catalogue_items (id)
    )
    """,
    "CREATE INDEX ix_plans_catalogue_item_id_node_id_year ON plans (catalogue_item_id, node_id, year)",
    """
    CREATE TABLE calls (
        case_id BIGINT NOT NULL,
        plan_id BIGINT NOT NULL,
        title TEXT NOT NULL,
        requirements TEXT NOT NULL,
        bids_due_at TIMESTAMP WITH TIME ZONE NOT NULL,
        documents_until DATE NOT NULL,
        officers BIGINT[] NOT NULL,
        released_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_calls PRIMARY KEY (case_id),
        CONSTRAINT ck_calls_three_officers CHECK (cardinality(officers) = 3),
        CONSTRAINT fk_calls_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_calls_plan_id FOREIGN KEY(plan_id) REFERENCES plans (case_id)
    )
    """,
    "CREATE UNIQUE INDEX uq_calls_plan_id_held ON calls (plan_id) WHERE released_at IS NULL",
    """
    CREATE TABLE packages (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        call_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        title TEXT NOT NULL,
        amount_fen BIGINT NOT NULL,
        case_id BIGINT,
        CONSTRAINT pk_packages PRIMARY KEY (id),
        CONSTRAINT uq_packages_call_id_position UNIQUE (call_id, position),
        CONSTRAINT ck_packages_amount_fen CHECK (amount_fen > 0),
        CONSTRAINT ck_packages_position CHECK (position > 0),
        CONSTRAINT fk_packages_call_id FOREIGN KEY(call_id) REFERENCES calls (case_id),
        CONSTRAINT uq_packages_case_id UNIQUE (case_id),
        CONSTRAINT fk_packages_case_id FOREIGN KEY(case_id) REFERENCES cases (id)
    )
    """,
    """
    CREATE TABLE opening_keys (
        id BIGINT GENERATED ALWAYS AS IDENTITY,
        person_id BIGINT NOT NULL,
        node_id BIGINT NOT NULL,
        public_key BYTEA NOT NULL,
        salt BYTEA NOT NULL,
        wrapped BYTEA NOT NULL,
        operations INTEGER NOT NULL,
        memory BIGINT NOT NULL,
        enrolled_at TIMESTAMP WITH TIME ZONE NOT NULL,
        CONSTRAINT pk_opening_keys PRIMARY KEY (id),
        CONSTRAINT fk_opening_keys_person_id FOREIGN KEY(person_id) REFERENCES people (id),
        CONSTRAINT fk_opening_keys_node_id FOREIGN KEY(node_id) REFERENCES nodes (id)
    )
    """,
    "CREATE INDEX ix_opening_keys_person_id_id ON opening_keys (person_id, id)",
    """
    CREATE TABLE package_seals (
        package_id BIGINT NOT NULL,
        public_key BYTEA NOT NULL,
        CONSTRAINT pk_package_seals PRIMARY KEY (package_id),
        CONSTRAINT fk_package_seals_package_id FOREIGN KEY(package_id) REFERENCES cases (id)
    )
    """,
    """
    CREATE TABLE package_shares (
        package_id BIGINT NOT NULL,
        first_key BIGINT NOT NULL,
        second_key BIGINT NOT NULL,
        wrapped BYTEA NOT NULL,
        CONSTRAINT pk_package_shares PRIMARY KEY (package_id, first_key, second_key),
        CONSTRAINT ck_package_shares_pair_in_order CHECK (first_key < second_key),
        CONSTRAINT fk_package_shares_package_id FOREIGN KEY(package_id) REFERENCES cases (id),
        CONSTRAINT fk_package_shares_first_key FOREIGN KEY(first_key) REFERENCES opening_keys (id),
        CONSTRAINT fk_package_shares_second_key FOREIGN KEY(second_key) REFERENCES opening_keys (id)
    )
    """,
    """
    CREATE TABLE bids (
        case_id BIGINT NOT NULL,
        package_id BIGINT NOT NULL,
        organization_id BIGINT NOT NULL,
        withdrawn_at TIMESTAMP WITH TIME ZONE,
        price_fen BIGINT,
        approach TEXT,
        team TEXT,
        CONSTRAINT pk_bids PRIMARY KEY (case_id),
        CONSTRAINT ck_bids_price_fen CHECK (price_fen > 0),
        CONSTRAINT fk_bids_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_bids_package_id FOREIGN KEY(package_id) REFERENCES cases (id),
        CONSTRAINT fk_bids_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """,
    "CREATE UNIQUE INDEX uq_bids_package_id_organization_id_standing ON bids (package_id, "
    "organization_id) WHERE withdrawn_at IS NULL",
    """
    CREATE TABLE bid_lines (
        case_id BIGINT NOT NULL,
        position SMALLINT NOT NULL,
        name TEXT NOT NULL,
        amount_fen BIGINT NOT NULL,
        CONSTRAINT pk_bid_lines PRIMARY KEY (case_id, position),
        CONSTRAINT ck_bid_lines_amount_fen CHECK (amount_fen > 0),
        CONSTRAINT fk_bid_lines_case_id FOREIGN KEY(case_id) REFERENCES bids (case_id)
    )
    """,
    """
    CREATE TABLE bid_partners (
        case_id BIGINT NOT NULL,
        uscc TEXT NOT NULL,
        share_bp INTEGER NOT NULL,
        CONSTRAINT pk_bid_partners PRIMARY KEY (case_id, uscc),
        CONSTRAINT ck_bid_partners_share_bp CHECK (share_bp BETWEEN 1 AND 9999),
        CONSTRAINT fk_bid_partners_case_id FOREIGN KEY(case_id) REFERENCES bids (case_id)
    )
    """,
    """
    CREATE TABLE sealed_inputs (
        case_id BIGINT NOT NULL,
        sequence INTEGER NOT NULL,
        ciphertext BYTEA NOT NULL,
        digest BYTEA NOT NULL,
        CONSTRAINT pk_sealed_inputs PRIMARY KEY (case_id, sequence),
        CONSTRAINT fk_sealed_inputs_case_id FOREIGN KEY(case_id) REFERENCES cases (id)
    )
    """,
)
NAMES = (
    "sealed_inputs",
    "bid_partners",
    "bid_lines",
    "bids",
    "package_shares",
    "package_seals",
    "opening_keys",
    "packages",
    "calls",
    "plans",
    "programmes",
    "catalogue_items",
    "catalogues",
)
UNITS = "unit IN ('working_days', 'days', 'months'{more})"


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    _units(", 'until'")
    op.execute("ALTER TABLE cases ADD COLUMN sealed BOOLEAN DEFAULT false NOT NULL")
    op.execute("ALTER TABLE drafts ADD COLUMN own_key BYTEA")


def downgrade() -> None:
    op.execute("ALTER TABLE drafts DROP COLUMN own_key")
    op.execute("ALTER TABLE cases DROP COLUMN sealed")
    _units("")
    for name in NAMES:
        op.drop_table(name)


def _units(more: str) -> None:
    op.execute("ALTER TABLE clocks DROP CONSTRAINT ck_clocks_unit_is_known")
    op.execute(f"ALTER TABLE clocks ADD CONSTRAINT ck_clocks_unit_is_known CHECK ({UNITS.format(more=more)})")
