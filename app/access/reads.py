"""Who opened or downloaded what? Written when the answer shows more than everybody may see."""

from datetime import datetime

from app.access.models import Read
from app.access.nodes import AnySession


def record_read(
    session: AnySession, *, person_id: int, subject: str, what: str, now: datetime, request_id: str = ""
) -> None:
    """Remember that the person saw `what` ('bundle', 'payee account') of `subject` ('case PAY-2026-0001').

    The caller commits before it answers: nothing unmasked leaves without its row.
    """
    session.add(Read(at=now, person_id=person_id, subject=subject, what=what, request_id=request_id))
    session.flush()
