"""The list of notices over HTTP."""

import pytest

from app.access.reach import holdings
from app.clock import SHANGHAI, business_now
from app.notices.expanding import expand_waiting
from app.notices.queries import notices_of, unread_count
from tests.builders_access import browser_of, somebody
from tests.features.notices.scene import NUMBER, STYLE, a_notice, a_scene


@pytest.fixture
def scene(session, now):
    scene = a_scene(session, now)
    a_notice(session, scene, now)
    a_notice(session, scene, now)
    expand_waiting(session, now=now, real_now=now, style=STYLE)
    return scene


def unread(session, person):
    on = business_now(session).astimezone(SHANGHAI).date()
    return unread_count(session, person.id, holdings(session, person.id, on))


def test_the_list_shows_ones_own_notices_and_leads_to_the_case(app, session, scene):
    page = browser_of(app, session, scene.officer).get("/notices")

    assert page.status_code == 200
    assert f'href="/cases/{NUMBER}"' in page.text
    assert NUMBER not in browser_of(app, session, scene.foreign_officer).get("/notices").text
    assert app.test_client().get("/notices").status_code == 303


def test_looking_marks_nothing_as_read(app, session, scene):
    browser_of(app, session, scene.officer).get("/notices")

    assert unread(session, scene.officer) == 2


def test_one_notice_or_all_can_be_ticked_off_by_their_reader_alone(app, session, scene):
    on = business_now(session).astimezone(SHANGHAI).date()
    mine = notices_of(session, scene.officer.id, holdings(session, scene.officer.id, on), locale="en")
    officer, other = browser_of(app, session, scene.officer), browser_of(app, session, scene.city_officer)

    assert other.post(f"/notices/{mine[0].id}/read").status_code == 303
    assert unread(session, scene.officer) == 2
    assert officer.post(f"/notices/{mine[0].id}/read").headers["Location"] == "/notices"
    assert unread(session, scene.officer) == 1
    assert officer.post("/notices/read", data={"next": "/worklist"}).headers["Location"] == "/worklist"
    assert unread(session, scene.officer) == 0
    assert unread(session, scene.city_officer) == 2


def test_the_outbox_is_shown_to_the_system_administrator_alone(app, session, scene):
    administrator = somebody(session, "system_admin", scene.district)

    assert browser_of(app, session, administrator).get("/notices/outbox").status_code == 200
    assert browser_of(app, session, scene.officer).get("/notices/outbox").status_code == 403
