"""An incubation: what every move writes, what it refuses, and that a failure half-way leaves nothing."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, func, select, text

from app.access.models import RoleGrant
from app.cases.due import fire_due
from app.cases.models import Case
from app.cases.reading import read_case
from app.errors import InvalidInput, MoveRefused
from app.incubation.models import IncubationApplication, MonthlyLog, PanelScore, PanelSeat, Residency
from app.incubation.queries import incubators, residents
from app.organizations.models import Organization
from app.organizations.steps import end_entry
from app.organizations.ties import record_tie
from tests.builders import make_actor
from tests.builders_incubation import (
    ADMISSION,
    GRADUATION,
    GRADUATION_SLOTS,
    SIGNING_SLOTS,
    a_base,
    a_panel,
    another_applicant,
    apply,
    move,
    named,
    papers,
    review_of,
    score,
    sheet,
    signed,
    to_sign,
)
from tests.problems import codes_of


@pytest.fixture
def base(session, now):
    return a_base(session, now)


def state_of(session, number):
    return session.execute(text("SELECT state FROM cases WHERE number = :n"), {"n": number}).scalar_one()


def test_an_application_pins_its_rubric_and_is_called_after_who_applies_and_where(session, base):
    number = apply(session, base).number

    application = session.scalars(select(IncubationApplication)).one()
    assert (application.rubric, application.panel_size) == ("base:1:admission", None)
    case = read_case(session.connection(), number)
    applicant = session.get_one(Organization, case.organization_id).name
    assert (case.subject, case.node_id, case.state) == (f"{applicant} · 示例孵化基地", base.node_id, "applied")


def test_an_incubator_that_is_none_and_papers_that_are_missing_are_refused(session, base):
    with pytest.raises(InvalidInput) as wrong:
        apply(session, base, incubator=base.district_id)
    assert "incubator" in wrong.value.errors
    with pytest.raises(InvalidInput) as missing:
        apply(session, base, documents=[])
    assert len(missing.value.errors["documents"]) == 2
    assert session.scalar(select(func.count()).select_from(Case)) == 0


def test_what_stands_against_an_application_and_its_missing_papers_are_told_at_once(session, base):
    apply(session, base)

    with pytest.raises(MoveRefused) as refused:
        apply(session, base, documents=[])

    assert codes_of(refused) == ["other_incubation_open", "documents_missing"]
    assert "{documents}" not in refused.value.reasons[1]["zh"]
    with pytest.raises(MoveRefused) as alone:
        apply(session, base)
    assert codes_of(alone) == ["other_incubation_open"]


def test_an_organization_whose_registration_has_ended_is_not_incubated(session, base):
    end_entry(session, base.organization_id, on=base.now.date())
    session.commit()

    with pytest.raises(MoveRefused) as refused:
        apply(session, base)

    assert codes_of(refused) == ["organization_ended"]


def test_an_organization_applies_once_at_a_time(session, base):
    apply(session, base)

    with pytest.raises(MoveRefused) as refused:
        apply(session, base)

    assert codes_of(refused) == ["other_incubation_open"]


def test_a_returned_application_takes_over_what_was_changed(session, base):
    number = apply(session, base).number
    move(session, base, number, "return_for_changes", base.operator)
    move(session, base, number, "resubmit", base.staff, mode="online", mission=None, team_size=9, documents=[])

    application = session.scalars(select(IncubationApplication)).one()
    assert (application.mode, application.team_size) == ("online", 9)
    assert application.mission
    with pytest.raises(MoveRefused) as refused:
        move(session, base, number, "return_for_changes", base.operator)
    assert codes_of(refused) == ["returned_before"]


def test_naming_a_panel_opens_a_review_for_each_expert_that_waits_for_them_alone(session, base):
    number = apply(session, base).number
    a_panel(session, base, number)

    seats = session.scalars(select(PanelSeat).order_by(PanelSeat.review_case_id)).all()
    assert [seat.person_id for seat in seats] == [expert.person_id for expert in base.experts[:3]]
    reviews = session.scalars(select(Case).where(Case.kind == "incubation_review").order_by(Case.id)).all()
    assert [review.waits_person for review in reviews] == [seat.person_id for seat in seats]
    assert {(review.state, review.organization_id) for review in reviews} == {("assigned", None)}
    assert session.scalars(select(IncubationApplication)).one().panel_size == 3


def test_a_panel_fails_half_way_and_leaves_nothing(session, base, monkeypatch):
    number = apply(session, base).number

    def fail(mapper, connection, target):
        if target.person_id == base.experts[2].person_id:
            raise RuntimeError("half-way")

    event.listen(PanelSeat, "before_insert", fail)
    try:
        with pytest.raises(RuntimeError):
            a_panel(session, base, number)
    finally:
        event.remove(PanelSeat, "before_insert", fail)

    assert state_of(session, number) == "applied"
    assert session.scalar(select(func.count()).select_from(Case)) == 1
    assert session.scalar(select(func.count()).select_from(PanelSeat)) == 0
    assert session.scalar(select(func.count()).select_from(RoleGrant).where(RoleGrant.case_id.is_not(None))) == 0


def test_the_last_scores_move_the_incubation_on_and_the_mean_is_exact(session, base):
    number = apply(session, base).number
    a_panel(session, base, number)
    for expert, missing in zip(base.experts[:2], (0, 10), strict=True):
        score(session, base, number, expert, missing=missing)
        assert state_of(session, number) == "in_review"
    score(session, base, number, base.experts[2], missing=9)

    application = session.scalars(select(IncubationApplication)).one()
    assert state_of(session, number) == "scored"
    assert (application.score_total, application.level) == (281, "recommended")
    assert session.scalar(select(func.count()).select_from(PanelScore)) == 3 * 7


@pytest.mark.parametrize("rows", [
    sheet(ADMISSION)[1:],
    [*sheet(ADMISSION), {"criterion": "need", "points": 1}],
    [{**sheet(ADMISSION)[0], "points": 21}, *sheet(ADMISSION)[1:]],
    [*sheet(ADMISSION), {"criterion": "charm", "points": 1}],
])
def test_a_sheet_that_is_not_whole_is_refused_and_leaves_nothing(session, base, rows):
    number = apply(session, base).number
    a_panel(session, base, number)
    review = review_of(session, number, base.experts[0])
    move(session, base, review, "declare", base.experts[0])

    with pytest.raises(InvalidInput) as wrong:
        move(session, base, review, "submit_scores", base.experts[0], scores=rows)

    assert list(wrong.value.errors) == ["scores"]
    assert state_of(session, review) == "scoring"
    assert session.scalar(select(func.count()).select_from(PanelScore)) == 0


def test_a_mean_that_does_not_recommend_cannot_be_published(session, base):
    number = apply(session, base).number
    a_panel(session, base, number)
    low = [{"criterion": name, "points": 5} for name in ADMISSION]
    for expert in base.experts[:3]:
        review = review_of(session, number, expert)
        move(session, base, review, "declare", expert)
        move(session, base, review, "submit_scores", expert, scores=low)

    with pytest.raises(MoveRefused) as refused:
        move(session, base, number, "publish", base.registrar)
    assert codes_of(refused) == ["not_recommended"]
    assert move(session, base, number, "refuse_admission", base.registrar).state == "not_admitted"


def test_an_objection_that_holds_opens_the_decision_again(session, base):
    number = apply(session, base).number
    a_panel(session, base, number)
    for expert in base.experts[:3]:
        score(session, base, number, expert)
    move(session, base, number, "publish", base.registrar)

    assert move(session, base, number, "uphold_objection", base.registrar).state == "scored"
    fire_due(session, base.now + timedelta(days=20))
    assert state_of(session, number) == "scored"


def test_publicity_ends_by_the_clock_and_not_before(session, base):
    number = apply(session, base).number
    a_panel(session, base, number)
    for expert in base.experts[:3]:
        score(session, base, number, expert)
    move(session, base, number, "publish", base.registrar)

    due = read_case(session.connection(), number).clocks[-1]
    fire_due(session, base.now + timedelta(days=4))
    assert state_of(session, number) == "publicized"
    fire_due(session, base.now + timedelta(days=8))
    assert state_of(session, number) == "to_sign"
    assert due.name


def test_signing_takes_a_place_for_the_term_of_the_incubator(session, base):
    number = signed(session, base)

    residency = session.scalars(select(Residency)).one()
    assert (residency.from_on, residency.until_on, residency.ended_on) == (
        date(2026, 3, 22), date(2027, 3, 22), None
    )
    (board,) = incubators(session, node_id=base.node_id)
    assert (board.on_site, board.served, board.places) == (1, 1, 3)
    (resident,) = residents(session, base.incubator_id, date(2026, 5, 2))
    assert (resident.number, resident.missing) == (number, (date(2026, 3, 1), date(2026, 4, 1)))


def test_the_last_place_is_taken_once(session, now):
    base = a_base(session, now, places=1)
    other = another_applicant(session, base, "另一家中心")
    numbers = [to_sign(session, each) for each in (base, other)]
    base, other = base.later(days=20), other.later(days=20)
    move(session, base, numbers[0], "sign_agreement", base.staff, documents=papers(session, base, *SIGNING_SLOTS))

    with pytest.raises(MoveRefused) as refused:
        move(session, other, numbers[1], "sign_agreement", other.staff,
             documents=papers(session, other, *SIGNING_SLOTS))

    assert codes_of(refused) == ["no_place_free"]
    assert session.scalar(select(func.count()).select_from(Residency)) == 1


def test_a_month_is_logged_once_and_the_term_is_extended_once(session, base):
    number = signed(session, base)
    later = base.later(days=40)
    log = {"month": "2026-03-31", "training_hours": 4, "activities": 1, "volunteers": 2, "income_fen": 0}
    move(session, later, number, "submit_log", base.staff, **log)
    assert session.scalars(select(MonthlyLog.month)).one() == date(2026, 3, 1)
    with pytest.raises(MoveRefused) as twice:
        move(session, later, number, "submit_log", base.staff, **log)
    assert codes_of(twice) == ["month_logged"]

    move(session, later, number, "extend_term", base.registrar)
    assert session.scalars(select(Residency.until_on)).one() == date(2027, 9, 22)
    with pytest.raises(MoveRefused) as again:
        move(session, later, number, "extend_term", base.registrar)
    assert codes_of(again) == ["extended_before"]


def test_mid_review_asks_to_put_right_and_goes_on(session, base):
    number = signed(session, base)
    later = base.later(days=180)
    move(session, later, number, "start_mid_review", base.operator)
    move(session, later, number, "require_rectification", base.operator)
    move(session, later, number, "report_rectification", base.staff, documents=[])

    assert move(session, later, number, "continue_incubation", base.operator).state == "incubating"


def test_stopping_frees_the_place_only_when_the_premises_are_back(session, base):
    number = signed(session, base)
    later = base.later(days=60)
    move(session, later, number, "stop", base.registrar)
    assert session.scalars(select(Residency.ended_on)).one() is None
    clocks = read_case(session.connection(), number).clocks
    assert [(c.name, c.number, c.unit) for c in clocks if c.stopped_at is None] == [
        ("premises_handover", 15, "working_days")
    ]

    assert move(session, later, number, "hand_over_premises", base.operator).state == "left"
    assert session.scalars(select(Residency.ended_on)).one() == date(2026, 5, 1)
    (board,) = incubators(session, node_id=base.node_id)
    assert board.served == 0


def ready(session, base):
    """Return an incubation in final review, a day after moving in."""
    number = signed(session, base)
    later = base.later(days=21)
    documents = papers(session, later, *GRADUATION_SLOTS)
    move(session, later, number, "apply_graduation", base.staff, documents=documents)
    return number, later


def test_graduation_needs_scores_that_reach_it_and_frees_the_place_at_hand_over(session, base):
    number, later = ready(session, base)
    low = [{"criterion": name, "points": 5} for name in GRADUATION]
    with pytest.raises(InvalidInput) as wrong:
        move(session, later, number, "graduate", base.registrar, scores=low)
    assert list(wrong.value.errors) == ["scores"]
    assert state_of(session, number) == "final_review"

    move(session, later, number, "graduate", base.registrar, scores=sheet(GRADUATION))
    assert move(session, later, number, "hand_over", base.operator).state == "handed_over"
    assert session.scalars(select(Residency.ended_on)).one() == date(2026, 3, 23)


def test_who_acted_for_the_incubator_decides_nothing_even_as_registrar(session, base):
    both = make_actor(session, "两任", ("incubator_operator", base.node_id), ("registrar", base.district_id))
    session.commit()
    number = apply(session, base).number
    move(session, base, number, "pass_preliminary", both, experts=named(*base.experts[:3]))
    for expert in base.experts[:3]:
        score(session, base, number, expert)

    with pytest.raises(MoveRefused) as refused:
        move(session, base, number, "publish", both)

    assert codes_of(refused) == ["acted_before"]
    assert move(session, base, number, "publish", base.registrar).state == "publicized"


def test_an_expert_with_a_known_tie_is_not_named_and_a_tie_found_later_stops_the_declaration(session, base):
    first, second, third, fourth, _fifth = base.experts
    record_tie(session, person_id=fourth.person_id, organization_id=base.organization_id, kind="kinship",
               from_on=date(2020, 1, 1))
    session.commit()
    number = apply(session, base).number
    with pytest.raises(MoveRefused) as walled:
        a_panel(session, base, number, first, second, fourth)
    assert codes_of(walled) == ["expert_walled"]

    a_panel(session, base, number, first, second, third)
    record_tie(session, person_id=third.person_id, organization_id=base.organization_id, kind="mentoring",
               from_on=date(2024, 1, 1), to_on=date(2025, 1, 1))
    session.commit()
    with pytest.raises(MoveRefused) as conflict:
        move(session, base, review_of(session, number, third), "declare", third)
    assert codes_of(conflict) == ["conflict"]
    assert "2028-01-01" in str(conflict.value.reasons)


def test_withdrawing_ends_the_reviews_and_what_the_experts_may_see(session, base):
    number = apply(session, base).number
    a_panel(session, base, number)
    score(session, base, number, base.experts[0])
    move(session, base, number, "withdraw", base.staff)

    states = session.scalars(select(Case.state).where(Case.kind == "incubation_review").order_by(Case.id)).all()
    assert states == ["submitted", "cancelled", "cancelled"]
