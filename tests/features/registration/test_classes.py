"""Associations and foundations: what each asks for, what it refuses, and what stands in the register at the end."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from app.cases.models import Case, History
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.organizations.models import Organization, Registration
from app.organizations.queries import is_registered
from app.organizations.steps import representative_key
from app.registration.models import RegistrationApplication
from tests.builders import make_actor
from tests.builders_register import DECIDED_TODAY, Office, a_preparation, an_application, an_office, data_for, step
from tests.problems import codes_of
from workflows.rules.uscc import issue

BEIJING = "110000"
SOMEBODY_ELSE = "110102190001020008"


@pytest.fixture
def office(session, now):
    return an_office(session, now, legal_type="association")


@pytest.fixture
def bureau(session, now):
    """The registrar of Beijing, and founders of a foundation."""
    return an_office(session, now, legal_type="foundation", division=BEIJING)


def another(session, office, now, *, legal_type="association", division="110102", name="筹备中的乙组织"):
    organization = a_preparation(session, now, name, legal_type=legal_type, division=division)
    staff = make_actor(session, f"经办 {name}", ("staff", organization.node_id))
    session.commit()
    return Office(**{**vars(office), "organization_id": organization.id, "staff": staff})


def registered(session, office, **changes):
    answer = step(session, an_application(session, office, **changes), "accept", office.registrar, office)
    answer = step(session, answer, "approve", office.registrar, office, **DECIDED_TODAY)
    return step(session, answer, "deliver", office.registrar, office)


def certificate_of(session):
    return session.execute(text(
        "SELECT d.name FROM case_documents c JOIN documents d ON d.id = c.document_id WHERE c.slot = 'certificate'"
    )).scalar_one()


def test_an_association_comes_into_the_register_with_its_own_code_and_certificate(session, office):
    answer = registered(session, office)

    organization = session.get(Organization, office.organization_id)
    application = session.scalars(select(RegistrationApplication)).one()
    case = session.scalars(select(Case)).one()
    assert (answer.state, case.legal_class, case.version) == ("registered", "association", 2)
    assert organization.uscc == issue("51", "110102", "MJ990001")
    assert (application.individual_members, application.unit_members) == (52, 0)
    assert application.activity_area == "北京市西城区"
    assert application.start_up_fund_fen == 3_000_000
    assert certificate_of(session) == "社会团体法人登记证书.pdf"
    assert session.scalars(select(Registration.representative_key)).one() == representative_key("110102190001010002")


def test_a_foundation_comes_into_the_register_of_a_province(session, bureau):
    registered(session, bureau)

    organization = session.get(Organization, bureau.organization_id)
    application = session.scalars(select(RegistrationApplication)).one()
    assert organization.uscc == issue("53", BEIJING, "MJ990001")
    assert (application.public_fundraising, application.start_up_fund_fen) == (False, 200_000_000)
    assert certificate_of(session) == "基金会法人登记证书.pdf"
    assert session.scalars(select(Registration.authority)).one() == "北京市民政局"


def test_a_district_refuses_a_foundation_and_names_the_right_authority(session, now):
    district = an_office(session, now, legal_type="foundation")

    with pytest.raises(MoveRefused) as refused:
        an_application(session, district)

    assert codes_of(refused) == ["not_registered_here"]
    assert "请向北京市民政局申请" in str(refused.value.reasons)
    assert session.scalar(select(func.count()).select_from(Case)) == 0


@pytest.mark.parametrize(("changes", "reason"), [
    ({"individual_members": 49}, "too_few_members"),
    ({"individual_members": 0, "unit_members": 29}, "too_few_members"),
    ({"individual_members": 20, "unit_members": 29}, "too_few_members"),
    ({"registered_fund_fen": 2_999_999}, "fund_too_small"),
    ({"proposed_name": "中国示例志愿者协会"}, "name_is_national"),
    ({"proposed_name": "北京市西城区示例基金会"}, "name_of_a_foundation"),
])
def test_an_association_that_does_not_meet_the_conditions_is_refused_and_leaves_nothing(
    session, office, changes, reason
):
    with pytest.raises(MoveRefused) as refused:
        an_application(session, office, **changes)

    assert codes_of(refused) == [reason]
    assert session.scalar(select(func.count()).select_from(Case)) == 0
    assert session.get(Organization, office.organization_id).name == "筹备中的甲组织"


@pytest.mark.parametrize("changes", [
    {"individual_members": 0, "unit_members": 30}, {"individual_members": 25, "unit_members": 25},
    {"individual_members": 50, "unit_members": 0},
])
def test_enough_people_or_units_or_both_together_are_taken(session, office, changes):
    assert an_application(session, office, **changes).state == "submitted"


@pytest.mark.parametrize(("field", "value"), [
    ("individual_members", -1), ("individual_members", "many"), ("unit_members", None), ("unit_members", 2**31),
    ("registered_fund_fen", 0), ("activity_area", ""), ("start_up_fund_fen", 3_000_000), ("fundraising", "public"),
])
def test_a_field_of_an_association_that_does_not_fit_is_named(session, office, field, value):
    with pytest.raises(InvalidInput) as refused:
        an_application(session, office, **{field: value})

    assert set(refused.value.errors) == {field}


@pytest.mark.parametrize(("field", "value"), [
    ("fundraising", "sometimes"), ("original_fund_fen", -5), ("no_officials", False), ("individual_members", 50),
])
def test_a_field_of_a_foundation_that_does_not_fit_is_named(session, bureau, field, value):
    with pytest.raises(InvalidInput) as refused:
        an_application(session, bureau, **{field: value})

    assert set(refused.value.errors) == {field}


def test_a_foundation_that_raises_funds_from_the_public_needs_twice_as_much(session, bureau):
    with pytest.raises(MoveRefused) as refused:
        an_application(session, bureau, fundraising="public", original_fund_fen=399_999_999)

    assert codes_of(refused) == ["fund_too_small"]
    assert an_application(session, bureau, fundraising="public", original_fund_fen=400_000_000).state == "submitted"


def test_members_that_have_left_are_told_with_the_correction_and_counted_again(session, office):
    answer = step(session, an_application(session, office), "ask_correction", office.registrar, office)
    told = data_for("registration", "answer_correction", legal_class="association")

    with pytest.raises(MoveRefused) as refused:
        step(session, answer, "answer_correction", office.staff, office, **told | {"individual_members": 40})
    answer = step(session, answer, "answer_correction", office.staff, office,
                  **told | {"individual_members": 0, "unit_members": 31, "registered_fund_fen": 4_000_000})

    row = session.scalars(select(RegistrationApplication)).one()
    assert codes_of(refused) == ["too_few_members"]
    assert (answer.state, row.individual_members, row.unit_members) == ("submitted", 0, 31)
    assert row.start_up_fund_fen == 4_000_000


def test_who_represents_an_association_represents_no_second_one(session, office, now):
    registered(session, office)
    second = another(session, office, now)
    name = "北京市西城区另一示例协会"

    with pytest.raises(MoveRefused) as refused:
        an_application(session, second, proposed_name=name)

    assert codes_of(refused) == ["representative_taken"]
    assert an_application(session, second, proposed_name=name, identity_number=SOMEBODY_ELSE).state == "submitted"


def test_who_represents_an_association_may_represent_a_social_service_organization(session, office, now):
    registered(session, office)
    second = another(session, office, now, legal_type="social_service")

    assert an_application(session, second).state == "submitted"


def test_a_representative_is_free_again_when_the_other_association_has_ended(session, office, now):
    registered(session, office)
    session.execute(text("UPDATE registrations SET ended_on = known_since"))
    session.commit()

    answer = an_application(session, another(session, office, now), proposed_name="北京市西城区另一示例协会")

    assert answer.state == "submitted"


def test_who_represents_anything_represents_no_foundation_and_the_other_way_round(session, office, now):
    registered(session, office)
    bureau = an_office_above(session, now)
    foundation = another(session, bureau, now, legal_type="foundation", division=BEIJING, name="筹备中的丙组织")

    with pytest.raises(MoveRefused) as refused:
        an_application(session, foundation)
    registered(session, foundation, identity_number=SOMEBODY_ELSE)
    with pytest.raises(MoveRefused) as the_other_way:
        an_application(session, another(session, office, now, legal_type="social_service"),
                       identity_number=SOMEBODY_ELSE)

    assert codes_of(refused) == ["representative_taken"]
    assert codes_of(the_other_way) == ["representative_taken"]


def an_office_above(session, now):
    """Return Beijing's own office, beside that of its district."""
    return an_office(session, now, legal_type="foundation", division=BEIJING)


