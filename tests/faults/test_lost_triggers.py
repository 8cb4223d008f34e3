"""Whatever our promises rest on is missed at start: each trigger, constraint and right, taken away one at a time.

The lists are the product's own (expected.json, privileges.py), so that what is added is covered by itself.
"""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from app.database.embedded import EmbeddedServer
from app.database.privileges import Right, Roles, check_privileges, wanted
from app.database.provision import libpq
from app.database.self_check import NotAsExpected, check, expected, missing

ROLES = Roles("shuniu", "shuniu_app", "shuniu_signer")
TRIGGERS = sorted(expected()["triggers"])
CONSTRAINTS = expected()["constraints"]
TABLES = sorted({name.partition(".")[0] for name in CONSTRAINTS})
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
FUNCTIONS = """
SELECT p.proname, p.prosecdef, array_agg(c.relname || '.' || t.tgname ORDER BY 1)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal GROUP BY 1, 2 ORDER BY 1
"""


@pytest.fixture(scope="module")
def owner(server: EmbeddedServer) -> Iterator[psycopg.Connection]:
    """The owner's connection to one migrated database; each test rolls back what it took away."""
    server.create_database("robbed", "template_shuniu")
    with psycopg.connect(libpq(server.url("owner", "robbed"))) as connection:
        yield connection
    server.drop_database("robbed")


