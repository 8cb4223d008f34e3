"""What was asked for: one move as somebody ordered it, with its input read before any case is locked."""

import json
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError

from app.access.actor import Actor
from app.access.secrets import keyed_digest
from app.cases.kinds import schema_of
from app.clock import real_now
from app.errors import InvalidInput

_TOLD = json.JSONEncoder(sort_keys=True, default=str)


class Order(NamedTuple):
    """What was asked for: one trigger of one case, or an opening (`number` None).

    `loaded` is what was handed in as its schema reads it, or what is wrong with it: read before the case is locked.
    `fingerprint` is what the key stands for: the same key with another fingerprint is refused.
    """

    kind: str
    number: str | None
    trigger: str
    actor: Actor
    data: dict[str, Any]
    revision: int | None
    key: str | None
    now: datetime
    request_id: str
    began: datetime
    loaded: dict[str, Any] | InvalidInput
    fingerprint: bytes | None

    def handed_in(self) -> dict[str, Any]:
        """Return what was handed in, for one try to add to; raise InvalidInput if its schema does not take it."""
        if isinstance(self.loaded, InvalidInput):
            raise self.loaded
        return dict(self.loaded)

    def decided_at(self) -> datetime:
        """Return the time that counts for a deadline: when the move got its lock, not when it began to wait."""
        return self.now + max(real_now() - self.began, timedelta())


def read_input(
    kind: str, trigger: str, legal_class: str | None, data: dict[str, Any]
) -> dict[str, Any] | InvalidInput:
    """Return what was handed in as the schema of its move reads it, or what is wrong with it."""
    try:
        return load(schema_of(kind, trigger, legal_class), data)
    except InvalidInput as invalid:
        return invalid


def fingerprint_of(*told: Any) -> bytes:
    """Return what a key stands for: a digest of the whole request."""
    # Keyed: nobody who reads the table can try prices against it.
    return keyed_digest("idempotency", _TOLD.encode(told).encode())


def load(schema: Schema | None, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data as the schema reads it, nothing for a move without input; raise InvalidInput."""
    if schema is None:
        return {}
    try:
        loaded: dict[str, Any] = schema.load(data)
        return loaded
    except ValidationError as error:
        raise InvalidInput(error.normalized_messages()) from None
