"""What the benchmarks measure still works: a rule that changes would else be noticed when somebody measures."""

from sqlalchemy import func, select

from app.cases.models import History
from benchmarks.moves import FullMoves


def test_the_moves_that_are_measured_are_made(session):
    full = FullMoves(2)
    before = session.scalar(select(func.count()).select_from(History))

    for _ in range(4):
        full.move()

    session.rollback()
    assert session.scalar(select(func.count()).select_from(History)) == before + 4
    assert [case.state for case in full.cases] == ["accepted", "accepted"]
