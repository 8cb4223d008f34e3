"""A district in which a room was asked for and lent, and where somebody tried what they may not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.cases.perform import perform
from app.errors import MoveRefused
from tests.builders import District, make_district
from tests.builders_audit import a_loan, lend


@dataclass(frozen=True)
class Scene:
    """One loan of two moves with one refused attempt between them."""

    district: District
    number: str
    receipt: str


def a_scene(session: Any, now: datetime) -> Scene:
    """Build it and commit; the kind must be there."""
    district = make_district(session)
    number = a_loan(session, district, now)
    with pytest.raises(MoveRefused):
        perform(
            session, kind="loan", number=number, trigger="lend", actor=district.actors["auditor"], data={},
            revision=1, now=now + timedelta(minutes=5),
        )
    answer = lend(session, district, number, now + timedelta(hours=1))
    return Scene(district, number, answer.receipt)
