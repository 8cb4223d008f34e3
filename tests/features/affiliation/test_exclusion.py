"""A hub excludes a member: heard first, decided by another, and the past stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.affiliation import exclusion_effects
from app.affiliation.models import Affiliation
from app.affiliation.queries import hub_view
from app.cases.due import fire_due
from app.cases.models import Case
from app.cases.perform import perform
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.organizations.models import Organization
from tests.builders import make_actor
from tests.builders_register import a_registration, an_office, data_for, step
from tests.features.affiliation.test_leaving import give_notice
from tests.features.affiliation.test_steps import a_second_hub, apply
from tests.problems import codes_of


@pytest.fixture
def office(session, now):
    """An office whose organization is a member of its hub, as the primary one."""
    office = an_office(session, now)
    a_registration(session, office)
    step(session, apply(session, office), "accept", office.hub_officer, office)
    return office


@pytest.fixture
def second(session, office):
    """Another officer of the hub."""
    made = make_actor(session, "枢纽戊", ("hub_officer", office.hub_node_id))
    session.commit()
    return made


def propose(session, office, *, actor=None, **changes):
    membership = session.scalars(select(Affiliation.id).where(Affiliation.to_on.is_(None))).one()
    data = data_for("exclusion", "propose") | {"membership": membership} | changes
    return perform(
        session, kind="exclusion", trigger="propose", actor=actor or office.hub_officer, data=data, now=office.now
    )


def test_a_member_is_heard_and_excluded_by_another_officer_and_may_join_elsewhere(session, office, second):
    told = propose(session, office)
    case = session.scalars(select(Case).where(Case.number == told.number)).one()
    assert (told.state, case.organization_id, case.node_id) == ("announced", office.organization_id, office.hub_node_id)
    assert case.subject == f"{session.get_one(Organization, office.organization_id).name} · 示例枢纽"
    assert hub_view(session, office.hub_node_id).members == 1

    heard = step(session, told, "answer", office.staff, office)
    with pytest.raises(MoveRefused) as refused:
        step(session, heard, "exclude", office.hub_officer, office)
    assert codes_of(refused) == ["proposed_it_yourself"]
    answer = step(session, heard, "exclude", second, office)

    membership = session.scalars(select(Affiliation)).one()
    assert (answer.state, membership.to_on, membership.ended_case_id, membership.ended_sequence) == (
        "excluded", membership.from_on, case.id, 3,
    )
    assert hub_view(session, office.hub_node_id).members == 0
    other, officer = a_second_hub(session, office)
    assert step(session, apply(session, office, hub=other), "accept", officer, office).state == "affiliated"


def test_nobody_is_excluded_unheard_and_silence_is_heard_when_the_time_is_over(session, office):
    told = propose(session, office)
    with pytest.raises(MoveRefused) as refused:
        step(session, told, "exclude", office.hub_officer, office)
    assert codes_of(refused) == ["wrong_state"]

    fire_due(session, office.now + timedelta(days=60))

    heard = session.scalars(select(Case).where(Case.number == told.number)).one()
    assert (heard.state, hub_view(session, office.hub_node_id).members) == ("heard", 1)


def test_a_hub_of_one_officer_decides_by_that_one(session, office):
    heard = step(session, propose(session, office), "answer", office.staff, office)

    assert step(session, heard, "exclude", office.hub_officer, office).state == "excluded"


def test_who_is_not_excluded_stays_a_member_and_may_be_proposed_again(session, office):
    assert step(session, propose(session, office), "drop", office.hub_officer, office).state == "dropped"

    assert hub_view(session, office.hub_node_id).members == 1
    assert propose(session, office).state == "announced"


def test_the_officer_of_another_hub_and_a_member_of_nobody_find_nothing(session, office):
    _other, officer = a_second_hub(session, office)
    for actor, membership in ((officer, None), (office.hub_officer, 10**9)):
        changes = {"membership": membership} if membership else {}
        with pytest.raises(InvalidInput) as refused:
            propose(session, office, actor=actor, **changes)
        assert list(refused.value.errors) == ["membership"]
    with pytest.raises(MoveRefused) as refused:
        propose(session, office, actor=office.staff)
    assert codes_of(refused) == ["role_missing"]


def test_a_membership_is_ended_by_one_case_at_a_time(app, session, office):
    leaving = give_notice(session, office)
    with pytest.raises(MoveRefused) as refused:
        propose(session, office)
    assert codes_of(refused) == ["ending_under_way"]
    step(session, leaving, "withdraw", office.staff, office)

    def one(_n):
        with app.app_context():
            try:
                return propose(db.session, office).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["announced", "ending_under_way"]


def test_who_left_meanwhile_is_not_excluded(session, office):
    heard = step(session, propose(session, office), "answer", office.staff, office)
    step(session, give_notice(session, office), "confirm", office.hub_officer, office)

    with pytest.raises(MoveRefused) as refused:
        step(session, heard, "exclude", office.hub_officer, office)
    assert codes_of(refused) == ["not_a_member"]
    assert step(session, heard, "drop", office.hub_officer, office).state == "dropped"


def test_an_exclusion_that_fails_half_way_leaves_the_member(session, office, monkeypatch):
    heard = step(session, propose(session, office), "answer", office.staff, office)
    ended = exclusion_effects.end_memberships
    monkeypatch.setattr(exclusion_effects, "end_memberships", lambda move, **k: ended(move, **k) and 1 / 0)

    with pytest.raises(ZeroDivisionError):
        step(session, heard, "exclude", office.hub_officer, office)

    session.rollback()
    assert session.execute(text("SELECT count(*) FROM affiliations WHERE to_on IS NULL")).scalar_one() == 1
