"""Each step of a listing and a removal works, is refused where it must, and leaves nothing when it fails half-way."""

import threading
from datetime import date, timedelta

import pytest
from nacl import pwhash
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from app.cases.due import fire_due
from app.cases.models import Case, History
from app.cases.perform import perform
from app.errors import CaseNotFound, InvalidInput, MoveRefused
from app.extensions import db
from app.notices.expanding import MailStyle, expand_waiting
from app.notices.models import Delivery, Notice
from app.organizations.models import Organization, OrganizationRestriction
from app.organizations.queries import frozen_by
from app.purchasing import sealing
from app.standing import effects
from app.standing.models import RestrictionProposal
from tests.builders import make_actor, make_district
from tests.builders_payments import a_payment, a_project
from tests.builders_purchasing import a_bid, a_bidder, a_tender
from tests.builders_restriction import (
    DECISION,
    GROUND_OF,
    MARCH,
    a_bureau,
    listed,
    paper,
    propose_data,
    proposed,
    removed,
    step,
)
from workflows.kinds.restriction import title_of

DAY = date(2026, 3, 2)


def codes(refused: pytest.ExceptionInfo[MoveRefused]) -> list[str]:
    """Return the codes of the reasons."""
    return [reason["code"] for reason in refused.value.reasons]


@pytest.fixture(autouse=True)
def quick_keys(monkeypatch):
    """Derive the keys of sealed bids at the quickest cost."""
    monkeypatch.setattr(sealing, "COST", (pwhash.argon2id.OPSLIMIT_MIN, pwhash.argon2id.MEMLIMIT_MIN))


@pytest.fixture
def bureau(session):
    return a_bureau(session, make_district(session))


def state_of(session, number: str) -> str:
    return session.scalars(select(Case.state).where(Case.number == number)).one()


def frozen(session, bureau, day: date = DAY) -> str:
    return frozen_by(session, bureau.organization_id, day)


def told(session, number: str, sequence: int) -> set[tuple[str | None, str]]:
    """Return role and template of the notices of a move."""
    case = session.scalars(select(Case.id).where(Case.number == number)).one()
    query = select(Notice.audience_role, Notice.template).where(Notice.case_id == case, Notice.sequence == sequence)
    return {tuple(row) for row in session.execute(query)}


def test_a_listing_is_proposed_by_one_heard_and_decided_by_another_and_holds_from_that_day(session, bureau):
    number = proposed(session, bureau)
    assert frozen(session, bureau) == ""
    assert told(session, number, 1) == {
        ("staff", "restriction_announced"), ("legal_representative", "restriction_announced")
    }
    step(session, number, "answer", bureau.staff)
    step(session, number, "impose", bureau.second, "decision", decision_number=DECISION)

    assert [frozen(session, bureau, DAY + timedelta(days=d)) for d in (-1, 0, 700)] == ["", "abnormal", "abnormal"]
    row = session.scalars(select(OrganizationRestriction)).one()
    assert (row.evidence, row.entered_by, row.sequence) == (DECISION, bureau.second.person_id, 3)
    assert told(session, number, 3) == {(role, "restriction_imposed") for role in ("staff", "legal_representative")}


def test_a_listing_is_called_after_the_organization_and_its_ground(session, bureau):
    number = proposed(session, bureau)

    subject = session.scalars(select(Case.subject).where(Case.number == number)).one()
    name = session.get_one(Organization, bureau.organization_id).name
    assert subject == f"{name} · {title_of(GROUND_OF['abnormal']).zh}"


def test_the_history_of_the_case_holds_the_row_that_it_wrote_and_the_one_that_it_ended(session, bureau):
    number = listed(session, bureau)
    removed(session, bureau, number)

    moves = session.execute(
        select(History.trigger, History.body).join(Case, Case.id == History.case_id).where(Case.number == number)
        .order_by(History.sequence)
    ).all()
    bodies = {trigger: bytes(body).decode() for trigger, body in moves}

    assert list(bodies) == ["propose", "answer", "impose", "propose_lifting", "lift"]
    assert "organization_restrictions" in bodies["impose"] and DECISION in bodies["impose"]
    assert '"to_on":"2026-03-02"' in bodies["lift"].replace(" ", "")
    assert frozen(session, bureau) == ""


@pytest.mark.parametrize("trigger", ["impose", "dismiss"])
def test_who_proposed_it_decides_nothing(session, bureau, trigger):
    number = proposed(session, bureau)
    step(session, number, "answer", bureau.staff)
    with pytest.raises(MoveRefused) as refused:
        step(session, number, trigger, bureau.first)

    assert codes(refused) == ["four_eyes"]
    assert (state_of(session, number), frozen(session, bureau)) == ("heard", "")


