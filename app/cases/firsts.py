"""The first rows of a list, place by place: each from an index, already in order, and no more than are shown.

"Waits for a registrar in one of these places" finds its rows in no order, so that a page of fifty sorts all of
them. Here each place (with a role, or each organization) gives its own first rows, and only those are merged.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Text,
    any_,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.access.reach import Holding, at_places
from app.access.roles import CASE_ROLES, ORGANIZATION_ROLES, PLACE_ROLES
from app.cases.models import Case

Conditions = Sequence[ColumnElement[bool]]
Window = tuple[datetime | None, datetime | None]
Key = tuple[datetime, int]


class Waiting:
    """Whom cases would have to wait for to be on somebody's worklist: a role at a node, or a role on one case."""

    def __init__(self, held: Iterable[Holding]) -> None:
        self.pairs: dict[tuple[str, int], bool] = {}  # with whether a sealed case is the holder's own affair
        self.bound: list[tuple[int, str]] = []
        self.wide: list[Holding] = []
        for holding in held:
            if holding.role not in CASE_ROLES:
                continue
            if holding.case_id is not None:
                self.bound.append((holding.case_id, holding.role))
            elif holding.role in ORGANIZATION_ROLES:
                self.pairs[holding.role, holding.node_id] = True
            elif holding.role in PLACE_ROLES and holding.place_ids is None:
                self.wide.append(holding)
            elif holding.role in PLACE_ROLES:
                for node_id in holding.place_ids or ():
                    self.pairs.setdefault((holding.role, node_id), False)

    def ways(self, person_id: int, conditions: Conditions, cut: Callable[[Any], list[Any]]) -> list[Any]:
        """Return the queries that together find what waits, each cut (ordered, limited) as wanted.

        Each selects `id` and `due_at`; what another person claimed is left out.
        """
        free = or_(Case.waits_person.is_(None), Case.waits_person == person_id)
        first: Any = select(Case.id, Case.due_at).where(Case.closed_at.is_(None), free, *conditions)
        found: list[Any] = []
        if self.pairs:
            pair = _table([
                literal([role for role, _ in self.pairs], ARRAY(Text)),
                literal([node for _, node in self.pairs], ARRAY(BigInteger)),
                literal(list(self.pairs.values()), ARRAY(Boolean)),
            ], "role", "node", "own")
            here = first.where(
                Case.waits_role == pair.c.role, Case.waits_node == pair.c.node,
                or_(pair.c.own, Case.sealed.is_(False)),
            )
            found += [_each(pair, part) for part in cut(here)]
        if self.bound:
            there = tuple_(Case.id, Case.waits_role).in_(self.bound)
            found += cut(first.where(there))
        by_role: dict[str, list[Holding]] = {}
        for holding in self.wide:
            by_role.setdefault(holding.role, []).append(holding)
        for role, places in by_role.items():
            found += cut(first.where(
                Case.waits_role == role, at_places(Case.waits_node, places), Case.sealed.is_(False)
            ))
        return found


def first_waiting(
    held: Iterable[Holding], person_id: int, conditions: Conditions, *, window: Window | None, key: Key | None,
    far: datetime, limit: int,
) -> Any | None:
    """Return the query of the first `limit` cases that wait (`id`, `due_at`), those without a due date last.

    `far` stands for no due date in `key`, behind which the page begins. None: nothing can wait.
    """
    start, end = window or (None, None)

    def cut(query: Any) -> list[Any]:
        dated = query.where(Case.due_at.is_not(None))
        undated = query.where(Case.due_at.is_(None))
        if start is not None:
            dated = dated.where(Case.due_at >= start)
        if end is not None:
            dated = dated.where(Case.due_at < end)
        if key:
            dated = dated.where(tuple_(Case.due_at, Case.id) > tuple_(*key))
        if key and key[0] == far:
            undated = undated.where(Case.id > key[1])
        # A list that is bounded by a day holds nothing without one.
        parts = [dated.order_by(Case.due_at, Case.id).limit(limit)] if key is None or key[0] != far else []
        return [*parts, undated.order_by(Case.id).limit(limit)] if end is None else parts

    ways = Waiting(held).ways(person_id, conditions, cut)
    if not ways:
        return None
    found = union(*ways).subquery()
    return select(found).order_by(found.c.due_at.nulls_last(), found.c.id).limit(limit).subquery()


def all_waiting(held: Iterable[Holding], person_id: int) -> Any | None:
    """Return the query of everything that waits (`id`, `due_at`), or None where nothing can."""
    ways = Waiting(held).ways(person_id, [], lambda query: [query])
    return union(*ways).subquery() if len(ways) > 1 else ways[0].subquery() if ways else None


def first_visible(held: Iterable[Holding], conditions: Conditions, *, before: int | None, limit: int) -> Any | None:
    """Return the query of the newest `limit` visible cases (`id`), older than `before`; None: nothing is visible."""
    first: Any = select(Case.id).where(*conditions).order_by(Case.id.desc()).limit(limit)
    if before is not None:
        first = first.where(Case.id < before)
    bound: set[int] = set()
    organizations: set[int] = set()
    nodes: set[int] = set()
    wide: list[Holding] = []
    for holding in held:
        if holding.role not in CASE_ROLES:
            continue
        if holding.case_id is not None:
            bound.add(holding.case_id)
        elif holding.role in ORGANIZATION_ROLES and holding.organization_id is not None:
            organizations.add(holding.organization_id)
        elif holding.role in PLACE_ROLES and holding.place_ids is None:
            wide.append(holding)
        elif holding.role in PLACE_ROLES:
            nodes.update(holding.place_ids or ())
    ways: list[Any] = []
    if bound:
        ways.append(first.where(Case.id == any_(literal(sorted(bound), ARRAY(BigInteger)))))
    if organizations:
        own = _table([literal(sorted(organizations), ARRAY(BigInteger))], "id")
        ways.append(_each(own, first.where(Case.organization_id == own.c.id)))
    if nodes:
        place = _table([literal(sorted(nodes), ARRAY(BigInteger))], "id")
        ways.append(_each(place, first.where(Case.node_id == place.c.id, Case.sealed.is_(False))))
    if wide:
        ways.append(first.where(at_places(Case.node_id, wide), Case.sealed.is_(False)))
    if not ways:
        return None
    found = union(*ways).subquery()
    return select(found).order_by(found.c.id.desc()).limit(limit).subquery()


def _table(arrays: list[Any], *names: str) -> Any:
    return func.unnest(*arrays).table_valued(*names).render_derived()


def _each(table: Any, query: Any) -> Any:
    """Return the query asked anew for each row of the table."""
    rows = query.lateral()
    return select(rows).select_from(table.join(rows, true()))