@pytest.fixture
def superuser(server: EmbeddedServer, owner: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The connection of somebody who may do anything."""
    with server._connect("postgres", "robbed") as connection:
        yield connection


def noticed(connection: psycopg.Connection) -> list[str]:
    """What the check at start says of the database as it is in this transaction."""
    with pytest.raises(NotAsExpected) as caught:
        check(connection, ROLES, durable=False)
    assert all(line in str(caught.value) for line in caught.value.lines[:30])
    return caught.value.lines


def test_nothing_is_missed_while_all_is_there(owner: psycopg.Connection) -> None:
    check(owner, ROLES, durable=False)
    assert TRIGGERS and CONSTRAINTS


# -- triggers


@pytest.mark.parametrize("name", TRIGGERS)
@pytest.mark.parametrize(
    "how", ["DROP TRIGGER {trigger} ON {table}", "ALTER TABLE {table} DISABLE TRIGGER {trigger}",
            "ALTER TABLE {table} ENABLE REPLICA TRIGGER {trigger}"]
)
def test_each_trigger_removed_or_disabled_is_noticed(owner: psycopg.Connection, name: str, how: str) -> None:
    table, _, trigger = name.partition(".")
    with owner.transaction(force_rollback=True):
        owner.execute(how.format(trigger=trigger, table=table).encode())
        assert noticed(owner) == [f"trigger {trigger} on table {table} is missing or disabled"]


@pytest.mark.parametrize("name", TRIGGERS)
def test_each_trigger_put_on_another_event_is_noticed(owner: psycopg.Connection, name: str) -> None:
    table, _, trigger = name.partition(".")
    with owner.transaction(force_rollback=True):
        owner.execute(f"DROP TRIGGER {trigger} ON {table}".encode())
        owner.execute(
            "CREATE FUNCTION harmless() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(NEW, OLD); END'"
        )
        owner.execute(
            f"CREATE TRIGGER {trigger} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION harmless()".encode()
        )
        assert noticed(owner) == [f"trigger {trigger} on table {table} is not the one that was installed"]


def test_each_function_made_harmless_is_noticed_for_all_its_triggers(owner: psycopg.Connection) -> None:
    functions = owner.execute(FUNCTIONS).fetchall()
    assert {trigger for _name, _definer, triggers in functions for trigger in triggers} == set(TRIGGERS)
    for name, definer, triggers in functions:
        with owner.transaction(force_rollback=True):
            as_owner = "SECURITY DEFINER" if definer else ""
            owner.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql {as_owner}"
                " AS 'BEGIN RETURN coalesce(NEW, OLD); END'".encode()
            )
            told = noticed(owner)
        for trigger in triggers:
            table, _, own = trigger.partition(".")
            assert f"trigger {own} on table {table} is not the one that was installed" in told, name


def test_triggers_put_to_sleep_for_a_role_are_noticed(
    owner: psycopg.Connection, superuser: psycopg.Connection
) -> None:
    for role in ("shuniu_app", "shuniu"):
        superuser.execute(f"ALTER ROLE {role} SET session_replication_role = replica".encode())
        try:
            assert f"setting session_replication_role is replica for {role}, it must not be" in noticed(owner)
        finally:
            superuser.execute(f"ALTER ROLE {role} RESET session_replication_role".encode())
    superuser.execute("ALTER DATABASE robbed SET synchronous_commit = off")
    try:
        assert "setting synchronous_commit is off for every role, it must not be" in noticed(owner)
    finally:
        superuser.execute("ALTER DATABASE robbed RESET synchronous_commit")
    check(owner, ROLES, durable=False)


# -- constraints


@pytest.mark.parametrize("name", sorted(CONSTRAINTS))
def test_each_constraint_removed_is_noticed(owner: psycopg.Connection, name: str) -> None:
    table, _, constraint = name.partition(".")
    unique = CONSTRAINTS[name] == "unique index"
    what = "DROP INDEX {0} CASCADE" if unique else "ALTER TABLE {1} DROP CONSTRAINT {0} CASCADE"
    with owner.transaction(force_rollback=True):
        owner.execute(sql.SQL(what).format(sql.Identifier(constraint), sql.Identifier(table)))
        assert f"constraint {constraint} on table {table} is missing or disabled" in noticed(owner)


@pytest.mark.parametrize("table", sorted({n.partition(".")[0] for n, kind in CONSTRAINTS.items() if kind == "f"}))
def test_foreign_keys_put_to_sleep_are_noticed(superuser: psycopg.Connection, table: str) -> None:
    keys = [
        name.partition(".")[2] for name, kind in CONSTRAINTS.items()
        if kind == "f" and name.startswith(f"{table}.")
    ]
    with superuser.transaction(force_rollback=True):
        superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        told = missing(superuser)
    assert {f"constraint {key} on table {table} is missing or disabled" for key in keys} <= set(told)


# -- rights


def rights(table: str) -> Iterator[tuple[Right, bool]]:
    """Every right that there could be on the table, and whether it shall be."""
    want = wanted(ROLES, [table])
    for right in sorted(want):
        yield right, True
    for role in (ROLES.app, ROLES.signer, "PUBLIC"):
        for privilege in PRIVILEGES:
            if (role, table, privilege, "") not in want:
                yield (role, table, privilege, ""), False


@pytest.mark.parametrize("table", TABLES)
def test_each_right_taken_or_given_is_noticed(owner: psycopg.Connection, table: str) -> None:
    for (role, _table, privilege, column), wanted_here in rights(table):
        on = f"{privilege} ({column})" if column else privilege
        told = f"{privilege} on {table}{f' ({column})' if column else ''} for {role}"
        with owner.transaction(force_rollback=True):
            if wanted_here:
                owner.execute(f"REVOKE {on} ON {table} FROM {role}".encode())
                assert f"{told} is missing" in check_privileges(owner, ROLES)
            else:
                owner.execute(f"GRANT {on} ON {table} TO {role}".encode())
                assert f"{told} is too much" in check_privileges(owner, ROLES)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("ALTER ROLE shuniu_app SUPERUSER", "role shuniu_app is a superuser"),
        ("ALTER ROLE shuniu_app CREATEROLE", "role shuniu_app may create roles"),
        ("ALTER ROLE shuniu_signer BYPASSRLS", "role shuniu_signer may bypass row security"),
        ("GRANT shuniu TO shuniu_app", "role shuniu_app is a member of another role"),
        ("ALTER TABLE history OWNER TO shuniu_app", "role shuniu_app owns tables"),
        ("GRANT CREATE ON SCHEMA public TO shuniu_signer", "role shuniu_signer may create tables in public"),
    ],
)
def test_a_role_that_became_too_mighty_is_noticed(superuser: psycopg.Connection, change: str, line: str) -> None:
    with superuser.transaction(force_rollback=True):
        superuser.execute(change.encode())
        assert line in noticed(superuser)
