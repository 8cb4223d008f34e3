"""Lists of a city: places apart from the thousands of organizations, and the worklist counted from its index."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STANDS_AT_A_PLACE = """
CREATE FUNCTION case_stands_at_a_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT kind FROM nodes WHERE id = NEW.node_id) = 'organization' THEN
    RAISE EXCEPTION 'a case stands at a place, never at an organization''s own node' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER cases_stand_at_a_place BEFORE INSERT ON cases
  FOR EACH ROW EXECUTE FUNCTION case_stands_at_a_place();
"""


def upgrade() -> None:
    op.execute("CREATE INDEX ix_nodes_places ON nodes (path text_pattern_ops) WHERE kind <> 'organization'")
    op.execute("DROP INDEX ix_cases_waiting")
    op.execute(
        "CREATE INDEX ix_cases_waiting ON cases (waits_role, waits_node, due_at, id)"
        " INCLUDE (waits_person, sealed) WHERE closed_at IS NULL"
    )
    op.execute(STANDS_AT_A_PLACE)


def downgrade() -> None:
    op.execute("DROP TRIGGER cases_stand_at_a_place ON cases")
    op.execute("DROP FUNCTION case_stands_at_a_place()")
    op.execute("DROP INDEX ix_cases_waiting")
    op.execute(
        "CREATE INDEX ix_cases_waiting ON cases (waits_role, waits_node, due_at, id) WHERE closed_at IS NULL"
    )
    op.execute("DROP INDEX ix_nodes_places")
