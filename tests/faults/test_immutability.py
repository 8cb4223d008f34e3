"""What is recorded stays: every attack with the application's own rights, and with its owner's, is refused."""

import json
from collections.abc import Iterator
from hashlib import sha256

import psycopg
import pytest
from psycopg import errors, sql

from app.database.embedded import EmbeddedServer
from app.database.provision import libpq
from tests.seeded import Seeded, seeded
from workflows.rules.canonical import canonical

__all__ = ["seeded"]

KEPT = ("history", "transfers", "attempts", "log_leaves", "checkpoints", "bank_lines", "bank_statements")
BY_TRIGGER = errors.CheckViolation
NO_RIGHT = errors.InsufficientPrivilege
COLUMNS = """
SELECT attname FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
 ORDER BY attnum
"""


@pytest.fixture(scope="module")
def filled(server: EmbeddedServer, seeded: Seeded) -> tuple[EmbeddedServer, str]:
    """A database in which each of the kept tables has a row."""
    name = seeded.app.config["SQLALCHEMY_DATABASE_URI"].rpartition("/")[2].partition("?")[0]
    with psycopg.connect(libpq(server.url("app", name)), autocommit=True) as app:
        app.execute(
            "INSERT INTO attempts (at, kind, trigger, code, reasons, request_id)"
            " VALUES (now(), 'payment', 'approve', 'four_eyes', '[]', 'test')"
        )
        [statement] = app.execute(
            "INSERT INTO bank_statements (sha256, account_no, opening_fen, closing_fen, node_id, imported_by,"
            " imported_at) SELECT repeat('0', 64), '1', 0, 100, (SELECT min(id) FROM nodes), min(id), now()"
            " FROM people RETURNING id"
        ).fetchall()[0]
        app.execute(
            "INSERT INTO bank_lines (statement_id, account_no, bank_serial, booked_on, amount_fen, counterparty,"
            " counterparty_account, remark, outcome) VALUES (%s, '1', '1', now(), 100, '', '', '', 'unknown')",
            (statement,),
        )
        for table in KEPT:
            assert app.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))).fetchone(), table
    return server, name


@pytest.fixture
def attacker(filled: tuple[EmbeddedServer, str]) -> Iterator[psycopg.Connection]:
    """The application's own connection."""
    server, name = filled
    with psycopg.connect(libpq(server.url("app", name)), autocommit=True) as connection:
        yield connection


@pytest.fixture
def owner(filled: tuple[EmbeddedServer, str]) -> Iterator[psycopg.Connection]:
    """The owner's connection, which has every right and meets the triggers."""
    server, name = filled
    with psycopg.connect(libpq(server.url("owner", name)), autocommit=True) as connection:
        yield connection


def refused(connection: psycopg.Connection, statement: str, why: type[psycopg.Error], *values: object) -> None:
    with pytest.raises(why):
        connection.execute(statement.encode(), values)


def columns(connection: psycopg.Connection, table: str) -> list[str]:
    return [name for (name,) in connection.execute(COLUMNS, (table,))]


@pytest.mark.parametrize("table", KEPT)
def test_no_row_is_changed_removed_or_emptied_away(
    attacker: psycopg.Connection, owner: psycopg.Connection, table: str
) -> None:
    for column in columns(attacker, table):
        refused(attacker, f"UPDATE {table} SET {column} = {column}", NO_RIGHT)
    own = columns(owner, table)[-1]
    refused(owner, f"UPDATE {table} SET {own} = {own}", BY_TRIGGER)
    for connection, why in ((attacker, NO_RIGHT), (owner, BY_TRIGGER)):
        refused(connection, f"DELETE FROM {table}", why)
        refused(connection, f"TRUNCATE {table} CASCADE", why)


@pytest.mark.parametrize("table", KEPT)
def test_no_row_is_replaced_by_an_upsert_or_a_merge(attacker: psycopg.Connection, table: str) -> None:
    names = columns(attacker, table)
    key = names[0]
    told = ", ".join(names)
    refused(
        attacker,
        f"INSERT INTO {table} ({told}) SELECT {told} FROM {table}"
        f" ON CONFLICT ({primary_key(attacker, table)}) DO UPDATE SET {key} = excluded.{key}",
        NO_RIGHT,
    )
    refused(
        attacker,
        f"MERGE INTO {table} AS t USING {table} AS s ON t.{key} = s.{key} WHEN MATCHED THEN DELETE",
        NO_RIGHT,
    )


