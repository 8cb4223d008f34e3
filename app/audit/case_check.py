"""Does what is recorded of one case hold? Recomputed from the bytes: the moves of a page, or the whole case.

A case with ten thousand moves takes seconds to recompute, so its page checks what it shows; "check again" checks all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.audit.bundles import frozen
from app.audit.chains import Break, Chain
from app.audit.queries import recorded_moves
from app.audit.tree import LogTree, unproven
from app.cases.snapshot import CaseRow
from app.extensions import db
from workflows.rules.merkle import leaf_hash

PAGE = 200
WHOLE = 1_000
"""Up to so many moves the page recomputes the whole case, beyond it only the moves that it shows."""
AT_ONCE = 2_000


@dataclass
class Checked:
    """What was recomputed: `moves` are those of the page, `first` to `last` all that were looked at."""

    case: CaseRow
    first: int
    last: int
    moves: list[Any] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    logged: int = 0
    leaves: dict[int, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether every move of the case was recomputed."""
        return (self.first, self.last) == (1, self.case.revision)


def page_of(after: int | None, revision: int) -> tuple[int, int]:
    """Return the first and the last sequence of the page behind the move `after` (None: the first page)."""
    start = min(max(after or 0, 0), max(revision - 1, 0))
    return start + 1, min(start + PAGE, revision)


def checked(case: CaseRow, after: int | None, signed: int, *, all_of_it: bool) -> Checked:
    """Recompute the moves of a page, and the whole case where it is short or `all_of_it` is asked for.

    `signed` is the size of the signed log. What was moved since the case was read is not looked at.
    """
    first, last = page_of(after, case.revision)
    shown = range(first, last + 1)
    if all_of_it or case.revision <= WHOLE:
        first, last = 1, case.revision
    result = Checked(case, first, last)
    chain = Chain(case.number)
    for row in _rows(case.id, first - 1, last):
        if row.sequence < first:
            # The move before the page is where its chain begins; that one is the page before's to check.
            hashed = sha256(b"\x00" + bytes(row.body)).digest()
            chain = Chain(case.number, hashed, row.to_state, row.sequence)
            continue
        result.breaks += chain.follow(row)
        if row.position is not None and row.position < signed:
            result.logged += 1
            if all_of_it:
                result.leaves[row.position] = row.sequence, leaf_hash(bytes(row.body))
        if row.sequence in shown:
            result.moves.append(row)
    if last == case.revision:
        result.breaks += chain.end(case)
    elif chain.sequence != last:
        missing = chain.sequence + 1
        result.breaks.append(Break(case.number, missing, "缺少该步", "this move is missing"))
    return result


def _rows(case_id: int, first: int, last: int) -> Iterator[Any]:
    while first <= last:
        upto = min(first + AT_ONCE - 1, last)
        yield from recorded_moves(db.session, case_id, first=first, last=upto)
        first = upto + 1


def verdict_on(found: Checked, tree: LogTree | None, log: Any, papers: dict[str, bool | None]) -> dict[str, Any]:
    """Return what the page says of it; with the log's tree the proofs are followed and `papers` must hold."""
    if found.breaks:
        broken = found.breaks[0]
        return _verdict("red", _("The history of this case does not hold"), str(broken), broken.sequence)
    if tree is not None and log is not None:
        leaves = {position: leaf for position, (_sequence, leaf) in found.leaves.items()}
        with frozen(db.engine) as connection:
            wrong = unproven(connection, tree, log.size, bytes(log.root), leaves)
        if wrong:
            sequence = found.leaves[wrong[0]][0]
            detail = _("Move %(n)s is not in the log that was signed.", n=sequence)
            return _verdict("red", _("The history of this case does not hold"), detail, sequence)
    lost = [sha for sha, holds in papers.items() if not holds]
    if lost:
        detail = ngettext("%(num)d paper is missing or changed.", "%(num)d papers are missing or changed.", len(lost))
        return _verdict("red", _("Not all papers are what they were"), detail)
    return _holds(found, proven=tree is not None)


def _holds(found: Checked, *, proven: bool) -> dict[str, Any]:
    looked_at = found.last - found.first + 1
    if not found.whole:
        detail = _(
            "Moves %(first)s to %(last)s of %(all)s recomputed from their bytes just now, %(logged)s of them in the"
            " signed log. \"Check again\" recomputes all of them.",
            first=found.first, last=found.last, all=found.case.revision, logged=found.logged,
        )
        return _verdict("green" if found.logged == looked_at else "amber", _("The moves shown here hold"), detail)
    detail = _("%(all)s moves recomputed from their bytes just now, %(logged)s of them in the signed log.",
               all=looked_at, logged=found.logged)
    if proven:
        detail += " " + _("Their proofs lead to the signed root, and every paper has the bytes that it had.")
    if found.logged < looked_at:
        return _verdict("amber", _("The history of this case holds; the newest moves wait to be signed"), detail)
    return _verdict("green", _("The history of this case holds"), detail)


def _verdict(tone: str, words: str, detail: str, first_bad: int | None = None) -> dict[str, Any]:
    return {"tone": tone, "words": words, "detail": detail, "first_bad": first_bad}