def test_nobody_is_listed_unheard_but_by_its_own_liquidation(session, bureau):
    number = proposed(session, bureau, "dishonest")
    with pytest.raises(MoveRefused) as refused:
        step(session, number, "impose", bureau.second)
    assert codes(refused) == ["not_heard_yet"]
    ended = proposed(session, bureau, "dissolving")

    step(session, ended, "impose", bureau.second)

    assert frozen(session, bureau) == "dissolving"


def test_who_says_nothing_in_its_time_is_decided_about_afterwards(session, bureau):
    number = proposed(session, bureau)
    assert fire_due(session, MARCH + timedelta(days=13)) == 0
    later = MARCH + timedelta(days=15)

    assert fire_due(session, later) == 1
    assert state_of(session, number) == "heard"
    step(session, number, "impose", bureau.second, at=later)
    assert frozen(session, bureau, later.date()) == "abnormal"


def test_a_dismissed_proposal_restricts_nothing_and_may_be_made_anew(session, bureau):
    number = proposed(session, bureau)
    step(session, number, "dismiss", bureau.second)

    assert (state_of(session, number), frozen(session, bureau)) == ("dismissed", "")
    assert session.scalars(select(OrganizationRestriction)).all() == []
    assert proposed(session, bureau) != number


def test_the_same_ground_is_not_proposed_twice_and_another_one_has_a_term_of_its_own(session, bureau):
    first = listed(session, bureau)
    with pytest.raises(MoveRefused) as refused:
        proposed(session, bureau)
    assert codes(refused) == ["ground_under_way"]
    second = proposed(session, bureau, ground="unreachable")
    step(session, second, "answer", bureau.staff)
    step(session, second, "impose", bureau.second)

    removed(session, bureau, first)

    assert frozen(session, bureau) == "abnormal"


def test_two_who_propose_the_same_at_once_get_one_case(app, session, bureau):
    data = [propose_data(session, bureau) for _ in range(2)]
    found: list[str] = []

    def ask(given):
        with app.app_context():
            try:
                perform(db.session, kind="restriction", trigger="propose", actor=bureau.first, data=given, now=MARCH)
                found.append("made")
            except MoveRefused as refused:
                found.append(refused.reasons[0]["code"])
            finally:
                db.session.remove()

    people = [threading.Thread(target=ask, args=(given,)) for given in data]
    for person in people:
        person.start()
    for person in people:
        person.join()

    assert sorted(found) == ["ground_under_way", "made"]


@pytest.mark.parametrize("code", ["52110102MJ0000001X", "none-of-the-register", "\x00" * 18])
def test_a_code_that_nobody_has_lists_nobody(session, bureau, code):
    with pytest.raises(InvalidInput):
        proposed(session, bureau, organization_code=code)

    assert session.scalars(select(Case.id)).all() == []


def test_a_proposal_without_evidence_is_refused_with_what_is_missing(session, bureau):
    with pytest.raises(MoveRefused) as refused:
        proposed(session, bureau, documents=[])

    assert codes(refused) == ["documents_missing"]


def test_a_registrar_of_another_district_proposes_and_sees_nothing(session, bureau):
    elsewhere = make_district(session, "520115")
    stranger = elsewhere.actors["registrar"]
    number = proposed(session, bureau)
    with pytest.raises(CaseNotFound):
        step(session, number, "impose", stranger)
    with pytest.raises(MoveRefused) as refused:
        perform(session, kind="restriction", trigger="propose", actor=stranger,
                data=propose_data(session, bureau, ground="unreachable"), now=MARCH)

    assert codes(refused) == ["role_missing"]


# -- removal


def test_the_organization_applies_one_registrar_checks_and_another_removes_it(session, bureau):
    number = listed(session, bureau)
    step(session, number, "apply_for_lifting", bureau.staff, "proof", lifting_reason="put_right")
    step(session, number, "propose_lifting", bureau.second, "check_record", lifting_reason="put_right")
    assert frozen(session, bureau) == "abnormal"
    with pytest.raises(MoveRefused) as refused:
        step(session, number, "lift", bureau.second)
    assert codes(refused) == ["removal_was_yours"]

    step(session, number, "lift", bureau.first)

    assert (state_of(session, number), frozen(session, bureau)) == ("lifted", "")
    assert told(session, number, 6) == {("staff", "restriction_lifted"), ("legal_representative", "restriction_lifted")}


def test_a_removal_needs_proof_each_time(session, bureau):
    number = listed(session, bureau)
    with pytest.raises(MoveRefused) as refused:
        step(session, number, "apply_for_lifting", bureau.staff)
    assert codes(refused) == ["documents_missing"]
    step(session, number, "apply_for_lifting", bureau.staff, "proof")
    step(session, number, "refuse_lifting", bureau.first)
    assert (state_of(session, number), frozen(session, bureau)) == ("in_force", "abnormal")

    with pytest.raises(MoveRefused) as refused:
        step(session, number, "apply_for_lifting", bureau.staff)
    assert codes(refused) == ["documents_missing"]


