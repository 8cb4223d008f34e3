"""From application to graduation through the doors: a recusal, a replacement, publicity by the clock, one extension."""

from datetime import timedelta

import pytest

from app.access.models import Person
from app.cases.due import move_clock
from app.clock import business_now
from tests.builders_access import apart, browser_of, token_of
from tests.builders_incubation import (
    GRADUATION_SLOTS,
    OPENING_SLOTS,
    SIGNING_SLOTS,
    a_base,
    named,
    papers,
    review_of,
)


class Road:
    """One case driven over JSON, each move with the example that the API itself offers."""

    def __init__(self, app, session, base):
        self.app, self.session, self.base = app, session, base
        self.client = app.test_client()
        self.tokens = {}
        self.keys = iter(range(1000))

    def headers(self, actor):
        if actor.person_id not in self.tokens:
            self.tokens[actor.person_id] = token_of(self.session, self.session.get(Person, actor.person_id))
        return {**self.tokens[actor.person_id], "Idempotency-Key": f"key-{next(self.keys)}"}

    def look(self, actor, number):
        return apart(self.client.get, f"/api/v1/cases/{number}", headers=self.headers(actor))

    def open(self, actor, data):
        answer = apart(self.client.post, "/api/v1/cases/incubation", headers=self.headers(actor), json={"data": data})
        assert answer.status_code == 201, answer.text
        return answer.json["number"]

    def move(self, actor, number, trigger, **changes):
        case = self.look(actor, number).json
        offered = {move["trigger"]: move for move in case["allowed"]}
        assert trigger in offered, (trigger, case["state"], case["refused"])
        answer = apart(
            self.client.post, f"/api/v1/cases/{case['kind']}/{number}/{trigger}", headers=self.headers(actor),
            json={"data": offered[trigger]["example"] | changes, "revision": case["revision"]},
        )
        assert answer.status_code == 200, answer.text
        return answer.json["state"]

    def wait(self, **passed):
        """Let the business clock run on, firing what becomes due."""
        to = business_now(self.session) + timedelta(**passed)
        move_clock(self.session, to=to, environment="test")
        self.session.commit()


@pytest.fixture
def road(app, session):
    base = a_base(session, business_now(session))
    return Road(app, session, base)


def opened(road):
    base = road.base
    return road.open(base.staff, {
        "incubator": base.node_id, "mode": "on_site", "mission": "为社区独居老人提供探访服务。", "team_size": 5,
        "documents": papers(road.session, base, *OPENING_SLOTS),
    })


def admitted(road):
    """Return the number of an application that a panel with one replacement has recommended."""
    base, number = road.base, opened(road)
    road.move(base.operator, number, "pass_preliminary", experts=named(*base.experts[:3]))
    leaving = base.experts[1]
    review = review_of(road.session, number, leaving)
    road.move(leaving, review, "recuse", ground="mentoring")
    assert road.look(leaving, review).status_code == 404
    assert road.look(leaving, number).status_code == 404
    road.move(base.operator, number, "name_expert", experts=named(base.experts[3]))
    for expert in (base.experts[0], base.experts[2], base.experts[3]):
        own = review_of(road.session, number, expert)
        road.move(expert, own, "declare")
        road.move(expert, own, "submit_scores")
    return number


def moved_in(road):
    base, number = road.base, admitted(road)
    assert road.move(base.registrar, number, "publish") == "publicized"
    road.wait(days=3)
    assert road.look(base.staff, number).json["state"] == "publicized"
    road.wait(days=17)
    assert road.look(base.staff, number).json["state"] == "to_sign"
    road.move(base.staff, number, "sign_agreement", documents=papers(road.session, base, *SIGNING_SLOTS))
    return number


def test_from_application_to_graduation(road, app, session):
    base, number = road.base, moved_in(road)
    road.move(base.staff, number, "submit_log")
    road.move(base.operator, number, "start_mid_review")
    road.move(base.operator, number, "require_rectification")
    road.move(base.staff, number, "report_rectification", documents=[])
    road.move(base.operator, number, "continue_incubation")
    road.move(base.registrar, number, "extend_term")
    again = {move["trigger"]: move["reasons"] for move in road.look(base.registrar, number).json["refused"]}
    assert [reason["code"] for reason in again["extend_term"]] == ["extended_before"]

    road.move(base.staff, number, "apply_graduation", documents=papers(session, base, *GRADUATION_SLOTS))
    road.move(base.registrar, number, "graduate")
    assert road.move(base.operator, number, "hand_over") == "handed_over"

    page = apart(browser_of(app, session, session.get(Person, base.staff.person_id)).get, f"/cases/{number}?lang=en")
    assert page.status_code == 200
    assert "Mean of the panel" in page.text
    assert "专家" not in page.text.replace("专家评审", "")


def test_who_stops_half_way_gives_the_premises_back(road):
    base, number = road.base, moved_in(road)
    road.move(base.staff, number, "leave")
    (clock,) = [clock for clock in road.look(base.staff, number).json["clocks"] if clock["stopped_at"] is None]
    assert (clock["name"], clock["number"], clock["unit"], clock["verified"]) == (
        "premises_handover", 15, "working_days", False
    )

    assert road.move(base.operator, number, "hand_over_premises") == "left"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_board_shows_places_to_all_and_cases_to_those_who_reach_them(road, app, session, language):
    base, number = road.base, moved_in(road)

    def read(actor, path):
        client = browser_of(app, session, session.get(Person, actor.person_id))
        return apart(client.get, f"{path}?lang={language}")

    for actor in (base.operator, base.registrar, base.staff):
        page = read(actor, f"/incubators/{base.node_id}")
        assert page.status_code == 200
        assert "1 / 4" in page.text and number in page.text
    stranger = read(base.experts[4], f"/incubators/{base.node_id}")
    assert stranger.status_code == 200 and number not in stranger.text
    assert "示例孵化基地" in read(base.staff, "/incubators").text
    assert read(base.staff, f"/incubators/{base.district_id}").status_code == 404
    assert read(base.staff, f"/incubators/{2**70}").status_code == 404
