"""Joining a hub: who may, what is written, and one primary hub at a time whoever accepts first."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app.access.models import Node
from app.affiliation.models import Affiliation, Hub
from app.affiliation.queries import hub_view, hubs_of, hubs_page, members_of
from app.affiliation.steps import recognize_hub
from app.cases.models import Case
from app.cases.perform import perform
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.organizations.models import Organization
from tests.builders import make_actor
from tests.builders_register import a_preparation, a_registration, an_office, data_for, step
from tests.problems import codes_of
from tests.queries import counted


@pytest.fixture
def office(session, now):
    """An office whose organization is registered."""
    office = an_office(session, now)
    a_registration(session, office)
    return office


def apply(session, office, **changes):
    data = data_for("affiliation", "apply") | {"hub": office.hub_node_id, "organization": None} | changes
    return perform(
        session, kind="affiliation", trigger="apply", actor=office.staff, data=data, now=office.now
    )


def a_second_hub(session, office):
    parent = session.get(Node, office.district_id)
    hub = recognize_hub(
        session, parent=parent, name_zh="另一枢纽", level="street", recognized_on=date(2020, 1, 1)
    )
    officer = make_actor(session, "枢纽戊", ("hub_officer", hub.node_id))
    node_id = hub.node_id
    session.commit()
    return node_id, officer


def test_a_registered_organization_joins_and_the_hub_shows_it(session, office):
    answer = step(session, apply(session, office), "accept", office.hub_officer, office)

    assert answer.state == "affiliated"
    row = session.scalars(select(Affiliation)).one()
    assert (row.hub_node_id, row.is_primary, row.from_on, row.to_on, row.sequence) == (
        office.hub_node_id, True, date(2026, 3, 2), None, 2,
    )
    assert hub_view(session, office.hub_node_id).members == 1
    assert [member.organization_id for member in members_of(session, office.hub_node_id).rows] == [
        office.organization_id
    ]
    assert [hub.hub_node_id for hub in hubs_of(session, office.organization_id)] == [office.hub_node_id]


def test_two_applications_of_one_organization_are_told_apart_and_so_are_two_applicants_of_one_hub(session, office):
    other_node, _officer = a_second_hub(session, office)
    name = session.get_one(Organization, office.organization_id).name

    apply(session, office)
    apply(session, office, hub=other_node, wants_primary=False)

    subjects = session.scalars(select(Case.subject).where(Case.kind == "affiliation").order_by(Case.id)).all()
    assert subjects == [f"{name} · 示例枢纽", f"{name} · 另一枢纽"]


def test_who_is_not_registered_may_not_join(session, now):
    office = an_office(session, now)

    with pytest.raises(MoveRefused) as refused:
        apply(session, office)

    assert codes_of(refused) == ["organization_not_registered"] or "registered" in codes_of(refused)[0]
    assert session.scalar(select(func.count()).select_from(Affiliation)) == 0


def test_a_hub_whose_recognition_ended_takes_nobody(session, office):
    session.execute(text("UPDATE hubs SET ended_on = recognized_on"))
    session.commit()

    with pytest.raises(MoveRefused) as refused:
        apply(session, office)

    assert codes_of(refused) == ["hub_not_in_force"]


def test_a_hub_does_not_join_itself(session, office):
    session.execute(text("UPDATE hubs SET organization_id = :id"), {"id": office.organization_id})
    session.commit()

    with pytest.raises(MoveRefused) as refused:
        apply(session, office)

    assert codes_of(refused) == ["is_the_hub_itself"]


@pytest.mark.parametrize("hub", [None, 0, -1, True, "1", 2**70, 999999])
def test_what_is_no_hub_is_refused_by_its_field(session, office, hub):
    with pytest.raises(InvalidInput) as refused:
        apply(session, office, hub=hub)

    assert set(refused.value.errors) == {"hub"}


def test_a_second_primary_hub_is_refused_and_a_secondary_link_is_free(session, office):
    step(session, apply(session, office), "accept", office.hub_officer, office)
    other, officer = a_second_hub(session, office)

    with pytest.raises(MoveRefused) as refused:
        apply(session, office, hub=other)
    assert codes_of(refused) == ["has_primary_hub"]

    answer = apply(session, office, hub=other, wants_primary=False)
    assert step(session, answer, "accept", officer, office).state == "affiliated"
    assert [hub.is_primary for hub in hubs_of(session, office.organization_id)] == [False, True]


def test_the_officer_of_another_hub_finds_nothing(session, office):
    _other, officer = a_second_hub(session, office)
    answer = apply(session, office)

    with pytest.raises(Exception) as refused:
        step(session, answer, "accept", officer, office)

    assert refused.value.status == 404


def test_who_is_a_member_already_may_not_apply_again_and_a_second_application_is_not_accepted(session, office):
    second = apply(session, office, wants_primary=False)
    step(session, apply(session, office), "accept", office.hub_officer, office)

    with pytest.raises(MoveRefused) as again:
        apply(session, office, wants_primary=False)
    with pytest.raises(MoveRefused) as accepted:
        step(session, second, "accept", office.hub_officer, office)

    assert (codes_of(again), codes_of(accepted)) == (["member_already"], ["member_already"])
    assert hub_view(session, office.hub_node_id).members == 1


def test_two_hubs_that_accept_at_once_make_one_primary_member(app, session, office):
    other, officer = a_second_hub(session, office)
    jobs = [(apply(session, office), office.hub_officer), (apply(session, office, hub=other), officer)]

    def accept(job):
        answer, actor = job
        with app.app_context():
            try:
                return step(db.session, answer, "accept", actor, office).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(accept, jobs))

    assert sorted(outcomes) == ["affiliated", "has_primary_hub"]
    assert session.scalar(select(func.count()).select_from(Affiliation)) == 1


def test_the_database_itself_holds_one_primary_hub_at_a_time(session, office):
    step(session, apply(session, office), "accept", office.hub_officer, office)
    first = session.scalars(select(Affiliation)).one()
    other, _officer = a_second_hub(session, office)

    session.add(Affiliation(
        organization_id=first.organization_id, hub_node_id=other, is_primary=True, from_on=date(2026, 5, 1),
        case_id=first.case_id, sequence=first.sequence,
    ))
    with pytest.raises(IntegrityError) as refused:
        session.flush()
    assert "ex_affiliations_primary" in str(refused.value)
    session.rollback()

    first = session.scalars(select(Affiliation)).one()
    first.to_on, first.ended_case_id, first.ended_sequence = date(2026, 5, 1), first.case_id, first.sequence
    session.flush()
    session.add(Affiliation(
        organization_id=first.organization_id, hub_node_id=other, is_primary=True, from_on=date(2026, 5, 1),
        case_id=first.case_id, sequence=first.sequence,
    ))
    session.commit()


def test_it_is_returned_once_and_handed_in_again(session, office):
    answer = step(session, apply(session, office), "return_for_changes", office.hub_officer, office)
    answer = step(session, answer, "resubmit", office.staff, office, wants_primary=False)
    with pytest.raises(MoveRefused):
        step(session, answer, "return_for_changes", office.hub_officer, office)

    step(session, answer, "accept", office.hub_officer, office)

    assert session.scalars(select(Affiliation.is_primary)).one() is False


def test_refusal_and_withdrawal_make_no_member(session, office):
    step(session, apply(session, office), "refuse", office.hub_officer, office)
    step(session, apply(session, office), "withdraw", office.staff, office)

    assert session.scalar(select(func.count()).select_from(Affiliation)) == 0


@pytest.mark.parametrize("members", [1, 3, 12])
def test_members_are_one_query_and_pages_go_by_key(session, office, now, members):
    step(session, apply(session, office), "accept", office.hub_officer, office)
    first = session.scalars(select(Affiliation)).one()
    case_id, sequence = first.case_id, first.sequence
    for number in range(members - 1):
        organization = a_preparation(session, now, f"成员{number}")
        session.add(Affiliation(
            organization_id=organization.id, hub_node_id=office.hub_node_id, is_primary=True,
            from_on=date(2026, 1, 1), case_id=case_id, sequence=sequence,
        ))
    session.commit()
    with counted() as seen:
        page = members_of(session, office.hub_node_id, limit=10)

    assert (len(page.rows), len(seen)) == (min(members, 10), 1)
    if page.after:
        rest = members_of(session, office.hub_node_id, after=page.after, limit=10)
        assert len(rest.rows) == members - 10


def test_the_list_of_hubs_holds_those_in_force(session, office):
    other, _officer = a_second_hub(session, office)
    session.execute(text("UPDATE hubs SET ended_on = '2021-01-01' WHERE node_id = :id"), {"id": other})
    session.commit()

    assert [hub.node_id for hub in hubs_page(session)] == [office.hub_node_id]
    assert hubs_page(session, search="没有") == ()
    assert hub_view(session, other).ended_on == date(2021, 1, 1)
    assert hub_view(session, office.district_id) is None
    assert session.scalar(select(func.count()).select_from(Hub)) == 2
