"""A new city opens its places by commands, invites people to them, and they find them on their pages."""

import pytest
from sqlalchemy import text

from app.access.commands import access_commands
from app.access.models import Person
from app.doors.office_commands import group
from tests.builders import make_actor
from tests.builders_access import browser_of
from tests.builders_register import a_code, a_preparation
from tests.queries import rows_in

HUB = ("hub", "XC-HUB", "西城区社会组织联合会", "--below", "110102", "--since", "2026-01-05", "--field", "助老")
INCUBATOR = ("incubator", "XC-INC", "西城区社会组织孵化基地", "--below", "110102", "--capacity", "20", "--places", "12",
             "--months", "12")


@pytest.fixture
def run(app):
    """Run a command of an operator and return its result."""
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(group, list(words))


def test_a_buyer_a_hub_and_an_incubator_are_opened_below_their_district_and_listed(run, session):
    told = [run("buyer", "XC-MZ", "西城区民政局", "--below", "110102", "--name-en", "Civil Affairs"), run(*HUB),
            run(*INCUBATOR)]

    assert [(one.exit_code, one.output.split()[0]) for one in told] == [(0, "XC-MZ"), (0, "XC-HUB"), (0, "XC-INC")]
    assert run("list").output.splitlines() == [
        "buyer XC-MZ 西城区民政局 西城区", "hub XC-HUB 西城区社会组织联合会 西城区",
        "incubator XC-INC 西城区社会组织孵化基地 西城区",
    ]
    hub = session.execute(text("SELECT level, fields, recognized_on::text FROM hubs")).one()
    assert tuple(hub) == ("district", ["助老"], "2026-01-05")
    assert session.execute(text("SELECT capacity, places, term_months FROM incubators")).one() == (20, 12, 12)


def test_people_are_invited_to_a_place_by_its_code(app, run):
    run(*HUB)
    ask = ["invite", "--role", "hub_officer", "--node"]

    assert "/invitations/" in app.test_cli_runner().invoke(access_commands, [*ask, "XC-HUB"]).output
    assert app.test_cli_runner().invoke(access_commands, [*ask, "XC-NOT"]).exit_code == 2


def test_an_organization_of_the_register_may_run_a_hub_and_an_unknown_one_may_not(run, session, now):
    organization = a_preparation(session, now, "西城区社会组织联合会")
    organization.uscc = a_code(1)
    session.commit()

    assert run(*HUB, "--organization", a_code(2)).exit_code == 1
    assert run(*HUB, "--organization", "911").exit_code == 1
    assert run(*HUB, "--organization", a_code(1)).exit_code == 0
    assert session.execute(text("SELECT organization_id FROM hubs")).scalars().all() == [organization.id]


@pytest.mark.parametrize("words", [
    ("buyer", "", "西城区民政局", "--below", "110102"), ("buyer", " XC", "西城区民政局", "--below", "110102"),
    ("buyer", "110105", "西城区民政局", "--below", "110102"), ("buyer", "X" * 41, "西城区民政局", "--below", "110102"),
    ("buyer", "XC", " ", "--below", "110102"), ("buyer", "XC", "局" * 201, "--below", "110102"),
    ("buyer", "XC", "西城区民政局", "--below", "西城"), ("buyer", "XC", "西城区民政局"),
    (*INCUBATOR, "--places", "21"), (*INCUBATOR, "--months", "61"), (*HUB, "--level", "village"),
    (*HUB, "--since", "5/1/2026"),
])
def test_what_is_said_wrongly_opens_nothing(run, session, words):
    result = run(*words)

    assert result.exit_code != 0 and "Traceback" not in result.output
    assert (rows_in(session, "hubs"), rows_in(session, "incubators"), rows_in(session, "nodes")) == (0, 0, 0)


def test_a_code_is_given_once(run, session):
    run("buyer", "XC-MZ", "西城区民政局", "--below", "110102")

    again = run("hub", "XC-MZ", "西城区联合会", "--below", "110102")

    assert (again.exit_code, "XC-MZ is taken by 西城区民政局" in again.output) == (1, True)
    assert rows_in(session, "hubs") == 0


def test_what_was_opened_stands_on_the_pages(app, run, session):
    run(*HUB)
    run(*INCUBATOR)
    district = session.execute(text("SELECT id FROM nodes WHERE code = '110102'")).scalar_one()
    actor = make_actor(session, "登记员", ("registrar", district))
    browser = browser_of(app, session, session.get(Person, actor.person_id))

    assert "西城区社会组织联合会" in browser.get("/hubs").text
    assert "西城区社会组织孵化基地" in browser.get("/incubators").text
