"""A new name follows the rules of a first one; a new legal representative gets the role that the one before loses."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select

from app.access.models import Node, RoleGrant
from app.access.nodes import find_place
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.notices.models import Notice
from app.organizations.models import Organization, Registration
from app.organizations.queries import is_registered
from app.registration import change_effects
from tests.builders import make_actor
from tests.builders_register import (
    DECIDED_TODAY,
    Office,
    a_change,
    a_preparation,
    a_registration,
    an_application,
    an_office,
    step,
)
from tests.problems import codes_of

OLD, NEW = "北京市西城区示例社会工作服务中心", "北京市西城区新名社会工作发展中心"
DAY = date(2026, 3, 2)
NOTHING = {"new_domicile": None}
PERSON = {"new_legal_representative": "周新任", "new_identity_number": "110102190001010002", **NOTHING}
ROLE = "legal_representative"


@pytest.fixture
def office(session, now):
    made = an_office(session, now)
    a_registration(session, made)
    return made


def another(session, office, now, **of_the_application) -> Office:
    """Return an office with another organization in preparation, in the same district."""
    organization = a_preparation(session, now, "筹备中的乙组织")
    staff = make_actor(session, "经办丁", ("staff", organization.node_id))
    session.commit()
    return Office(**{**vars(office), "organization_id": organization.id, "staff": staff})


def roles_at(session, office) -> list[tuple[int, date, date | None, int | None]]:
    """Return who holds or held the role at the organization: (person, from, to, ended by)."""
    node = session.get(Organization, office.organization_id).node_id
    query = select(RoleGrant).where(RoleGrant.role == ROLE, RoleGrant.node_id == node).order_by(RoleGrant.id)
    session.expire_all()
    return [(row.person_id, row.valid_from, row.valid_to, row.revoked_by) for row in session.scalars(query)]


def told(session) -> list[tuple[int, str]]:
    rows = session.scalars(select(Notice).where(Notice.person_id.is_not(None)).order_by(Notice.id))
    return [(row.person_id, row.template) for row in rows]


@pytest.fixture
def people(session, office):
    """Return the legal representative of today and the one to come, who is staff already; the administrator too."""
    node = session.get(Organization, office.organization_id).node_id
    made = (
        make_actor(session, "陈示例", (ROLE, node)), make_actor(session, "周新任", ("staff", node)),
        make_actor(session, "管理员", ("system_admin", office.district_id)),
    )
    session.commit()
    return tuple(each.person_id for each in made)


def decide(session, office, **changes):
    answer = step(session, a_change(session, office, **changes), "accept", office.registrar, office)
    return step(session, answer, "approve", office.registrar, office)


@pytest.mark.parametrize(("name", "code"), [
    ("中国示例社会工作服务中心", "name_is_national"), ("北京市西城区示例基金会", "name_of_a_foundation"),
])
def test_a_new_name_follows_the_rules_of_a_first_one(session, office, name, code):
    with pytest.raises(MoveRefused) as refused:
        a_change(session, office, new_name=name, **NOTHING)

    assert codes_of(refused) == [code]
    first = a_change(session, office, new_name=NEW, **NOTHING)
    row = {"what": "申请书", "wrong": "名称不符合规定。", "mend": "另取名称。"}
    asked = step(session, first, "ask_correction", office.registrar, office, items=[row])
    with pytest.raises(MoveRefused) as again:
        step(session, asked, "answer_correction", office.staff, office, new_name=name, documents=[])
    assert codes_of(again) == [code]


def at_once(app, *acts):
    """Make these moves in threads of their own; return the states that they came to, or why they were refused."""
    def one(act):
        with app.app_context():
            try:
                return act().state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(one, acts))


def test_of_two_who_are_given_one_new_name_at_once_one_is_refused(app, session, office, now):
    second = another(session, office, now)
    answer = step(session, an_application(session, second, proposed_name="北京市西城区乙社会工作服务中心"),
                  "accept", office.registrar, office)
    step(session, answer, "approve", office.registrar, office, **DECIDED_TODAY)
    waiting = [
        step(session, a_change(session, each, new_name=NEW, **NOTHING), "accept", office.registrar, office)
        for each in (office, second)
    ]

    found = at_once(app, *(
        lambda each=each: step(db.session, each, "approve", office.registrar, office) for each in waiting
    ))

    assert found == ["approved", "name_taken"]
    called = session.scalars(select(Registration.name).where(Registration.ended_on.is_(None)))
    assert sorted(called).count(NEW) == 1


def test_a_registration_and_a_change_to_one_name_at_once_leave_one_of_them(app, session, office, now):
    second = another(session, office, now)
    change = step(session, a_change(session, office, new_name=NEW, **NOTHING), "accept", office.registrar, office)
    first = step(session, an_application(session, second, proposed_name=NEW), "accept", office.registrar, office)

    found = at_once(
        app, lambda: step(db.session, change, "approve", office.registrar, office),
        lambda: step(db.session, first, "approve", office.registrar, office, **DECIDED_TODAY),
    )

    assert found == ["approved", "name_taken"]
    assert is_registered(session, office.organization_id)


def test_the_role_goes_from_the_old_legal_representative_to_the_new_one_with_the_decision(session, office, people):
    old, new, _admin = people

    answer = decide(session, office, **PERSON, new_representative_person=new)

    assert answer.state == "approved"
    assert roles_at(session, office) == [
        (old, roles_at(session, office)[0][1], DAY, office.registrar.person_id), (new, DAY, None, None),
    ]
    assert told(session) == [(old, "role_ended"), (new, "role_given")]


def test_who_signs_in_for_nobody_yet_is_invited_by_the_administrator_who_is_told(session, office, people):
    old, _new, admin = people

    decide(session, office, **PERSON)

    assert [(person, ended) for person, _from, ended, _by in roles_at(session, office)] == [(old, DAY)]
    assert told(session) == [(old, "role_ended"), (admin, "role_to_give")]
    organization = session.get(Organization, office.organization_id)
    assert find_place(session, organization.uscc) is session.get(Node, organization.node_id)


def test_who_has_the_role_already_keeps_it(session, office, people):
    old, _new, _admin = people

    decide(session, office, **PERSON, new_representative_person=old)

    assert [(person, ended) for person, _from, ended, _by in roles_at(session, office)] == [(old, None)]
    assert told(session) == []


def test_another_change_moves_no_role(session, office, people):
    decide(session, office, new_name=NEW, **NOTHING)

    assert [(person, ended) for person, _from, ended, _by in roles_at(session, office)] == [(people[0], None)]


def test_nobody_from_elsewhere_can_be_named(session, office, people):
    row = {"what": "申请书", "wrong": "未写明。", "mend": "写明。"}
    for stranger in (office.registrar.person_id, 10**9):
        with pytest.raises(InvalidInput) as refused:
            a_change(session, office, **PERSON, new_representative_person=stranger)
        assert refused.value.errors == {"new_representative_person": ["请从列表中选择。"]}
    asked = step(session, a_change(session, office, **PERSON), "ask_correction", office.registrar, office, items=[row])
    with pytest.raises(InvalidInput) as again:
        step(session, asked, "answer_correction", office.staff, office, documents=[], **PERSON,
             new_representative_person=office.registrar.person_id)
    assert list(again.value.errors) == ["new_representative_person"]


def test_who_names_a_person_names_the_new_legal_representative_too(session, office, people):
    with pytest.raises(InvalidInput) as refused:
        a_change(session, office, new_representative_person=people[1])

    assert list(refused.value.errors) == ["new_representative_person"]


def test_a_decision_that_fails_half_way_moves_no_role(session, office, people, monkeypatch):
    old, new, _admin = people
    answer = step(session, a_change(session, office, **PERSON, new_representative_person=new), "accept",
                  office.registrar, office)
    monkeypatch.setattr(change_effects, "_end_items", lambda move: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        step(session, answer, "approve", office.registrar, office)

    assert [(person, ended) for person, _from, ended, _by in roles_at(session, office)] == [(old, None)]
    assert told(session) == []
