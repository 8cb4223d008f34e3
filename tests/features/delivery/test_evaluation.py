"""A third party evaluates: who may, what it publishes, how residents rate, and what a result is worth."""

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app.access.models import Person, RoleGrant
from app.cases.due import fire_due
from app.clock import real_now
from app.delivery import effects
from app.delivery.models import (
    Evaluation,
    EvaluationResult,
    SatisfactionCode,
    SatisfactionRating,
)
from app.delivery.queries import standing_of
from app.delivery.steps import make_codes, open_code, rate
from app.errors import CaseNotFound, InvalidInput, MoveRefused
from app.extensions import db
from app.organizations.ties import record_tie
from tests.builders import grant_role
from tests.builders_access import apart, browser_of
from tests.builders_delivery import (
    a_delivery,
    an_evaluation,
    begin,
    case_id_of,
    commission_data,
    scores_data,
    state_of,
    step,
)
from tests.builders_ledger import MORNING
from tests.problems import codes_of
from workflows.loader import library

# -- evaluation


def test_an_evaluation_is_scored_published_and_concluded_once(session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, stars=4, progress="18.5")

    row = session.scalars(select(Evaluation)).one()
    # 90 from the evaluator less 1.5, and 4 of 5 stars of 10 points
    assert (row.total, row.grade, row.capped, row.answered, row.stars) == (9650, "excellent", "", 12, 48)
    result = session.scalars(select(EvaluationResult)).one()
    assert (result.stage, result.total, result.grade, result.passed) == ("mid", 9650, "excellent", True)
    assert state_of(session, number) == "final"
    assert standing_of(session, delivery.contract_id).met == {"mid_evaluation"}


def test_a_sample_that_is_too_small_caps_the_grade_and_says_why(session):
    delivery = a_delivery(session)
    an_evaluation(session, delivery, codes=12, ratings=9, until="scored")

    row = session.scalars(select(Evaluation)).one()
    assert (row.total, row.grade, row.capped) == (10000, "pass", "sample")


def test_a_low_response_caps_the_grade(session):
    delivery = a_delivery(session)
    an_evaluation(session, delivery, codes=40, ratings=11, until="scored")

    row = session.scalars(select(Evaluation)).one()
    assert (row.grade, row.capped) == ("pass", "response")


def test_a_stage_that_failed_may_be_evaluated_again_and_one_that_passed_may_not(session):
    delivery = a_delivery(session)
    an_evaluation(session, delivery, outputs="0", progress="0", finance="0")
    assert standing_of(session, delivery.contract_id).met == set()

    an_evaluation(session, delivery)

    assert standing_of(session, delivery.contract_id).met == {"mid_evaluation"}
    with pytest.raises(MoveRefused) as refused:
        an_evaluation(session, delivery)
    assert codes_of(refused) == ["stage_taken"]


def test_a_result_stands_when_nobody_objects_in_time(session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="published")

    fire_due(session, MORNING + timedelta(days=30))

    assert state_of(session, number) == "final"
    assert session.scalars(select(EvaluationResult.grade)).all() == ["excellent"]


def test_an_objection_is_answered_by_another_than_who_published_and_made_once(session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="published")
    step(session, delivery, number, "object", "staff", {"reason": "指标口径有误。"})
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "reopen", "second_officer", {"reason": "请重新核查。"})
    assert codes_of(refused) == ["published_it_yourself"]

    step(session, delivery, number, "reopen", "project_officer", {"reason": "请重新核查。"})
    step(session, delivery, number, "score", "evaluator", scores_data("mid", team="4"))
    step(session, delivery, number, "publish_result", "second_officer")

    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "object", "staff", {"reason": "仍有异议。"})
    assert codes_of(refused) == ["objected_before"]
    assert session.scalars(select(Evaluation.total)).one() == 9900


