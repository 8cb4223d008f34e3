"""Leaving a hub: the membership ends by a move, the past stays, and the next hub may be joined."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.affiliation.models import Affiliation
from app.affiliation.queries import hub_view, hubs_of
from app.cases.due import fire_due
from app.cases.models import Case
from app.cases.perform import perform
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.organizations.models import Organization
from tests.builders_register import a_registration, an_office, data_for, step
from tests.features.affiliation.test_steps import a_second_hub, apply
from tests.problems import codes_of


@pytest.fixture
def office(session, now):
    """An office whose organization is a member of its hub, as the primary one."""
    office = an_office(session, now)
    a_registration(session, office)
    step(session, apply(session, office), "accept", office.hub_officer, office)
    return office


def give_notice(session, office, **changes):
    data = data_for("disaffiliation", "give_notice") | {"hub": office.hub_node_id, "organization": None} | changes
    return perform(
        session, kind="disaffiliation", trigger="give_notice", actor=office.staff, data=data, now=office.now
    )


def test_a_member_leaves_the_past_stays_and_another_hub_is_joined(session, office):
    told = give_notice(session, office)
    assert hub_view(session, office.hub_node_id).members == 1

    answer = step(session, told, "confirm", office.hub_officer, office)

    left = session.scalars(select(Affiliation)).one()
    case = session.scalars(select(Case).where(Case.number == told.number)).one()
    assert (answer.state, left.to_on, left.ended_case_id, left.ended_sequence) == ("left", left.from_on, case.id, 2)
    assert case.subject == f"{session.get_one(Organization, office.organization_id).name} · 示例枢纽"
    assert hub_view(session, office.hub_node_id).members == 0
    other, officer = a_second_hub(session, office)
    assert step(session, apply(session, office, hub=other), "accept", officer, office).state == "affiliated"
    assert [(hub.hub_node_id, hub.to_on) for hub in hubs_of(session, office.organization_id)] == [
        (other, None), (office.hub_node_id, left.to_on),
    ]


def test_who_gets_no_answer_is_out_when_the_time_is_over(session, office):
    told = give_notice(session, office)

    fire_due(session, office.now + timedelta(days=60))

    row = session.execute(text("SELECT state, closed_at IS NOT NULL FROM cases WHERE number = :n"),
                          {"n": told.number}).one()
    assert tuple(row) == ("left", True)
    assert hub_view(session, office.hub_node_id).members == 0


def test_who_takes_the_notice_back_stays_and_may_give_it_again(session, office):
    step(session, give_notice(session, office), "withdraw", office.staff, office)

    assert hub_view(session, office.hub_node_id).members == 1
    assert give_notice(session, office).state == "announced"


def test_who_is_no_member_has_nothing_to_leave_and_one_notice_is_enough(session, office):
    other, _officer = a_second_hub(session, office)
    with pytest.raises(MoveRefused) as stranger:
        give_notice(session, office, hub=other)
    give_notice(session, office)
    with pytest.raises(MoveRefused) as twice:
        give_notice(session, office)

    assert (codes_of(stranger), codes_of(twice)) == (["not_a_member"], ["leaving_already"])


def test_two_notices_at_once_are_one(app, session, office):
    def tell(_):
        with app.app_context():
            try:
                return give_notice(db.session, office).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(tell, range(2))) == ["announced", "leaving_already"]


@pytest.mark.parametrize("hub", [None, 0, True, "1", 999999])
def test_what_is_no_hub_is_refused_by_its_field(session, office, hub):
    with pytest.raises(InvalidInput) as refused:
        give_notice(session, office, hub=hub)

    assert set(refused.value.errors) == {"hub"}


def test_the_officer_of_another_hub_finds_nothing_and_the_organization_does_not_confirm(session, office):
    _other, officer = a_second_hub(session, office)
    told = give_notice(session, office)

    for actor, status in ((officer, 404), (office.staff, 403)):
        with pytest.raises(Exception) as refused:
            step(session, told, "confirm", actor, office)
        assert refused.value.status == status
    assert hub_view(session, office.hub_node_id).members == 1


def test_a_failure_half_way_leaves_the_member_and_the_case_as_they_were(session, office, monkeypatch):
    told = give_notice(session, office)

    def broken(*_, **__):
        raise RuntimeError("half-way")

    monkeypatch.setattr("app.cases.perform.write_move", broken)
    with pytest.raises(RuntimeError, match="half-way"):
        step(session, told, "confirm", office.hub_officer, office)

    assert session.scalars(select(Affiliation.to_on)).one() is None
    assert session.scalars(select(Case.state).where(Case.number == told.number)).one() == "announced"
