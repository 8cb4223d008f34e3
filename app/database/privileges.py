"""What the application's and the signer's role may do: one table, applied by the owner, compared at start.

Rights are applied after migrations and when this table has changed, not at every start: a right that
somebody changed by hand shall be noticed, not silently mended. Whatever is not said here is not granted;
a table that is not named gets APP_DEFAULT.
"""

import hashlib
from dataclasses import dataclass

import psycopg
from psycopg import sql

READ = frozenset({"SELECT"})
ADD = frozenset({"SELECT", "INSERT"})
APP_DEFAULT = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
NOTHING: frozenset[str] = frozenset()

# What the application may do where it may not do everything.
APP = {
    "account_changes": ADD,
    "alembic_version": READ,
    # What was reported for which year stays; the conclusion and what became of it are written later.
    "annual_reports": ADD | {"UPDATE (concluded_on, conclusion, put_right_by, put_right_on, released_at)"},
    "attempts": ADD,
    "award_candidates": ADD | {"UPDATE (ended_at, ended_reason)"},
    "awards": ADD | {"UPDATE (revoked_at, revoked_reason)"},
    "bank_lines": ADD,
    "bank_statements": ADD,
    "budget_lines": ADD,
    "bid_rankings": ADD | {"UPDATE (excluded_at, excluded_reason)"},
    "bid_scores": ADD,
    "case_documents": ADD,
    "case_subjects": READ,
    "checkpoints": READ,
    "contract_closures": ADD,
    "contract_terminations": ADD,
    "contracts": ADD,
    "documents": ADD,
    "drawn_experts": ADD,
    "evaluation_results": ADD,
    # What was asked for stays as it was asked; only what became of it is written.
    "exports": ADD | {
        "UPDATE (attempt, beat_at, cancelled_at, expires_at, failed_at, failure, finished_at, removed_at, rows_done,"
        " rows_total, sha256, size, started_at)"
    },
    "history": ADD,
    # Who made a link, for what and for whom, stays as it was; only what became of it is written.
    "invitations": ADD | {"UPDATE (account_id, used_at, voided_at)"},
    "instalments": ADD | {"UPDATE (deducted_fen)"},
    "ledger_accounts": ADD,
    "log_leaves": READ,
    "log_queue": ADD,
    "organization_restrictions": ADD | {"UPDATE (to_on)"},
    "payment_instructions": ADD | {"UPDATE (bank_line_id, outcome, outcome_at)"},
    "pool_publications": ADD | {"UPDATE (checkpoint)"},
    "reads": ADD,
    "register_decisions": ADD,
    "restriction_proposals": ADD | {"UPDATE (ended_at, lifting_reason)"},
    # Who held what when stays as it was; a grant only ends, and says by whom.
    "role_grants": ADD | {"UPDATE (revoked_at, revoked_by, valid_to)"},
    "satisfaction_codes": ADD | {"DELETE", "UPDATE (used_on)"},
    "satisfaction_ratings": ADD,
    "signature_requests": ADD | {"DELETE"},
    "transfers": ADD,
    "withheld_values": ADD | {"DELETE"},
}

# The signer sees hashes, never what was written; "SELECT (a, b)" is the right on these columns only.
SIGNER = {
    "checkpoints": ADD,
    "history": frozenset({"SELECT (case_id, sequence, hash)"}),
    "log_leaves": ADD,
    # Locking rows (FOR UPDATE) needs the right to update at least one column.
    "log_queue": frozenset({"SELECT", "DELETE", "UPDATE (case_id)"}),
    "signature_requests": frozenset({"SELECT", "UPDATE (public_key, signature)", "DELETE"}),
}

Right = tuple[str, str, str, str]  # role, table, privilege, column ("" for the whole table)


@dataclass(frozen=True)
class Roles:
    """The names of the three roles on this server."""

    owner: str
    app: str
    signer: str


def wanted(roles: Roles, tables: list[str]) -> set[Right]:
    """Every right that shall exist on `tables`, one by one."""
    rights: set[Right] = set()
    for table in tables:
        for role, words in (
            (roles.app, APP.get(table, APP_DEFAULT)),
            (roles.signer, SIGNER.get(table, NOTHING)),
        ):
            for word in words:
                privilege, _, columns = word.partition(" (")
                for column in columns.rstrip(")").split(", "):
                    rights.add((role, table, privilege, column))
    return rights


TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') ORDER BY 1
"""

# Grantee 0 is everybody. Roles that are not ours (a reporting role, say) are their administrator's business.
GRANTED = """
SELECT role, relname, privilege_type, attname FROM (
  SELECT coalesce(r.rolname, 'PUBLIC') AS role, c.relname, a.privilege_type, '' AS attname
  FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  UNION ALL
  SELECT coalesce(r.rolname, 'PUBLIC'), c.relname, a.privilege_type, t.attname
  FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid AND t.attnum > 0
  CROSS JOIN LATERAL aclexplode(t.attacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
  WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
) AS found WHERE role = ANY(%s)
"""

ROLE_FAULTS = """
SELECT r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolbypassrls, r.rolreplication,
       EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid),
       has_schema_privilege(r.oid, 'public', 'CREATE'),
       EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relnamespace = 'public'::regnamespace)
FROM pg_roles r WHERE r.rolname = ANY(%s)
"""
FAULTS = (
    "is a superuser",
    "may create roles",
    "may create databases",
    "may bypass row security",
    "may replicate",
    "is a member of another role",
    "may create tables in public",
    "owns tables",
)

# CASE, because a planner may ask for the right before it has asked whether this is a sequence.
SEQUENCES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(%s, c.oid, 'USAGE') ELSE false END ORDER BY 1
"""


def granted(connection: psycopg.Connection, roles: Roles) -> set[Right]:
    """Every right on our tables that our two roles and everybody have."""
    rows = connection.execute(GRANTED, (["PUBLIC", roles.app, roles.signer],))
    return {(role, table, privilege, column) for role, table, privilege, column in rows}


def check_privileges(connection: psycopg.Connection, roles: Roles) -> list[str]:
    """One sentence per right that is missing or too much; empty when all is as the table says."""
    want, have = wanted(roles, _tables(connection)), granted(connection, roles)
    lines = [f"{_named(right)} is missing" for right in sorted(want - have)]
    lines += [f"{_named(right)} is too much" for right in sorted(have - want)]
    found = list(connection.execute(ROLE_FAULTS, ([roles.app, roles.signer],)))
    for role, *facts in found:
        lines += [f"role {role} {fault}" for fault, true in zip(FAULTS, facts, strict=True) if true]
    for role in {roles.app, roles.signer} - {row[0] for row in found}:
        return [f"role {role} is missing"]
    for (sequence,) in connection.execute(SEQUENCES, (roles.app,)):
        lines.append(f"USAGE on sequence {sequence} for {roles.app} is missing")
    return lines


def are_applied(connection: psycopg.Connection, roles: Roles) -> bool:
    """Whether this very table was applied for these roles; somebody may have changed rights since."""
    row = connection.execute("SELECT obj_description('alembic_version'::regclass, 'pg_class')").fetchone()
    return row is not None and row[0] == _digest(roles)


def apply_privileges(connection: psycopg.Connection, roles: Roles) -> None:
    """Make the rights what the table says, in one transaction, and remember that this table was applied."""
    with connection.transaction():
        want, have = wanted(roles, _tables(connection)), granted(connection, roles)
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for role in (roles.app, roles.signer):
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(sql.Identifier(role)))
        app = sql.Identifier(roles.app)
        connection.execute(sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(app))
        for right in sorted(have - want):
            connection.execute(_statement("REVOKE", "FROM", right))
        for right in sorted(want - have):
            connection.execute(_statement("GRANT", "TO", right))
        mark = sql.Literal(_digest(roles))
        connection.execute(sql.SQL("COMMENT ON TABLE alembic_version IS {}").format(mark))


def _digest(roles: Roles) -> str:
    words = sorted(wanted(roles, sorted({*APP, *SIGNER, "any other"})))
    return "rights " + hashlib.sha256(repr(words).encode()).hexdigest()[:32]


def _tables(connection: psycopg.Connection) -> list[str]:
    return [name for (name,) in connection.execute(TABLES)]


def _named(right: Right) -> str:
    role, table, privilege, column = right
    return f"{privilege} on {table}{f' ({column})' if column else ''} for {role}"


def _statement(verb: str, preposition: str, right: Right) -> sql.Composed:
    role, table, privilege, column = right
    on_column = sql.SQL("({})").format(sql.Identifier(column)) if column else sql.SQL("")
    grantee = sql.SQL("PUBLIC") if role == "PUBLIC" else sql.Identifier(role)
    words = sql.SQL(" ").join([sql.SQL(verb), sql.SQL(privilege)])
    return sql.SQL("{}{} ON {} {} {}").format(
        words, on_column, sql.Identifier(table), sql.SQL(preposition), grantee
    )