def test_the_evaluator_reaches_the_case_until_it_ends(session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="final")

    grant = session.scalars(select(RoleGrant).where(RoleGrant.role == "evaluator")).one()
    assert (grant.case_id, grant.valid_to) == (case_id_of(session, number), MORNING.date())
    with pytest.raises(CaseNotFound):
        step(session, delivery, number, "score", "evaluator", scores_data())


@pytest.mark.parametrize(
    ("kind", "days", "code"),
    [("employment", 10, "evaluator_employed"), ("mentoring", 1000, "evaluator_consulted"),
     ("kinship", 9000, "evaluator_related"), ("mentoring", 1200, None)],
)
def test_an_evaluator_with_a_tie_to_the_contractor_is_out_for_three_years(session, kind, days, code):
    delivery = a_delivery(session)
    ended = (real_now() - timedelta(days=days)).date()
    record_tie(
        session, person_id=delivery.actors["evaluator"].person_id, organization_id=delivery.place.organization.id,
        kind=kind, from_on=ended - timedelta(days=100), to_on=ended,
    )
    session.commit()
    if code is None:
        begin(session, delivery, "evaluation", "project_officer", commission_data(session, delivery))
        return
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "evaluation", "project_officer", commission_data(session, delivery))
    assert codes_of(refused) == [code]


def test_an_evaluator_who_works_for_the_buyer_is_no_third_party(session):
    delivery = a_delivery(session)
    grant_role(session, delivery.actors["evaluator"].person_id, "finance_officer", delivery.place.buyer.id)
    session.commit()
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "evaluation", "project_officer", commission_data(session, delivery))
    assert codes_of(refused) == ["evaluator_works_for_buyer"]


def test_an_unknown_contract_and_anothers_office_tell_nothing(session):
    delivery = a_delivery(session)
    with pytest.raises(InvalidInput) as refused:
        begin(session, delivery, "evaluation", "project_officer", commission_data(session, delivery, contract="NO-1"))
    assert list(refused.value.errors) == ["contract"]
    for contract in ({}, {"contract": "NO-1"}):
        with pytest.raises(MoveRefused) as refused:
            begin(session, delivery, "evaluation", "registrar", commission_data(session, delivery, **contract))
        assert codes_of(refused) == ["role_missing"]


@pytest.mark.parametrize("points", ["20.01", "99"])
def test_points_above_the_most_are_sent_back_at_their_row_with_the_most(session, points):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="commissioned")
    with pytest.raises(InvalidInput) as wrong:
        step(session, delivery, number, "score", "evaluator", scores_data("mid", progress=points))
    assert wrong.value.errors == {"scores": {0: {"points": ["请打 0 至 20 分。"]}}}
    assert session.scalars(select(Evaluation.total)).one() is None


@pytest.mark.parametrize(("change", "told"), [
    (lambda rows: rows[:-1], {"scores": ["还有评分项未评：档案资料"]}),
    (lambda rows: [*rows, rows[0]], {"scores": {0: {"criterion": ["每个评分项只能评一次。"]},
                                                6: {"criterion": ["每个评分项只能评一次。"]}}}),
    (lambda rows: [*rows, {"criterion": "satisfaction", "points": "10"}],
     {"scores": {6: {"criterion": ["请从列表中选择。"]}}}),
    (lambda rows: [*rows, {"criterion": "decision", "points": "10"}],
     {"scores": {6: {"criterion": ["请从列表中选择。"]}}}),
])
def test_a_sheet_holds_each_criterion_of_its_stage_once_and_not_what_ratings_fill(session, change, told):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="commissioned")
    data = scores_data("mid")

    with pytest.raises(InvalidInput) as wrong:
        step(session, delivery, number, "score", "evaluator", {**data, "scores": change(data["scores"])})

    assert wrong.value.errors == told
    assert session.scalars(select(Evaluation.total)).one() is None