def test_grave_dishonesty_lasts_two_years_unless_the_listing_was_a_mistake(session, bureau):
    number = listed(session, bureau, "dishonest")
    with pytest.raises(MoveRefused) as refused:
        step(session, number, "apply_for_lifting", bureau.staff, "proof", lifting_reason="put_right")
    assert codes(refused) == ["lifting_too_early"]
    assert "2028-03-02" in refused.value.reasons[0]["en"]

    later = MARCH.replace(year=2028)
    step(session, number, "apply_for_lifting", bureau.staff, "proof", at=later, lifting_reason="put_right")
    removed(session, bureau, number, at=later, reason="put_right")

    assert frozen(session, bureau, later.date()) == ""


def test_a_mistake_is_removed_at_once(session, bureau):
    number = listed(session, bureau, "dishonest")
    removed(session, bureau, number, reason="mistaken")

    assert frozen(session, bureau) == ""


# -- who else is told, and what stays when something breaks


def elsewhere(session) -> list[tuple[str, str, str]]:
    """Return case, role and template of the notices to offices that carry other cases."""
    query = (
        select(Case.number, Notice.audience_role, Notice.template).join(Case, Case.id == Notice.case_id)
        .where(Notice.template.in_(["restriction_elsewhere", "restriction_gone_elsewhere"])).order_by(Notice.id)
    )
    return [tuple(row) for row in session.execute(query)]


def test_each_office_that_carries_an_open_case_is_told_once_on_it_also_who_moved_it_last(session):
    project = a_project(session)
    payment = a_payment(session, project, until="finance_checked")
    bureau = a_bureau(session, project.place)
    number = listed(session, bureau)
    offices = ["finance_approver", "finance_officer", "project_officer"]
    assert sorted(elsewhere(session)) == [(payment, role, "restriction_elsewhere") for role in offices]

    removed(session, bureau, number)
    assert sorted(elsewhere(session)[3:]) == [(payment, role, "restriction_gone_elsewhere") for role in offices]

    while expand_waiting(session, now=MARCH, real_now=MARCH, style=MailStyle("枢纽 <no-reply@example.org>")):
        pass
    query = select(Delivery.person_id).join(Notice, Notice.id == Delivery.notice_id)
    assert set(session.scalars(query.where(Notice.template == "restriction_elsewhere"))) == {
        project.place.actors[role].person_id for role in offices
    }


def test_nobody_is_told_of_a_sealed_bid_and_offices_without_a_case_of_it_of_nothing(session):
    tender = a_tender(session)
    bidder = a_bidder(session, tender.office)
    a_bid(session, tender, bidder)
    listed(session, a_bureau(session, tender.office.place, bidder.organization_id, bidder.staff))

    assert elsewhere(session) == []


def test_a_failure_half_way_leaves_nothing(session, bureau, monkeypatch):
    number = proposed(session, bureau)
    step(session, number, "answer", bureau.staff)

    def broken(*_told):
        raise RuntimeError("the notices are away")

    monkeypatch.setattr(effects, "tell_offices", broken)
    with pytest.raises(RuntimeError):
        step(session, number, "impose", bureau.second)

    assert (state_of(session, number), frozen(session, bureau)) == ("heard", "")
    assert session.scalars(select(OrganizationRestriction)).all() == []
    monkeypatch.undo()
    step(session, number, "impose", bureau.second)
    monkeypatch.setattr(effects, "tell_offices", broken)
    step(session, number, "propose_lifting", bureau.first, "check_record", lifting_reason="mistaken")
    with pytest.raises(RuntimeError):
        step(session, number, "lift", bureau.second)
    assert (state_of(session, number), frozen(session, bureau)) == ("lifting_proposed", "abnormal")
    assert session.scalars(select(RestrictionProposal.ended_at)).one() is None


def test_no_restriction_stands_in_the_register_without_the_move_that_wrote_it(session, bureau):
    number = listed(session, bureau)
    case = session.scalars(select(Case.id).where(Case.number == number)).one()
    for case_id, sequence in ((case, 99), (case + 1, 1), (None, None)):
        statement = text(
            "INSERT INTO organization_restrictions (organization_id, kind, from_on, evidence, case_id, sequence,"
            " entered_at) VALUES (:organization, 'abnormal', '2026-03-02', 'x', :case, :sequence, now())"
        )
        with pytest.raises(IntegrityError):
            session.execute(statement, {"organization": bureau.organization_id, "case": case_id, "sequence": sequence})
            session.commit()
        session.rollback()


def test_a_stranger_s_paper_proves_nothing(session, bureau):
    stranger = make_actor(session, "外人")
    session.commit()
    foreign = paper(session, "evidence", stranger)
    with pytest.raises(InvalidInput):
        proposed(session, bureau, documents=[foreign])
