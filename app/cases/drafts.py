"""What did somebody type and not yet hand in? Kept as typed, shared within the holder, two editors never overwrite."""

import json
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.access.nodes import AnySession
from app.access.secrets import new_wrapped_key, unwrapped_key
from app.cases.hidden import is_sealed_kind
from app.cases.models import Draft
from app.cases.withheld import is_withheld
from app.errors import InvalidInput, Problem

MOST_BYTES = 200_000


class DraftMoved(Problem):
    """Somebody else saved this draft meanwhile; `theirs` is what stands there now."""

    status = 409
    code = "draft_moved"
    title = _l("Somebody else has changed this draft")

    def __init__(self, draft: Draft, theirs: dict[str, Any]) -> None:
        super().__init__(
            _l("Compare both versions and save the one you want."), revision=draft.revision, theirs=theirs
        )
        self.theirs = theirs
        self.revision = draft.revision


def find_draft(
    session: AnySession, *, holder_node_id: int, kind: str, trigger: str, case_id: int | None
) -> Draft | None:
    """Return the draft of this move as it was typed, if there is one; changing it saves nothing."""
    draft = _found(session, holder_node_id=holder_node_id, kind=kind, trigger=trigger, case_id=case_id)
    if draft is not None and draft.own_key is not None:
        session.expunge(draft)
        draft.data = _opened(draft)
    return draft


def _found(
    session: AnySession, *, holder_node_id: int, kind: str, trigger: str, case_id: int | None
) -> Draft | None:
    return session.execute(
        select(Draft).where(
            Draft.holder_node_id == holder_node_id, Draft.kind == kind, Draft.trigger == trigger,
            func.coalesce(Draft.case_id, 0) == (case_id or 0),
        )
    ).scalar_one_or_none()


def save_draft(
    session: AnySession, *, holder_node_id: int, kind: str, trigger: str, case_id: int | None,
    data: dict[str, Any], revision: int, person_id: int, now: datetime,
) -> Draft:
    """Save what was typed and commit; raise DraftMoved unless `revision` is the one last seen (0: none yet)."""
    if len(str(data)) > MOST_BYTES:
        raise InvalidInput({"data": [str(_l("This draft is too long; shorten a text or use a document."))]})
    session.rollback()
    place: dict[str, Any] = {"holder_node_id": holder_node_id, "kind": kind, "trigger": trigger, "case_id": case_id}
    try:
        draft = _locked(session, **place)
        if draft is not None and draft.revision != revision:
            raise DraftMoved(draft, _opened(draft))
        if draft is None:
            draft = Draft(**place, data={}, revision=0, updated_at=now, updated_by=person_id)
            session.add(draft)
        _write(draft, data)
        draft.updated_at, draft.updated_by = now, person_id
        draft.revision += 1
        session.commit()
    except IntegrityError:
        session.rollback()  # two people began the same draft at once: the second sees the first
        existing = find_draft(session, **place)
        if existing is None:
            raise
        raise DraftMoved(existing, existing.data) from None
    except DraftMoved:
        session.rollback()
        raise
    return draft


def _write(draft: Draft, data: dict[str, Any]) -> None:
    """Write what was typed; what will be sealed or withheld only as ciphertext, under a key that goes with it."""
    if not is_sealed_kind(draft.kind) and not is_withheld(draft.kind, draft.trigger):
        draft.data = data
        return
    key, draft.own_key = new_wrapped_key("drafts")
    draft.data = {"sealed": Fernet(key).encrypt(json.dumps(data).encode()).decode()}


def _opened(draft: Draft) -> dict[str, Any]:
    if draft.own_key is None:
        return draft.data
    key = unwrapped_key("drafts", draft.own_key)
    opened: dict[str, Any] = json.loads(Fernet(key).decrypt(draft.data["sealed"]))
    return opened


def _locked(session: AnySession, *, holder_node_id: int, kind: str, trigger: str, case_id: int | None) -> Draft | None:
    draft = _found(
        session, holder_node_id=holder_node_id, kind=kind, trigger=trigger, case_id=case_id
    )
    if draft is not None:
        session.refresh(draft, with_for_update=True)
    return draft
