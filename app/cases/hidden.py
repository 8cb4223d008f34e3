"""Which kinds are sealed at first, and which ids do their rows take? Ids that are not counted with the others."""

import secrets

from sqlalchemy import text

from app.access.nodes import AnySession
from app.cases.models import ATTEMPT_GAP, CASE_GAP, Attempt, Case
from workflows.loader import library

GAPS: dict[type[Case | Attempt], int] = {Case: CASE_GAP, Attempt: ATTEMPT_GAP}
NEWEST = text("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(:of, 'id')::regclass), 1)")


def sealed_kinds() -> list[str]:
    """Return the kinds whose cases are sealed at first."""
    return sorted({definition.kind for definition in library().definitions if definition.sealed_until})


def is_sealed_kind(kind: str) -> bool:
    """Tell whether what is handed in for cases of this kind is sealed at first."""
    return kind in sealed_kinds()


def hidden_id(session: AnySession, table: type[Case | Attempt]) -> int:
    """Return an id between the newest counted one and the next, at random.

    It stands where its time is, takes nothing from the sequence and so leaves no gap by which others could count.
    """
    newest: int = session.execute(NEWEST, {"of": table.__tablename__}).scalar_one()
    return newest + 1 + secrets.randbelow(GAPS[table] - 1)
