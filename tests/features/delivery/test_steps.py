"""Each step of delivery works, is refused where it must be, and leaves nothing when it fails half-way."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from app.access.models import RoleGrant
from app.cases.due import fire_due
from app.cases.models import Case, History
from app.cases.perform import perform
from app.clock import real_now
from app.delivery import effects
from app.delivery.models import (
    AcceptanceOpinion,
    AcceptanceStandard,
    Evaluation,
    EvaluationResult,
    MilestoneReport,
    ReportIndicator,
    SatisfactionCode,
    SatisfactionRating,
)
from app.delivery.queries import standing_of
from app.delivery.steps import make_codes, open_code, rate
from app.errors import CaseNotFound, InvalidInput, MoveRefused
from app.extensions import db
from app.ledger.accounts import package_balances
from app.organizations.ties import record_tie
from app.purchasing.models import Instalment
from tests.builders import grant_role, make_actor, make_organization
from tests.builders_delivery import (
    NUMBER,
    STANDARDS,
    a_delivery,
    a_rectification,
    an_acceptance,
    an_evaluation,
    begin,
    case_id_of,
    commission_data,
    contract_of,
    inspection,
    report_data,
    scores_data,
    state_of,
    step,
)
from tests.builders_ledger import MORNING
from tests.builders_payments import ACCOUNT, a_paper, register


def codes_of(refused: pytest.ExceptionInfo[MoveRefused]) -> list[str]:
    """Return the codes of the reasons."""
    return [reason["code"] for reason in refused.value.reasons]


def pay_data(session, delivery, position: int) -> dict:
    """Return an application for an instalment."""
    paper = {"slot": "invoice", "document_id": a_paper(session, delivery)}
    return {"instalment": delivery.instalments[position - 1], "invoice_no": "251", "payee_name":
            delivery.place.organization.name, "payee_bank": "示例银行", "payee_account": ACCOUNT, "report": "完成。",
            "documents": [paper]}


# -- stage reports


def test_an_accepted_report_is_what_its_instalment_waits_for(session):
    delivery = a_delivery(session)
    number = begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    assert "report" not in standing_of(session, delivery.contract_id, delivery.instalments[1]).met

    step(session, delivery, number, "accept_report", "project_officer", {"opinion": "一致。"})

    assert state_of(session, number) == "accepted"
    assert standing_of(session, delivery.contract_id, delivery.instalments[1]).met == {"report"}
    assert standing_of(session, delivery.contract_id, delivery.instalments[2]).met == set()


def test_a_second_report_on_an_instalment_is_refused_until_the_first_is_rejected(session):
    delivery = a_delivery(session)
    first = begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    assert codes_of(refused) == ["report_taken"]

    step(session, delivery, first, "reject", "project_officer", {"reason": "与记录不符。"})

    begin(session, delivery, "milestone_report", "staff", report_data(delivery))


def test_a_returned_report_is_handed_in_again_with_other_indicators(session):
    delivery = a_delivery(session)
    number = begin(session, delivery, "milestone_report", "staff", report_data(delivery))
    step(session, delivery, number, "return_for_changes", "project_officer", {"remarks": "补充。"})
    again = {"done": "补充后。", "indicators": [{"name": "活动", "planned": 12, "achieved": 12}]}

    step(session, delivery, number, "resubmit", "staff", again)

    rows = session.scalars(select(ReportIndicator)).all()
    assert [(row.position, row.name) for row in rows] == [(1, "活动")]
    assert session.scalars(select(MilestoneReport)).one().done == "补充后。"


def test_a_report_on_anothers_instalment_is_refused_wherever_it_stands(session):
    delivery = a_delivery(session)
    stranger = a_stranger(session, delivery)
    with pytest.raises(MoveRefused) as refused:
        begin(session, stranger, "milestone_report", "staff", report_data(delivery))
    assert codes_of(refused) == ["not_your_contract"]


def a_stranger(session, delivery):
    """Return the same delivery seen by another organization's staff."""
    other = make_organization(session, delivery.place.district, "另一中心（示例）")
    register(session, other)
    actors = {**delivery.actors, "staff": make_actor(session, "外人", ("staff", other.node_id))}
    session.commit()
    return replace(delivery, actors=actors)


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
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "evaluation", "project_officer", commission_data(session, delivery, contract="NO-1"))
    assert "role_missing" in codes_of(refused)
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "evaluation", "registrar", commission_data(session, delivery))
    assert codes_of(refused) == ["role_missing"]


