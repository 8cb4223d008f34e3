"""`flask organizations restrict | lift`: what freezes an organization is entered with evidence and ends by a day."""

from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import select

from app.access.models import Account
from app.organizations.models import OrganizationRestriction
from app.organizations.queries import frozen_by
from app.organizations.restricting import group
from tests.builders import make_district
from tests.builders_register import a_code

EVIDENCE = "京民社名单〔2026〕3号"


@pytest.fixture
def run(app):
    """Run `flask organizations …` and return its result."""
    app.cli.add_command(group)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["organizations", *map(str, words)])


@dataclass(frozen=True)
class Scene:
    """An organization and a registrar by what outlives a session: commands have sessions of their own."""

    organization_id: int
    uscc: str
    login: str
    person_id: int


@pytest.fixture
def scene(session) -> Scene:
    place = make_district(session)
    place.organization.uscc = a_code(1)
    session.commit()
    registrar = place.actors["registrar"]
    login = session.get_one(Account, registrar.account_id).login
    return Scene(place.organization.id, place.organization.uscc, login, registrar.person_id)


def entered(run, scene, *changes, ground="abnormal"):
    return run("restrict", scene.uscc, "--ground", ground, "--from", "2026-03-02", "--evidence", EVIDENCE,
               "--by", scene.login, *changes)


def frozen(session, scene, day: int) -> str:
    return frozen_by(session, scene.organization_id, date(2026, 3, day))


def test_a_restriction_holds_from_its_day_until_and_not_on_the_day_it_is_lifted(run, session, scene):
    done = entered(run, scene)
    assert done.exit_code == 0, done.output
    assert [frozen(session, scene, day) for day in (1, 2, 20)] == ["", "abnormal", "abnormal"]

    done = run("lift", scene.uscc, "--ground", "abnormal", "--on", "2026-03-10")

    assert done.exit_code == 0, done.output
    assert [frozen(session, scene, day) for day in (9, 10)] == ["abnormal", ""]
    row = session.scalars(select(OrganizationRestriction)).one()
    assert (row.evidence, row.entered_by) == (EVIDENCE, scene.person_id)


def test_nothing_is_entered_twice_without_evidence_or_by_nobody_and_nothing_lifted_that_is_not_there(
    run, session, scene
):
    assert run("lift", scene.uscc, "--ground", "abnormal", "--on", "2026-03-10").exit_code == 1
    for changes in (["--evidence", " "], ["--by", "nobody-here"]):
        assert entered(run, scene, *changes).exit_code == 1
    assert entered(run, scene, ground="rumour").exit_code == 2
    assert session.scalars(select(OrganizationRestriction)).all() == []

    assert [entered(run, scene).exit_code for _ in range(2)] == [0, 1]
    assert run("lift", scene.uscc, "--ground", "dishonest", "--on", "2026-03-10").exit_code == 1
    assert len(session.scalars(select(OrganizationRestriction)).all()) == 1