def primary_key(connection: psycopg.Connection, table: str) -> str:
    found = connection.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)"
        " WHERE i.indrelid = %s::regclass AND i.indisprimary", (table,),
    )
    return ", ".join(name for (name,) in found)


@pytest.mark.parametrize("table", [*KEPT, "ledger_accounts"])
def test_no_trigger_rule_or_right_is_changed(attacker: psycopg.Connection, table: str) -> None:
    for statement in (
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"ALTER TABLE {table} DISABLE TRIGGER USER",
        f"ALTER TABLE {table} ADD COLUMN mine int",
        f"ALTER TABLE {table} OWNER TO CURRENT_USER",
        f"DROP TABLE {table} CASCADE",
        f"CREATE RULE mine AS ON INSERT TO {table} DO INSTEAD NOTHING",
        f"CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE INDEX ON {table} ((1))",
    ):
        refused(attacker, statement, NO_RIGHT)
    # Giving oneself a right only warns that nothing was given.
    attacker.execute(f"GRANT UPDATE, DELETE, TRUNCATE ON {table} TO CURRENT_USER".encode())
    refused(attacker, f"DELETE FROM {table}", NO_RIGHT)


def test_triggers_cannot_be_put_to_sleep_or_rewritten(attacker: psycopg.Connection) -> None:
    for statement in (
        "SET session_replication_role = replica",
        "SET LOCAL session_replication_role = replica",
        "SELECT set_config('session_replication_role', 'replica', false)",
        "ALTER ROLE CURRENT_USER SET session_replication_role = replica",
        "SET ROLE shuniu",
        "SET SESSION AUTHORIZATION shuniu",
        "ALTER FUNCTION refuse_change() OWNER TO CURRENT_USER",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP FUNCTION refuse_change() CASCADE",
        "CREATE FUNCTION public.refuse_change(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "COPY history TO PROGRAM 'true'",
        "SELECT pg_read_file('postgresql.conf')",
    ):
        refused(attacker, statement, NO_RIGHT)


def test_a_table_of_the_same_name_in_front_changes_nothing(attacker: psycopg.Connection) -> None:
    """Functions that act as the owner look in their own schema, not in the caller's."""
    with attacker.transaction(force_rollback=True):
        attacker.execute("CREATE TEMP TABLE ledger_accounts (LIKE public.ledger_accounts) ON COMMIT DROP")
        attacker.execute("SET LOCAL search_path = pg_temp, public")
        before = money(attacker)
        attacker.execute(
            "INSERT INTO public.transfers (budget_line_id, debit_id, credit_id, amount, unit, code, reference, made_at)"
            " SELECT budget_line_id, debit_id, credit_id, 1, unit, code, 'test', now() FROM public.transfers"
            " ORDER BY id LIMIT 1"
        )
        assert money(attacker) != before, "the transfer was posted to the table in front"


