"""How does a move become bytes that can never be disputed? Body, hash, link and receipt of one history row."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

from marshmallow import Schema, fields

from app.cases.move import Change, plain
from workflows.rules.canonical import canonical


@dataclass(frozen=True)
class Personal:
    """A personal or a withheld value taken out of a body, with the salt of its commitment."""

    path: str
    salt: bytes
    value: Any
    withheld: bool = False


def commitment(salt: bytes, value: Any) -> str:
    """Return hex SHA-256 of the salt and the canonical value: it proves the value without telling it."""
    return sha256(salt + canonical(value)).hexdigest()


def hide_personal(schema: Schema | None, data: dict[str, Any]) -> tuple[dict[str, Any], list[Personal]]:
    """Return plain data with personal and withheld fields replaced by commitments, and the values taken out."""
    hidden: list[Personal] = []
    return _hide(schema, data, "", hidden), hidden


def _hide(schema: Schema | None, data: dict[str, Any], prefix: str, hidden: list[Personal]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in data.items():
        field = schema.fields.get(name) if schema is not None else None
        path = f"{prefix}{name}"
        if field is not None and field.metadata.get("secret"):
            continue  # a passphrase serves one move and is kept nowhere
        withheld = field is not None and bool(field.metadata.get("withheld"))
        if field is not None and (withheld or field.metadata.get("personal")) and value is not None:
            salt = secrets.token_bytes(16)
            hidden.append(Personal(path, salt, plain(value), withheld))
            shown[name] = {"$c": commitment(salt, plain(value))}
        elif isinstance(field, fields.List) and isinstance(field.inner, fields.Nested) and value:
            row_schema = field.inner.schema
            shown[name] = [_hide(row_schema, row, f"{path}.{i}.", hidden) for i, row in enumerate(value)]
        else:
            shown[name] = plain(value)
    return shown


def moment(at: datetime) -> str:
    """Return UTC with milliseconds and Z, the one spelling of time in history."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


class Link(NamedTuple):
    """One history row ready to be written."""

    body: bytes
    hash: bytes


def link(
    *, number: str, kind: str, sequence: int, prev: bytes, at: datetime, person_id: int | None,
    on_behalf_of: int | None, role: str, trigger: str, from_state: str | None, to_state: str,
    data: dict[str, Any], changes: list[Change], definition: str, policy: str, files: list[str],
    reasons: list[str], request_id: str,
) -> Link:
    """Return the exact bytes of a history row and their SHA-256 (RFC 6962 leaf hash)."""
    body = canonical({
        "v": 1, "alg": "sha256", "case": number, "kind": kind, "seq": sequence, "prev": prev.hex(),
        "at": moment(at), "actor": person_id, "on_behalf_of": on_behalf_of, "role": role,
        "trigger": trigger, "from": from_state, "to": to_state, "data": data,
        "changes": [
            {"table": c.table, "key": c.key, "before": c.before, "after": c.after} for c in changes
        ],
        "reasons": reasons, "definition": definition, "policy": policy, "files": sorted(files),
        "request": request_id,
    })
    return Link(body, sha256(b"\x00" + body).digest())


def receipt(number: str, sequence: int, hash: bytes) -> str:
    """Return what an accepted move gives to take home: case, sequence and hash."""
    return f"{number}:{sequence}:{hash.hex()}"
