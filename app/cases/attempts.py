"""What was tried and refused? One append-only row each, written after the refused transaction is gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.access.actor import Actor
from app.access.nodes import AnySession
from app.cases.hidden import hidden_id, is_sealed_kind
from app.cases.models import Attempt
from app.cases.snapshot import CaseRow
from workflows.engine import Reason


def reasons_as_json(reasons: Sequence[Reason]) -> list[dict[str, str]]:
    """Return reasons as they are stored and sent: the code and both languages."""
    return [{"code": reason.code, "zh": reason.text.zh, "en": reason.text.en} for reason in reasons]


def record_attempt(
    session: AnySession, *, kind: str, trigger: str, case: CaseRow | None,
    actor: Actor, reasons: Sequence[Reason], now: datetime, request_id: str,
) -> list[dict[str, Any]]:
    """Commit the record of a refused move; return its reasons. No reasons means: the revision was stale."""
    told = reasons_as_json(reasons)
    session.add(Attempt(
        id=hidden_id(session, Attempt) if is_sealed_kind(kind) else None,
        at=now, case_id=case.id if case else None, kind=kind, trigger=trigger,
        state=case.state if case else None, person_id=actor.person_id,
        code=told[0]["code"] if told else "stale_revision", reasons=told, request_id=request_id,
    ))
    session.commit()
    return told