@pytest.mark.parametrize("points", ["20.01", "99"])
def test_points_above_the_most_are_sent_back_to_the_form(session, points):
    delivery = a_delivery(session)
    number = an_evaluation(session, delivery, until="commissioned")
    with pytest.raises(InvalidInput) as wrong:
        step(session, delivery, number, "score", "evaluator", scores_data("mid", progress=points))
    assert list(wrong.value.errors) == ["scores"]
    assert session.scalars(select(Evaluation.total)).one() is None


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


# -- acceptance


def test_acceptance_covers_every_standard_and_hears_the_beneficiaries(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery)

    assert state_of(session, number) == "accepted"
    assert [row.met for row in session.scalars(select(AcceptanceStandard))] == [True, True]
    assert [row.who for row in session.scalars(select(AcceptanceOpinion))] == ["居民代表5人"]
    assert standing_of(session, delivery.contract_id).met == {"acceptance"}


def test_a_standard_left_out_or_not_met_is_no_full_acceptance(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept", "buyer", inspection("met"))
    assert codes_of(refused) == ["standard_left_out"]
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept", "buyer", inspection("met", "not_met"))
    assert codes_of(refused) == ["standard_not_met"]
    with pytest.raises(InvalidInput) as wrong:
        step(session, delivery, number, "accept", "buyer", {**inspection("met", "met"), "opinions": []})
    assert list(wrong.value.errors) == ["opinions"]
    assert state_of(session, number) == "requested"


def test_who_signed_the_contract_does_not_accept_the_work(session):
    delivery = a_delivery(session, signer="buyer")
    number = an_acceptance(session, delivery, accepted=False)
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept", "buyer", inspection("met", "met"))
    assert codes_of(refused) == ["signed_it_yourself"]


def test_a_deduction_lowers_the_last_instalment_and_goes_back_to_the_budget(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)
    data = inspection("met", "not_met", deduction_fen=1_234_56, reason="少两场活动。")

    step(session, delivery, number, "accept_with_deduction", "buyer", data)

    last = session.get_one(Instalment, delivery.instalments[3])
    assert (last.amount_fen, last.deducted_fen) == (20_000_00, 1_234_56)
    contract = contract_of(session, delivery)
    assert package_balances(session, contract.budget_line_id, NUMBER)["committed"] == 98_765_44
    assert standing_of(session, delivery.contract_id).met == {"acceptance"}


@pytest.mark.parametrize("fen", [20_000_00, 30_000_00])
def test_a_deduction_that_would_leave_nothing_is_refused(session, fen):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)
    data = inspection("met", "not_met", deduction_fen=fen, reason="少两场活动。")
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "accept_with_deduction", "buyer", data)
    assert codes_of(refused) == ["deduction_too_large"]


def test_a_failure_after_the_deduction_leaves_money_and_instalment_as_they_were(session, monkeypatch):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)

    def broken(*args, **more):
        raise RuntimeError("half-way")

    monkeypatch.setattr(effects, "release", broken)
    with pytest.raises(RuntimeError):
        step(session, delivery, number, "accept_with_deduction", "buyer",
             inspection("met", "not_met", deduction_fen=100, reason="少两场活动。"))
    session.rollback()
    assert session.get_one(Instalment, delivery.instalments[3]).deducted_fen == 0
    assert package_balances(session, delivery.line_id, NUMBER)["committed"] == 100_000_00
    assert state_of(session, number) == "requested"


def test_a_second_request_for_acceptance_is_refused(session):
    delivery = a_delivery(session)
    an_acceptance(session, delivery, accepted=False)
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "acceptance", "staff", {"contract": delivery.contract_id, "standards": STANDARDS})
    assert codes_of(refused) == ["acceptance_taken"]


# -- rectification


