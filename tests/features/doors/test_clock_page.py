"""The page that moves a demo's clock: where it will stop, what moved there, and nothing of cases out of reach."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.clock import SHANGHAI, business_now
from tests.queries import counted

NEXT = {"step": "next"}


@pytest.fixture
def stranger(desk):
    """A browser of somebody of a buyer's office, who reaches none of the district's cases."""
    return desk.browser("project_officer")


def moved(browser, **form):
    """Return the page that stands after the clock was moved."""
    answer = browser.post("/demo/clock", data=form)
    assert (answer.status_code, answer.location[:12]) == (303, "/demo/clock?")
    return browser.get(answer.location).text


def day_of(desk) -> date:
    desk.session.rollback()
    return business_now(desk.session).astimezone(SHANGHAI).date()


def test_the_page_names_where_the_clock_will_stop_with_the_case(desk, registrar):
    number = desk.asked()

    page = registrar.get("/demo/clock").text

    assert f'<a href="/cases/{number}">借用会议室：居民议事会</a>' in page
    assert "Intake check" in page and "To the next deadline" in page


def test_after_the_jump_the_page_tells_what_moved_by_itself(desk, registrar):
    number = desk.asked()

    page = moved(registrar, **NEXT)

    told = page.split("What happened on the way")[1].split("</section>")[0]
    assert "Silence lends it" in told and f'href="/cases/{number}"' in told
    assert desk.case(number)["state"] == "lent"


def test_a_jump_past_nothing_tells_of_no_moves_and_old_ones_are_not_told_again(desk, registrar):
    desk.asked()
    moved(registrar, **NEXT)

    assert "What happened on the way" not in moved(registrar, step="1")
    assert "What happened on the way" not in registrar.get("/demo/clock").text


def test_what_is_out_of_reach_is_told_without_its_name_number_or_link(desk, stranger):
    number = desk.asked()

    before, after = stranger.get("/demo/clock").text, moved(stranger, **NEXT)

    assert "A case out of your reach" in before and "A case out of your reach" in after
    assert all(said not in page for said in (number, "居民议事会") for page in (before, after))


def test_a_day_moves_the_clock_to_its_morning_in_shanghai(desk, registrar):
    day = day_of(desk) + timedelta(days=30)

    moved(registrar, until=day.isoformat())

    desk.session.rollback()
    reached = business_now(desk.session) - datetime(day.year, day.month, day.day, 1, tzinfo=UTC)
    assert timedelta(0) <= reached < timedelta(minutes=1)


@pytest.mark.parametrize("ago, words", [
    (1, "Choose a time after the present time of the demo."), (-4000, "Choose a day within ten years."),
])
def test_a_day_that_cannot_be_is_told_at_its_field_and_moves_nothing(desk, registrar, ago, words):
    before = day_of(desk)
    day = (before - timedelta(days=ago)).isoformat()

    answer = registrar.post("/demo/clock", data={"until": day})

    assert answer.status_code == 422
    assert words in answer.text and f'value="{day}"' in answer.text and 'href="#until"' in answer.text
    assert day_of(desk) == before


@pytest.mark.parametrize("form", [{}, {"until": ""}, {"until": "tomorrow"}, {"step": "7"}])
def test_without_a_day_nothing_moves_and_the_field_says_so(desk, registrar, form):
    before = day_of(desk)

    answer = registrar.post("/demo/clock", data=form)

    assert (answer.status_code, day_of(desk)) == (422, before)
    assert 'id="until-error"' in answer.text


@pytest.mark.parametrize("address", ["?since=", "?since=yesterday", "?since=2026-01-01", "?since=0001-01-01T00:00:00Z"])
def test_an_address_written_by_hand_shows_the_page(registrar, address):
    assert registrar.get("/demo/clock" + address).status_code == 200


def test_many_cases_cost_no_query_more(desk, registrar):
    desk.asked()
    registrar.get("/demo/clock")
    with counted() as one:
        registrar.get("/demo/clock?since=2026-01-01T00:00:00Z")
    for _ in range(5):
        desk.asked()
    with counted() as six:
        registrar.get("/demo/clock?since=2026-01-01T00:00:00Z")
    assert len(six) == len(one)
