"""A change of a registration: what each step writes, what it refuses, what a failure leaves, and who finds what."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from app.access.reach import holdings
from app.cases.due import fire_due
from app.cases.models import Case, History
from app.cases.perform import perform
from app.cases.queries import find_cases
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.notices.models import Notice
from app.organizations.models import Organization, Registration
from app.organizations.queries import organization_json, organizations_page
from app.organizations.steps import Certificate, confirm_entry
from app.registration import change_effects
from app.registration.models import RegistrationChange, RegistrationChangeItem
from tests.builders import make_actor
from tests.builders_register import (
    CHANGE_SLOTS,
    DECIDED_TODAY,
    a_change,
    a_changed,
    a_code,
    a_preparation,
    a_registration,
    an_application,
    an_office,
    step,
)
from tests.problems import codes_of

OLD, NEW = "北京市西城区示例社会工作服务中心", "北京市西城区新名社会工作发展中心"
DAY = date(2026, 3, 2)
BASE = ("application", "resolution")
NOTHING = {"new_domicile": None}
PERSON = {"new_legal_representative": "周新任", "new_identity_number": "110102190001010002"}


@pytest.fixture
def office(session, now):
    made = an_office(session, now)
    a_registration(session, made)
    return made


def papers_of(session, number):
    rows = session.execute(text(
        "SELECT c.slot, d.name FROM case_documents c JOIN cases k ON k.id = c.case_id "
        "JOIN documents d ON d.id = c.document_id WHERE k.number = :number AND d.issued ORDER BY c.sequence, c.slot"
    ), {"number": number})
    return [tuple(row) for row in rows]


def versions(session):
    query = select(Registration).order_by(Registration.id)
    return [(row.name, row.domicile, row.known_since, row.ended_on) for row in session.scalars(query)]


def test_an_application_writes_what_changes_beside_what_is_registered_and_changes_nothing(session, office):
    answer = a_change(session, office, new_name=NEW)

    change = session.scalars(select(RegistrationChange)).one()
    items = {row.item: (row.before, row.after) for row in session.scalars(select(RegistrationChangeItem))}
    case = session.get(Case, change.case_id)
    assert (answer.state, change.consented_on) == ("submitted", date(2026, 2, 20))
    assert items == {"name": (OLD, NEW), "domicile": ("北京市西城区示例街1号", "北京市西城区示例街2号")}
    assert (case.subject, case.node_id) == (f"{OLD} · 变更名称、住所", office.district_id)
    assert versions(session) == [(OLD, "北京市西城区示例街1号", DAY, None)]


def test_approval_ends_the_entry_of_today_and_adds_the_changed_one(session, office):
    answer = a_changed(session, office, new_name=NEW, new_fund_fen=5_000_000)

    old, new = session.scalars(select(Registration).order_by(Registration.id))
    organization = session.get(Organization, office.organization_id)
    assert answer.state == "approved"
    assert versions(session) == [
        (OLD, "北京市西城区示例街1号", DAY, DAY), (NEW, "北京市西城区示例街2号", DAY, None),
    ]
    assert (new.registered_on, new.uscc, new.legal_representative, new.fund_fen, new.source, new.sequence) == (
        old.registered_on, old.uscc, "陈示例", 5_000_000, "case", 3,
    )
    assert old.fund_fen == 3_000_000
    assert (organization.name, organization.former_names) == (NEW, OLD)
    assert papers_of(session, answer.number)[1:] == [
        ("certificate", "民办非企业单位（法人）登记证书.pdf"), ("decision", "准予变更登记决定书.pdf"),
    ]
    assert step(session, answer, "deliver", office.registrar, office).state == "changed"


def test_cases_of_before_keep_the_name_of_their_time_and_both_names_find_everything(session, office):
    before = session.scalars(select(Case)).one()
    a_changed(session, office, new_name=NEW)
    session.refresh(before)

    assert before.subject == OLD
    for name in (OLD, NEW, "示例社会工作服务", "新名社会"):
        (row,) = organizations_page(session, search=name).rows
        assert (row.name, row.formerly) == (NEW, [OLD])
        held = holdings(session, office.registrar.person_id, DAY)
        assert {line.number for line in find_cases(session, held, search=name).rows} >= {before.number}
    assert organizations_page(session, search="另一个名字").rows == ()
    assert organization_json(row)["former_names"] == [OLD]


def test_an_old_name_is_free_again_and_the_new_one_is_taken(session, office, now):
    a_changed(session, office, new_name=NEW)
    other = a_preparation(session, now, "筹备中的乙组织")
    staff = make_actor(session, "经办丁", ("staff", other.node_id))
    session.commit()
    second = type(office)(**{**vars(office), "organization_id": other.id, "staff": staff})
    a_registration(session, second)

    with pytest.raises(MoveRefused) as refused:
        a_change(session, second, new_name=NEW, **NOTHING)
    assert codes_of(refused) == ["name_taken"]
    assert session.get(Organization, other.id).name == OLD
    with pytest.raises(MoveRefused) as back:
        a_change(session, office, new_name=OLD, **NOTHING)
    assert codes_of(back) == ["name_taken"]


def test_a_name_taken_meanwhile_is_refused_at_the_decision(session, office, now):
    answer = step(session, a_change(session, office, new_name=NEW, **NOTHING), "accept", office.registrar, office)
    other = a_preparation(session, now, "筹备中的乙组织")
    staff = make_actor(session, "经办丁", ("staff", other.node_id))
    session.commit()
    second = type(office)(**{**vars(office), "organization_id": other.id, "staff": staff})
    taken = step(session, an_application(session, second, proposed_name=NEW), "accept", office.registrar, office)
    step(session, taken, "approve", office.registrar, office, **DECIDED_TODAY)

    with pytest.raises(MoveRefused) as refused:
        step(session, answer, "approve", office.registrar, office)

    assert codes_of(refused) == ["name_taken"]


@pytest.mark.parametrize(("changes", "slots", "missing"), [
    (PERSON | NOTHING, (*BASE, "responsible_person"), "financial_audit"),
    (PERSON | NOTHING, (*BASE, "financial_audit"), "responsible_person"),
    ({"new_name": NEW} | NOTHING, BASE, "charter"),
    ({"new_scope": "社区服务。"} | NOTHING, BASE, "charter"),
    ({"new_fund_fen": 5_000_000} | NOTHING, BASE, "capital_verification"),
    ({"new_sponsor": "西城区示例局"} | NOTHING, BASE, "sponsor_consent"),
    ({}, BASE, "premises_right"),
    ({}, ("application", "premises_right"), "resolution"),
])
def test_each_item_needs_its_own_paper(session, office, changes, slots, missing):
    with pytest.raises(MoveRefused) as refused:
        a_change(session, office, slots=slots, **changes)

    assert codes_of(refused) == ["documents_missing"]
    assert session.scalar(select(func.count()).select_from(RegistrationChange)) == 0
    assert a_change(session, office, slots=(*slots, missing), **changes).state == "submitted"


def test_where_there_is_a_supervising_unit_its_consent_is_asked_for_whatever_changes(session, office):
    a_changed(session, office, new_sponsor="西城区示例局")
    papers = (*BASE, "premises_right")
    domicile = {"new_domicile": "北京市西城区示例街3号"}

    with pytest.raises(MoveRefused) as refused:
        a_change(session, office, slots=papers, **domicile)

    assert codes_of(refused) == ["documents_missing"]
    assert a_change(session, office, slots=(*papers, "sponsor_consent"), **domicile).state == "submitted"


@pytest.mark.parametrize(("changes", "field"), [
    (NOTHING, "new_name"),
    ({"new_name": "甲"}, None),
    ({"new_legal_representative": "周新任"}, "new_identity_number"),
    (PERSON | {"new_identity_number": "110102190001010003"}, "new_identity_number"),
    ({"new_fund_fen": 0}, "new_fund_fen"),
    ({"new_fund_fen": "三万"}, "new_fund_fen"),
    ({"consented_on": None}, "consented_on"),
    ({"consented_on": "2026-03-03"}, "consented_on"),
    ({"declaration": False}, "declaration"),
    ({"new_domicile": "长" * 201}, "new_domicile"),
    ({"domicile": "北京市"}, "domicile"),
])
def test_an_input_that_does_not_fit_names_its_field_and_leaves_nothing(session, office, changes, field):
    if field is None:
        assert a_change(session, office, **changes).state == "submitted"
        return
    with pytest.raises(InvalidInput) as refused:
        a_change(session, office, **changes)

    assert set(refused.value.errors) == {field}
    assert session.scalar(select(func.count()).select_from(RegistrationChange)) == 0


def test_what_is_registered_already_is_no_change(session, office):
    with pytest.raises(MoveRefused) as refused:
        a_change(session, office, new_domicile="北京市西城区示例街1号")

    assert codes_of(refused) == ["nothing_changes"]


def test_one_item_changes_in_one_case_at_a_time_and_another_beside_it(session, office):
    first = a_change(session, office)

    with pytest.raises(MoveRefused) as refused:
        a_change(session, office, new_domicile="北京市西城区示例街3号")
    assert codes_of(refused) == ["change_under_way"]
    assert a_change(session, office, new_scope="社区服务。", **NOTHING).state == "submitted"
    step(session, first, "withdraw", office.staff, office)
    assert a_change(session, office, new_domicile="北京市西城区示例街3号").state == "submitted"


def test_two_who_apply_for_the_same_item_at_once_get_one_case(app, office):
    def one(_n):
        with app.app_context():
            try:
                return a_change(db.session, office, new_name=NEW).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["change_under_way", "submitted"]


def test_who_is_not_registered_cannot_change(session, now):
    office = an_office(session, now)

    with pytest.raises(MoveRefused) as refused:
        a_change(session, office)

    assert codes_of(refused) == ["organization_not_registered"]


def test_an_organization_whose_deregistration_is_open_cannot_change(session, office, monkeypatch):
    monkeypatch.setattr("app.registration.change_facts.ENDING", text(
        "SELECT 'ZX-1' WHERE CAST(:organization AS BIGINT) IS NOT NULL"
    ))

    with pytest.raises(MoveRefused) as refused:
        a_change(session, office)

    assert codes_of(refused) == ["deregistration_under_way"]


def test_a_failure_half_way_leaves_nothing_of_the_change(session, office, monkeypatch):
    answer = step(session, a_change(session, office, new_name=NEW), "accept", office.registrar, office)
    before = (versions(session), papers_of(session, answer.number))

    def fail(*_args, **_more):
        raise RuntimeError("the printer is on fire")

    monkeypatch.setattr(change_effects.papers, "issue_certificate", fail)
    with pytest.raises(RuntimeError):
        step(session, answer, "approve", office.registrar, office)

    session.rollback()
    assert (versions(session), papers_of(session, answer.number)) == before
    assert session.get(Organization, office.organization_id).name == OLD
    assert session.scalar(select(func.count()).select_from(RegistrationChangeItem).where(
        RegistrationChangeItem.ended_at.is_not(None))) == 0


def test_personal_values_stand_in_history_only_as_commitments(session, office):
    answer = a_changed(session, office, **PERSON, **NOTHING)

    bodies = session.scalars(
        select(History.body).join(Case, Case.id == History.case_id).where(Case.number == answer.number)
    ).all()
    assert len(bodies) == 3
    assert all("周新任" not in body.decode() and "陈示例" not in body.decode() for body in bodies)


def test_a_correction_may_change_what_was_applied_for_and_add_an_item(session, office):
    answer = step(session, a_change(session, office), "ask_correction", office.registrar, office)
    answer = step(
        session, answer, "answer_correction", office.staff, office, new_domicile="北京市西城区示例街9号", new_name=NEW
    )
    answer = step(session, answer, "accept", office.registrar, office)
    step(session, answer, "approve", office.registrar, office)

    assert versions(session)[-1][:2] == (NEW, "北京市西城区示例街9号")
    assert papers_of(session, answer.number)[0] == ("correction_notice", "补正告知书.pdf")


def test_nobody_told_in_time_so_it_counts_as_accepted(session, office, now):
    answer = a_change(session, office)
    fire_due(session, now + timedelta(days=30))

    state = session.scalars(select(Case.state).where(Case.number == answer.number)).one()
    assert state == "accepted"
    assert papers_of(session, answer.number) == [("acceptance_notice", "受理通知书.pdf")]


def test_the_hub_and_the_staff_are_told(session, office):
    affiliation = step_to_hub(session, office)
    answer = a_changed(session, office, new_name=NEW)

    told = {(row.audience_role, row.template) for row in session.scalars(
        select(Notice).join(Case, Case.id == Notice.case_id).where(Case.number.in_([answer.number, affiliation.number]))
        .where(Notice.template.in_(["change_approved", "entry_changed_elsewhere"]))
    )}
    assert told == {
        ("staff", "change_approved"), ("legal_representative", "change_approved"),
        ("hub_officer", "entry_changed_elsewhere"),
    }


def step_to_hub(session, office):
    answer = perform(
        session, kind="affiliation", trigger="apply", actor=office.staff, now=office.now,
        data={"hub": office.hub_node_id, "wants_primary": True},
    )
    return step(session, answer, "accept", office.hub_officer, office)


def test_an_imported_entry_is_completed_from_its_certificate_when_it_first_changes(session, office, now):
    other = a_preparation(session, now, "北京市西城区证书服务中心")
    other.uscc, other.known_from = a_code(7), "list"
    staff = make_actor(session, "经办丁", ("staff", other.node_id))
    session.commit()
    confirm_entry(session, organization_id=other.id, person_id=office.registrar.person_id, now=now,
                  certificate=Certificate(date(2019, 5, 6), "西城区民政局", "证书原件"))
    session.commit()
    second = type(office)(**{**vars(office), "organization_id": other.id, "staff": staff})
    answer = step(session, a_change(session, second, new_scope="社区服务。"), "accept", office.registrar, office)
    nothing_told = dict.fromkeys(("registered_on", "domicile", "legal_representative", "scope", "fund_fen", "sponsor"))

    with pytest.raises(InvalidInput) as refused:
        step(session, answer, "approve", office.registrar, office, **nothing_told)
    assert set(refused.value.errors) == {"legal_representative", "fund_fen"}
    step(session, answer, "approve", office.registrar, office, **nothing_told | {
        "legal_representative": "郑示例", "fund_fen": 8_000_000,
    })

    row = session.scalars(select(Registration).where(Registration.organization_id == other.id,
                                                     Registration.ended_on.is_(None))).one()
    assert (row.registered_on, row.legal_representative, row.fund_fen, row.scope, row.domicile) == (
        date(2019, 5, 6), "郑示例", 8_000_000, "社区服务。", "北京市西城区示例街2号",
    )


@pytest.mark.parametrize("slot", CHANGE_SLOTS)
def test_every_slot_that_an_application_can_fill_is_one_of_the_definition(slot, session, office):
    assert a_change(session, office, slots=tuple({*BASE, "premises_right", slot})).state == "submitted"