def money(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT id, debits, credits FROM public.ledger_accounts ORDER BY id").fetchall()


@pytest.mark.parametrize("column", ["debits", "credits", "guarded", "name", "package", "budget_line_id", "unit"])
def test_no_balance_is_written_by_hand(attacker: psycopg.Connection, owner: psycopg.Connection, column: str) -> None:
    refused(attacker, f"UPDATE ledger_accounts SET {column} = {column}", NO_RIGHT)
    if column in ("debits", "credits"):
        refused(owner, f"UPDATE ledger_accounts SET {column} = {column} + 1", BY_TRIGGER)
    refused(attacker, "DELETE FROM ledger_accounts", NO_RIGHT)
    refused(owner, "DELETE FROM ledger_accounts", BY_TRIGGER)


def test_an_account_begins_at_zero(attacker: psycopg.Connection) -> None:
    for debits, credits in ((0, 1), (1, 0), (5, 5)):
        refused(
            attacker,
            "INSERT INTO ledger_accounts (budget_line_id, package, name, unit, guarded, debits, credits)"
            " SELECT min(id), 'mine', 'committed', 'fen', true, %s, %s FROM budget_lines",
            BY_TRIGGER, debits, credits,
        )


# -- rows that do not belong


LAST = """
SELECT h.*, c.number FROM history h JOIN cases c ON c.id = h.case_id
 WHERE h.sequence = c.revision AND c.closed_at IS NULL ORDER BY h.case_id LIMIT 1
"""


def next_row(connection: psycopg.Connection) -> dict[str, object]:
    """A row that could follow the last one of some case: right in every way."""
    cursor = connection.execute(LAST)
    assert cursor.description is not None
    found = cursor.fetchone()
    assert found is not None
    last = dict(zip([column.name for column in cursor.description], found, strict=True))
    body = {
        "v": 1, "alg": "sha256", "case": last["number"], "seq": last["sequence"] + 1, "prev": last["hash"].hex(),
        "actor": last["person_id"], "trigger": "note", "from": last["to_state"], "to": last["to_state"],
    }
    return {
        "case_id": last["case_id"], "sequence": last["sequence"] + 1, "at": last["at"],
        "person_id": last["person_id"], "role": "staff", "trigger": "note", "from_state": last["to_state"],
        "to_state": last["to_state"], "request_id": "test", "prev": last["hash"], **sealed(body),
    }


def sealed(body: dict[str, object]) -> dict[str, object]:
    text = canonical(body)
    return {"body": text, "hash": sha256(bytes([0]) + text).digest()}


def insert(connection: psycopg.Connection, row: dict[str, object]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, row))
    values = sql.SQL(", ").join(map(sql.Placeholder, row))
    connection.execute(sql.SQL("INSERT INTO history ({}) VALUES ({})").format(names, values), row)


def test_a_row_that_follows_is_taken(attacker: psycopg.Connection) -> None:
    with attacker.transaction(force_rollback=True):
        insert(attacker, next_row(attacker))


def told(row: dict[str, object], **other: object) -> dict[str, object]:
    """The row with another text, whose hash is right."""
    return {**row, **sealed({**json.loads(row["body"]), **other})}


ZEROS = bytes(32)
WRONG = {
    "a previous hash that is not the last row's": lambda row: {**row, "prev": ZEROS},
    "a text that names another previous hash": lambda row: told(row, prev=ZEROS.hex()),
    "both of them": lambda row: {**told(row, prev=ZEROS.hex()), "prev": ZEROS},
    "a first row beside the first": lambda row: {**told(row, prev="", seq=0), "prev": b"", "sequence": 0},
    "a gap": lambda row: {**told(row, seq=row["sequence"] + 1), "sequence": row["sequence"] + 1},
    "a sequence that its text does not say": lambda row: told(row, seq=row["sequence"] + 1),
    "a hash that is not the text's": lambda row: {**row, "hash": ZEROS},
    "one byte of the text": lambda row: {**row, "body": row["body"].replace(b"note", b"nota")},
    "a text that is no JSON": lambda row: {**row, "body": b"note", "hash": sha256(b"\x00note").digest()},
    "an empty text": lambda row: {**row, "body": b"{}", "hash": sha256(b"\x00{}").digest()},
    "another trigger than its text": lambda row: {**row, "trigger": "approve"},
    "another state than its text": lambda row: {**row, "to_state": "approved"},
    "another origin than its text": lambda row: {**row, "from_state": None},
    "another person than its text": lambda row: {**row, "person_id": None},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_row_that_does_not_belong_is_refused(attacker: psycopg.Connection, what: str) -> None:
    row = next_row(attacker)
    with pytest.raises((errors.CheckViolation, errors.DataError)):
        insert(attacker, WRONG[what](row))


def test_a_second_row_at_the_same_place_is_refused(attacker: psycopg.Connection) -> None:
    with attacker.transaction(force_rollback=True):
        row = next_row(attacker)
        insert(attacker, row)
        with pytest.raises(errors.UniqueViolation):
            insert(attacker, row)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("amount = -1", BY_TRIGGER), ("amount = 0", BY_TRIGGER), ("credit_id = debit_id", BY_TRIGGER),
        ("unit = 'points'", errors.ForeignKeyViolation), ("amount = 999999999999999", BY_TRIGGER),
    ],
)
def test_a_transfer_that_cannot_be_is_refused(
    attacker: psycopg.Connection, change: str, why: type[psycopg.Error]
) -> None:
    column, _, value = change.partition(" = ")
    row = {"debit_id": "debit_id", "credit_id": "credit_id", "amount": "1", "unit": "unit", column: value}
    refused(
        attacker,
        f"INSERT INTO transfers ({', '.join(row)}, budget_line_id, code, reference, made_at)"
        f" SELECT {', '.join(row.values())}, budget_line_id, code, 'test', now() FROM transfers WHERE code = 'COMMIT'"
        " ORDER BY id LIMIT 1",
        why,
    )


