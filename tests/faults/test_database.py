"""What a migrated database promises: rights, triggers, settings, and that a start without them is refused."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

from app.database.embedded import EmbeddedServer
from app.database.migrate import alembic_config, current, head, migrate
from app.database.places import DatabaseError
from app.database.privileges import APP, APP_DEFAULT, SIGNER, Roles, apply_privileges, check_privileges
from app.database.provision import libpq, provision
from app.database.self_check import check, expected, inventory, unsafe_settings

ROLES = Roles("shuniu", "shuniu_app", "shuniu_signer")
# SHA-256 of procrastinate 3.10's schema.sql.
SCHEMA = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[str]:
    """A database of its own for each test, because these change tables, rights and triggers."""
    server.create_database("own", "template_shuniu")
    yield "own"
    server.drop_database("own")


@pytest.fixture
def owner(server: EmbeddedServer, database: str) -> Iterator[psycopg.Connection]:
    """The owner's connection to a fresh database."""
    with psycopg.connect(libpq(server.url("owner", database)), autocommit=True) as connection:
        yield connection


def may(connection: psycopg.Connection, statement: str) -> str:
    """What the server says to a statement that would change nothing: `allowed`, or why not."""
    try:
        connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege:
        return "no right"
    except psycopg.Error as error:
        return type(error).__name__
    return "allowed"


def test_a_fresh_database_is_as_it_must_be(owner: psycopg.Connection) -> None:
    check(owner, ROLES, durable=False)
    assert inventory(owner) == expected(), "run: ./run flask database expected --write"
    assert current(owner) == head()


def test_there_is_one_newest_migration_and_head_txt_names_it() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [head()]


def test_migrations_go_down_to_nothing_and_up_again(
    server: EmbeddedServer, owner: psycopg.Connection
) -> None:
    address = server.url("owner", owner.info.dbname)
    before = inventory(owner)
    migrate(address, target="base")
    assert inventory(owner)["triggers"] == {}
    migrate(address)
    assert inventory(owner) == before


def test_the_schema_of_jobs_is_the_one_that_was_tried() -> None:
    schema = resources.files("procrastinate").joinpath("sql/schema.sql").read_bytes()
    assert hashlib.sha256(schema).hexdigest() == SCHEMA, (
        "procrastinate brings another schema: write a migration that takes existing databases to it"
    )


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        ("GRANT UPDATE ON history TO shuniu_app", "UPDATE on history for shuniu_app is too much"),
        (
            "GRANT UPDATE (body) ON history TO shuniu_app",
            "UPDATE on history (body) for shuniu_app is too much",
        ),
        ("GRANT DELETE ON transfers TO PUBLIC", "DELETE on transfers for PUBLIC is too much"),
        ("GRANT TRUNCATE ON cases TO shuniu_app", "TRUNCATE on cases for shuniu_app is too much"),
        (
            "GRANT SELECT (body) ON history TO shuniu_signer",
            "SELECT on history (body) for shuniu_signer is too much",
        ),
        ("REVOKE INSERT ON history FROM shuniu_app", "INSERT on history for shuniu_app is missing"),
        ("GRANT CREATE ON SCHEMA public TO shuniu_app", "role shuniu_app may create tables in public"),
        ("ALTER TABLE transfers OWNER TO shuniu_app", "role shuniu_app owns tables"),
    ],
)
def test_a_right_changed_by_hand_is_noticed_and_can_be_put_back(
    server: EmbeddedServer, database: str, statement: str, line: str
) -> None:
    with server._connect("postgres", database) as superuser:
        superuser.execute(statement.encode())
        assert line in check_privileges(superuser, ROLES)
        # A start does not mend it silently.
        migrate(server.url("owner", database))
        assert line in check_privileges(superuser, ROLES)
        if "OWNER" not in statement and "SCHEMA" not in statement:
            apply_privileges(superuser, ROLES)
            assert check_privileges(superuser, ROLES) == []


def test_the_application_can_add_to_history_and_money_but_never_change_them(
    server: EmbeddedServer, database: str
) -> None:
    kept = [table for table, rights in APP.items() if "UPDATE" not in rights]
    assert {"history", "transfers", "log_leaves", "checkpoints", "attempts"} <= set(kept)
    with psycopg.connect(libpq(server.url("app", database)), autocommit=True) as app:
        for table in kept:
            row = app.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", (table,)
            ).fetchone()
            assert row is not None
            assert may(app, f"UPDATE {table} SET {row[0]} = DEFAULT") == "no right", table
            assert may(app, f"TRUNCATE {table}") == "no right", table
            assert may(app, f"ALTER TABLE {table} DISABLE TRIGGER ALL") == "no right", table
            assert may(app, f"DROP TABLE {table}") == "no right", table
            if "DELETE" not in APP[table]:
                assert may(app, f"DELETE FROM {table}") == "no right", table
            if "INSERT" not in APP[table]:
                assert may(app, f"INSERT INTO {table} DEFAULT VALUES") == "no right", table
        assert may(app, "SET session_replication_role = replica") == "no right"
        assert may(app, "CREATE TABLE public.mine (a int)") == "no right"
        assert may(app, "CREATE ROLE mine") == "no right"
        assert may(app, "SET ROLE shuniu") == "no right"
        assert may(app, "UPDATE cases SET state = state") == "allowed"


