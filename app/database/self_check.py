"""What must stand in the database for our promises to hold: compared at every start with a list of data.

`expected.json` names every trigger with a digest of its function, and every constraint and unique index.
After a change of the migrations, `./run flask database expected --write` renews it; a test compares the two.
"""

import hashlib
import json
from pathlib import Path

import psycopg

from app.database.privileges import Roles, check_privileges

MOST_LINES = 30
EXPECTED = Path(__file__).with_name("expected.json")

TRIGGERS = """
SELECT c.relname || '.' || t.tgname, t.tgenabled IN ('O', 'A'),
       t.tgtype::text || ' ' || p.proname || ' ' || p.prosecdef::text || ' ' || p.prosrc
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
"""

# Not-null constraints are left out: they stand here only since PostgreSQL 18.
CONSTRAINTS = """
SELECT c.relname || '.' || k.conname, k.convalidated, k.contype::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = 'public'::regnamespace AND k.contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL
SELECT c.relname || '.' || i.relname, x.indisvalid, 'unique index'
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = 'public'::regnamespace AND x.indisunique
AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.oid)
"""

# The internal triggers of a foreign key can be switched off one by one.
SLEEPING_KEYS = """
SELECT DISTINCT c.relname || '.' || k.conname
FROM pg_trigger t JOIN pg_constraint k ON k.oid = t.tgconstraint JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = 'public'::regnamespace AND t.tgisinternal AND t.tgenabled NOT IN ('O', 'A')
"""

# What a role or database brings to each of its connections; ours may be fine while the application's is not.
BROUGHT = """
SELECT coalesce(r.rolname, 'every role'), split_part(word, '=', 1), split_part(word, '=', 2)
FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) AS word
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
ORDER BY 1, 2
"""

Inventory = dict[str, dict[str, str]]


class NotAsExpected(RuntimeError):
    """The database lacks something that our promises rest on; the message names each thing."""

    def __init__(self, lines: list[str]) -> None:
        found = "\n".join(f"  - {line}" for line in lines[:MOST_LINES])
        if len(lines) > MOST_LINES:
            found += f"\n  ... and {len(lines) - MOST_LINES} more"
        super().__init__(
            f"The database is not as it must be, so Shuniu does not serve from it:\n{found}\n"
            "Find out who changed it and why. `./run flask database grant` restores rights;"
            " a trigger or constraint comes back from its migration in migrations/versions."
        )
        self.lines = lines


def inventory(connection: psycopg.Connection) -> Inventory:
    """The triggers, constraints and unique indexes that stand and work; a disabled one does not."""
    triggers = {
        name: hashlib.sha256(source.encode()).hexdigest()[:16]
        for name, works, source in connection.execute(TRIGGERS)
        if works
    }
    sleeping = {name for (name,) in connection.execute(SLEEPING_KEYS)}
    constraints = {
        name: kind for name, works, kind in connection.execute(CONSTRAINTS) if works and name not in sleeping
    }
    return {"triggers": dict(sorted(triggers.items())), "constraints": dict(sorted(constraints.items()))}


def expected() -> Inventory:
    """What a freshly migrated database has."""
    if not EXPECTED.exists():
        return {"triggers": {}, "constraints": {}}
    read: Inventory = json.loads(EXPECTED.read_text())
    return read


def write_expected(found: Inventory) -> None:
    """Make `found` the expected inventory."""
    EXPECTED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


def missing(connection: psycopg.Connection) -> list[str]:
    """One sentence per trigger or constraint that is gone, disabled or another; more is fine."""
    want, have = expected(), inventory(connection)
    lines = []
    for kind, noun in (("triggers", "trigger"), ("constraints", "constraint")):
        for name, mark in want[kind].items():
            table, _, own = name.partition(".")
            if name not in have[kind]:
                lines.append(f"{noun} {own} on table {table} is missing or disabled")
            elif have[kind][name] != mark:
                lines.append(f"{noun} {own} on table {table} is not the one that was installed")
    return lines


def unsafe_settings(connection: psycopg.Connection) -> list[str]:
    """One sentence per setting under which an acknowledged move could be lost or a trigger sleep."""
    safe = {"fsync": "on", "full_page_writes": "on", "session_replication_role": "origin"}
    lines = []
    for name, value in safe.items():
        found = _setting(connection, name)
        if found != value:
            lines.append(f"setting {name} is {found}, it must be {value}")
    if _setting(connection, "synchronous_commit") == "off":
        lines.append("setting synchronous_commit is off, it must not be")
    return lines


def unsafe_roles(connection: psycopg.Connection) -> list[str]:
    """One sentence per role that brings a setting under which triggers sleep or an acknowledged move can be lost."""
    unsafe = {"session_replication_role": ("replica", "local"), "synchronous_commit": ("off",)}
    return [
        f"setting {name} is {value} for {role}, it must not be"
        for role, name, value in connection.execute(BROUGHT)
        if value.strip('"') in unsafe.get(name, ())
    ]


def check(connection: psycopg.Connection, roles: Roles, durable: bool = True) -> None:
    """Raise NotAsExpected naming everything that is wrong; only tests pass `durable=False`."""
    lines = missing(connection) + check_privileges(connection, roles) + unsafe_roles(connection)
    if durable:
        lines += unsafe_settings(connection)
    if lines:
        raise NotAsExpected(lines)


def _setting(connection: psycopg.Connection, name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    return str(row[0]) if row else ""
