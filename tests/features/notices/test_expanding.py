"""Who hears of a move?"""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.access.reach import holdings
from app.clock import SHANGHAI
from app.extensions import db
from app.notices.expanding import expand_waiting
from app.notices.models import Delivery, Mail, Notice
from app.notices.queries import mark_read, notices_of, outbox, unread_count
from tests.builders_access import a_person, holds
from tests.features.notices.scene import NUMBER, STYLE, a_notice, a_scene


@pytest.fixture
def scene(session, now):
    return a_scene(session, now)


def expanded(session, now):
    return expand_waiting(session, now=now, real_now=now, style=STYLE)


def told(session):
    return sorted(session.scalars(select(Delivery.person_id)))


def held(session, person, now):
    return holdings(session, person.id, now.astimezone(SHANGHAI).date())


def test_whoever_holds_the_role_there_or_above_is_told(session, scene, now):
    a_notice(session, scene, now)

    assert expanded(session, now) == 1

    assert told(session) == sorted([scene.officer.id, scene.city_officer.id])
    assert session.scalars(select(Notice.expanded_at)).all() == [now]


def test_whoever_made_the_move_is_not_told_of_it(session, scene, now):
    a_notice(session, scene, now, audience_role="staff", audience_node_id=scene.organization_node.id)

    expanded(session, now)

    assert told(session) == [scene.colleague.id]


def test_one_person_can_be_addressed(session, scene, now):
    a_notice(session, scene, now, audience_role=None, audience_node_id=None, person_id=scene.officer.id)

    expanded(session, now)

    assert told(session) == [scene.officer.id]


def test_a_role_on_this_case_alone_counts(session, scene, now):
    expert = a_person(session, "顾清和")
    holds(session, expert, "expert", scene.district, case_id=scene.case)
    a_notice(session, scene, now, audience_role="expert")

    expanded(session, now)

    assert told(session) == [expert.id]


def test_nobody_is_told_of_a_case_out_of_their_reach(session, scene, now):
    a_notice(session, scene, now, audience_node_id=scene.other_district.id)
    a_notice(
        session, scene, now, audience_role=None, audience_node_id=None, person_id=scene.foreign_officer.id
    )

    assert expanded(session, now) == 2

    assert told(session) == [scene.city_officer.id]


def test_a_role_that_has_ended_hears_nothing(session, scene, now):
    former = a_person(session)
    holds(session, former, "finance_officer", scene.district, until=now.date())
    a_notice(session, scene, now)

    expanded(session, now)

    assert told(session) == sorted([scene.officer.id, scene.city_officer.id])


def test_a_second_run_tells_nobody_twice(session, scene, now):
    a_notice(session, scene, now)

    assert (expanded(session, now), expanded(session, now)) == (1, 0)

    assert len(told(session)) == 2


def test_two_workers_at_once_tell_nobody_twice(app, session, scene, now):
    for _ in range(30):
        a_notice(session, scene, now)
    counts = []

    def work():
        with app.app_context():
            while count := expand_waiting(db.session, now=now, real_now=now, style=STYLE, limit=5):
                counts.append(count)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    expanded(session, now)

    assert len(told(session)) == 60
    assert session.scalars(select(Notice).where(Notice.expanded_at.is_(None))).all() == []


def test_a_failure_half_way_leaves_nothing(session, scene, now, monkeypatch):
    scene.officer.email = "officer@example.org"
    a_notice(session, scene, now)
    monkeypatch.setattr("app.notices.expanding.template_of", None)

    with pytest.raises(TypeError):
        expanded(session, now)
    session.rollback()

    assert told(session) == []
    assert session.scalars(select(Notice.expanded_at)).all() == [None]


