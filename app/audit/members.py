"""Which files lie in a bundle? Each is written from the same snapshot, row by row, however long it gets.

What each line holds stands in app/audit/bundle_format.py, which the verifier reads by.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import aliased

from app.access.models import Person
from app.audit.bundle_format import Source
from app.audit.rendering import rendered_history, rendered_readme
from app.audit.scopes import Query, Scope, covered_moves
from app.audit.tree import BLOCK, LogTree, Proofs, continued
from app.cases.hidden import sealed_kinds
from app.cases.models import Attempt, Case, History, LogLeaf, PersonalValue
from app.cases.notes import Checkpoint
from app.documents.models import Document
from app.documents.store import path_of
from app.errors import Problem
from app.ledger.models import BudgetLine, LedgerAccount, Transfer
from app.organizations.models import Organization
from workflows.rules.canonical import canonical

ROWS_AT_ONCE = 1000
EXTENSIONS = {
    "application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "text/plain": "txt", "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


class NotSoLong(Problem):
    """Somebody asked for a proof from a size that the log never had."""

    status = 422
    code = "no_such_checkpoint"
    title: Any = _l("There is no such checkpoint")


@dataclass(frozen=True)
class Wanted:
    """What goes into a bundle beside history, and where the papers lie.

    `older` are sizes of the log that a checkpoint in somebody's hands tells: the bundle proves that its log goes on
    from there. One of everything needs no such proof.
    """

    store: Path
    personal: bool = False
    documents: bool = True
    older: tuple[int, ...] = ()


@dataclass
class Collected:
    """The members as files in a folder of their own, and the numbers of the cases in them.

    `hashes` are those of all papers that the history in it names.
    """

    members: list[tuple[str, Source]] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Snapshot:
    """One state of the database, and the checkpoint that everything in it is told by.

    `seen` is told how many rows were read, now and then; what it raises ends the reading.
    """

    connection: Connection
    checkpoint: Checkpoint
    note: str
    seen: Callable[[int], None] = lambda _rows: None

    def stream(self, query: Query) -> Iterator[Any]:
        """Yield the rows of a query without holding all of them."""
        for rows in self.connection.execute(query.execution_options(yield_per=ROWS_AT_ONCE)).partitions():
            yield from rows
            self.seen(len(rows))


def collect(at: Snapshot, scope: Scope, wanted: Wanted, tree: LogTree, folder: Path) -> Collected:
    """Write all members of the scope into the folder; raise NotSoLong if the log was never of an `older` size."""
    found = Collected([("checkpoint.txt", at.note.encode())])
    lines = {
        "history.jsonl": _history(at, scope, tree, found.hashes),
        "transfers.jsonl": _transfers(at, scope),
        "attempts.jsonl": _attempts(at, scope),
    }
    if wanted.personal:
        lines["personal.jsonl"] = _personal(at, scope)
    if wanted.older and not scope.whole:
        lines["consistency.jsonl"] = _consistency(at, tree, wanted.older)
    for name, rows in lines.items():
        with (folder / name).open("wb") as file:
            file.writelines(canonical(row) + b"\n" for row in rows)
        found.members.append((name, folder / name))
    if scope.named:
        moves = covered_moves(scope, at.checkpoint.size).subquery()
        query = select(Case.number).where(Case.id.in_(select(moves.c.case_id))).order_by(Case.number)
        found.numbers = list(at.connection.scalars(query))
    with (folder / "history.html").open("w", encoding="utf-8") as page:
        page.writelines(rendered_history(at.stream(_told(at, scope)), scope.title, at.checkpoint))
    found.members.append(("history.html", folder / "history.html"))
    found.members.append(("README.txt", rendered_readme(scope.title, at.checkpoint, wanted.personal).encode()))
    if wanted.documents:
        found.members += _documents(at, found.hashes, wanted.store)
    return found


def _history(at: Snapshot, scope: Scope, tree: LogTree, hashes: set[str]) -> Iterator[dict[str, Any]]:
    size = at.checkpoint.size
    moves = covered_moves(scope, size).subquery()
    query = _of_moves(select(moves.c.position, History.body), moves, History).order_by(moves.c.position)
    # The verifier recomputes the root of the whole log from all its moves; others need a proof each.
    blocks = [] if scope.whole else tree.blocks(at.connection, size, at.checkpoint.root)
    proofs = Proofs(at.connection, blocks, size)
    for number, block in groupby(at.stream(query), key=lambda row: row.position // BLOCK):
        rows = list(block)
        proven = {} if scope.whole else proofs.in_block(number, [row.position for row in rows])
        for row in rows:
            body = bytes(row.body)
            hashes.update(json.loads(body)["files"])
            line: dict[str, Any] = {"index": row.position, "body": body.decode()}
            if not scope.whole:
                line["proof"] = [base64.b64encode(sibling).decode() for sibling in proven[row.position]]
            yield line


def _consistency(at: Snapshot, tree: LogTree, older: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    size = at.checkpoint.size
    if not all(0 < asked <= size for asked in older):
        raise NotSoLong(_l("Say the number in the second line of the checkpoint you hold: 1 to %(size)d.", size=size))
    blocks = tree.blocks(at.connection, size, at.checkpoint.root)
    for asked in sorted(set(older)):
        proof = continued(at.connection, blocks, asked, size)
        yield {"size": asked, "proof": [base64.b64encode(sibling).decode() for sibling in proof]}


def _transfers(at: Snapshot, scope: Scope) -> Iterator[dict[str, Any]]:
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    query: Query = (
        select(
            Transfer.id, Transfer.amount, Transfer.unit, Transfer.code, Transfer.sequence, Case.number,
            BudgetLine.code.label("line"), debit.name.label("debit"), debit.package.label("debit_package"),
            credit.name.label("credit"), credit.package.label("credit_package"),
        )
        .join(debit, debit.id == Transfer.debit_id)
        .join(credit, credit.id == Transfer.credit_id)
        .join(BudgetLine, BudgetLine.id == Transfer.budget_line_id)
        .outerjoin(Case, Case.id == Transfer.case_id)
        .order_by(Transfer.id)
    )
    if scope.whole:
        leaf = and_(LogLeaf.case_id == Transfer.case_id, LogLeaf.sequence == Transfer.sequence)
        query = query.outerjoin(LogLeaf, leaf).where(
            or_(Transfer.case_id.is_(None), LogLeaf.position < at.checkpoint.size)
        )
    else:
        query = _of_moves(query, covered_moves(scope, at.checkpoint.size).subquery(), Transfer)
    for row in at.stream(query):
        yield {
            "id": row.id, "debit": account_name(row.debit, row.line, row.debit_package),
            "credit": account_name(row.credit, row.line, row.credit_package), "amount": row.amount,
            "unit": row.unit, "code": row.code, "case": row.number, "seq": row.sequence,
        }


def account_name(name: str, line: str, package: str) -> str:
    """Return how bundles and the auditor's pages call an account: name, budget line, package if it has one."""
    return f"{name}:{line}/{package}" if package else f"{name}:{line}"


