"""Does everything that is recorded still hold? The whole database recomputed, in one snapshot.

Chains of all cases, the log from its leaves against every checkpoint, personal values, papers and the ledger.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.audit.chains import Chain
from app.audit.verify import commitments
from app.cases.chain import commitment
from app.cases.models import Case, Checkpoint, History, LogLeaf, LogQueue
from app.cases.notes import NoteError
from app.cases.signed import EPOCH, epoch_of, told_by
from app.documents.models import Document
from app.documents.store import path_of
from app.ledger.queries import ledger_mistakes
from workflows.rules.merkle import Frontier

AT_ONCE = 2000
# What is still sealed waits outside the log on purpose, and nobody is told of it before its opening.
OUTSIDE_THE_LOG = text("""
SELECT c.number, h.sequence FROM history h JOIN cases c ON c.id = h.case_id
  LEFT JOIN log_leaves l ON l.case_id = h.case_id AND l.sequence = h.sequence
  LEFT JOIN log_queue q ON q.case_id = h.case_id AND q.sequence = h.sequence
 WHERE l.position IS NULL AND q.case_id IS NULL AND NOT c.sealed ORDER BY 1, 2
""")
PERSONAL = text("""
SELECT c.number, p.sequence, h.body, p.path, p.salt, p.value FROM personal_values p
  JOIN history h ON h.case_id = p.case_id AND h.sequence = p.sequence JOIN cases c ON c.id = p.case_id
 ORDER BY p.case_id, p.sequence, p.path
""")


@dataclass
class Findings:
    """Problems, each with its place; what was checked and holds; notes on what could not be checked."""

    problems: list[str] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return what an operator is told, the verdict last."""
        return [
            *(f"checked: {line}" for line in self.checked),
            *(f"注意 WARNING: {note}" for note in self.notes),
            *(f"问题 PROBLEM: {problem}" for problem in self.problems),
            f"不成立 {len(self.problems)} PROBLEM(S)" if self.problems else "成立 OK",
        ]


def check_everything(
    connection: Connection, *, public_key: bytes | None, store: Path | None
) -> Findings:
    """Return what was found. Without the key signatures are not checked, without the store papers are not read."""
    found = Findings()
    _check_chains(connection, found)
    _check_log(connection, found, public_key)
    _check_personal(connection, found)
    if store is not None:
        _check_papers(connection, found, store)
    with Session(bind=connection) as session:
        mistakes = ledger_mistakes(session)
    found.problems += [f"ledger: {mistake}" for mistake in mistakes]
    found.checked.append("the ledger: every balance is the sum of its transfers")
    return found


def _stream(connection: Connection, query: Any) -> Iterator[Any]:
    yield from connection.execute(query.execution_options(yield_per=AT_ONCE))


def _check_chains(connection: Connection, found: Findings) -> None:
    standing = _stream(connection, select(Case.id, Case.number, Case.revision, Case.state, Case.head).order_by(Case.id))
    history = _stream(
        connection, select(*History.__table__.columns).order_by(History.case_id, History.sequence)
    )
    moves, cases = 0, 0
    of_case = groupby(history, key=lambda row: row.case_id)
    rows: Any
    case_id, rows = next(of_case, (None, ()))
    for case in standing:
        chain = Chain(case.number)
        if case_id == case.id:
            for row in rows:
                found.problems += map(str, chain.follow(row))
            case_id, rows = next(of_case, (None, ()))
        found.problems += map(str, chain.end(case))
        moves, cases = moves + chain.sequence, cases + 1
    found.checked.append(f"{moves} moves of {cases} cases, each linked to the one before")


def _check_log(connection: Connection, found: Findings, public_key: bytes | None) -> None:
    signed = {row.size: row for row in connection.execute(select(*Checkpoint.__table__.columns))}
    query = (
        select(LogLeaf.position, LogLeaf.hash, LogLeaf.sequence, History.hash.label("recorded"), Case.number)
        .outerjoin(History, (History.case_id == LogLeaf.case_id) & (History.sequence == LogLeaf.sequence))
        .outerjoin(Case, Case.id == LogLeaf.case_id)
        .order_by(LogLeaf.position)
    )
    epochs = [(size, row.note.partition("\n")[0]) for size, row in sorted(signed.items())]
    for (_, before), (size, origin) in pairwise(epochs):
        if EPOCH.fullmatch(origin) and EPOCH.fullmatch(before) and epoch_of(origin) < epoch_of(before):
            found.problems.append(f"checkpoint {size}: is of an earlier epoch than the one before it")
    frontier = Frontier()
    for leaf in _stream(connection, query):
        if leaf.position != frontier.size:
            found.problems.append(f"log {frontier.size}: the leaf is missing")
            return
        if leaf.recorded is None or bytes(leaf.recorded) != bytes(leaf.hash):
            found.problems.append(f"log {leaf.position}: is not move {leaf.number}:{leaf.sequence} of history")
        frontier.add(bytes(leaf.hash))
        if frontier.size in signed:
            found.problems += _note_problems(signed.pop(frontier.size), frontier, public_key)
    found.problems += [f"checkpoint {size}: signed more moves than there are" for size in sorted(signed)]
    outside = [f"{row.number}:{row.sequence}" for row in connection.execute(OUTSIDE_THE_LOG)]
    found.problems += [f"{move}: stands neither in the log nor in its queue" for move in outside]
    waiting = connection.execute(select(func.count()).select_from(LogQueue)).scalar_one()
    found.checked.append(f"the log of {frontier.size} moves against all its checkpoints; {waiting} wait for it")
    if public_key is None:
        found.notes.append("the signing key is not here: signatures of checkpoints were not checked")


def _note_problems(row: Any, frontier: Frontier, public_key: bytes | None) -> list[str]:
    place = f"checkpoint {row.size}"
    if bytes(row.root) != frontier.root() or bytes(row.peaks) != b"".join(frontier.peaks):
        return [f"{place}: is not of the log that is there"]
    try:
        told = told_by(row.note, public_key)
    except NoteError as error:
        return [f"{place}: {error}"]
    holds = (told.size, told.root) == (row.size, frontier.root())
    return [] if holds else [f"{place}: its note says something else"]


def _check_personal(connection: Connection, found: Findings) -> None:
    values = 0
    for row in _stream(connection, PERSONAL):
        values += 1
        told = dict(commitments(json.loads(bytes(row.body))["data"])).get(row.path)
        if told != commitment(bytes(row.salt), row.value):
            found.problems.append(f"{row.number}:{row.sequence} {row.path}: is not the value that was committed to")
    found.checked.append(f"{values} personal values against their commitments")


def _check_papers(connection: Connection, found: Findings, store: Path) -> None:
    papers = 0
    for sha in _stream(connection, select(Document.sha256).distinct().order_by(Document.sha256)):
        papers += 1
        standing = stands(store, sha.sha256)
        if not standing:
            what = "its bytes have changed" if standing is False else "is missing from the store"
            found.problems.append(f"document {sha.sha256}: {what}")
    found.checked.append(f"{papers} papers against their SHA-256")


def stands(store: Path, sha256: str) -> bool | None:
    """Return whether the paper with this hash has the bytes that it had; None where there are none."""
    try:
        with path_of(store, sha256).open("rb") as file:
            return file_digest(file, "sha256").hexdigest() == sha256
    except FileNotFoundError:
        return None
