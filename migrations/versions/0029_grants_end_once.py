"""Who held which role when stays as it was written: a grant is only added, and ended once.

An end that was set when the grant was given may be brought forward, never put off: who is to hold the role longer gets
a grant of their own.
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

ENDS_ONCE = """
CREATE FUNCTION role_grant_ends_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL OR NEW.revoked_at IS NULL
        OR NEW.valid_to IS NULL OR NEW.valid_to > OLD.valid_to
        OR (NEW.id, NEW.person_id, NEW.role, NEW.node_id, NEW.case_id, NEW.valid_from, NEW.granted_by, NEW.granted_at)
        IS DISTINCT FROM
        (OLD.id, OLD.person_id, OLD.role, OLD.node_id, OLD.case_id, OLD.valid_from, OLD.granted_by, OLD.granted_at)
    THEN
        RAISE EXCEPTION 'a role that was given never changes; it ends once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ends_once', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END
$$
"""


def upgrade() -> None:
    op.execute(ENDS_ONCE)
    op.execute(
        "CREATE TRIGGER role_grants_end_once BEFORE UPDATE ON role_grants"
        " FOR EACH ROW EXECUTE FUNCTION role_grant_ends_once()"
    )
    op.execute(
        "CREATE TRIGGER role_grants_not_deleted BEFORE DELETE ON role_grants"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER role_grants_not_truncated BEFORE TRUNCATE ON role_grants"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    for trigger in ("role_grants_end_once", "role_grants_not_deleted", "role_grants_not_truncated"):
        op.execute(f"DROP TRIGGER {trigger} ON role_grants")
    op.execute("DROP FUNCTION role_grant_ends_once")
