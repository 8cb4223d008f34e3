"""How does the population get into the tables? The demo first, by its ordinary steps; then the rest by COPY."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import current_app
from psycopg import sql
from sqlalchemy import select

from app.access.models import Account, Node
from app.clock import real_now
from app.demo.building import Builder
from app.demo.district import build_district
from app.extensions import db
from app.ledger.models import BudgetLine
from app.ledger.steps import Because, appropriate
from benchmarks.invented import (
    AFFILIATION,
    CONTRACT_FEN,
    PAYMENT,
    REGISTRATION,
    District,
    Ids,
    Invention,
    Rules,
    in_batches,
)
from workflows.definition import Definition
from workflows.loader import Policy, library, place_chain

DIVISIONS = ("110102", "110101", "110105", "110106", "110107", "110108", "110109", "110111", "110112", "110113",
             "110114", "110115", "110116", "110117", "110118", "110119")
# The demo's people of Xicheng, so that whoever measures can sign in as them.
DEMO = {"registrar": "registrar", "hub_officer": "hub", "project_officer": "project", "finance_officer": "finance",
        "finance_approver": "approver", "cashier": "cashier"}
COLUMNS = {
    "nodes": "id, parent_id, path, kind, name_zh, valid_from",
    "organizations": "id, node_id, name, legal_type, uscc, known_from, created_at",
    "people": "id, name, created_at",
    "accounts": "id, person_id, login, created_at",
    "role_grants": "id, person_id, role, node_id, valid_from, granted_at",
    "cases": "id, number, kind, place, version, legal_class, policy, state, revision, subject, organization_id,"
             " node_id, waits_role, waits_node, due_at, opened_at, closed_at, head",
    "history": "case_id, sequence, at, person_id, role, trigger, from_state, to_state, request_id, prev, hash, body",
    "clocks": "case_id, name, run, started_at, number, unit, due_at, provisional, promised, fires",
    "registration_applications": "case_id, organization_id, proposed_name, field, scope, domicile, start_up_fund_fen,"
                                 " direct, legal_representative, staff_count, founders",
    "affiliation_applications": "case_id, wants_primary",
    "registrations": "id, organization_id, uscc, name, known_since, registered_on, source, authority, case_id,"
                     " sequence, entered_at",
    "contracts": "id, number, title, organization_id, node_id, budget_line_id, amount_fen, signed_on, ends_on",
    "instalments": "id, contract_id, position, share_bp, amount_fen, condition",
    "payments": "case_id, instalment_id, amount_fen, invoice_no, payee_name, payee_bank, payee_account",
    "ledger_accounts": "id, budget_line_id, package, name, guarded, debits, credits",
    "transfers": "id, budget_line_id, debit_id, credit_id, amount, unit, code, reference, made_at",
    "notices": "id, case_id, sequence, audience_role, audience_node_id, template, created_at, expanded_at",
    "deliveries": "id, notice_id, person_id, read_at",
}
NUMBERED = [table for table, columns in COLUMNS.items() if columns.startswith("id,")]
LEAVES = """
INSERT INTO log_leaves (position, case_id, sequence, hash)
SELECT (SELECT count(*) FROM log_leaves) + row_number() OVER (ORDER BY at, case_id, sequence) - 1,
       case_id, sequence, hash FROM history h
 WHERE NOT EXISTS (SELECT FROM log_queue q WHERE q.case_id = h.case_id AND q.sequence = h.sequence)
   AND NOT EXISTS (SELECT FROM log_leaves l WHERE l.case_id = h.case_id AND l.sequence = h.sequence)
"""
SUBJECTS = """
INSERT INTO case_subjects (case_id, subject) SELECT id, subject FROM cases WHERE subject <> ''
ON CONFLICT DO NOTHING
"""
AVAILABLE = "SELECT budget_line_id, id FROM ledger_accounts WHERE name = 'available'"
# Transfers came without their trigger: what the contracts took from each line is posted in one go.
TAKEN = """
UPDATE ledger_accounts a SET debits = debits + t.amount
  FROM (SELECT debit_id, sum(amount) AS amount FROM transfers
         WHERE code = 'RESERVE' AND reference LIKE 'PC%' GROUP BY 1) t
 WHERE a.id = t.debit_id
