"""The register keeps every version of an entry, what it stated, and the names that an organization bore before.

What a registration's case stated is taken over from its application; of imported entries the name alone is known.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SEARCH = "ngrams(name || chr(10) || former_names)"


def upgrade() -> None:
    """Add what an entry states, the former names (one a line), and the changes that are applied for."""
    op.execute("""
    ALTER TABLE registrations
        ADD COLUMN domicile TEXT, ADD COLUMN legal_representative TEXT, ADD COLUMN scope TEXT,
        ADD COLUMN fund_fen BIGINT, ADD COLUMN sponsor TEXT,
        ADD CONSTRAINT ck_registrations_fund_fen CHECK (fund_fen > 0)
    """)
    op.execute("""
    UPDATE registrations r SET domicile = a.domicile, legal_representative = a.legal_representative, scope = a.scope,
           fund_fen = a.start_up_fund_fen, sponsor = a.sponsor
      FROM registration_applications a WHERE a.case_id = r.case_id
    """)
    op.execute("ALTER TABLE organizations ADD COLUMN former_names TEXT NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE organizations DROP COLUMN search")
    op.execute(f"ALTER TABLE organizations ADD COLUMN search TEXT[] GENERATED ALWAYS AS ({SEARCH}) STORED NOT NULL")
    op.execute("CREATE INDEX ix_organizations_search ON organizations USING gin (search)")
    op.execute("""
    CREATE TABLE registration_changes (
        case_id BIGINT NOT NULL,
        organization_id BIGINT NOT NULL,
        consented_on DATE NOT NULL,
        CONSTRAINT pk_registration_changes PRIMARY KEY (case_id),
        CONSTRAINT fk_registration_changes_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
        CONSTRAINT fk_registration_changes_organization_id
            FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """)
    op.execute("CREATE INDEX ix_registration_changes_organization_id ON registration_changes (organization_id)")
    op.execute("""
    CREATE TABLE registration_change_items (
        case_id BIGINT NOT NULL,
        item TEXT NOT NULL,
        organization_id BIGINT NOT NULL,
        before TEXT,
        after TEXT NOT NULL,
        ended_at TIMESTAMP WITH TIME ZONE,
        CONSTRAINT pk_registration_change_items PRIMARY KEY (case_id, item),
        CONSTRAINT ck_registration_change_items_item
            CHECK (item IN ('name', 'domicile', 'legal_representative', 'scope', 'fund_fen', 'sponsor')),
        CONSTRAINT fk_registration_change_items_case_id
            FOREIGN KEY(case_id) REFERENCES registration_changes (case_id),
        CONSTRAINT fk_registration_change_items_organization_id
            FOREIGN KEY(organization_id) REFERENCES organizations (id)
    )
    """)
    op.execute(
        "CREATE UNIQUE INDEX uq_registration_change_items_open ON registration_change_items (organization_id, item)"
        " WHERE ended_at IS NULL"
    )


def downgrade() -> None:
    """Drop it; versions of one entry would then look like entries of their own."""
    op.execute("DROP TABLE registration_change_items")
    op.execute("DROP TABLE registration_changes")
    op.execute("ALTER TABLE organizations DROP COLUMN search")
    op.execute("ALTER TABLE organizations ADD COLUMN search TEXT[] GENERATED ALWAYS AS (ngrams(name)) STORED NOT NULL")
    op.execute("CREATE INDEX ix_organizations_search ON organizations USING gin (search)")
    op.execute("ALTER TABLE organizations DROP COLUMN former_names")
    op.execute("""
    ALTER TABLE registrations DROP COLUMN domicile, DROP COLUMN legal_representative, DROP COLUMN scope,
        DROP COLUMN fund_fen, DROP COLUMN sponsor
    """)
