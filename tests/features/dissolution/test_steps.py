"""The end of an organization: what each step freezes, refuses, lists and ends, and what a failure leaves."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text

from app.access.reach import holdings
from app.access.roles import ORGANIZATION_ROLES
from app.affiliation.models import Affiliation
from app.affiliation.steps import recognize_hub
from app.cases.applying import obstacles
from app.cases.due import fire_due
from app.cases.models import Case, Clock, History
from app.cases.perform import perform
from app.cases.queries import find_cases
from app.dissolution import effects
from app.dissolution.facts import open_matters
from app.dissolution.models import Deregistration
from app.errors import InvalidInput, MoveRefused
from app.extensions import db
from app.notices.models import Notice
from app.organizations.models import OrganizationRestriction, Registration
from app.organizations.queries import frozen_by, is_registered, organizations_page
from app.payments import facts as payment_facts
from app.purchasing.queries import instalment
from tests.builders import make_actor
from tests.builders_award import a_ranked_package, a_signed_contract, pay
from tests.builders_award import step as ranked_step
from tests.builders_dissolution import a_bare_project, a_deregistration, closed, move, papers, resolve
from tests.builders_ledger import MORNING
from tests.builders_payments import a_payment, a_project
from tests.builders_payments import apply as apply_for_payment
from tests.builders_payments import move as move_payment
from tests.builders_register import data_for
from tests.problems import codes_of
from workflows.kinds.deregistration import in_the_way
from workflows.loader import library

DAY = date(2026, 3, 2)


@pytest.fixture
def project(session):
    return a_project(session)


@pytest.fixture
def bare(session):
    return a_bare_project(session)


def frozen(session, project, day=None):
    return frozen_by(session, project.place.organization.id, day or MORNING.date())


def state_of(session, number):
    return session.scalars(select(Case.state).where(Case.number == number)).one()


def refuse_codes(call):
    with pytest.raises(MoveRefused) as refused:
        call()
    return codes_of(refused)


def test_a_resolution_freezes_from_that_day_and_tells_the_registrar(session, project):
    answer = resolve(session, project)

    row = session.scalars(select(Deregistration)).one()
    case = session.get(Case, row.case_id)
    assert (answer.state, row.ground, row.resolved_on) == ("liquidating", "resolved", date(2026, 2, 20))
    assert case.subject == f"{project.place.organization.name} · 自行解散"
    assert frozen(session, project) == "dissolving"
    assert frozen(session, project, MORNING.date() - timedelta(days=1)) == ""
    told = session.execute(select(Notice.audience_role, Notice.template).where(Notice.case_id == case.id)).all()
    assert set(map(tuple, told)) == {("registrar", "liquidation_begun"), ("legal_representative", "liquidation_begun")}


@pytest.mark.parametrize(("changes", "fields"), [
    ({"resolved_on": "2030-01-01"}, {"resolved_on"}),
    ({"ground": "bored"}, {"ground"}),
    ({"liquidators": []}, {"liquidators"}),
    ({"declaration": False}, {"declaration"}),
    ({"reason": "x"}, {"reason"}),
    ({"liquidated_on": "2026-03-02"}, {"liquidated_on"}),
])
def test_an_input_that_does_not_fit_names_its_field_and_leaves_nothing(session, project, changes, fields):
    with pytest.raises(InvalidInput) as refused:
        resolve(session, project, **changes)

    assert set(refused.value.errors) == fields
    assert session.scalar(select(func.count()).select_from(Deregistration)) == 0
    assert frozen(session, project) == ""


def test_the_consent_of_a_supervising_unit_is_asked_for_where_there_is_one(session, project):
    only = papers(session, project, "resolution")
    session.scalars(select(Registration)).one().sponsor = "示例局"
    session.commit()

    assert refuse_codes(lambda: resolve(session, project, documents=only)) == ["documents_missing"]
    assert resolve(session, project).state == "liquidating"


def test_without_a_resolution_nothing_begins(session, project):
    assert refuse_codes(lambda: resolve(session, project, documents=[])) == ["documents_missing"]


def test_an_organization_ends_once_at_a_time_and_two_at_once_get_one_case(app, session, project):
    staff, documents = project.actors["staff"], papers(session, project, "resolution")
    data = data_for("deregistration", "resolve", documents=documents, resolved_on="2026-01-05")

    def one(_n):
        with app.app_context():
            try:
                return perform(
                    db.session, kind="deregistration", trigger="resolve", actor=staff, data=data, now=MORNING
                ).state
            except MoveRefused as refused:
                return refused.reasons[0]["code"]
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == ["deregistration_under_way", "liquidating"]
    session.rollback()
    assert refuse_codes(lambda: resolve(session, project)) == ["deregistration_under_way"]


def test_an_advance_is_not_paid_in_liquidation_and_accepted_work_is(session, project, monkeypatch):
    number = a_payment(session, project, until="finance_checked")
    resolve(session, project)

    assert refuse_codes(lambda: move_payment(session, project, number, "approve")) == ["organization_dissolving"]
    monkeypatch.setattr(
        payment_facts, "instalment", lambda session, id_: replace(instalment(session, id_), waits_for="acceptance")
    )
    assert move_payment(session, project, number, "approve").state == "approved"
    assert move_payment(session, project, number, "instruct").state == "in_transit"


def test_an_advance_is_not_applied_for_in_liquidation(session, project):
    resolve(session, project)

    assert "organization_dissolving" in refuse_codes(lambda: apply_for_payment(session, project))


def test_a_list_that_stands_too_stops_what_a_liquidation_would_let_pass(session, project):
    number = resolve(session, project).number
    case = session.scalars(select(Case).where(Case.number == number)).one()
    listed = Case.__table__.insert().values({c.name: getattr(case, c.name) for c in Case.__table__.c if c.name not in (
        "id", "number")} | {"number": "LR-1"}).returning(Case.id)
    id_ = session.execute(listed).scalar_one()
    session.execute(text(
        "INSERT INTO organization_restrictions"
        " (organization_id, kind, from_on, evidence, case_id, sequence, entered_at)"
        " VALUES (:o, 'dishonest', :d, 'x', :c, 1, now())"
    ), {"o": project.place.organization.id, "d": MORNING.date() + timedelta(days=1), "c": id_})

    assert frozen(session, project, MORNING.date() + timedelta(days=2)) == "dishonest"
    session.rollback()


def test_nobody_joins_a_hub_or_an_incubator_in_liquidation(session, project):
    resolve(session, project)
    hub = recognize_hub(session, parent=project.place.district, name_zh="示例枢纽", level="district",
                        recognized_on=date(2020, 1, 1))
    session.commit()

    def join():
        perform(session, kind="affiliation", trigger="apply", actor=project.actors["staff"], now=MORNING,
                data={"hub": hub.node_id, "wants_primary": True})

    assert refuse_codes(join) == ["organization_dissolving"]


def test_what_is_registered_does_not_change_while_the_organization_ends(session, bare):
    resolve(session, bare)

    staff = bare.actors["staff"]

    def change():
        data = data_for("registration_change", "apply", consented_on="2026-01-05", documents=papers(
            session, bare, "application", "resolution", "premises_right"))
        perform(session, kind="registration_change", trigger="apply", actor=staff, data=data, now=MORNING)

    assert refuse_codes(change) == ["deregistration_under_way"]


def test_fifteen_days_run_from_the_end_of_the_liquidation(session, bare):
    number = a_deregistration(session, bare, until="liquidated")

    clock = session.scalars(select(Clock).join(Case, Case.id == Clock.case_id).where(Case.number == number)).one()
    days = (clock.due_at - MORNING).days
    assert (clock.name, clock.stopped_at) == ("deregistration_application", None)
    assert 15 <= days <= 25


@pytest.mark.parametrize("day", ["2026-02-19", "2030-01-01"])
def test_a_liquidation_ends_after_the_resolution_and_not_in_the_future(session, bare, day):
    number = resolve(session, bare).number

    with pytest.raises(InvalidInput) as refused:
        move(session, bare, number, "finish_liquidation", liquidated_on=day)

    assert set(refused.value.errors) == {"liquidated_on"}


def test_an_application_needs_report_and_list_of_what_is_handed_in(session, bare):
    number = a_deregistration(session, bare, until="liquidated")
    only = papers(session, bare, "application")

    assert refuse_codes(lambda: move(session, bare, number, "apply", documents=only)) == ["documents_missing"]
    assert move(session, bare, number, "apply").state == "submitted"


def test_what_is_open_is_listed_and_blocks_the_decision_until_it_is_settled(session, project):
    payment = a_payment(session, project)
    number = a_deregistration(session, project, until="accepted")
    matters = [(each.kind, each.number) for each in open_matters(session, project.place.organization.id)]

    with pytest.raises(MoveRefused) as refused:
        move(session, project, number, "approve")
    assert matters == [("contract", project.contract_number), ("money", payment)]
    assert codes_of(refused) == ["matters_open"]
    words = str(refused.value.reasons[0])
    assert project.contract_number in words and payment in words
    assert is_registered(session, project.place.organization.id)

    move_payment(session, project, payment, "withdraw")
    assert refuse_codes(lambda: move(session, project, number, "approve")) == ["matters_open"]
    closed(session, project, number)
    assert move(session, project, number, "approve").state == "deregistered"


def test_approval_ends_entry_and_memberships_issues_the_decision_and_frees_nobody_to_go_on(session, bare):
    organization = bare.place.organization
    hub = recognize_hub(session, parent=bare.place.district, name_zh="示例枢纽", level="district",
                        recognized_on=date(2020, 1, 1))
    officer = make_actor(session, "枢纽丙", ("hub_officer", hub.node_id))
    session.commit()
    joined = perform(session, kind="affiliation", trigger="apply", actor=bare.actors["staff"], now=MORNING,
                     data={"hub": hub.node_id, "wants_primary": True})
    perform(session, kind="affiliation", number=joined.number, trigger="accept", actor=officer, revision=1, now=MORNING,
            data=data_for("affiliation", "accept"))
    number = a_deregistration(session, bare, until="accepted")
    assert [each.kind for each in open_matters(session, organization.id)] == ["affiliation"]

    move(session, bare, number, "approve")

    today = MORNING.date()
    case_id = session.scalars(select(Case.id).where(Case.number == number)).one()
    membership = session.scalars(select(Affiliation)).one()
    issued = session.execute(text(
        "SELECT d.name FROM case_documents c JOIN documents d ON d.id = c.document_id"
        " WHERE c.case_id = :c AND d.issued ORDER BY c.sequence"
    ), {"c": case_id}).scalars().all()
    assert session.scalars(select(Registration.ended_on)).one() == today
    assert (membership.to_on, membership.ended_case_id) == (today, case_id)
    assert issued == ["受理通知书.pdf", "准予注销登记决定书.pdf"]
    assert frozen(session, bare, today + timedelta(days=1)) == ""
    assert organizations_page(session, search=organization.name).rows[0].standing == "ended"
    told = session.execute(select(Notice.audience_role).where(Notice.template == "deregistered_elsewhere")).scalars()
    assert set(told) == {"hub_officer"}
    assert refuse_codes(lambda: resolve(session, bare)) == ["organization_not_registered"]


def test_who_acted_for_an_organization_that_ended_still_reads_its_cases_and_begins_nothing(session, bare):
    number = a_deregistration(session, bare, until="accepted")
    move(session, bare, number, "approve")
    staff, organization = bare.actors["staff"], bare.place.organization

    held = holdings(session, staff.person_id, MORNING.date() + timedelta(days=400))
    assert number in {line.number for line in find_cases(session, held).rows}
    for definition in library().definitions:
        opening = definition.opening_transitions()[0]
        if set(opening.roles) & set(ORGANIZATION_ROLES):
            assert obstacles(
                session, definition.kind, opening, staff, MORNING, organization_id=organization.id,
                legal_class=definition.legal_class,
            ), definition.kind


def test_a_refusal_goes_back_to_the_end_of_the_liquidation_and_keeps_the_freeze(session, bare):
    number = a_deregistration(session, bare, until="accepted")
    answer = move(session, bare, number, "refuse")

    assert (answer.state, frozen(session, bare)) == ("liquidated", "dissolving")
    assert move(session, bare, number, "apply").state == "submitted"


@pytest.mark.parametrize("until", ["liquidating", "liquidated", "submitted", "accepted"])
def test_until_the_decision_it_can_be_withdrawn_and_nothing_is_frozen_any_more(session, bare, until):
    number = a_deregistration(session, bare, until=until)
    answer = move(session, bare, number, "withdraw")

    assert (answer.state, frozen(session, bare)) == ("withdrawn", "")
    assert is_registered(session, bare.place.organization.id)
    assert resolve(session, bare).state == "liquidating"


def test_after_the_decision_nothing_can_be_withdrawn(session, bare):
    number = a_deregistration(session, bare, until="accepted")
    move(session, bare, number, "approve")

    assert refuse_codes(lambda: move(session, bare, number, "withdraw")) == ["wrong_state"]


def test_a_correction_may_tell_anew_what_became_of_the_assets(session, bare):
    number = a_deregistration(session, bare, until="submitted")
    move(session, bare, number, "ask_correction")
    move(session, bare, number, "answer_correction", assets="转给宗旨相近的组织。")

    assert session.scalars(select(Deregistration.assets)).one() == "转给宗旨相近的组织。"


def test_nobody_told_in_time_so_it_counts_as_accepted(session, bare):
    number = a_deregistration(session, bare, until="submitted")
    fire_due(session, MORNING + timedelta(days=30))

    assert state_of(session, number) == "accepted"


def test_a_failure_half_way_leaves_nothing_ended(session, bare, monkeypatch):
    number = a_deregistration(session, bare, until="accepted")

    def fail(*_args, **_more):
        raise RuntimeError("the printer is on fire")

    monkeypatch.setattr(effects.papers, "issue_grant", fail)
    with pytest.raises(RuntimeError):
        move(session, bare, number, "approve")

    session.rollback()
    assert (state_of(session, number), frozen(session, bare)) == ("accepted", "dissolving")
    assert session.scalars(select(Registration.ended_on)).one() is None
    assert session.scalars(select(OrganizationRestriction.to_on)).one() is None


def test_names_of_the_liquidation_group_stand_in_history_only_as_commitments(session, bare):
    resolve(session, bare)

    assert "陈示例" not in session.scalars(select(History.body)).one().decode()


def test_an_advance_of_a_terminated_contract_is_told_and_stands_in_no_way(session):
    ranked = a_ranked_package(session)
    number, contract = a_signed_contract(session, ranked)
    bidder = ranked.bidders[0]
    payment = pay(session, ranked, contract, 1, "instruct")
    ranked_step(session, ranked, number, "terminate", ranked.buyer, ground="agreed")
    assert ("money", payment) in [(each.kind, each.number) for each in open_matters(session, bidder.organization_id)]
    session.execute(text(
        "UPDATE cases SET state = 'paid', closed_at = now(), waits_role = NULL, waits_node = NULL, due_at = NULL"
        " WHERE number = :n"
    ), {"n": payment})

    found = open_matters(session, bidder.organization_id)

    assert [(each.kind, each.number) for each in found if each.kind != "case"] == [("advance", contract.number)]
    assert not in_the_way(tuple(each for each in found if each.kind == "advance"))
