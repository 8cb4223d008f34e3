"""What does a budget line hold, and how did it get there?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Select, case, false, func, or_, select
from sqlalchemy.orm import aliased

from app.access.models import Node
from app.access.reach import Holding
from app.ledger.accounts import AnySession
from app.ledger.models import BudgetLine, LedgerAccount, Transfer


@dataclass(frozen=True)
class BudgetPosition:
    """Where the money of one budget line stands, in fen.

    `appropriated_fen` is what left the source; it equals the sum of all others, which `holds` says.
    """

    id: int
    code: str
    name: str
    year: int
    node_id: int
    place_zh: str
    place_en: str | None
    appropriated_fen: int
    available_fen: int
    reserved_fen: int
    committed_fen: int
    payable_fen: int
    transit_fen: int
    paid_fen: int
    returned_fen: int

    @property
    def parts_fen(self) -> int:
        """The sum of what stands in all accounts but the source."""
        return (
            self.available_fen
            + self.reserved_fen
            + self.committed_fen
            + self.payable_fen
            + self.transit_fen
            + self.paid_fen
            + self.returned_fen
        )

    @property
    def holds(self) -> bool:
        """Whether appropriated = available + reserved + committed + payable + transit + paid + returned."""
        return self.appropriated_fen == self.parts_fen

    @property
    def paid_share(self) -> int:
        """Paid of appropriated in basis points, rounded down (执行率)."""
        return self.paid_fen * 10_000 // self.appropriated_fen if self.appropriated_fen else 0


PARTS = ("available", "reserved", "committed", "payable", "transit", "paid", "returned")
LIST_LIMIT = 50
FUND_ROLES = ("finance_officer", "finance_approver", "cashier", "auditor", "buyer", "project_officer")
"""Who may look at budget lines, at the node of the role and below it."""


@dataclass(frozen=True)
class TransferLine:
    """One transfer as a statement shows it; `running_fen` is what was available after it."""

    id: int
    code: str
    debit: str
    credit: str
    package: str
    amount_fen: int
    running_fen: int
    reference: str
    corrects: int | None
    case_id: int | None
    sequence: int | None
    made_at: datetime


def budget_position(session: AnySession, line_id: int) -> BudgetPosition | None:
    """Return where the money of a line stands, or None if there is no such line; two queries."""
    line = session.execute(_lines().where(BudgetLine.id == line_id)).one_or_none()
    return _positions(session, [line])[0] if line is not None else None


def budget_lines(
    session: AnySession, visible: ColumnElement[bool], *, after: str | None = None, limit: int = LIST_LIMIT
) -> list[BudgetPosition]:
    """Return the visible lines whose code comes after `after`, in order of code; two queries however many."""
    query = _lines().where(visible).order_by(BudgetLine.code).limit(limit)
    if after is not None:
        query = query.where(BudgetLine.code > after)
    return _positions(session, session.execute(query).all())


def budget_sums(session: AnySession, visible: ColumnElement[bool]) -> dict[str, int]:
    """Return {appropriated_fen, available_fen, ...} summed over all visible lines; one query."""
    account = LedgerAccount
    query = (
        select(account.name, func.sum(account.credits - account.debits))
        .join(BudgetLine, BudgetLine.id == account.budget_line_id)
        .where(visible, account.unit == "fen")
        .group_by(account.name)
    )
    there = {name: int(total) for name, total in session.execute(query)}
    parts = {f"{part}_fen": there.get(part, 0) for part in PARTS}
    return {"appropriated_fen": -there.get("source", 0), **parts}


def budget_years(session: AnySession, visible: ColumnElement[bool]) -> list[int]:
    """Return the years of the visible lines, newest first; one query."""
    query = select(BudgetLine.year).where(visible).distinct().order_by(BudgetLine.year.desc())
    return list(session.scalars(query))


def nodes_within(held: Iterable[Holding], roles: Iterable[str]) -> Select[Any] | None:
    """Return the query of all nodes at or below one on which a role is held; None without any."""
    wanted = frozenset(roles)
    paths = sorted({each.node_path for each in held if each.role in wanted and each.case_id is None})
    if not paths:
        return None
    return select(Node.id).where(or_(*(Node.path.like(path + "%") for path in paths)))


def visible_lines(held: Iterable[Holding]) -> ColumnElement[bool]:
    """Return the condition on BudgetLine that holds for the lines that may be seen with these holdings."""
    nodes = nodes_within(held, FUND_ROLES)
    return false() if nodes is None else BudgetLine.node_id.in_(nodes)


def visible_budget_line(session: AnySession, line_id: int, held: Iterable[Holding]) -> BudgetPosition | None:
    """Return a line that may be seen, or None: out of reach and not there are the same answer."""
    if not 0 < line_id < 2**63:
        return None
    seen = _lines().where(BudgetLine.id == line_id, visible_lines(held))
    line = session.execute(seen).one_or_none()
    return _positions(session, [line])[0] if line is not None else None


def transfers(
    session: AnySession, line_id: int, *, before: int | None = None, limit: int = LIST_LIMIT
) -> list[TransferLine]:
    """Return the transfers of a line, newest first, those older than the transfer `before`; one query.

    The running balance is what is there now less what came after, so every page shows the same numbers and the
    newest page reads no more rows than it shows.
    """
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    pot = (
        select(LedgerAccount.id, (LedgerAccount.credits - LedgerAccount.debits).label("there"))
        .where(
            LedgerAccount.budget_line_id == line_id, LedgerAccount.package == "", LedgerAccount.name == "available"
        )
        .cte("pot")
    )
    pot_id = select(pot.c.id).scalar_subquery()
    effect = case(
        (Transfer.credit_id == pot_id, Transfer.amount), (Transfer.debit_id == pot_id, -Transfer.amount), else_=0
    )
    newest = select(Transfer, effect.label("effect")).where(Transfer.budget_line_id == line_id)
    there: Any = func.coalesce(select(pot.c.there).scalar_subquery(), 0)
    if before is not None:
        newest = newest.where(Transfer.id < before)
        since = select(func.coalesce(func.sum(effect), 0)).where(
            Transfer.budget_line_id == line_id, Transfer.id >= before
        )
        there = there - since.scalar_subquery()
    page = newest.order_by(Transfer.id.desc()).limit(limit).subquery()
    newer = func.coalesce(func.sum(page.c.effect).over(order_by=page.c.id.desc(), rows=(None, -1)), 0)
    rows = session.execute(
        select(
            page.c.id,
            page.c.code,
            debit.name.label("debit"),
            credit.name.label("credit"),
            func.greatest(debit.package, credit.package).label("package"),
            page.c.amount.label("amount_fen"),
            (there - newer).label("running_fen"),
            page.c.reference,
            page.c.corrects,
            page.c.case_id,
            page.c.sequence,
            page.c.made_at,
        )
        .join(debit, debit.id == page.c.debit_id)
        .join(credit, credit.id == page.c.credit_id)
        .order_by(page.c.id.desc())
    ).mappings()
    return [TransferLine(**{**row, "running_fen": int(row["running_fen"])}) for row in rows]


def packages(
    session: AnySession, line_id: int, *, after: str | None = None, only: Iterable[str] | None = None,
    limit: int = LIST_LIMIT,
) -> list[dict[str, Any]]:
    """Return {package, reserved_fen, ..., paid_fen} for the packages of a line, by name; one query.

    Those behind `after`, or those named in `only` (then all of them).
    """
    names = ("reserved", "committed", "payable", "transit", "paid")
    account = LedgerAccount
    query = (
        select(account.package, *(_standing(name) for name in names))
        .where(account.budget_line_id == line_id, account.package > (after or ""), account.unit == "fen")
        .group_by(account.package)
        .order_by(account.package)
        .limit(limit if only is None else None)
    )
    if only is not None:
        query = query.where(account.package.in_(list(only)))
    return [
        {"package": row[0], **{f"{n}_fen": int(v) for n, v in zip(names, row[1:], strict=True)}}
        for row in session.execute(query)
    ]


def ledger_mistakes(session: AnySession) -> list[str]:
    """Return every way in which the ledger is not what it must be; an empty list in a sound database.

    Compares balances with the sums of transfers, all debits with all credits, and each line's equation.
    """
    posted = (
        select(
            LedgerAccount.id,
            LedgerAccount.debits,
            LedgerAccount.credits,
            func.coalesce(_sum_of(Transfer.debit_id), 0).label("given"),
            func.coalesce(_sum_of(Transfer.credit_id), 0).label("taken"),
        )
    ).subquery()
    wrong = session.execute(
        select(posted.c.id)
        .where(or_(posted.c.debits != posted.c.given, posted.c.credits != posted.c.taken))
        .order_by(posted.c.id)
    ).scalars()
    mistakes = [f"account {account}: its balance is not the sum of its transfers" for account in wrong]
    debits, credits = session.execute(
        select(func.sum(LedgerAccount.debits), func.sum(LedgerAccount.credits))
    ).one()
    if debits != credits:
        mistakes.append(f"debits {debits} and credits {credits} of all accounts differ")
    positions = _positions(session, session.execute(_lines()).all())
    mistakes += [
        f"budget line {each.code}: its parts do not sum to what it got"
        for each in positions
        if not each.holds
    ]
    return mistakes


def budget_line_json(
    session: AnySession, position: BudgetPosition, *, after: str | None = None, before: int | None = None,
    limit: int = LIST_LIMIT,
) -> dict[str, Any]:
    """Return a line as GET /api/v1/budget-lines/{id} sends it; `balanced` says that the equation holds.

    With it the packages of the line, by name and behind `after`, and its transfers, newest first and older than
    `before`; `next` and `transfers_next` are the addresses of the pages that follow, or None. The sums are always
    those of the whole line.
    """
    held = packages(session, position.id, after=after, limit=limit + 1)
    moved = transfers(session, position.id, before=before, limit=limit + 1)
    here = f"/api/v1/budget-lines/{position.id}"
    behind = {"limit": limit} if limit != LIST_LIMIT else {}
    return {
        "id": position.id,
        "code": position.code,
        "name": position.name,
        "year": position.year,
        "unit": "fen",
        "appropriated_fen": position.appropriated_fen,
        **{f"{part}_fen": getattr(position, f"{part}_fen") for part in PARTS},
        "balanced": position.holds,
        "packages": held[:limit],
        "next": f"{here}?{urlencode({'after': held[limit - 1]['package'], **behind})}" if len(held) > limit else None,
        "transfers": [transfer_json(line) for line in moved[:limit]],
        "transfers_next": (
            f"{here}?{urlencode({'before': moved[limit - 1].id, **behind})}" if len(moved) > limit else None
        ),
    }


def transfer_json(line: TransferLine) -> dict[str, Any]:
    """Return a transfer of a line as the API sends it."""
    return {
        "id": line.id,
        "code": line.code,
        "debit": line.debit,
        "credit": line.credit,
        "package": line.package,
        "amount_fen": line.amount_fen,
        "available_after_fen": line.running_fen,
        "reference": line.reference,
        "corrects": line.corrects,
        "made_at": line.made_at.isoformat(),
    }


def _lines() -> Any:
    line = BudgetLine
    columns = (line.id, line.code, line.name, line.year, line.node_id, Node.name_zh, Node.name_en)
    return select(*columns).join(Node, Node.id == line.node_id)


def _standing(name: str) -> Any:
    there = LedgerAccount.credits - LedgerAccount.debits
    return func.coalesce(func.sum(there).filter(LedgerAccount.name == name), 0).label(name)


def _sum_of(side: Any) -> Any:
    total = select(func.sum(Transfer.amount)).where(side == LedgerAccount.id)
    return total.correlate(LedgerAccount).scalar_subquery()


def _positions(session: AnySession, lines: Sequence[Any]) -> list[BudgetPosition]:
    account = LedgerAccount
    sums = session.execute(
        select(account.budget_line_id, account.name, func.sum(account.credits - account.debits))
        .where(account.budget_line_id.in_([line.id for line in lines]), account.unit == "fen")
        .group_by(account.budget_line_id, account.name)
    )
    there = {(line_id, name): int(total) for line_id, name, total in sums}
    return [
        BudgetPosition(
            id=line.id,
            code=line.code,
            name=line.name,
            year=line.year,
            node_id=line.node_id,
            place_zh=line.name_zh,
            place_en=line.name_en,
            appropriated_fen=-there.get((line.id, "source"), 0),
            **{f"{part}_fen": there.get((line.id, part), 0) for part in PARTS},
        )
        for line in lines
    ]
