"""Where does the money of many budget lines stand, and which transfers made each number?

Every number of the overview is the sum of the transfers of a Selection, with their signs: what came in is added, what
left is taken away. So the rows behind a number sum to it to the fen, by construction and by test.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, tuple_, union_all
from sqlalchemy.orm import aliased

from app.access.models import Node
from app.cases.models import Case
from app.clock import SHANGHAI
from app.ledger.accounts import AnySession
from app.ledger.models import BudgetLine, LedgerAccount, Transfer
from app.ledger.queries import LIST_LIMIT, PARTS
from app.organizations.models import Organization
from app.purchasing.models import Contract
from app.purchasing.tendering import Call, Package, Plan, Programme
from workflows.rules.working_days import months_on

ALL_PARTS = ("appropriated", *PARTS)
BOUND = ("committed", "payable", "transit", "paid")
"""What contracts bind: these parts belong to an organization."""
OF_PACKAGES = ("reserved", *BOUND)
"""What packages hold: these parts belong to a programme."""
MOST_ORGANIZATIONS = 10
NO_PROGRAMME = 0


@dataclass(frozen=True)
class Selection:
    """Some of the money: a part of the visible lines; of one line, month, organization or programme if these say so.

    `programme_id` NO_PROGRAMME is what was bought outside of any programme. `month` is its first day.
    """

    visible: ColumnElement[bool]
    part: str
    line_id: int | None = None
    month: date | None = None
    organization_id: int | None = None
    programme_id: int | None = None


@dataclass(frozen=True)
class Standing:
    """One row of a picture: whose money it is, and what of it stands in each part, in fen."""

    id: int
    title: str
    fen: dict[str, int]

    @property
    def total(self) -> int:
        """The sum of all parts."""
        return sum(self.fen.values())


@dataclass(frozen=True)
class FundRow:
    """One transfer behind a number; `fen` is what it adds to the number, below zero for what left."""

    id: int
    side: int
    fen: int
    code: str
    made_at: datetime
    reference: str
    package: str
    line_id: int
    line_code: str
    line_name: str
    contract_id: int | None
    contract_title: str | None
    organization: str | None
    case_id: int | None

    @property
    def key(self) -> str:
        """The key after which the next page begins."""
        return f"{self.id},{self.side}"


def places_with_lines(session: AnySession, visible: ColumnElement[bool]) -> list[tuple[int, str, str | None]]:
    """Return (id, name, English name) of the offices that have visible lines; one query."""
    query = (
        select(Node.id, Node.name_zh, Node.name_en).join(BudgetLine, BudgetLine.node_id == Node.id)
        .where(visible).distinct().order_by(Node.name_zh, Node.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def paid_by_month(session: AnySession, visible: ColumnElement[bool]) -> list[tuple[date, int]]:
    """Return (first day of the month, fen paid less what went back), every month from first to last; one query."""
    rows = _signed(Selection(visible, "paid")).subquery()
    month = func.date_trunc("month", func.timezone("Asia/Shanghai", rows.c.made_at))
    found = {
        first.date(): int(fen)
        for first, fen in session.execute(select(month, func.sum(rows.c.fen)).group_by(month))
    }
    months: list[tuple[date, int]] = []
    at = min(found, default=None)
    while at is not None and at <= max(found):
        months.append((at, found.get(at, 0)))
        at = months_on(at, 1)
    return months


def by_organization(session: AnySession, visible: ColumnElement[bool]) -> tuple[list[Standing], int]:
    """Return the organizations with the most money bound by contracts, and how much all others have; one query."""
    bound = func.sum(_there())
    ranked = func.row_number().over(order_by=(bound.desc(), Contract.organization_id))
    query = (
        select(Contract.organization_id, Organization.name, bound, *_parts(BOUND), ranked.label("place"))
        .join(BudgetLine, BudgetLine.id == LedgerAccount.budget_line_id)
        .join(Contract, _contract_of(LedgerAccount.package))
        .join(Organization, Organization.id == Contract.organization_id)
        .where(visible, LedgerAccount.unit == "fen", LedgerAccount.name.in_(BOUND))
        .group_by(Contract.organization_id, Organization.name)
    ).subquery()
    rest = func.sum(query.c[2]).filter(query.c.place > MOST_ORGANIZATIONS).over()
    first, others = [], 0
    for row in session.execute(select(query, func.coalesce(rest, 0)).order_by(query.c.place).limit(MOST_ORGANIZATIONS)):
        fen = {part: int(value) for part, value in zip(BOUND, row[3:7], strict=True)}
        first.append(Standing(row[0], row[1], fen))
        others = int(row[-1])
    return first, others


def by_programme(session: AnySession, visible: ColumnElement[bool]) -> list[Standing]:
    """Return the programmes by what their packages hold; what was bought outside of any comes last. One query."""
    query = (
        select(Programme.id, Programme.title, Programme.code, *_parts(OF_PACKAGES))
        .select_from(LedgerAccount)
        .join(BudgetLine, BudgetLine.id == LedgerAccount.budget_line_id)
        .where(visible, LedgerAccount.unit == "fen", LedgerAccount.package != "")
        .group_by(Programme.id, Programme.title, Programme.code)
        .order_by(Programme.id.is_(None), func.sum(_there()).desc(), Programme.id)
    )
    found = []
    for row in session.execute(_with_programme(query, LedgerAccount.package)):
        fen = {part: int(value) for part, value in zip(OF_PACKAGES, row[3:], strict=True)}
        found.append(Standing(row[0] or NO_PROGRAMME, f"{row[1]} ({row[2]})" if row[0] else "", fen))
    return found


def total_of(session: AnySession, chosen: Selection) -> int:
    """Return the number: what the transfers of the selection sum to; one query."""
    rows = _signed(chosen).subquery()
    return int(session.execute(select(func.coalesce(func.sum(rows.c.fen), 0))).scalar_one())


def fund_rows(
    session: AnySession, chosen: Selection, *, before: str | None = None, limit: int = LIST_LIMIT
) -> list[FundRow]:
    """Return the transfers behind a number, newest first, from the key `before` on; one query."""
    rows = _signed(chosen).subquery()
    query = (
        select(
            rows.c.id, rows.c.side, rows.c.fen, rows.c.code, rows.c.made_at, rows.c.reference, rows.c.package,
            BudgetLine.id, BudgetLine.code, BudgetLine.name, Contract.id, Contract.title, Organization.name,
            rows.c.case_id,
        )
        .join(BudgetLine, BudgetLine.id == rows.c.budget_line_id)
        .outerjoin(Contract, _contract_of(rows.c.package))
        .outerjoin(Organization, Organization.id == Contract.organization_id)
        .order_by(rows.c.id.desc(), rows.c.side.desc()).limit(limit)
    )
    if key := key_from(before):
        query = query.where(tuple_(rows.c.id, rows.c.side) < key)
    return [FundRow(*row) for row in session.execute(query)]


def key_from(text: str | None) -> tuple[int, int] | None:
    """Return the key that a page's address carries; None for what no page gave."""
    id_, _, side = (text or "").partition(",")
    if not (id_.isascii() and id_.isdigit() and side in ("0", "1")) or int(id_) >= 2**63:
        return None
    return int(id_), int(side)


