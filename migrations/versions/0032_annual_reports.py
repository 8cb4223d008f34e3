"""Annual reports: which year an organization reported, what it said, and what was concluded."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
    CREATE TABLE annual_reports (
        case_id BIGINT NOT NULL,
        organization_id BIGINT NOT NULL,
        year INTEGER NOT NULL,
        handed_in_on DATE NOT NULL,
        conclusion TEXT,
        concluded_on DATE,
        put_right_by DATE,
        put_right_on DATE,
        released_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_annual_reports PRIMARY KEY (case_id),
        CONSTRAINT ck_annual_reports_conclusion
            CHECK (conclusion IN ('qualified', 'basically_qualified', 'unqualified', 'accepted')),
        CONSTRAINT ck_annual_reports_concluded_on CHECK ((conclusion IS NULL) = (concluded_on IS NULL)),
        CONSTRAINT ck_annual_reports_year CHECK (year BETWEEN 1990 AND 2200),
        CONSTRAINT ck_annual_reports_concluded_stays CHECK (released_at IS NULL OR conclusion IS NULL),
        CONSTRAINT ck_annual_reports_put_right_by
            CHECK (put_right_by IS NULL OR conclusion IN ('basically_qualified', 'unqualified')),
        CONSTRAINT fk_annual_reports_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_annual_reports_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_annual_reports_year ON annual_reports (organization_id, year)"
        " WHERE released_at IS NULL"
    )
    op.execute("""
    CREATE TABLE annual_statements (
        case_id BIGINT NOT NULL,
        activities TEXT NOT NULL,
        income_fen BIGINT NOT NULL,
        expenditure_fen BIGINT NOT NULL,
        assets_fen BIGINT NOT NULL,
        liabilities_fen BIGINT NOT NULL,
        donations_fen BIGINT,
        public_benefit_fen BIGINT,
        staff_count INTEGER NOT NULL,
        entry_changes TEXT,
        to_put_right JSONB,
        CONSTRAINT pk_annual_statements PRIMARY KEY (case_id),
        CONSTRAINT ck_annual_statements_amounts
            CHECK (income_fen >= 0 AND expenditure_fen >= 0 AND assets_fen >= 0 AND liabilities_fen >= 0),
        CONSTRAINT ck_annual_statements_of_a_foundation CHECK (donations_fen >= 0 AND public_benefit_fen >= 0),
        CONSTRAINT ck_annual_statements_staff_count CHECK (staff_count >= 0),
        CONSTRAINT fk_annual_statements_case_id FOREIGN KEY(case_id) REFERENCES annual_reports (case_id)
    )
    """)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE annual_statements")
    op.execute("DROP TABLE annual_reports")