def test_an_open_rectification_blocks_payment_and_its_end_opens_it(session):
    delivery = a_delivery(session)
    number = a_rectification(session, delivery)
    with pytest.raises(MoveRefused) as refused:
        pay(session, delivery, 1)
    assert codes_of(refused) == ["rectification_open"]

    step(session, delivery, number, "answer", "staff", {"answer": "已补签。"})
    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "confirm_done", "project_officer", {"opinion": "属实。"})
    assert codes_of(refused) == ["ordered_it_yourself"]
    step(session, delivery, number, "confirm_done", "second_officer", {"opinion": "属实。"})

    assert state_of(session, pay(session, delivery, 1)) == "applied"


def pay(session, delivery, position: int) -> str:
    """Apply for an instalment; return the number."""
    return perform(session, kind="payment", trigger="apply", actor=delivery.actors["staff"],
                   data=pay_data(session, delivery, position), now=MORNING).number


def test_an_order_that_is_not_answered_falls_overdue_and_still_blocks(session):
    delivery = a_delivery(session)
    number = a_rectification(session, delivery)

    fire_due(session, MORNING + timedelta(days=40))

    assert state_of(session, number) == "overdue"
    assert standing_of(session, delivery.contract_id).rectifying
    step(session, delivery, number, "answer", "staff", {"answer": "已补签。"}, MORNING + timedelta(days=41))
    assert state_of(session, number) == "answered"


# -- what an instalment waits for


@pytest.mark.parametrize(("position", "code"), [(2, "report"), (3, "mid_evaluation"), (4, "acceptance")])
def test_an_instalment_is_refused_with_the_name_of_what_is_missing(session, position, code):
    delivery = a_delivery(session)
    with pytest.raises(MoveRefused) as refused:
        pay(session, delivery, position)
    assert "instalment_condition_open" in codes_of(refused)


def test_an_instalment_that_waits_for_nothing_is_open_at_once(session):
    delivery = a_delivery(session)
    assert state_of(session, pay(session, delivery, 1)) == "applied"


# -- closure


def test_a_contract_is_closed_after_acceptance_and_its_rest_goes_back(session):
    delivery = a_delivery(session)
    data = {"contract": NUMBER, "summary": "完成。", "confirmed": True}
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "closure", "project_officer", data)
    assert codes_of(refused) == ["not_accepted_yet"]
    an_acceptance(session, delivery)

    number = begin(session, delivery, "closure", "project_officer", data)

    assert state_of(session, number) == "closed"
    balances = package_balances(session, contract_of(session, delivery).budget_line_id, NUMBER)
    assert {name: fen for name, fen in balances.items() if fen} == {}
    with pytest.raises(MoveRefused) as refused:
        pay(session, delivery, 1)
    assert codes_of(refused) == ["instalment_condition_open"]
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "closure", "project_officer", data)
    assert codes_of(refused) == ["contract_closed"]


def test_a_contract_with_a_payment_under_way_is_not_closed(session):
    delivery = a_delivery(session)
    an_acceptance(session, delivery)
    pay(session, delivery, 1)
    with pytest.raises(MoveRefused) as refused:
        begin(session, delivery, "closure", "project_officer",
              {"contract": NUMBER, "summary": "完成。", "confirmed": True})
    assert codes_of(refused) == ["payment_under_way"]


def test_every_case_of_delivery_is_about_the_contractor_at_the_buyer(session):
    delivery = a_delivery(session)
    numbers = [an_evaluation(session, delivery, until="commissioned"), a_rectification(session, delivery)]

    rows = session.scalars(select(Case).where(Case.number.in_(numbers))).all()
    assert {(row.organization_id, row.node_id) for row in rows} == {
        (delivery.place.organization.id, delivery.place.buyer.id)
    }
    assert session.execute(select(func.count()).select_from(History)).scalar_one() == 3


def test_an_acceptance_that_is_under_way_cannot_be_asked_for_again(session):
    delivery = a_delivery(session)
    number = an_acceptance(session, delivery, accepted=False)

    with pytest.raises(MoveRefused) as refused:
        step(session, delivery, number, "request", "staff", {"contract": delivery.contract_id, "standards": STANDARDS})

    assert [reason["code"] for reason in refused.value.reasons] == ["wrong_state"]
