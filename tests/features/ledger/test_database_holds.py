"""What the database itself holds about money, whoever writes: constraints, triggers, rights of our role."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.ledger import steps
from tests.builders_ledger import BECAUSE, a_budget_line

INSERT = text(
    "INSERT INTO transfers (budget_line_id, debit_id, credit_id, amount, unit, code, made_at)"
    " VALUES (:line, :debit, :credit, :amount, :unit, 'RESERVE', now())"
)


@pytest.fixture
def line(session):
    line = a_budget_line(session, 10_000_00)
    steps.reserve(session, line.id, "P1", 4_000_00, BECAUSE)
    session.commit()
    return line.id


@pytest.fixture
def owner(app):
    engine = create_engine(app.config["OWNER_URL"])
    yield engine
    engine.dispose()


def account(session, line, name):
    return session.execute(
        text("SELECT id FROM ledger_accounts WHERE budget_line_id = :line AND name = :name"),
        {"line": line, "name": name},
    ).scalar_one()


def row(session, line, **changes):
    values = {"line": line, "debit": account(session, line, "available"),
              "credit": account(session, line, "reserved"), "amount": 1, "unit": "fen"}  # fmt: skip
    return {**values, **changes}


def refused(session, statement, values=None):
    with pytest.raises(DBAPIError) as error:
        session.execute(statement if not isinstance(statement, str) else text(statement), values or {})
        session.commit()
    session.rollback()
    return error.value.orig.diag


def test_an_overdraft_is_refused_by_name(session, line):
    values = row(session, line, amount=6_000_01)

    with pytest.raises(IntegrityError) as error:
        session.execute(INSERT, values)

    assert error.value.orig.diag.constraint_name == "ck_ledger_accounts_no_overdraft"


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount": 0}, "ck_transfers_amount"),
        ({"amount": -5}, "ck_transfers_amount"),
        ({"unit": "points"}, "fk_transfers_debit_id"),
    ],
)
def test_what_is_no_transfer_is_refused(session, line, changes, constraint):
    assert refused(session, INSERT, row(session, line, **changes)).constraint_name == constraint


def test_an_account_gives_nothing_to_itself(session, line):
    here = account(session, line, "available")

    diagnosis = refused(session, INSERT, row(session, line, debit=here, credit=here))

    assert diagnosis.constraint_name == "ck_transfers_two_accounts"


def test_both_accounts_belong_to_the_line(session, line):
    other = a_budget_line(session, 1_000_00).id
    session.commit()
    foreign = account(session, other, "available")

    diagnosis = refused(session, INSERT, row(session, line, credit=foreign))

    assert diagnosis.constraint_name == "fk_transfers_credit_id"


def test_a_transfer_of_a_case_names_a_move_that_exists(session, line):
    statement = (
        "INSERT INTO transfers"
        " (budget_line_id, debit_id, credit_id, amount, unit, code, made_at, case_id, sequence)"
        " VALUES (:line, :debit, :credit, :amount, :unit, 'RESERVE', now(), 4711, 1)"
    )

    diagnosis = refused(session, statement, row(session, line))

    assert diagnosis.constraint_name == "fk_transfers_case_id"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfers SET amount = amount + 1",
        "DELETE FROM transfers",
        "TRUNCATE transfers",
        "UPDATE ledger_accounts SET credits = credits + 1",
        "UPDATE ledger_accounts SET guarded = false",
        "DELETE FROM ledger_accounts",
        "TRUNCATE ledger_accounts CASCADE",
    ],
)
def test_the_application_has_no_right_to_change_money(session, line, statement):
    assert refused(session, statement).sqlstate == "42501"


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE transfers SET amount = amount + 1", "append_only"),
        ("DELETE FROM transfers", "append_only"),
        ("TRUNCATE transfers", "append_only"),
        ("UPDATE ledger_accounts SET credits = credits + 1", "only_posted"),
        ("DELETE FROM ledger_accounts", "append_only"),
        ("TRUNCATE ledger_accounts CASCADE", "append_only"),
    ],
)
def test_not_even_the_owner_changes_money_by_the_way(owner, line, statement, constraint):
    with owner.connect() as connection, pytest.raises(DBAPIError) as error:
        connection.execute(text(statement))

    assert error.value.orig.diag.constraint_name == constraint


def test_a_new_account_starts_at_zero(session, line):
    statement = (
        "INSERT INTO ledger_accounts (budget_line_id, package, name, guarded, credits)"
        " VALUES (:line, 'P9', 'paid', true, 100)"
    )

    assert refused(session, statement, {"line": line}).constraint_name == "opens_at_zero"


def test_only_the_source_is_unguarded(session, line):
    statement = (
        "INSERT INTO ledger_accounts (budget_line_id, package, name, guarded)"
        " VALUES (:line, 'P9', 'paid', false)"
    )

    assert refused(session, statement, {"line": line}).constraint_name == (
        "ck_ledger_accounts_all_but_source_guarded"
    )


def test_the_posting_function_finds_only_our_own_tables(owner):
    with owner.connect() as connection:
        settings = connection.execute(
            text("SELECT prosecdef, proconfig FROM pg_proc WHERE proname = 'ledger_post_transfer'")
        ).one()

    assert settings == (True, ["search_path=public, pg_temp"])