def test_who_has_an_address_gets_a_mail_in_their_language(session, scene, now):
    scene.officer.email = "officer@example.org"
    scene.city_officer.email, scene.city_officer.locale = "city@example.org", "en"
    a_notice(session, scene, now)

    expanded(session, now)

    chinese, english = session.scalars(select(Mail).order_by(Mail.address.desc())).all()
    assert (chinese.address, chinese.language) == ("officer@example.org", "zh-CN")
    assert chinese.subject.startswith("待办：")
    assert chinese.subject.endswith(NUMBER)
    assert "甲区晨光服务中心" in chinese.body
    assert f"https://example.org/cases/{NUMBER}" in chinese.body
    assert (english.address, english.language) == ("city@example.org", "en")
    assert english.subject.startswith("To do:")
    assert "now waits for you" in english.body
    assert chinese.message_id != english.message_id
    assert chinese.message_id.endswith("@example.org>")
    state = outbox(session)
    assert (state.waiting, state.failed, state.sent, state.oldest) == (2, 0, 0, now)


def test_a_notice_names_the_organization_once(session, scene, now):
    scene.officer.email = "officer@example.org"
    session.execute(text("UPDATE cases SET subject = '甲区晨光服务中心 · 示例枢纽'"))
    a_notice(session, scene, now)

    expanded(session, now)

    mail = session.scalars(select(Mail)).one()
    assert "“甲区晨光服务中心 · 示例枢纽”现在等待您办理" in mail.body
    assert mail.body.count("甲区晨光服务中心") == 1


def test_a_subject_of_a_case_cannot_add_lines_to_a_mail(session, scene, now):
    scene.officer.email = "officer@example.org"
    session.execute(text("UPDATE cases SET subject = E'a\\r\\nBcc: x@example.org'"))
    a_notice(session, scene, now)

    expanded(session, now)

    mail = session.scalars(select(Mail)).one()
    assert "\n" not in mail.subject
    assert "\r" not in mail.subject


def test_the_database_refuses_a_notice_to_nobody_or_to_two_audiences(session, scene, now):
    for audience in (
        {"audience_role": None, "audience_node_id": None},
        {"audience_role": "staff", "audience_node_id": None},
        {"person_id": scene.officer.id},
    ):
        with pytest.raises(IntegrityError, match="audience_is_a_person_or_a_role_at_a_node"):
            a_notice(session, scene, now, **audience)
        session.rollback()


def test_a_list_is_newest_first_by_page_and_in_the_readers_language(session, scene, now):
    for _ in range(3):
        a_notice(session, scene, now)
    expanded(session, now)
    mine = held(session, scene.officer, now)

    first = notices_of(session, scene.officer.id, mine, locale="en", limit=2)
    second = notices_of(session, scene.officer.id, mine, locale="zh_Hans_CN", before=first[-1].id, limit=2)

    assert (len(first), len(second)) == (2, 1)
    assert first[0].id > first[1].id > second[0].id
    assert (first[0].number, first[0].task, first[0].read_at) == (NUMBER, True, None)
    assert first[0].subject.startswith("To do:")
    assert second[0].subject.startswith("待办：")


def test_reading_is_counted_for_each_person_alone(session, scene, now):
    a_notice(session, scene, now)
    a_notice(session, scene, now)
    expanded(session, now)
    mine, others = held(session, scene.officer, now), held(session, scene.city_officer, now)
    one = notices_of(session, scene.officer.id, mine, locale="en")[0]

    assert mark_read(session, scene.city_officer.id, now, delivery_id=one.id) == 0
    assert mark_read(session, scene.officer.id, now, delivery_id=one.id) == 1
    assert mark_read(session, scene.officer.id, now + timedelta(hours=1), delivery_id=one.id) == 0
    assert unread_count(session, scene.officer.id, mine) == 1
    assert [e.id for e in notices_of(session, scene.officer.id, mine, locale="en", unread_only=True)] == [
        one.id - 2
    ]
    assert mark_read(session, scene.officer.id, now) == 1
    assert unread_count(session, scene.officer.id, mine) == 0
    assert unread_count(session, scene.city_officer.id, others) == 2


def test_who_no_longer_sees_the_case_no_longer_sees_its_notices(session, scene, now):
    a_notice(session, scene, now)
    expanded(session, now)

    assert unread_count(session, scene.officer.id, ()) == 0
    assert notices_of(session, scene.officer.id, (), locale="en") == []
