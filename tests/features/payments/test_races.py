"""Many at once on payments: one approval, one claim, one payment of the last fen; nothing twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import create_engine, func, select, text, true

from app.errors import Answer, MoveRefused, Problem, StaleRevision
from app.extensions import db
from app.ledger.accounts import package_balances
from app.ledger.queries import ledger_mistakes
from app.payments.bank_orders import sample_statement
from app.payments.models import BankLine, Payment
from app.payments.queries import in_transit
from app.payments.statements import Importer, import_statement
from app.purchasing.models import Instalment
from tests.builders_award import a_ranked_package, a_signed_contract, pay
from tests.builders_ledger import MORNING, a_budget_line
from tests.builders_payments import (
    Project,
    a_contract,
    a_payment,
    a_project,
    application,
    apply,
    case_of,
    move,
)
from tests.builders_purchasing import moved, state_of


@pytest.fixture
def project(session):
    return a_project(session)


def at_once(app, jobs, threads):
    """Run the jobs, each in an application context and session of its own; answer with what each came to."""
    start = Barrier(threads)

    def run(mine):
        answers = []
        with app.app_context():
            db.session.connection()
            db.session.rollback()
            start.wait()
            for job in mine:
                try:
                    answers.append(job(db.session).state)
                except Problem as problem:
                    answers.append(type(problem))
            db.session.remove()
        return answers

    with ThreadPoolExecutor(threads) as pool:
        parts = pool.map(run, [jobs[n::threads] for n in range(threads)])
        return [answer for part in parts for answer in part]


def test_a_hundred_approvals_of_one_payment_are_one(app, session, project):
    number = a_payment(session, project, until="finance_checked")
    revision = case_of(session, number).revision
    session.commit()

    answers = at_once(
        app, [lambda s: move(s, project, number, "approve", revision=revision)] * 100, threads=10
    )

    assert (answers.count("approved"), answers.count(StaleRevision)) == (1, 99)
    assert package_balances(session, project.line_id, project.contract_number)["payable"] == 60_000_00


def test_of_many_applications_for_one_instalment_one_is_taken(app, session, project):
    data = application(session, project)

    answers = at_once(app, [lambda s: apply(s, project, **data)] * 20, threads=8)

    assert (answers.count("applied"), answers.count(MoveRefused)) == (1, 19)
    assert session.execute(select(func.count()).select_from(Payment)).scalar_one() == 1


def test_payments_that_race_for_the_last_fen_are_one(app, session):
    project = a_project(session, contract_fen=100_000_00)
    numbers = [a_payment(session, project, until="finance_checked")]
    for _ in range(9):
        line = a_budget_line(session, 100_000_00, node=project.place.buyer)
        contract = a_contract(session, project.place, line, 100_000_00)
        first = session.scalars(
            select(Instalment.id).where(Instalment.contract_id == contract.id).order_by(Instalment.position)
        ).first()
        session.commit()
        numbers.append(a_payment(session, project, until="finance_checked", instalment=first))
    point_all_at_one_package(app, session, project)
    jobs = [lambda s, number=number: move(s, project, number, "approve") for number in numbers]

    answers = at_once(app, jobs, threads=10)

    assert (answers.count("approved"), answers.count(MoveRefused)) == (1, 9)
    there = package_balances(session, project.line_id, project.contract_number)
    assert (there["payable"], there["committed"]) == (60_000_00, 40_000_00)
    assert ledger_mistakes(session) == []


def test_one_file_imported_by_many_at_once_is_written_once(app, session, project):
    number = a_payment(session, project, until="in_transit")
    orders = in_transit(session, true())
    data = sample_statement(orders, {orders[0].instruction_no: "settled"}, on=MORNING.date())
    who = Importer(project.actors["finance_officer"], project.place.buyer.id, MORNING + timedelta(days=1))
    session.commit()

    def job(own_session):
        report = import_statement(own_session, data, who)
        return Answer(number, report.lines[0].number or "", 0, "")

    answers = at_once(app, [job] * 16, threads=8)

    assert set(answers) == {number}
    assert session.execute(select(func.count()).select_from(BankLine)).scalar_one() == 1
    assert case_of(session, number).state == "paid"
    assert package_balances(session, project.line_id, project.contract_number)["paid"] == 60_000_00


def point_all_at_one_package(app, session, project: Project):
    """Let every payment ask for an instalment of the one contract: only its money is there.

    The application may not change an instalment, so the owner of the tables does.
    """
    session.commit()
    with create_engine(app.config["OWNER_URL"].replace("postgresql://", "postgresql+psycopg://")).begin() as owner:
        owner.execute(
            text(
                "UPDATE instalments SET contract_id = (SELECT contract_id FROM instalments WHERE id = :part),"
                " position = id + 10 WHERE id <> :part AND id IN (SELECT instalment_id FROM payments)"
            ),
            {"part": project.instalments[0]},
        )


@pytest.mark.parametrize(("until", "trigger", "role", "ends"), [
    ("approve", "instruct", "cashier", {"in_transit", "called_off"}),
    ("check_business", "refuse", "finance_officer", {"refused", "called_off"}),
    ("instruct", "bounce", "finance_officer", {"called_off"}),
])
def test_a_termination_that_races_with_a_step_of_its_advance_leaves_no_fen_behind(
    app, session, until, trigger, role, ends
):
    ranked = a_ranked_package(session)
    office = ranked.tender.office
    number, contract = a_signed_contract(session, ranked)
    payment = pay(session, ranked, contract, 1, until)
    actor = office.place.actors[role]
    orders = in_transit(session, true())
    file = sample_statement(orders, {order.instruction_no: "rejected" for order in orders}, on=ranked.now.date())
    session.commit()

    def step_of_payment(s):
        if trigger == "bounce":
            return import_statement(s, file, Importer(actor, office.place.buyer.id, ranked.now))
        return moved(s, office, payment, trigger, actor, at=ranked.now)

    def termination(s):
        return moved(s, office, number, "terminate", ranked.buyer, at=ranked.now, ground="agreed")

    at_once(app, [lambda s: came_to(s, termination, number), lambda s: came_to(s, step_of_payment, payment)], threads=2)

    session.rollback()
    ended = state_of(session, payment)
    assert (state_of(session, number), ended in ends) == ("terminated", True), ended
    money = {name: fen for name, fen in package_balances(session, ranked.line_id, ranked.package).items() if fen}
    assert money == ({"transit": contract.amount_fen // 2 + 1} if ended == "in_transit" else {})
    assert ledger_mistakes(session) == []


def came_to(session, job, number):
    """Do the job; answer with where the case stands."""
    job(session)
    return Answer(number, state_of(session, number), 0, "")
