"""What was handed in and shall be read only together with what others hand in: sealed scores, for one.

A field that says `withheld` enters history as a salted commitment (commit, then reveal). Its value and salt are kept
as ciphertext until a later move of the same case tells them, and then not at all: the move's own data holds both, so
that anybody can check the value against the commitment that was there before.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet
from sqlalchemy import delete, select

from app.access.nodes import AnySession
from app.access.secrets import new_wrapped_key, unwrapped_key
from app.cases.chain import Personal
from app.cases.kinds import input_of
from app.cases.models import WithheldValue
from workflows.rules.canonical import canonical

PURPOSE = "withheld"


@dataclass(frozen=True)
class Withheld:
    """A value that was withheld, with the salt of its commitment in hex."""

    sequence: int
    path: str
    salt: str
    value: Any


def is_withheld(kind: str, trigger: str) -> bool:
    """Tell whether anything that is handed in with this trigger is withheld; then its drafts are sealed as well."""
    schema = input_of(kind, trigger)
    return schema is not None and any(made.metadata.get("withheld") for made in schema().fields.values())


def keep_withheld(session: AnySession, case_id: int, sequence: int, values: Iterable[Personal]) -> None:
    """Keep these values of a move as ciphertext, each under a key of its own that goes with it."""
    listed = list(values)
    for one in listed:
        key, wrapped = new_wrapped_key(PURPOSE)
        told = canonical({"salt": one.salt.hex(), "value": one.value})
        session.add(WithheldValue(
            case_id=case_id, sequence=sequence, path=one.path, own_key=wrapped, ciphertext=Fernet(key).encrypt(told)
        ))
    if listed:
        session.flush()


def withheld_of(session: AnySession, case_id: int) -> list[Withheld]:
    """Return what is withheld of a case. Only for the effect that reveals it."""
    query = select(WithheldValue).where(WithheldValue.case_id == case_id)
    found = []
    for row in session.scalars(query.order_by(WithheldValue.sequence, WithheldValue.path)):
        told = json.loads(Fernet(unwrapped_key(PURPOSE, row.own_key)).decrypt(row.ciphertext))
        found.append(Withheld(row.sequence, row.path, told["salt"], told["value"]))
    return found


def forget_withheld(session: AnySession, case_id: int) -> None:
    """Destroy what is withheld of a case: it was told, or it is void and never will be."""
    session.execute(delete(WithheldValue).where(WithheldValue.case_id == case_id))
