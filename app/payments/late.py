"""Which instalments are late, and whose turn is it? (拨付逾期归因)

Of a contract only the first instalment that no bank line has proved paid can be late; the later ones wait for it. While
a case holds it, that case's own clock says whether it is late and whom it waits for says why; where nobody has begun
anything, it is late from the end of the contract on. Of a terminated contract only what was applied for before can be
late, for nobody may apply for the rest. No number without a source is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, Integer, Text, column, func, select, text

from app.ledger.accounts import AnySession
from app.ledger.models import BudgetLine
from app.ledger.queries import LIST_LIMIT
from app.organizations.models import Organization
from workflows.rules.working_days import SHANGHAI

CAUSES = ("evaluation", "invoice", "organization", "buyer", "treasury")
"""Why: the evaluation or acceptance is not there; nobody asked with an invoice; the organization, the buyer's check, or
finance, approver, cashier and bank have it."""

LATE = text("""
SELECT i.id, c.id AS contract_id, c.number AS contract_number, c.title, c.organization_id, c.budget_line_id, i.position,
       i.amount_fen - i.deducted_fen AS amount_fen, coalesce(pay.id, gate.id) AS case_id,
       CASE WHEN pay.id IS NOT NULL THEN
                 CASE pay.waits_role WHEN 'staff' THEN 'organization' WHEN 'project_officer' THEN 'buyer'
                                     ELSE 'treasury' END
            WHEN met.there THEN 'invoice'
            WHEN gate.waits_role = 'staff' THEN 'organization'
            WHEN i.waits_for = 'report' THEN CASE WHEN gate.id IS NULL THEN 'organization' ELSE 'buyer' END
            WHEN i.waits_for = 'acceptance' AND gate.id IS NULL THEN 'organization'
            ELSE 'evaluation' END AS cause,
       CASE WHEN pay.id IS NOT NULL THEN ((pay.due_at - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai')::date
            WHEN gate.id IS NOT NULL AND NOT met.there
            THEN ((gate.due_at - interval '1 microsecond') AT TIME ZONE 'Asia/Shanghai')::date
            ELSE c.ends_on END AS due_on
  FROM contracts c
  JOIN LATERAL (
       SELECT * FROM instalments part WHERE part.contract_id = c.id
          AND NOT EXISTS (SELECT FROM payments p JOIN payment_instructions o ON o.case_id = p.case_id
                           WHERE p.instalment_id = part.id AND o.outcome = 'settled')
        ORDER BY part.position LIMIT 1) i ON true
  LEFT JOIN LATERAL (
       SELECT k.id, k.waits_role, k.due_at FROM payments p JOIN cases k ON k.id = p.case_id
        WHERE p.instalment_id = i.id AND p.released_at IS NULL) pay ON true
  CROSS JOIN LATERAL (SELECT CASE i.waits_for
       WHEN 'report' THEN EXISTS (SELECT FROM milestone_reports r
                                   WHERE r.instalment_id = i.id AND r.accepted_at IS NOT NULL)
       WHEN 'acceptance' THEN EXISTS (SELECT FROM acceptances a
                                       WHERE a.contract_id = c.id AND a.accepted_on IS NOT NULL)
       WHEN 'none' THEN true
       ELSE EXISTS (SELECT FROM evaluation_results e WHERE e.contract_id = c.id AND e.passed
                       AND e.stage = split_part(i.waits_for, '_', 1)) END AS there) met
  LEFT JOIN LATERAL (
       SELECT k.id, k.waits_role, k.due_at FROM cases k WHERE k.closed_at IS NULL AND k.id = (CASE i.waits_for
         WHEN 'report' THEN (SELECT r.case_id FROM milestone_reports r
                              WHERE r.instalment_id = i.id AND r.released_at IS NULL)
         WHEN 'acceptance' THEN (SELECT a.case_id FROM acceptances a
                                  WHERE a.contract_id = c.id AND a.released_at IS NULL)
         ELSE (SELECT e.case_id FROM evaluations e WHERE e.contract_id = c.id AND e.released_at IS NULL
                  AND e.stage = split_part(i.waits_for, '_', 1)) END)) gate ON true
 WHERE NOT EXISTS (SELECT FROM contract_closures x WHERE x.contract_id = c.id)
   AND (pay.id IS NOT NULL OR NOT EXISTS (SELECT FROM contract_terminations t WHERE t.contract_id = c.id))
   AND CASE WHEN pay.id IS NOT NULL THEN pay.due_at <= :now
            WHEN gate.id IS NOT NULL AND NOT met.there THEN gate.due_at <= :now
            ELSE c.ends_on < :today END
""")


@dataclass(frozen=True)
class LateInstalment:
    """An instalment that should be further: since `due_on`, because of `cause`."""

    id: int
    contract_id: int
    contract_number: str
    title: str
    position: int
    amount_fen: int
    case_id: int | None
    cause: str
    due_on: date
    organization: str


def late_sums(
    session: AnySession, visible: ColumnElement[bool], now: datetime
) -> dict[str, tuple[int, int]]:
    """Return {cause: (how many, fen)} of the late instalments on the visible lines; one query."""
    late = _late(now)
    query = (
        select(late.c.cause, func.count(), func.sum(late.c.amount_fen))
        .join(BudgetLine, BudgetLine.id == late.c.budget_line_id).where(visible).group_by(late.c.cause)
    )
    return {cause: (int(count), int(fen)) for cause, count, fen in session.execute(query)}


def late_instalments(
    session: AnySession, visible: ColumnElement[bool], now: datetime, *, cause: str | None = None, after: int = 0,
    limit: int = LIST_LIMIT,
) -> Sequence[LateInstalment]:
    """Return the late instalments on the visible lines in order of their id, from behind `after` on; one query."""
    late = _late(now)
    query = (
        select(
            late.c.id, late.c.contract_id, late.c.contract_number, late.c.title, late.c.position, late.c.amount_fen,
            late.c.case_id, late.c.cause, late.c.due_on, Organization.name,
        )
        .join(BudgetLine, BudgetLine.id == late.c.budget_line_id)
        .join(Organization, Organization.id == late.c.organization_id)
        .where(visible, late.c.id > after).order_by(late.c.id).limit(limit)
    )
    if cause:
        query = query.where(late.c.cause == cause)
    return [LateInstalment(*row) for row in session.execute(query)]


def _late(now: datetime) -> Any:
    columns = (
        column("id", BigInteger), column("contract_id", BigInteger), column("contract_number", Text),
        column("title", Text), column("organization_id", BigInteger), column("budget_line_id", BigInteger),
        column("position", Integer), column("amount_fen", BigInteger), column("case_id", BigInteger),
        column("cause", Text), column("due_on", Date),
    )
    today = now.astimezone(SHANGHAI).date()
    return LATE.bindparams(now=now, today=today).columns(*columns).subquery("late")
