"""Is everything still as it must be? Looked at after every step, from raw rows; all of it now and then."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from app.audit.chains import breaks_of
from app.audit.checking import check_everything
from app.extensions import db
from tests.random_moves.sealed_prices import SealedPrices
from tests.random_moves.separation import Person, acted_against, behind_a_wall
from tests.random_moves.world import World
from workflows.definition import SYSTEM_ROLE, Definition
from workflows.loader import library

CASES = """
SELECT id, number, kind, place, version, legal_class, state, revision, head, sealed, organization_id, node_id,
       parent_id, opened_at, closed_at, waits_role FROM cases ORDER BY id
"""
HISTORY = "SELECT * FROM history WHERE case_id = ANY(:cases) ORDER BY case_id, sequence"
ACCOUNTS = "SELECT id, budget_line_id, name, unit, guarded, debits, credits FROM ledger_accounts"
TRANSFERS = "SELECT id, debit_id, credit_id, amount, unit FROM transfers WHERE id > :last ORDER BY id"
NAMES = """
SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'public' AND c.relkind = 'r' ORDER BY 1
"""
LEFT_BY_A_REFUSAL = {"attempts"}
NEVER_LOOKED_AT = {"signature_requests", "checkpoints", "log_leaves", "log_queue"}
"""The signer works on its own; what it writes is checked whole at the end."""

BIDS_JUDGED = ("qualified", "won", "not_awarded")
ROWS_COUNTED = 0.1

Cases = dict[int, Any]


class Broken(AssertionError):
    """Something that must always hold does not."""



def demand(holds: object, *said: object) -> None:
    """Raise Broken with what was said unless it holds."""
    if not holds:
        raise Broken(" ".join(map(str, said)))


def definition_of(case: Any) -> Definition:
    """Return the definition that a case took for life."""
    return library().exact(case.kind, case.place, case.version, case.legal_class)


class Watcher:
    """Remembers where everything stood, and compares."""

    def __init__(self, world: World, prices: SealedPrices) -> None:
        self.world, self.prices = world, prices
        self.cases: Cases = {}
        self.rows_of: dict[int, list[Any]] = {}
        self.last_transfer = 0
        self.given: Counter[int] = Counter()
        self.taken: Counter[int] = Counter()
        names = [row.relname for row in world.rows(NAMES)]
        self.tables = [name for name in names if name not in NEVER_LOOKED_AT]
        self.statement = " UNION ALL ".join(
            f"SELECT '{name}' AS name, count(*) AS rows, count(*) FILTER (WHERE xmin::text::bigint >= :since) AS new"
            f' FROM "{name}"'
            for name in self.tables
        )
        self.since, self.counts = 0, dict[str, int]()

    def mark(self) -> None:
        """Remember from which transaction on a row is new and, now and then, how many rows every table has."""
        ((self.since,),) = self.world.rows("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        counted = self.world.chance.random() < ROWS_COUNTED
        found = self.world.rows(self.statement, since=self.since) if counted else []
        self.counts = {name: count for name, count, _new in found}

    def written(self) -> dict[str, int]:
        """Return the tables in which a row was added, changed or removed since the mark, with how many."""
        found = self.world.rows(self.statement, since=self.since)
        return {name: new or -1 for name, count, new in found if new or count != self.counts.get(name, count)}

    def look(self) -> list[Any]:
        """Check what moved since the last look, and the whole ledger; return the new rows of history."""
        cases = {case.id: case for case in self.world.rows(CASES)}
        changed = [case for case in cases.values() if self.cases.get(case.id) != case]
        rows: dict[int, list[Any]] = {case.id: [] for case in changed}
        for row in self.world.rows(HISTORY, cases=list(rows)):
            rows[row.case_id].append(row)
        new: list[Any] = []
        demand(not self.cases.keys() - cases.keys(), "a case has vanished")
        self.cases, before = cases, self.rows_of
        self.rows_of = self.rows_of | rows
        for case in changed:
            already = before.get(case.id, [])
            demand(rows[case.id][: len(already)] == already, case.number, "has another past than before")
            _stands(case, rows[case.id])
            new += rows[case.id][len(already):]
            for row in rows[case.id][len(already):]:
                self._was_allowed(case, row, rows[case.id][: row.sequence - 1])
        self._ledger()
        return new

    def _was_allowed(self, case: Any, row: Any, earlier: Sequence[Any]) -> None:
        if row.person_id is None:
            return
        move = Person(case.kind, case.id, row)
        told = f"{case.number} {case.kind}.{row.trigger} by {row.person_id}"
        demand(not (broken := acted_against(self.world, move, earlier)), told, "against", broken)
        above = self.cases.get(case.parent_id)
        beside = [each for each in self.cases.values() if each.parent_id == case.parent_id and not each.sealed]
        bidders = [each for each in beside if each.kind == "bid" and each.state in BIDS_JUDGED]
        judged = [each.organization_id for each in (case, above, *bidders) if each is not None and each.organization_id]
        if row.sequence > 1:
            demand(not (walls := behind_a_wall(self.world, move, judged)), told, "behind a wall:", walls)

    def _ledger(self) -> None:
        """Recount every balance from the transfers; nothing is below zero and all of it sums to zero."""
        for row in self.world.rows(TRANSFERS, last=self.last_transfer):
            demand(row.amount > 0 and row.debit_id != row.credit_id, "transfer", row.id)
            self.given[row.debit_id] += row.amount
            self.taken[row.credit_id] += row.amount
            self.last_transfer = row.id
        total: Counter[tuple[int, str]] = Counter()
        for account in self.world.rows(ACCOUNTS):
            counted = (self.given[account.id], self.taken[account.id])
            demand((account.debits, account.credits) == counted, "account", account, "by its transfers", counted)
            there = account.credits - account.debits
            demand(there >= 0 or account.name == "source", "account", account, "is below zero")
            total[account.budget_line_id, account.unit] += there
        demand(not any(total.values()), "the accounts of a line do not sum to zero:", total)

    def receipt(self, answer: dict[str, Any]) -> None:
        """The receipt of an accepted move is the hash of the very row that it left."""
        number, sequence, told = answer["receipt"].split(":")
        case = next((case for case in self.cases.values() if case.number == number), None)
        demand(case is not None and number == answer["number"], "a receipt of no case:", answer)
        row = self.rows_of[case.id][int(sequence) - 1]
        hashed = sha256(b"\x00" + bytes(row.body)).hexdigest()
        demand(told == hashed and row.sequence == int(sequence), "receipt", answer["receipt"], "is not", hashed)
        demand((row.to_state, row.sequence) == (answer["state"], answer["revision"]), "the answer tells otherwise")

    def everything(self) -> None:
        """Check the whole database as the auditor's command does, and that no table tells a price."""
        with db.engine.connect() as connection:
            found = check_everything(connection, public_key=None, store=self.world.app.config["DOCUMENTS"])
        demand(not found.problems, "verify:", found.problems)
        demand(not (told := self.prices.told_in_the_database()), "the database tells:", told)


