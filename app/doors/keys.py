"""Was this request answered before? Idempotency for the few writes that are not moves of a case."""

from collections.abc import Callable
from typing import Any

from flask import request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.access.actor import Actor
from app.access.secrets import keyed_digest
from app.cases.models import IdempotencyKey
from app.errors import KeyMissing, KeyReused
from app.extensions import db

MOST = 200


def key_of_request() -> str:
    """Return the Idempotency-Key header; raise KeyMissing without one."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key or len(key) > MOST:
        raise KeyMissing
    return key


def once(actor: Actor, key: str, told: bytes, write: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """Run `write()` and commit it with its answer under the key; return the answer and whether it is a replay.

    `write` returns the answer and does not commit. Raises KeyReused when the key came with other content.
    """
    fingerprint = keyed_digest("once", told)
    earlier = _earlier(actor, key, fingerprint)
    if earlier is not None:
        return earlier, True
    answer = write()
    db.session.add(IdempotencyKey(account_id=actor.account_id, key=key, fingerprint=fingerprint, answer=answer))
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        earlier = _earlier(actor, key, fingerprint)
        if earlier is None:
            raise
        return earlier, True
    return answer, False


def _earlier(actor: Actor, key: str, fingerprint: bytes) -> dict[str, Any] | None:
    row = db.session.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.answer)
        .where(IdempotencyKey.account_id == actor.account_id, IdempotencyKey.key == key)
    ).one_or_none()
    if row is None:
        return None
    if bytes(row.fingerprint) != fingerprint:
        raise KeyReused
    answer: dict[str, Any] = row.answer
    return answer
