"""`flask organizations restrict | lift`: what freezes an organization is entered with evidence and ends by a day."""

from datetime import date

import pytest
from sqlalchemy import select

from app.access.models import Account
from app.organizations.models import OrganizationRestriction
from app.organizations.queries import frozen_by
from app.organizations.restricting import group
from tests.builders import make_district

EVIDENCE = "京民社名单〔2026〕3号"


@pytest.fixture
def run(app):
    """Run `flask organizations …` and return its result."""
    app.cli.add_command(group)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["organizations", *map(str, words)])


@pytest.fixture
def place(session):
    return make_district(session)


def entered(run, session, place, *changes, ground="abnormal"):
    login = session.get_one(Account, place.actors["registrar"].account_id).login
    return run("restrict", place.organization.uscc, "--ground", ground, "--from", "2026-03-02",
               "--evidence", EVIDENCE, "--by", login, *changes)


def frozen(session, place, day: int) -> str:
    return frozen_by(session, place.organization.id, date(2026, 3, day))


def test_a_restriction_holds_from_its_day_until_and_not_on_the_day_it_is_lifted(run, session, place):
    done = entered(run, session, place)
    assert done.exit_code == 0, done.output
    assert [frozen(session, place, day) for day in (1, 2, 20)] == ["", "abnormal", "abnormal"]

    done = run("lift", place.organization.uscc, "--ground", "abnormal", "--on", "2026-03-10")

    assert done.exit_code == 0, done.output
    assert [frozen(session, place, day) for day in (9, 10)] == ["abnormal", ""]
    row = session.scalars(select(OrganizationRestriction)).one()
    assert (row.evidence, row.entered_by) == (EVIDENCE, place.actors["registrar"].person_id)


def test_nothing_is_entered_twice_without_evidence_or_by_nobody_and_nothing_lifted_that_is_not_there(
    run, session, place
):
    assert run("lift", place.organization.uscc, "--ground", "abnormal", "--on", "2026-03-10").exit_code == 1
    for changes in (["--evidence", " "], ["--by", "nobody-here"]):
        assert entered(run, session, place, *changes).exit_code == 1
    assert entered(run, session, place, ground="rumour").exit_code == 2
    assert session.scalars(select(OrganizationRestriction)).all() == []

    assert [entered(run, session, place).exit_code for _ in range(2)] == [0, 1]
    assert run("lift", place.organization.uscc, "--ground", "dishonest", "--on", "2026-03-10").exit_code == 1
    assert len(session.scalars(select(OrganizationRestriction)).all()) == 1