def _stands(case: Any, rows: Sequence[Any]) -> None:
    """A case stands where its history, read by its definition, has brought it."""
    demand(not (breaks := breaks_of(case, rows)), "the chain breaks:", [str(each) for each in breaks])
    definition, state = definition_of(case), None
    for row in rows:
        way = next(
            (t for t in definition.transitions
             if t.trigger == row.trigger and (state in t.from_ if state is not None else not t.from_)), None,
        )
        demand(way is not None, case.number, "made", row.trigger, "from", state)
        assert way is not None
        demand(way.to == row.to_state, case.number, row.trigger, "led to", row.to_state)
        if row.person_id is None:
            system = way.on_due is not None or SYSTEM_ROLE in way.roles
            demand(system and row.role == SYSTEM_ROLE, case.number, row.trigger, "by nobody as", row.role)
        else:
            demand(row.role in way.roles and row.role != SYSTEM_ROLE, case.number, row.trigger, "as", row.role)
        state = way.to
    demand(state is not None, case.number, "has no history")
    final = definition.states[state or ""].outcome is not None
    demand((case.state, case.revision) == (state, len(rows)), case.number, "stands at", case.state, case.revision)
    demand((case.closed_at is not None) == final, case.number, "is closed or not, against its state", state)
    waits = None if final else definition.states[state or ""].waits_for
    demand(case.waits_role == waits, case.number, "waits for", case.waits_role, "not", waits)