def test_the_signer_sees_hashes_and_writes_the_log_only(server: EmbeddedServer, database: str) -> None:
    with psycopg.connect(libpq(server.url("signer", database)), autocommit=True) as signer:
        tables = [
            name for (name,) in signer.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        for table in set(tables) - set(SIGNER):
            assert may(signer, f'SELECT * FROM "{table}"') == "no right", table
        assert may(signer, "SELECT body FROM history") == "no right"
        assert may(signer, "SELECT case_id, sequence, hash FROM history") == "allowed"
        assert may(signer, "DELETE FROM history") == "no right"
        assert may(signer, "SELECT * FROM log_queue FOR UPDATE SKIP LOCKED") == "allowed"
        assert may(signer, "DELETE FROM log_queue") == "allowed"
        assert may(signer, "UPDATE log_leaves SET hash = hash") == "no right"
        assert may(signer, "DELETE FROM checkpoints") == "no right"


def test_every_named_table_exists_and_a_new_table_gets_the_default(owner: psycopg.Connection) -> None:
    tables = {
        name for (name,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    }
    assert set(APP) | set(SIGNER) <= tables
    owner.execute("CREATE TABLE later (id int)")
    apply_privileges(owner, ROLES)
    rights = owner.execute(
        "SELECT privilege_type FROM information_schema.table_privileges"
        " WHERE table_name = 'later' AND grantee = 'shuniu_app'"
    )
    assert {right for (right,) in rights} == APP_DEFAULT


def test_no_function_that_acts_as_the_owner_can_be_led_astray(owner: psycopg.Connection) -> None:
    found = owner.execute(
        "SELECT proname, prorettype = 'trigger'::regtype, proconfig::text FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    ).fetchall()
    assert found
    for name, is_trigger, config in found:
        assert is_trigger and config is not None and "search_path" in config, name


def test_settings_that_can_lose_a_move_are_named(owner: psycopg.Connection) -> None:
    lines = unsafe_settings(owner)
    assert lines == [
        "setting fsync is off, it must be on",
        "setting full_page_writes is off, it must be on",
    ]
    owner.execute("SET synchronous_commit = off")
    assert unsafe_settings(owner)[2:] == ["setting synchronous_commit is off, it must not be"]


def test_a_database_of_a_newer_version_is_left_alone(
    server: EmbeddedServer, owner: psycopg.Connection
) -> None:
    owner.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseError, match="newer"):
        migrate(server.url("owner", owner.info.dbname))


def test_two_processes_that_migrate_at_once_do_it_once(server: EmbeddedServer) -> None:
    server.create_database("raced")
    try:
        command = "import sys; from app.database.migrate import migrate; migrate(sys.argv[1])"
        running = [
            subprocess.Popen([sys.executable, "-c", command, server.url("owner", "raced")]) for _ in range(3)
        ]
        assert [process.wait() for process in running] == [0, 0, 0]
    finally:
        server.drop_database("raced")


# -- a server of one's own


def test_the_owners_url_is_enough_on_postgresql_15(debian_15: EmbeddedServer, tmp_path: Path) -> None:
    debian_15.create_database("city")
    urls = provision(tmp_path, libpq(debian_15.url("owner", "city")))
    assert urls.roles() == Roles("shuniu", "shuniu_city_app", "shuniu_city_signer")
    migrate(urls.owner, urls.roles())
    with psycopg.connect(libpq(urls.owner), autocommit=True) as connection:
        check(connection, urls.roles(), durable=False)
    with psycopg.connect(libpq(urls.app)) as app:
        assert may(app, "UPDATE history SET body = body") == "no right"
    assert provision(tmp_path, libpq(debian_15.url("owner", "city"))) == urls
    assert (tmp_path / "database.json").stat().st_mode & 0o777 == 0o600


def test_a_lost_instance_folder_gets_its_roles_back(debian_15: EmbeddedServer, tmp_path: Path) -> None:
    debian_15.create_database("lost")
    address = libpq(debian_15.url("owner", "lost"))
    old = provision(tmp_path / "old", address)
    migrate(old.owner, old.roles())
    with psycopg.connect(libpq(provision(tmp_path / "new", address).app)) as app:
        assert may(app, "UPDATE history SET body = body") == "no right"


def test_an_owner_who_may_not_create_roles_is_told_the_sql_to_run(
    debian_15: EmbeddedServer, tmp_path: Path
) -> None:
    with debian_15._connect("postgres") as superuser:
        superuser.execute("CREATE ROLE modest LOGIN PASSWORD 'modest'")
        superuser.execute("CREATE DATABASE modest OWNER modest")
        address = make_url(debian_15.url("owner", "modest")).set(username="modest", password="modest")
        url = libpq(address.render_as_string(hide_password=False))
        with pytest.raises(DatabaseError, match=r"create-roles\.sql"):
            provision(tmp_path, url)
        superuser.execute((tmp_path / "create-roles.sql").read_bytes())
    urls = provision(tmp_path, url)
    assert urls.roles() == Roles("modest", "modest_app", "modest_signer")
    migrate(urls.owner, urls.roles())
    with psycopg.connect(libpq(urls.owner), autocommit=True) as connection:
        check(connection, urls.roles(), durable=False)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://a:b@localhost/c", "needs PostgreSQL"),
        ("nonsense", "no address"),
        ("postgresql://a:b@127.0.0.1:1/c", "Cannot connect"),
    ],
)
def test_a_bad_database_url_is_explained(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(DatabaseError, match=words):
        provision(tmp_path, url)


def test_passwords_of_the_embedded_server_are_kept_when_a_url_is_used_later(
    debian_15: EmbeddedServer, tmp_path: Path
) -> None:
    (tmp_path / "database.json").write_text(json.dumps({"owner": "kept"}))
    debian_15.create_database("later")
    provision(tmp_path, libpq(debian_15.url("owner", "later")))
    assert json.loads((tmp_path / "database.json").read_text())["owner"] == "kept"
