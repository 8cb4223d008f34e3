"""How do one-time codes come to be, and how does a rating count once? Steps for pages, the demo and tests."""

import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, select, update

from app.access.nodes import AnySession
from app.access.secrets import digest_of
from app.cases.models import Case
from app.delivery.models import Evaluation, SatisfactionCode, SatisfactionRating
from app.purchasing.models import Contract

# No 0, 1, I, L, O, U: people read them from paper. 12 of 30 signs cannot be guessed.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 12
GROUP = 4


@dataclass(frozen=True)
class OpenCode:
    """What somebody who holds a code may rate now."""

    code_id: int
    case_id: int
    title: str
    contract: str


def plain(code: str) -> str:
    """Return a code as it is hashed, however it was typed."""
    return "".join(sign for sign in code.upper() if sign.isalnum())


def digest_of_code(code: str) -> bytes:
    """Return what is kept of a code."""
    return digest_of(f"satisfaction {plain(code)}")


def make_codes(session: AnySession, case_id: int) -> list[str]:
    """Return fresh codes for an evaluation, as many as were set and are not used; earlier unused ones are void.

    They are nowhere but in this answer: only digests are kept. The caller commits.
    """
    row = session.get_one(Evaluation, case_id, with_for_update=True)
    session.execute(delete(SatisfactionCode).where(
        SatisfactionCode.case_id == case_id, SatisfactionCode.used_on.is_(None)
    ))
    used = session.execute(
        select(func.count()).select_from(SatisfactionCode).where(SatisfactionCode.case_id == case_id)
    ).scalar_one()
    codes = [_new_code() for _ in range(row.codes - used)]
    session.add_all(SatisfactionCode(case_id=case_id, digest=digest_of_code(code)) for code in codes)
    session.flush()
    return codes


def _new_code() -> str:
    signs = [secrets.choice(ALPHABET) for _ in range(LENGTH)]
    return "-".join("".join(signs[start:start + GROUP]) for start in range(0, LENGTH, GROUP))


def open_code(session: AnySession, code: str) -> OpenCode | None:
    """Return what the code rates, or None: unknown, used, or the evaluation takes no more ratings."""
    query = (
        select(SatisfactionCode.id, SatisfactionCode.case_id, Contract.title, Contract.number)
        .join(Evaluation, Evaluation.case_id == SatisfactionCode.case_id)
        .join(Contract, Contract.id == Evaluation.contract_id)
        .join(Case, Case.id == Evaluation.case_id)
        .where(SatisfactionCode.digest == digest_of_code(code), SatisfactionCode.used_on.is_(None))
        .where(Case.state == "commissioned")
    )
    row = session.execute(query).one_or_none()
    return OpenCode(*row) if row is not None else None


def rate(session: AnySession, code: str, *, stars: int, comment: str, on: date) -> bool:
    """Take a rating and commit; False when the code no longer opens anything. However many try at once, one counts."""
    found = open_code(session, code)
    if found is None:
        return False
    # The row that scoring locks: a rating comes before the count, or finds the evaluation scored.
    session.execute(select(Evaluation.case_id).where(Evaluation.case_id == found.case_id).with_for_update())
    state = session.execute(select(Case.state).where(Case.id == found.case_id)).scalar_one()
    taken = session.execute(
        update(SatisfactionCode).where(SatisfactionCode.id == found.code_id, SatisfactionCode.used_on.is_(None))
        .values(used_on=on).returning(SatisfactionCode.id)
    ).one_or_none() if state == "commissioned" else None
    if taken is None:
        session.rollback()
        return False
    session.add(SatisfactionRating(case_id=found.case_id, stars=stars, comment=comment, rated_on=on))
    session.commit()
    return True