"""
# Enough for a hundred times a hundred thousand organizations.
BUDGET_FEN = 10**14


def fill(connection: psycopg.Connection, organizations: int, seed: int, deep: int = 10_000) -> None:
    """Fill the migrated, empty database of the current application over a superuser's `connection`.

    One case gets `deep` moves, for lists that go far down.
    """
    now = real_now().replace(microsecond=0)
    builder = Builder(db.session, Path(current_app.config["DOCUMENTS"]), now)
    build_district(builder)
    districts = [_district(builder, division) for division in DIVISIONS]
    db.session.commit()
    ids = Ids({table: _highest(connection, table) + 1 for table in NUMBERED})
    rules = {kind: _rules(kind, now) for kind in (REGISTRATION, AFFILIATION, PAYMENT)}
    invention = Invention(districts, rules, ids, seed, now)
    # No trigger and no foreign key is asked: what is written is made right, and `history verify` can say so.
    connection.execute("SET session_replication_role = replica")
    available = {row[0]: row[1] for row in connection.execute(AVAILABLE)}
    done = 0
    for rows in in_batches(invention, organizations, deep):
        rows["transfers"] = _transfers(rows.pop("reservations", []), available, ids, now)
        for table, columns in COLUMNS.items():
            _copy(connection, table, columns, rows[table])
        done += len(rows["organizations"])
        if sys.stderr.isatty():
            print(f"\r{done:,} organizations, {invention.moves:,} moves", end="", file=sys.stderr, flush=True)
    # Moves are appended as they are made; they came here case by case.
    connection.execute("CLUSTER history USING ix_history_at")
    connection.execute(TAKEN)
    connection.execute(LEAVES)
    connection.execute(SUBJECTS)
    for table in NUMBERED:
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, max(ids.next[table] - 1, 1))
        )
    connection.commit()


def _district(builder: Builder, division: str) -> District:
    """Return the district with its hub, office, money and people; Xicheng has those of the demo."""
    node = builder.place(division)
    if division == "110102":
        officers = {role: _holder(login) for role, login in DEMO.items()}
        hub, office = _node_of(node, "hub"), _node_of(node, "buyer")
        line = db.session.scalars(select(BudgetLine.id).where(BudgetLine.node_id == office)).first() or 0
        appropriate(db.session, line, BUDGET_FEN, Because(now=builder.now, reference="population"))
        return District(division, node.name_zh, node.id, node.path, hub, office, line, officers)
    office_node = builder.buyer(node, f"{node.name_zh}采购办（虚构）", "Invented office")
    hub_node = builder.node(builder.hub(node, f"{node.name_zh}枢纽（虚构）", "Invented hub").node_id)
    places = {"registrar": node, "hub_officer": hub_node}
    people = {
        role: builder.person(f"{node.name_zh}{role}", f"{role}-{division}", [(role, places.get(role, office_node))])
        .actor.person_id or 0
        for role in DEMO
    }
    line = builder.budget(office_node, f"P-{division}", "服务专项（虚构）", BUDGET_FEN)
    return District(division, node.name_zh, node.id, node.path, hub_node.id, office_node.id, line.id, people)


def _holder(login: str) -> int:
    return db.session.execute(select(Account.person_id).where(Account.login == login)).scalar_one()


def _node_of(parent: Node, kind: str) -> int:
    query = select(Node.id).where(Node.parent_id == parent.id, Node.kind == kind).order_by(Node.id).limit(1)
    return db.session.execute(query).scalar_one()


def _rules(kind: str, now: datetime) -> Rules:
    places = place_chain("110102")
    legal_class = "social_service" if kind == REGISTRATION else None
    definition = library().in_force(kind, places, legal_class, now.date())
    policy = library().policy(places, now.date())
    return Rules(
        definition.name, definition.place, definition.version, definition.legal_class, policy.pins,
        waits={name: state.waits_for for name, state in definition.states.items() if state.waits_for},
        clocks={name: _clock(definition, policy, name, state.clocks[0])
                for name, state in definition.states.items() if state.clocks},
        final=frozenset(name for name, state in definition.states.items() if state.outcome),
    )


def _clock(definition: Definition, policy: Policy, state: str, clock: str) -> tuple[str, int, str, str | None]:
    number = policy.number(clock)
    fires = next((t.trigger for t in definition.transitions if t.on_due == clock and state in t.from_), None)
    return clock, number.value, number.unit, fires


def _transfers(
    reservations: list[tuple[Any, ...]], available: dict[int, int], ids: Ids, now: datetime
) -> list[tuple[Any, ...]]:
    rows = []
    for line, reserved, committed, package in reservations:
        for code, debit, credit in (("RESERVE", available[line], reserved), ("COMMIT", reserved, committed)):
            rows.append((ids.take("transfers"), line, debit, credit, CONTRACT_FEN, "fen", code, package, now))
    return rows


def _highest(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def _copy(connection: psycopg.Connection, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), sql.SQL(columns))
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