def test_the_log_and_its_signatures_are_not_written_by_the_application(attacker: psycopg.Connection) -> None:
    for table in ("log_leaves", "checkpoints"):
        names = ", ".join(columns(attacker, table))
        refused(attacker, f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} LIMIT 1", NO_RIGHT)
    refused(attacker, "DELETE FROM log_queue", NO_RIGHT)
    refused(attacker, "UPDATE log_queue SET sequence = sequence", NO_RIGHT)


# -- roles that were given


A_GRANT = """
INSERT INTO role_grants (person_id, role, node_id, valid_from, valid_to, revoked_at)
SELECT (SELECT min(id) FROM people), 'auditor', (SELECT min(id) FROM nodes), '2026-01-01', %s, %s RETURNING id
"""
END = "UPDATE role_grants SET revoked_at = now(), valid_to = %s WHERE id = %s"


def a_grant(connection: psycopg.Connection, valid_to: str | None = None, revoked_at: str | None = None) -> int:
    [(grant_id,)] = connection.execute(A_GRANT, (valid_to, revoked_at)).fetchall()
    return int(grant_id)


def test_of_a_grant_nothing_but_its_end_is_written(attacker: psycopg.Connection, owner: psycopg.Connection) -> None:
    ends = {"valid_to", "revoked_at", "revoked_by"}
    grant_id = a_grant(attacker)
    for column in set(columns(attacker, "role_grants")) - ends:
        refused(attacker, f"UPDATE role_grants SET {column} = {column} WHERE id = %s", NO_RIGHT, grant_id)
    for change in (
        "role = 'cashier'", "person_id = person_id + 1", "node_id = node_id + 1", "valid_from = '2026-02-01'",
        "case_id = 1", "granted_by = 1", "granted_at = now()", "id = 10000000",
    ):
        statement = f"UPDATE role_grants SET revoked_at = now(), valid_to = '2026-03-01', {change} WHERE id = %s"
        refused(owner, statement, BY_TRIGGER, grant_id)
    for connection, why in ((attacker, NO_RIGHT), (owner, BY_TRIGGER)):
        refused(connection, "DELETE FROM role_grants WHERE id = %s", why, grant_id)
        refused(connection, "TRUNCATE role_grants CASCADE", why)


def test_a_grant_ends_once_and_is_not_taken_up_again(attacker: psycopg.Connection) -> None:
    grant_id = a_grant(attacker)
    attacker.execute(END, ("2026-03-01", grant_id))

    refused(attacker, END, BY_TRIGGER, "2026-02-01", grant_id)
    refused(attacker, END, BY_TRIGGER, "2026-04-01", grant_id)
    refused(attacker, "UPDATE role_grants SET revoked_by = 1 WHERE id = %s", BY_TRIGGER, grant_id)
    refused(
        attacker, "UPDATE role_grants SET revoked_at = NULL, revoked_by = NULL, valid_to = NULL WHERE id = %s",
        BY_TRIGGER, grant_id,
    )


def test_no_grant_ends_without_saying_when_it_was_ended(attacker: psycopg.Connection) -> None:
    grant_id = a_grant(attacker)

    refused(attacker, "UPDATE role_grants SET valid_to = '2026-03-01' WHERE id = %s", BY_TRIGGER, grant_id)
    refused(attacker, "UPDATE role_grants SET revoked_at = now() WHERE id = %s", BY_TRIGGER, grant_id)
    refused(attacker, "UPDATE role_grants SET revoked_by = 1 WHERE id = %s", BY_TRIGGER, grant_id)


def test_an_end_that_was_planned_is_brought_forward_and_never_put_off(attacker: psycopg.Connection) -> None:
    grant_id = a_grant(attacker, "2026-06-01")

    refused(attacker, END, BY_TRIGGER, "2026-06-02", grant_id)
    refused(attacker, END, BY_TRIGGER, None, grant_id)
    attacker.execute(END, ("2026-05-31", grant_id))
