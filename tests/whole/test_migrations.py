"""The tables are what the models say, by whichever road they came there."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app import features
from app.database.migrate import SCRIPTS, alembic_config, current, head, migrate
from app.database.provision import libpq
from app.extensions import Base

# What no model describes: the job queue brings its own tables, and Alembic keeps its own.
NOT_OURS = ("procrastinate_", "alembic_version")
SHAPE = """
SELECT 'column', table_name, column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
UNION ALL
SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function', '', p.oid::regprocedure::text, md5(p.prosrc)
  FROM pg_proc p WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
UNION ALL
SELECT 'grant', table_name, grantee, privilege_type FROM information_schema.role_table_grants
 WHERE table_schema = 'public'
ORDER BY 1, 2, 3, 4
"""


@pytest.fixture
def empty(server: Any) -> Iterator[str]:
    """The owner's address of an empty database."""
    server.create_database("to_migrate")
    yield server.url("owner", "to_migrate")
    server.drop_database("to_migrate")


def shape(url: str) -> list[tuple[Any, ...]]:
    """Return every column, constraint, index, trigger, function and right."""
    with psycopg.connect(libpq(url)) as connection:
        return connection.execute(SHAPE).fetchall()


def test_the_models_are_what_the_migrations_make(empty):
    features.load_models()
    migrate(empty)
    engine = create_engine(empty, poolclass=NullPool)

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={
            "compare_type": True, "compare_server_default": False, "target_metadata": Base.metadata,
            "include_object": lambda _object, name, _kind, _reflected, _other: not str(name).startswith(NOT_OURS),
        })
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    assert not differences, "\n" + "\n".join(map(str, differences))


def test_every_model_is_a_table_and_every_table_of_ours_a_model(empty):
    features.load_models()
    migrate(empty)

    tables = {row[1] for row in shape(empty) if row[0] == "column"}
    ours = {name for name in tables if not name.startswith(NOT_OURS)}

    # These are written by statements of the frame and by the signer, never through the ORM.
    assert set(Base.metadata.tables) <= ours
    assert ours - set(Base.metadata.tables) <= {"heartbeat"}


def test_up_down_and_up_again_gives_the_same_tables(empty):
    migrate(empty)
    first = shape(empty)
    migrate(empty, target="base")
    down = [row for row in shape(empty) if row[1] != "alembic_version"]
    migrate(empty)

    assert down == []
    assert shape(empty) == first


def test_every_step_can_be_taken_back_by_itself(empty):
    revisions = [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    migrate(empty)

    for revision in revisions[1:]:
        migrate(empty, target=revision)
        with psycopg.connect(libpq(empty)) as connection:
            assert current(connection) == revision
        migrate(empty)


def test_migrating_twice_changes_nothing(empty):
    migrate(empty)
    first = shape(empty)
    migrate(empty)

    assert shape(empty) == first


def test_the_head_file_names_the_one_head():
    script = ScriptDirectory.from_config(alembic_config())

    assert script.get_heads() == [head()]


def test_migrations_are_numbered_without_a_gap_and_know_nothing_of_the_app():
    files = sorted((SCRIPTS / "versions").glob("*.py"))

    assert [file.name[:4] for file in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]
    for file in files:
        source = file.read_text()
        assert "from app" not in source and "import app" not in source, file.name
        assert "def downgrade" in source, file.name