def _personal(at: Snapshot, scope: Scope) -> Iterator[dict[str, Any]]:
    moves = covered_moves(scope, at.checkpoint.size).subquery()
    columns: Query = select(
        Case.number, PersonalValue.sequence, PersonalValue.path, PersonalValue.salt, PersonalValue.value
    )
    query = _of_moves(columns.select_from(PersonalValue), moves, PersonalValue).join(
        Case, Case.id == PersonalValue.case_id
    )
    for row in at.stream(query.order_by(moves.c.position, PersonalValue.path)):
        yield {
            "case": row.number, "seq": row.sequence, "path": row.path, "salt": bytes(row.salt).hex(),
            "value": row.value,
        }


def not_sealed() -> ColumnElement[bool]:
    """Return the condition that an attempt tells nothing of a sealed case, nor who tried to open one."""
    opening_sealed = and_(Attempt.case_id.is_(None), Attempt.kind.in_(sealed_kinds()))
    return and_(Case.sealed.is_not(True), not_(opening_sealed))


def _attempts(at: Snapshot, scope: Scope) -> Iterator[dict[str, Any]]:
    query = (
        select(Attempt, Case.number)
        .outerjoin(Case, Case.id == Attempt.case_id)
        .where(scope.cases, scope.attempts, not_sealed())
        .order_by(Attempt.id)
    )
    for row in at.stream(query.with_only_columns(*Attempt.__table__.columns, Case.number)):
        yield {
            "id": row.id, "at": row.at.isoformat(), "case": row.number, "kind": row.kind, "trigger": row.trigger,
            "state": row.state, "actor": row.person_id, "code": row.code, "reasons": row.reasons,
            "request": row.request_id,
        }


def _told(at: Snapshot, scope: Scope) -> Query:
    """What history.html tells: the moves of one case after the other, with names."""
    moves = covered_moves(scope, at.checkpoint.size).subquery()
    people, behalf = aliased(Person), aliased(Person)
    columns: Query = select(
        Case.number, Case.kind, Case.place, Case.version, Case.legal_class, Case.subject,
        Organization.name.label("organization"), History.sequence, History.at, people.name.label("who"),
        behalf.name.label("behalf"), History.role, History.trigger, History.from_state, History.to_state,
        History.hash, History.body,
    ).select_from(History)
    return (
        _of_moves(columns, moves, History)
        .join(Case, Case.id == History.case_id)
        .outerjoin(Organization, Organization.id == Case.organization_id)
        .outerjoin(people, people.id == History.person_id)
        .outerjoin(behalf, behalf.id == History.on_behalf_of)
        .order_by(Case.number, History.sequence)
    )


def _documents(at: Snapshot, hashes: set[str], store: Path) -> Iterator[tuple[str, Source]]:
    # A file that the store lost is left out and excused nowhere: then the verifier says that it is missing.
    for some in batched(sorted(hashes), ROWS_AT_ONCE):
        query = (
            select(Document.sha256, func.min(Document.media_type).label("media_type"))
            .where(Document.sha256.in_(some))
            .group_by(Document.sha256)
        )
        for row in at.connection.execute(query):
            path = path_of(store, row.sha256)
            if path.is_file():
                yield f"documents/{row.sha256}.{EXTENSIONS.get(row.media_type, 'bin')}", path


def batched(items: list[str], size: int) -> Iterator[list[str]]:
    """Yield the items in lists of at most this size."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _of_moves(query: Query, moves: Any, table: Any) -> Query:
    return query.join(moves, and_(moves.c.case_id == table.case_id, moves.c.sequence == table.sequence))
