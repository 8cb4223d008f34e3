"""The queue of jobs: procrastinate's own tables and functions, from the schema file of the library.

The file is the library's, so that its code and its tables cannot differ. The lock file pins the library;
tests/faults/test_database.py fails when another release brings another schema, and then a new migration
has to bring existing databases there.
"""

from importlib import resources

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

GONE = """
DO $$
DECLARE
  found text;
BEGIN
  FOR found IN SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname LIKE 'procrastinate\\_%'
  LOOP EXECUTE 'DROP TABLE ' || found || ' CASCADE'; END LOOP;
  FOR found IN SELECT oid::regprocedure::text FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'procrastinate\\_%'
  LOOP EXECUTE 'DROP FUNCTION ' || found || ' CASCADE'; END LOOP;
  FOR found IN SELECT oid::regtype::text FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typname LIKE 'procrastinate\\_%'
  LOOP EXECUTE 'DROP TYPE IF EXISTS ' || found || ' CASCADE'; END LOOP;
END $$
"""


def upgrade() -> None:
    schema = resources.files("procrastinate").joinpath("sql/schema.sql").read_text(encoding="utf-8")
    _run(schema)


def downgrade() -> None:
    _run(GONE)


def _run(statements: str) -> None:
    # Past SQLAlchemy, for which a colon or a percent sign would be a parameter.
    connection = op.get_bind().connection.driver_connection
    with connection.cursor() as cursor:
        cursor.execute(statements)