def test_of_two_associations_with_one_representative_that_are_approved_at_once_one_is_registered(
    app, session, office, now
):
    second = another(session, office, now)
    cases = [
        step(session, an_application(session, each, proposed_name=name), "accept", each.registrar, each)
        for each, name in ((office, "北京市西城区第一示例协会"), (second, "北京市西城区第二示例协会"))
    ]

    def approve(answer):
        with app.app_context():
            try:
                return step(db.session, answer, "approve", office.registrar, office, **DECIDED_TODAY).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, cases)) == ["approved", "representative_taken"]

    assert session.scalar(select(func.count()).select_from(Registration)) == 1


def test_an_identity_number_stands_nowhere_but_in_the_personal_values(session, office):
    registered(session, office)

    bodies = b"".join(session.scalars(select(History.body)))
    key = representative_key("110102190001010002")
    assert b"110102190001010002" not in bodies
    assert key.hex().encode() not in bodies
    assert session.scalars(select(RegistrationApplication.representative_key)).one() == key


def test_founders_choose_what_they_found_while_they_have_no_code(session, now):
    office = an_office(session, now)

    answer = an_application(session, office, legal_type="association", proposed_name="北京市西城区示例协会")

    assert (answer.state, session.scalars(select(Case.legal_class)).one()) == ("submitted", "association")
    assert session.get(Organization, office.organization_id).legal_type == "association"


def test_who_chose_something_else_meanwhile_is_registered_as_each_case_says(session, now):
    office = an_office(session, now, legal_type="association")
    first = an_application(session, office)
    session.execute(text("UPDATE organizations SET legal_type = 'social_service'"))
    session.commit()

    answer = step(session, first, "accept", office.registrar, office)
    step(session, answer, "approve", office.registrar, office, **DECIDED_TODAY)

    organization = session.get(Organization, office.organization_id)
    assert (organization.legal_type, organization.uscc) == ("association", issue("51", "110102", "MJ990001"))


@pytest.mark.parametrize("odd", ["other", "", 7, ["association"], {"a": 1}])
def test_a_class_that_cannot_be_founded_is_refused(session, office, odd):
    with pytest.raises(InvalidInput) as refused:
        an_application(session, office, legal_type=odd)

    assert set(refused.value.errors) == {"legal_type"}
    assert not is_registered(session, office.organization_id)


@pytest.mark.parametrize("legal_class", ["social_service", "association", "foundation"])
def test_every_input_of_every_class_takes_its_own_example(legal_class):
    for trigger in ("apply", "answer_correction"):
        assert data_for("registration", trigger, legal_class=legal_class) is not None
