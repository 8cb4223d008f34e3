"""Many at once: the last fen is spent once, and those who cross each other do not stand still."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.ledger import steps
from app.ledger.accounts import AccountKey
from app.ledger.queries import budget_position, ledger_mistakes
from app.ledger.transfers import NotEnough, transfer
from tests.builders_ledger import BECAUSE, MORNING, a_budget_line, a_committed_package


def at_once(app, jobs, threads):
    """Run the jobs, each in its own session and transaction, as close together as threads can."""
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], pool_size=threads, max_overflow=0)
    start = Barrier(threads)

    def run(mine):
        answers = []
        with engine.connect() as connection:
            connection.rollback()
            start.wait()
            for job in mine:
                with Session(bind=connection) as session:
                    try:
                        job(session)
                        session.commit()
                        answers.append("done")
                    except NotEnough:
                        session.rollback()
                        answers.append("not enough")
        return answers

    try:
        with ThreadPoolExecutor(threads) as pool:
            return [
                answer
                for answers in pool.map(run, [jobs[n::threads] for n in range(threads)])
                for answer in answers
            ]
    finally:
        engine.dispose()


def test_a_hundred_race_for_the_last_fen_and_one_gets_it(app, session):
    line = a_budget_line(session, 10_000_00)
    package = a_committed_package(session, line, 1_000_00)
    session.commit()
    line_id = line.id
    jobs = [lambda s: steps.accrue(s, line_id, package, 1_000_00, BECAUSE)] * 100

    answers = at_once(app, jobs, threads=50)

    assert (answers.count("done"), answers.count("not enough")) == (1, 99)
    assert budget_position(session, line_id).payable_fen == 1_000_00
    assert ledger_mistakes(session) == []


def test_crossing_transfers_do_not_deadlock(app, session):
    line = a_budget_line(session, 10_000_00)
    steps.reserve(session, line.id, "P1", 5_000_00, BECAUSE)
    session.commit()
    here, there = AccountKey(line.id, "available"), AccountKey(line.id, "reserved", "P1")

    def go(session):
        transfer(session, debit=here, credit=there, amount_fen=1, code="RESERVE", now=MORNING)

    def come(session):
        transfer(session, debit=there, credit=here, amount_fen=1, code="RELEASE", now=MORNING)

    answers = at_once(app, [go, come] * 200, threads=20)

    assert answers == ["done"] * 400
    position = budget_position(session, line.id)
    assert (position.available_fen, position.reserved_fen) == (5_000_00, 5_000_00)
    assert ledger_mistakes(session) == []
