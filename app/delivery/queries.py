"""What stands on a contract: reports, evaluations, acceptance, rectifications, and what an instalment misses?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text

from app.access.reach import Holding, visible_by
from app.cases.models import Case
from app.delivery.models import (
    Acceptance,
    ContractClosure,
    Evaluation,
    EvaluationResult,
    MilestoneReport,
    Rectification,
    SatisfactionRating,
)
from app.ledger.accounts import AnySession
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import InstalmentOfContract
from workflows.rules.evaluation import Ratings

MISSING = text("""
SELECT EXISTS (SELECT FROM milestone_reports r WHERE r.instalment_id = :instalment AND r.accepted_at IS NOT NULL),
       EXISTS (SELECT FROM evaluation_results e WHERE e.contract_id = :contract AND e.stage = 'mid' AND e.passed),
       EXISTS (SELECT FROM evaluation_results e WHERE e.contract_id = :contract AND e.stage = 'final' AND e.passed),
       EXISTS (SELECT FROM acceptances a WHERE a.contract_id = :contract AND a.accepted_on IS NOT NULL),
       EXISTS (SELECT FROM contract_closures c WHERE c.contract_id = :contract)
       OR EXISTS (SELECT FROM contract_terminations t WHERE t.contract_id = :contract),
       EXISTS (SELECT FROM rectifications r WHERE r.contract_id = :contract AND r.ended_at IS NULL)
""")
CONDITIONS = ("report", "mid_evaluation", "final_evaluation", "acceptance")
# Named, not imported: payments stand above delivery.
UNCLAIMED = text("""
SELECT i.id, i.amount_fen - i.deducted_fen AS amount_fen FROM instalments i
 WHERE i.contract_id = :contract
   AND NOT EXISTS (SELECT FROM payments p WHERE p.instalment_id = i.id AND p.released_at IS NULL)
   AND NOT EXISTS (SELECT FROM contract_terminations t WHERE t.contract_id = :contract)
   AND i.position = (SELECT max(l.position) FROM instalments l WHERE l.contract_id = :contract)
""")
PAYING = text("""
SELECT EXISTS (SELECT FROM payments p JOIN instalments i ON i.id = p.instalment_id JOIN cases c ON c.id = p.case_id
                WHERE i.contract_id = :contract AND c.closed_at IS NULL)
""")


@dataclass(frozen=True)
class Standing:
    """What there is on a contract, as guards ask for it; `met` are the conditions that hold.

    `closed`: it was closed or terminated, and nobody applies for more.
    """

    met: frozenset[str]
    closed: bool
    rectifying: bool

    def missing(self, waits_for: str) -> tuple[str, ...]:
        """Return what an instalment that waits for this still lacks."""
        lacking = [waits_for] if waits_for != "none" and waits_for not in self.met else []
        return tuple([*lacking, "closed"] if self.closed else lacking)


def standing_of(session: AnySession, contract_id: int, instalment_id: int | None = None) -> Standing:
    """Return what there is on a contract; the report is that of the instalment. One query."""
    row = session.execute(MISSING, {"contract": contract_id, "instalment": instalment_id}).one()
    met = frozenset(name for name, there in zip(CONDITIONS, row[:4], strict=True) if there)
    return Standing(met, closed=row[4], rectifying=row[5])


def standing_of_part(session: AnySession, part: InstalmentOfContract) -> Standing:
    """Return what there is for an instalment."""
    return standing_of(session, part.contract_id, part.instalment_id)


def contract_numbered(session: AnySession, number: str) -> Contract | None:
    """Return the contract with this number, or None."""
    return session.scalars(select(Contract).where(Contract.number == number)).one_or_none()


def last_unclaimed(session: AnySession, contract_id: int) -> tuple[int, int] | None:
    """Return id and amount of the last instalment if nobody has asked for it, else None."""
    row = session.execute(UNCLAIMED, {"contract": contract_id}).one_or_none()
    return (row.id, row.amount_fen) if row is not None else None


def payment_under_way(session: AnySession, contract_id: int) -> bool:
    """Return whether a payment of the contract has not come to its end."""
    return bool(session.execute(PAYING, {"contract": contract_id}).scalar_one())


def ratings_of(session: AnySession, case_id: int, handed: int) -> Ratings:
    """Return the ratings of an evaluation so far; one query."""
    query = select(func.count(), func.coalesce(func.sum(SatisfactionRating.stars), 0)).where(
        SatisfactionRating.case_id == case_id
    )
    answered, stars = session.execute(query).one()
    return Ratings(handed, answered, int(stars))


@dataclass(frozen=True)
class Happening:
    """A case of delivery on a contract, as its page lists it. `detail` is a stage, a grade or a position."""

    kind: str
    place: str
    version: int
    legal_class: str | None
    number: str
    state: str
    opened_at: datetime
    due_at: datetime | None
    instalment_id: int | None = None
    stage: str | None = None
    total: int | None = None
    grade: str | None = None


def happenings(session: AnySession, contract_id: int, held: Iterable[Holding]) -> list[Happening]:
    """Return the visible cases of delivery on a contract, newest first. Four queries."""
    held = list(held)
    case_columns = (
        Case.kind, Case.place, Case.version, Case.legal_class, Case.number, Case.state, Case.opened_at, Case.due_at
    )
    found: list[Happening] = []
    reports = (
        select(*case_columns, MilestoneReport.instalment_id).join(MilestoneReport, MilestoneReport.case_id == Case.id)
        .join(Instalment, Instalment.id == MilestoneReport.instalment_id)
        .where(Instalment.contract_id == contract_id, visible_by(held, Case))
    )
    found += [_happening(row, "instalment_id") for row in session.execute(reports)]
    evaluations = (
        select(*case_columns, Evaluation.stage, Evaluation.total, Evaluation.grade)
        .join(Evaluation, Evaluation.case_id == Case.id)
        .where(Evaluation.contract_id == contract_id, visible_by(held, Case))
    )
    found += [_happening(row, "stage", "total", "grade") for row in session.execute(evaluations)]
    for model in (Acceptance, Rectification):
        others = (
            select(*case_columns).join(model, model.case_id == Case.id)
            .where(model.contract_id == contract_id, visible_by(held, Case))
        )
        found += [_happening(row) for row in session.execute(others)]
    return sorted(found, key=lambda one: one.opened_at, reverse=True)


def _happening(row: Any, *more: str) -> Happening:
    names = ("kind", "place", "version", "legal_class", "number", "state", "opened_at", "due_at", *more)
    return Happening(**dict(zip(names, row, strict=True)))


def results_of(session: AnySession, contract_id: int) -> list[tuple[EvaluationResult, str]]:
    """Return the results of a contract's evaluations with the pins of their rubrics, newest first."""
    query = (
        select(EvaluationResult, Evaluation.rubric)
        .join(Evaluation, Evaluation.case_id == EvaluationResult.case_id)
        .where(EvaluationResult.contract_id == contract_id)
        .order_by(EvaluationResult.id.desc())
    )
    return [(row, rubric) for row, rubric in session.execute(query)]


def closed_on(session: AnySession, contract_id: int) -> date | None:
    """Return the day on which a contract was closed, or None."""
    query = select(ContractClosure.closed_on).where(ContractClosure.contract_id == contract_id)
    return session.execute(query).scalar_one_or_none()
