"""What happens to what is handed in with a sealed case? It is kept as ciphertext; history holds its digest."""

from hashlib import sha256
from typing import Any

from sqlalchemy import select, text

from app.access.nodes import AnySession
from app.cases.kinds import sealer_of
from app.cases.models import SealedInput
from app.cases.move import Move

UNSEAL = text("""
WITH known AS (
  UPDATE cases SET sealed = false WHERE parent_id = :parent AND sealed AND closed_at IS NOT NULL RETURNING id
)
INSERT INTO log_queue (case_id, sequence)
SELECT h.case_id, h.sequence FROM history h JOIN known ON known.id = h.case_id
""")


def keep_sealed(session: AnySession, move: Move) -> dict[str, Any]:
    """Keep the ciphertext of a move's data and return what history may say of it: the digest."""
    ciphertext = sealer_of(move.case.kind)(move)
    digest = sha256(ciphertext).digest()
    session.add(SealedInput(case_id=move.case.id, sequence=move.sequence, ciphertext=ciphertext, digest=digest))
    session.flush()
    return {"sealed": digest.hex()}


def sealed_inputs_of(session: AnySession, case_id: int) -> list[SealedInput]:
    """Return what was handed in with a sealed case, the last first."""
    query = select(SealedInput).where(SealedInput.case_id == case_id).order_by(SealedInput.sequence.desc())
    return list(session.scalars(query))


def tell_of_closed(session: AnySession, parent_id: int) -> None:
    """Let the sealed cases below a case that ended on their own (withdrawn) be known and enter the log."""
    session.execute(UNSEAL, {"parent": parent_id})