def _signed(chosen: Selection) -> Select[Any]:
    """Return the query of the selection's transfers: what its accounts were credited with, and less what they gave."""
    name, sign = ("source", -1) if chosen.part == "appropriated" else (chosen.part, 1)
    sides = []
    for side, (own, way) in enumerate(((Transfer.debit_id, -sign), (Transfer.credit_id, sign))):
        account, line = aliased(LedgerAccount), BudgetLine
        query: Any = (
            select(
                Transfer.id, literal(side).label("side"), (Transfer.amount * way).label("fen"), Transfer.code,
                Transfer.made_at, Transfer.reference, account.package.label("package"), Transfer.budget_line_id,
                Transfer.case_id,
            )
            .join(account, account.id == own)
            .join(line, line.id == account.budget_line_id)
            .where(chosen.visible, account.name == name, account.unit == "fen")
        )
        if chosen.line_id is not None:
            query = query.where(line.id == chosen.line_id)
        if chosen.month is not None:
            begin, end = _span(chosen.month)
            query = query.where(Transfer.made_at >= begin, Transfer.made_at < end)
        if chosen.organization_id is not None:
            query = query.join(Contract, _contract_of(account.package))
            query = query.where(Contract.organization_id == chosen.organization_id)
        if chosen.programme_id is not None:
            query = _with_programme(query, account.package)
            wanted = chosen.programme_id or None  # NO_PROGRAMME is a package whose plan is nowhere
            query = query.where(Programme.id.is_not_distinct_from(wanted), account.package != "")
        sides.append(query)
    both = union_all(*sides).subquery()
    return select(both)


def _span(month: date) -> tuple[datetime, datetime]:
    begin, end = month.replace(day=1), months_on(month.replace(day=1), 1)
    return datetime.combine(begin, time.min, SHANGHAI), datetime.combine(end, time.min, SHANGHAI)


def _contract_of(package: Any) -> ColumnElement[bool]:
    """A contract's number is the name of its package in the ledger."""
    return and_(Contract.number == package, package != "")


def _with_programme(query: Any, package: Any) -> Any:
    """Join what was planned: a package of the ledger has the number of its lot, which a call's plan put out."""
    return (
        query.outerjoin(Case, Case.number == package)
        .outerjoin(Package, Package.case_id == Case.id)
        .outerjoin(Call, Call.case_id == Package.call_id)
        .outerjoin(Plan, Plan.case_id == Call.plan_id)
        .outerjoin(Programme, Programme.id == Plan.programme_id)
    )


def _there() -> Any:
    return LedgerAccount.credits - LedgerAccount.debits


def _parts(names: tuple[str, ...]) -> list[Any]:
    return [
        func.coalesce(func.sum(_there()).filter(LedgerAccount.name == name), 0).label(name) for name in names
    ]
