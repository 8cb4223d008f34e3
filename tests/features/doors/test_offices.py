"""A new city opens its places by commands, invites people to them, and they find them on their pages."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.access.commands import access_commands
from app.access.models import Person
from app.cases.perform import perform
from app.doors.office_commands import group
from tests.builders import make_actor
from tests.builders_access import browser_of
from tests.builders_register import a_code, a_preparation, a_registration, an_office, data_for, step
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


def test_people_are_invited_to_a_place_by_its_code_and_to_an_organization_by_its_own(app, run, session, now):
    run(*HUB)
    a_preparation(session, now, "西城区社会组织联合会").uscc = a_code(1)
    session.commit()
    ask = ["invite", "--role", "hub_officer", "--node"]

    assert "/invitations/" in app.test_cli_runner().invoke(access_commands, [*ask, "XC-HUB"]).output
    assert "/invitations/" in app.test_cli_runner().invoke(access_commands, [*ask, a_code(1)]).output
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


def test_two_operators_who_open_one_code_at_once_open_one_place(app, session):
    def open_one(name):
        words = ["buyer", "XC-MZ", name, "--below", "110102"]
        result = app.test_cli_runner().invoke(group, words)
        return result.exit_code, type(result.exception)

    with ThreadPoolExecutor(2) as pool:
        told = set(pool.map(open_one, ("西城区民政局", "西城区社会工作部")))

    assert told == {(0, type(None)), (1, SystemExit)}
    assert session.execute(text("SELECT count(*) FROM nodes WHERE code = 'XC-MZ'")).scalar_one() == 1


@pytest.mark.parametrize("words", [HUB, INCUBATOR])
def test_what_was_recognized_ends_once_and_not_before_it_began(run, session, words):
    run(*words)
    before = run("end", words[1], "--on", "1999-01-01")
    ended = run("end", words[1], "--on", "2030-12-31")
    again = run("end", words[1])

    assert (before.exit_code, ended.exit_code, again.exit_code) == (1, 0, 1)
    assert "cannot end before" in before.output and "ended already" in again.output
    days = session.execute(text(f"SELECT ended_on::text FROM {words[0]}s")).scalars().all()
    assert days == ["2030-12-31"]


def test_a_hub_with_a_member_or_an_open_case_and_what_is_no_hub_do_not_end(run, session, now):
    office = an_office(session, now)
    a_registration(session, office)
    session.execute(text("UPDATE nodes SET code = 'HUB' WHERE id = :id"), {"id": office.hub_node_id})
    session.commit()
    asked = perform(
        session, kind="affiliation", trigger="apply", actor=office.staff, now=office.now,
        data=data_for("affiliation", "apply") | {"hub": office.hub_node_id, "organization": None},
    )
    open_case = run("end", "HUB")
    step(session, asked, "accept", office.hub_officer, office)
    member, unknown, territory = run("end", "HUB"), run("end", "NONE"), run("end", "110102")

    assert [one.exit_code for one in (open_case, member, unknown, territory)] == [1, 1, 1, 1]
    assert "1 cases are open" in open_case.output and "1 organizations are members" in member.output
    assert session.execute(text("SELECT ended_on FROM hubs")).scalars().all() == [None]


def test_what_was_opened_stands_on_the_pages(app, run, session):
    run(*HUB)
    run(*INCUBATOR)
    district = session.execute(text("SELECT id FROM nodes WHERE code = '110102'")).scalar_one()
    actor = make_actor(session, "登记员", ("registrar", district))
    browser = browser_of(app, session, session.get(Person, actor.person_id))

    assert "西城区社会组织联合会" in browser.get("/hubs").text
    assert "西城区社会组织孵化基地" in browser.get("/incubators").text


def test_a_hub_gets_a_new_name_and_what_ended_before_keeps_the_old_one(app, run, session, now):
    office = an_office(session, now)
    session.execute(text("UPDATE nodes SET code = 'XC-HUB' WHERE id = :hub"), {"hub": office.hub_node_id})
    session.commit()
    a_registration(session, office)
    joined = perform(
        session, kind="affiliation", trigger="apply", actor=office.staff, now=now,
        data=data_for("affiliation", "apply") | {"hub": office.hub_node_id, "organization": None},
    )
    step(session, joined, "accept", office.hub_officer, office)

    assert run("rename", "XC-HUB", "新名枢纽", "--name-en", "New Hub").exit_code == 0

    browser = browser_of(app, session, session.get(Person, office.staff.person_id))
    page = browser.get(f"/hubs/{office.hub_node_id}?lang=zh").text
    assert "<h1>新名枢纽" in page and "示例枢纽" in page
    assert f"/hubs/{office.hub_node_id}" in browser.get("/hubs?q=示例枢纽&lang=zh").text
    case = browser.get(f"/cases/{joined.number}?lang=zh").text
    assert "示例枢纽</a>" in case and "新名枢纽</a>" not in case
    assert rows_in(session, "former_place_names") == 1


@pytest.mark.parametrize("words", [
    ("XC-NOT", "新名"), ("110102", "新名"), ("XC-HUB", "  "), ("XC-HUB", "西城区社会组织联合会"),
    ("XC-HUB", "长" * 201),
])
def test_what_cannot_be_renamed_so_keeps_its_name(run, session, words):
    run(*HUB)

    assert run("rename", *words).exit_code == 1

    assert "西城区社会组织联合会" in run("list").output
    assert rows_in(session, "former_place_names") == 0


def test_a_name_of_before_is_only_added(run, session):
    run(*HUB)
    run("rename", "XC-HUB", "新名枢纽")

    with pytest.raises(DBAPIError):
        session.execute(text("UPDATE former_place_names SET name_zh = '改写'"))
    session.rollback()
    assert session.execute(text("SELECT name_zh FROM former_place_names")).scalars().all() == ["西城区社会组织联合会"]