def test_the_form_has_a_row_for_each_criterion_and_says_the_most_it_can_have(app, session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="commissioned")
    evaluator = browser_of(app, session, session.get(Person, delivery.actors["evaluator"].person_id))

    page = apart(evaluator.get, f"/cases/{number}/do/score").text

    sheet = [leaf.name for leaf in library().rubric_pinned("base:1:evaluation_mid").scored()]
    assert re.findall(r'<option selected value="([a-z]+)">', page) == sheet
    assert page.count(">办理进度 (0–20)<") == 0 and page.count(">进度 (0–20)<") == len(sheet)


def test_the_case_says_by_which_rubric_it_is_scored_and_that_nobody_verified_it(app, session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="commissioned")
    evaluator = browser_of(app, session, session.get(Person, delivery.actors["evaluator"].person_id))

    page = apart(evaluator.get, f"/cases/{number}").text

    assert session.scalars(select(Evaluation.rubric)).one() == "base:1:evaluation_mid"
    assert "项目中期评估" in page and "未核实：指标按通行做法拟定" in page


def test_a_failure_while_concluding_leaves_no_result(session, monkeypatch):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="published")

    def broken(move, row):
        raise RuntimeError("half-way")

    monkeypatch.setattr(effects, "_dismiss", broken)
    with pytest.raises(RuntimeError):
        step(session, delivery, number, "accept_result", "staff")
    session.rollback()
    assert session.scalars(select(EvaluationResult)).all() == []
    assert state_of(session, number) == "published"


# -- ratings


def test_a_code_counts_once_and_is_kept_as_a_digest_only(session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, codes=3, ratings=0, until="commissioned")
    [code, *_] = make_codes(session, case_id_of(session, number))
    session.commit()

    assert rate(session, code.lower().replace("-", " "), stars=4, comment="好", on=MORNING.date())
    assert not rate(session, code, stars=1, comment="", on=MORNING.date())

    assert [(r.stars, r.comment) for r in session.scalars(select(SatisfactionRating))] == [(4, "好")]
    kept = session.scalars(select(SatisfactionCode.digest)).all()
    assert len(kept) == 3 and all(len(digest) == 32 and code.encode() not in digest for digest in kept)


def test_new_codes_void_those_that_were_not_used_and_never_exceed_the_number(session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, codes=5, ratings=2, until="commissioned")
    old = make_codes(session, case_id_of(session, number))
    session.commit()
    new = make_codes(session, case_id_of(session, number))
    session.commit()

    assert (len(old), len(new)) == (3, 3)
    assert open_code(session, old[0]) is None and open_code(session, new[0]) is not None
    assert session.execute(select(func.count()).select_from(SatisfactionCode)).scalar_one() == 5


def test_nobody_rates_after_the_scores_are_in(session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, codes=12, ratings=0, until="commissioned")
    [code, *_] = make_codes(session, case_id_of(session, number))
    session.commit()
    step(session, delivery, number, "score", "evaluator", scores_data())

    assert not rate(session, code, stars=5, comment="", on=MORNING.date())
    assert session.scalars(select(SatisfactionRating)).all() == []


def test_of_many_who_send_one_code_at_once_one_counts(app, session):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, codes=2, ratings=0, until="commissioned")
    [code, _other] = make_codes(session, case_id_of(session, number))
    session.commit()
    start, taken = threading.Barrier(6), []

    def send() -> None:
        with app.app_context():
            start.wait()
            taken.append(rate(db.session, code, stars=5, comment="", on=MORNING.date()))
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False] * 5 + [True]
    session.rollback()
    assert session.execute(select(func.count()).select_from(SatisfactionRating)).scalar_one() == 1


def test_a_rating_is_never_changed(session):
    delivery = a_delivery(session)
    an_evaluation(session, delivery, until="commissioned")
    row = session.scalars(select(SatisfactionRating)).first()
    row.stars = 1
    with pytest.raises(DBAPIError):
        session.commit()
    session.rollback()
