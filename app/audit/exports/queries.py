"""Which downloads did somebody ask for, and where does each of them stand?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.access.models import Read
from app.access.nodes import AnySession
from app.audit.exports.models import Export

LARGEST_ID = 2**63 - 1
MOST_SHOWN = 50


@dataclass(frozen=True)
class Standing:
    """A download, how it stands now in one word, and how often its file was taken."""

    export: Export
    word: str
    taken: int


def standing(export: Export, now: datetime) -> str:
    """Return waiting, running, ready, failed, cancelled or expired."""
    if export.cancelled_at is not None:
        return "cancelled"
    if export.failed_at is not None:
        return "failed"
    if export.finished_at is not None and export.expires_at is not None:
        return "ready" if export.removed_at is None and now < export.expires_at else "expired"
    return "waiting" if export.beat_at is None else "running"


def own_exports(session: AnySession, person_id: int, now: datetime) -> list[Standing]:
    """Return what the person asked for, the newest first. Two queries."""
    query = select(Export).where(Export.person_id == person_id).order_by(Export.id.desc()).limit(MOST_SHOWN)
    rows = list(session.scalars(query))
    taken = _taken(session, rows)
    return [Standing(row, standing(row, now), taken.get(subject_of(row.id), 0)) for row in rows]


def own_export(session: AnySession, person_id: int, export_id: int, now: datetime) -> Standing | None:
    """Return one of the person's, or None: nobody else's is there for them."""
    if not 0 < export_id <= LARGEST_ID:
        return None
    row = session.scalar(
        select(Export).where(Export.id == export_id, Export.person_id == person_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    return Standing(row, standing(row, now), _taken(session, [row]).get(subject_of(row.id), 0))


def subject_of(export_id: int) -> str:
    """Return how `reads` calls an export's file."""
    return f"export {export_id}"


def _taken(session: AnySession, rows: Sequence[Export]) -> dict[str, int]:
    subjects = [subject_of(row.id) for row in rows]
    query = select(Read.subject, func.count()).where(Read.subject.in_(subjects)).group_by(Read.subject)
    return {str(subject): int(count) for subject, count in session.execute(query)} if subjects else {}
