"""Builders of budget lines and packages: every amount that matters stands in the test."""

import itertools
from datetime import UTC, datetime
from typing import Any

from app.access.models import Node
from app.ledger import steps
from app.ledger.models import BudgetLine
from app.ledger.steps import Because
from tests.builders_access import a_place

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
BECAUSE = Because(now=MORNING, reference="测试")
_numbers = itertools.count(1)


def a_buyer(session: Any, code: str = "BUYER-1", name: str = "甲区社会工作部") -> Node:
    """Return the office that buys, below district 110102."""
    district = a_place(session, "110102", "甲区")
    return a_place(session, code, name, parent=district, kind="buyer")


def a_budget_line(
    session: Any, amount_fen: int = 0, *, node: Node | None = None, name: str = "公益项目"
) -> BudgetLine:
    """Return a budget line of the office to which this much was appropriated. Not committed."""
    node = node or a_buyer(session)
    line = steps.open_budget_line(
        session, code=f"2026-{next(_numbers):04d}", name=name, year=2026, node_id=node.id
    )
    if amount_fen:
        steps.appropriate(session, line.id, amount_fen, BECAUSE)
    return line


def a_committed_package(session: Any, line: BudgetLine, amount_fen: int, package: str = "P1") -> str:
    """Return a package of the line to which this much is committed."""
    steps.reserve(session, line.id, package, amount_fen, BECAUSE)
    steps.commit(session, line.id, package, amount_fen, BECAUSE)
    return package
