"""Take a bank statement in, and let its lines prove payments paid or sent back.

A file is read whole or not at all. Its lines are written first and stay; each one that answers an instruction
then makes its move through `perform()`, with a key of its own, so the same file can be taken in again after
any failure: nothing is written twice and what was left undone is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import exists, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from app.access.actor import Actor
from app.cases.models import Case
from app.cases.perform import perform
from app.errors import Problem, StaleRevision, TryAgain
from app.ledger.accounts import AnySession
from app.ledger.transfers import constraint_of
from app.payments.bank_file import Defect, StatedLine, Statement, StatementUnreadable, read_statement
from app.payments.matching import Judged, Sent, judge, numbers_in
from app.payments.models import BankLine, BankStatement, PaymentInstruction
from workflows.definition import Text

TRIGGERS = {"matched": "settle", "rejected": "bounce"}
TRIES = 3
ALREADY_THERE = ("uq_bank_statements_sha256", "uq_bank_lines_account_no_bank_serial")


@dataclass(frozen=True)
class LineReport:
    """What became of one line of the file: `matched`, `rejected`, `amount_differs`, `unknown` or `duplicate`.

    `reason` is a code, empty where nothing is odd; `number` is the payment that the line moved. A line that
    matches but did not move its payment has a reason and no number. `moved`: it did so in this very import.
    """

    row: int
    serial: str
    amount_fen: int
    instruction_no: str | None
    outcome: str
    reason: str
    number: str | None
    moved: bool


@dataclass(frozen=True)
class ImportReport:
    """What an import did: `new_lines` were written; `seen_before` says that this very file was known."""

    statement_id: int
    seen_before: bool
    new_lines: int
    lines: tuple[LineReport, ...]

    def count(self, outcome: str) -> int:
        """Return how many lines had this outcome."""
        return sum(line.outcome == outcome for line in self.lines)


@dataclass(frozen=True)
class Importer:
    """Who imports, for which finance office, and when."""

    actor: Actor
    node_id: int
    now: datetime
    request_id: str = ""


@dataclass(frozen=True)
class _Done:
    number: str | None
    reason: str
    moved: bool = False


def import_statement(session: AnySession, data: bytes, by: Importer) -> ImportReport:
    """Take a file in and return what became of each line, or raise StatementUnreadable and change nothing.

    Commits: first the statement with its new lines, then each payment that a line moves.
    """
    statement = read_statement(data)
    kept = _kept(session, statement, sha256(data).hexdigest(), by)
    written = {line.bank_serial: line for line in _lines_of(session, statement)}
    done = {
        serial: _answer(session, line, by) for serial, line in written.items() if line.outcome in TRIGGERS
    }
    reports = tuple(
        _report(line, written[line.serial], done, duplicate=line.serial in kept.before)
        for line in statement.lines
    )
    return ImportReport(
        statement_id=kept.statement_id,
        seen_before=kept.seen_before,
        new_lines=0 if kept.seen_before else len(statement.lines) - len(kept.before),
        lines=reports,
    )


def finish_statement(session: AnySession, statement_id: int, by: Importer) -> int:
    """Let every line that should have moved its payment and has not try again; return how many now have."""
    other = aliased(PaymentInstruction)
    unproven = ~exists().where(other.bank_line_id == BankLine.id)
    query = _written().where(BankLine.statement_id == statement_id, BankLine.outcome.in_(TRIGGERS), unproven)
    lines = [_Written(*row) for row in session.execute(query.order_by(BankLine.id))]
    return sum(_answer(session, line, by).number is not None for line in lines)


@dataclass(frozen=True)
class _Written:
    """A bank line as a plain value: moves between transactions, objects of a session do not."""

    id: int
    bank_serial: str
    amount_fen: int
    instruction_no: str | None
    outcome: str
    reason: str


@dataclass(frozen=True)
class _Kept:
    """A statement on file; `before` are the serials of its lines that were on file already."""

    statement_id: int
    seen_before: bool
    before: set[str]


def _kept(session: AnySession, statement: Statement, digest: str, by: Importer) -> _Kept:
    """Return the statement as it is on file, written if it was not; two who write at once do it in turn."""
    for _attempt in range(TRIES):
        before = _known_lines(session, statement)
        known = _statement_id(session, digest)
        if known is not None:
            return _Kept(known, True, before)
        try:
            return _Kept(_write(session, statement, digest, before, by), False, before)
        except IntegrityError as error:
            session.rollback()
            if constraint_of(error) not in ALREADY_THERE:
                raise
    raise TryAgain


def _statement_id(session: AnySession, digest: str) -> int | None:
    return session.execute(
        select(BankStatement.id).where(BankStatement.sha256 == digest)
    ).scalar_one_or_none()


def _known_lines(session: AnySession, statement: Statement) -> set[str]:
    """Return the serials that are on file; raise StatementUnreadable if the bank now says otherwise."""
    key = tuple_(BankLine.account_no, BankLine.bank_serial)
    wanted = [(statement.account_no, line.serial) for line in statement.lines]
    known = {line.bank_serial: line for line in session.scalars(select(BankLine).where(key.in_(wanted)))}
    changed = [
        Defect(line.row, "流水号", "line_changed", LINE_CHANGED)
        for line in statement.lines
        if line.serial in known and not _same(line, known[line.serial])
    ]
    if changed:
        raise StatementUnreadable(changed)
    return set(known)


def _same(line: StatedLine, known: BankLine) -> bool:
    return (line.amount_fen, line.booked_on) == (known.amount_fen, known.booked_on)


def _write(session: AnySession, statement: Statement, digest: str, before: set[str], by: Importer) -> int:
    """Write the statement with its new lines, judged, and commit."""
    new = [line for line in statement.lines if line.serial not in before]
    assert by.actor.person_id is not None, "a person imports statements"
    row = BankStatement(
        sha256=digest,
        account_no=statement.account_no,
        opening_fen=statement.opening_fen,
        closing_fen=statement.closing_fen,
        node_id=by.node_id,
        imported_by=by.actor.person_id,
        imported_at=by.now,
    )
    session.add(row)
    session.flush()
    judged = judge(new, _instructions(session, numbers_in(new)))
    session.add_all(_bank_line(row, each) for each in judged)
    session.commit()
    return row.id


def _instructions(session: AnySession, numbers: set[str]) -> dict[str, Sent]:
    query = select(
        PaymentInstruction.instruction_no,
        PaymentInstruction.amount_fen,
        PaymentInstruction.outcome.is_not(None),
    ).where(PaymentInstruction.instruction_no.in_(numbers))
    return {number: Sent(number, amount, answered) for number, amount, answered in session.execute(query)}


def _bank_line(statement: BankStatement, judged: Judged) -> BankLine:
    line = judged.line
    return BankLine(
        statement_id=statement.id,
        account_no=statement.account_no,
        bank_serial=line.serial,
        booked_on=line.booked_on,
        amount_fen=line.amount_fen,
        counterparty=line.counterparty,
        counterparty_account=line.counterparty_account,
        remark=line.remark,
        instruction_no=judged.instruction_no,
        outcome=judged.outcome,
        reason=judged.reason,
    )


def _written() -> Any:
    line = BankLine
    return select(line.id, line.bank_serial, line.amount_fen, line.instruction_no, line.outcome, line.reason)


def _lines_of(session: AnySession, statement: Statement) -> Sequence[_Written]:
    wanted = [line.serial for line in statement.lines]
    query = _written().where(BankLine.account_no == statement.account_no, BankLine.bank_serial.in_(wanted))
    return [_Written(*row) for row in session.execute(query)]


def _answer(session: AnySession, line: _Written, by: Importer) -> _Done:
    """Let a line make its move once; say which payment it moved, or why it moved none."""
    if (line.outcome == "rejected") != (line.amount_fen > 0):
        return _Done(None, "came_back")  # the line on which the money returned makes the move
    other = aliased(PaymentInstruction)
    proven = exists().where(other.bank_line_id == line.id)
    found = session.execute(
        select(Case.number, Case.revision, PaymentInstruction.outcome, proven)
        .join(PaymentInstruction, PaymentInstruction.case_id == Case.id)
        .where(PaymentInstruction.instruction_no == line.instruction_no)
    ).one()
    number, revision, outcome, is_proven = found
    if is_proven:
        return _Done(number, line.reason)
    if outcome is not None:
        return _Done(None, "answered_before")
    return _moved(session, line, number, revision, by)


def _moved(session: AnySession, line: _Written, number: str, revision: int, by: Importer) -> _Done:
    for _attempt in range(TRIES):
        try:
            perform(
                session,
                kind="payment",
                number=number,
                trigger=TRIGGERS[line.outcome],
                actor=by.actor,
                data={"bank_line": line.id},
                revision=revision,
                key=f"bank-line-{line.id}-{revision}",
                now=by.now,
                request_id=by.request_id,
            )
        except StaleRevision as stale:
            revision = stale.revision
        except Problem as problem:
            return _Done(None, problem.code)
        else:
            return _Done(number, line.reason, moved=True)
    return _Done(None, "stale_revision")


def _report(line: StatedLine, written: _Written, done: dict[str, _Done], *, duplicate: bool) -> LineReport:
    result = done.get(line.serial, _Done(None, written.reason))
    return LineReport(
        row=line.row,
        serial=line.serial,
        amount_fen=line.amount_fen,
        instruction_no=written.instruction_no,
        outcome="duplicate" if duplicate else written.outcome,
        reason=result.reason,
        number=result.number,
        moved=result.moved,
    )


LINE_CHANGED = Text(
    "此流水号此前导入过，但日期或金额不同；请与银行核对。",
    "This serial was imported before with another date or amount; ask the bank.",
)
