"""What do programme, catalogue and ledger say of a plan?"""

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import func, select

from app.access.nodes import AnySession
from app.cases.kinds import choices, choices_held, facts, opening_node, opening_organization, reachable
from app.cases.models import Case
from app.cases.named import Asker
from app.cases.snapshot import CaseRow
from app.ledger.accounts import AccountKey, balances
from app.ledger.models import BudgetLine
from app.purchasing.programme.facts import nobody, offices_of
from app.purchasing.tendering import CatalogueItem, Plan, Programme
from workflows.kinds.case import CaseFacts
from workflows.kinds.plan import PlanFacts

opening_organization("plan")(nobody)
DEAD = ("refused", "withdrawn")
R = TypeVar("R")
CHOSEN = ("budget_line", "programme", "catalogue_item", "amount_fen", "method", "method_reason", "negative")


@dataclass(frozen=True)
class _Wanted:
    """What the plan says: as it is handed in, else as it stands."""

    budget_line: int | None = None
    programme: int | None = None
    catalogue_item: int | None = None
    amount_fen: int = 0
    method: str = ""
    method_reason: str | None = None
    negative: str | None = None


@choices_held("budget_lines_held")
def budget_lines_held(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return the budget lines of the person's offices, newest year first."""
    query = select(BudgetLine).where(BudgetLine.node_id.in_(offices_of(session, person_id)))
    lines = session.scalars(query.order_by(BudgetLine.year.desc(), BudgetLine.code))
    return [(line.id, f"{line.code} {line.name}") for line in lines]


@choices_held("programmes_held")
def programmes_held(session: AnySession, person_id: int | None) -> list[tuple[int, str]]:
    """Return the programmes in force of the person's offices."""
    query = select(Programme).where(
        Programme.node_id.in_(offices_of(session, person_id)), Programme.version.is_not(None)
    )
    found = session.scalars(query.order_by(Programme.year.desc(), Programme.code, Programme.version.desc()))
    return [(row.id, f"{row.title} {row.year} v{row.version} ({row.regime})") for row in found]


@reachable("programmes_held")
def programme_of_offices(session: AnySession, asker: Asker, programme_id: int) -> bool:
    """Tell whether these are rules of the person's offices, in force or not."""
    row = session.get(Programme, programme_id)
    return row is not None and row.node_id in offices_of(session, asker.person_id)


@reachable("catalogue_items")
def is_item(session: AnySession, asker: Asker, item_id: int) -> bool:
    """Tell whether there is such an item: catalogues are public."""
    return session.get(CatalogueItem, item_id) is not None


@choices("catalogue_items")
def catalogue_items(
    session: AnySession, case: CaseRow | None, organization_id: int | None
) -> list[tuple[int, str]]:
    """Return the items of the third level of the newest catalogue by code."""
    newest = select(func.max(CatalogueItem.catalogue_id)).scalar_subquery()
    query = select(CatalogueItem).where(CatalogueItem.level == 3, CatalogueItem.catalogue_id == newest)
    return [(item.id, f"{item.code} {item.name}") for item in session.scalars(query.order_by(CatalogueItem.code))]


@opening_node("plan")
def office_of_line(session: AnySession, organization_id: int | None, data: dict[str, Any]) -> int | None:
    """Return the office of the budget line."""
    line = _row(session, BudgetLine, data.get("budget_line"))
    return line.node_id if line is not None else None


@facts("plan")
def plan_facts(
    session: AnySession, case: CaseRow, data: dict[str, Any] | None, case_facts: CaseFacts
) -> PlanFacts:
    """Return the facts; what is being handed in counts before what stands."""
    row = session.get(Plan, case.id) if case.state is not None else None
    wanted = _wanted(row, data or {})
    programme = _row(session, Programme, wanted.programme)
    line = _row(session, BudgetLine, wanted.budget_line)
    item = _row(session, CatalogueItem, wanted.catalogue_item)
    same_fen, same_plans = _same_item(session, case, item, line)
    return PlanFacts(
        case=case_facts,
        programme_confirmed=programme is not None and programme.version is not None,
        programme_of_office=programme is not None and programme.node_id == case.node_id
        and line is not None and line.node_id == case.node_id,
        year_matches=programme is not None and line is not None and programme.year == line.year,
        regime=programme.regime if programme is not None else "",
        method=wanted.method,
        method_reason=wanted.method_reason or "",
        item_level=item.level if item is not None else 0,
        negative_reason=wanted.negative,
        amount_fen=wanted.amount_fen,
        available_fen=available(session, line.id) if line is not None else 0,
        same_item_fen=same_fen,
        same_item_plans=same_plans,
    )


def available(session: AnySession, line_id: int) -> int:
    """Return what is available on a budget line."""
    key = AccountKey(line_id, "available")
    found = balances(session, [key]).get(key)
    return found.there if found is not None else 0


def _row(session: AnySession, model: type[R], row_id: int | None) -> R | None:
    return session.get(model, row_id) if row_id is not None else None


def _wanted(row: Plan | None, data: dict[str, Any]) -> _Wanted:
    if all(name in data for name in CHOSEN):
        return _Wanted(**{name: data[name] for name in CHOSEN})
    if row is None:
        return _Wanted()
    return _Wanted(
        row.budget_line_id, row.programme_id, row.catalogue_item_id, row.amount_fen, row.method,
        row.method_reason, row.negative_reason,
    )


def _same_item(
    session: AnySession, case: CaseRow, item: CatalogueItem | None, line: BudgetLine | None
) -> tuple[int, int]:
    """Return the sum and the number of the office's other plans for the item in the line's year."""
    if item is None or line is None:
        return 0, 0
    query = (
        select(func.coalesce(func.sum(Plan.amount_fen), 0), func.count())
        .join(Case, Case.id == Plan.case_id)
        .where(
            Plan.catalogue_item_id == item.id, Plan.node_id == case.node_id, Plan.year == line.year,
            Plan.case_id != case.id, Case.state.not_in(DEAD),
        )
    )
    total, number = session.execute(query).one()
    return int(total), number
