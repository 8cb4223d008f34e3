"""The floor: what a move costs at least, written straight on psycopg by somebody who needs nothing else.

BEGIN, SELECT ... FOR UPDATE, UPDATE that checks the version, INSERT of a history row (chained SHA-256, jsonb),
INSERT into an outbox, COMMIT (performance.md section 1). No roles, guards, facts, clocks, keys or retries.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

import psycopg
from psycopg.types.json import Jsonb

TABLES = """
CREATE TABLE cases (id bigint PRIMARY KEY, state text NOT NULL, version int NOT NULL, head bytea NOT NULL,
                    holder bigint NOT NULL, due_at timestamptz);
CREATE TABLE history (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id bigint NOT NULL REFERENCES cases,
                      sequence int NOT NULL, at timestamptz NOT NULL, hash bytea NOT NULL, body jsonb NOT NULL,
                      UNIQUE (case_id, sequence));
CREATE TABLE outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, case_id bigint NOT NULL, told jsonb NOT NULL);
INSERT INTO cases SELECT n, 'accepted', 0, '', n, now() FROM generate_series(1, %s) AS n
"""
OTHER = {"accepted": "expert_review", "expert_review": "accepted"}


class Floor:
    """Moves of bare rows over one connection."""

    def __init__(self, connection: psycopg.Connection, turns: Iterator[int]) -> None:
        self.connection = connection
        self._turns = turns

    @classmethod
    def on_new_tables(cls, connection: psycopg.Connection, turns: Iterator[int], cases: int) -> "Floor":
        """Make the tables with so many rows first."""
        for statement in TABLES.replace("%s", str(cases)).split(";"):
            connection.execute(statement.encode())
        connection.commit()
        return cls(connection, turns)

    def move(self) -> None:
        """Move the next row between two states, durably."""
        connection, number = self.connection, next(self._turns)
        row = connection.execute(
            "SELECT state, version, head FROM cases WHERE id = %s FOR UPDATE", (number,)
        ).fetchone()
        assert row is not None
        state, version, head = row
        now = datetime.now(UTC)
        body = {
            "case": number, "seq": version + 1, "prev": head.hex(), "at": now.isoformat(), "actor": 7,
            "role": "registrar", "trigger": "start", "from": state, "to": OTHER[state],
            "data": {"reason": "业务范围涉及专业。", "expected_days": 15}, "request": "0123456789abcdef",
        }
        hash = sha256(head + json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).digest()
        updated = connection.execute(
            "UPDATE cases SET state = %s, version = version + 1, head = %s, due_at = %s WHERE id = %s AND version = %s",
            (OTHER[state], hash, now, number, version),
        )
        assert updated.rowcount == 1
        connection.execute(
            "INSERT INTO history (case_id, sequence, at, hash, body) VALUES (%s, %s, %s, %s, %s)",
            (number, version + 1, now, hash, Jsonb(body)),
        )
        connection.execute(
            "INSERT INTO outbox (case_id, told) VALUES (%s, %s)", (number, Jsonb({"to": "staff", "case": number}))
        )
        connection.commit()
