"""What does each step of delivery write? Within the move's own transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from app.access.grants import grant, revoke
from app.access.models import Node, RoleGrant
from app.cases.kinds import effect
from app.cases.move import FollowOn, Move
from app.cases.numbers import places_of
from app.cases.score_sheets import demand_whole
from app.delivery.models import (
    Acceptance,
    AcceptanceOpinion,
    AcceptanceStandard,
    ContractClosure,
    Evaluation,
    EvaluationResult,
    EvaluationScore,
    MilestoneReport,
    Rectification,
    RectificationFinding,
    ReportIndicator,
)
from app.delivery.queries import contract_numbered, last_unclaimed, ratings_of
from app.delivery.ties import person_signing_in_as
from app.errors import InvalidInput
from app.ledger.accounts import package_balances
from app.ledger.steps import Because, release
from app.ledger.transfers import constraint_of
from app.purchasing.contract.steps import closing_of
from app.purchasing.models import Contract, Instalment
from app.purchasing.queries import instalment
from workflows.definition import Text
from workflows.engine import Refused
from workflows.kinds.case import Reason
from workflows.loader import library
from workflows.rules.evaluation import outcome_of, points_from
from workflows.rules.scoring import HUNDREDTHS, Rubric
from workflows.rules.working_days import local_day

FASTER = Text(
    "另一件办件刚刚占用了它；请刷新后查看。", "Another case has just taken it; reload and look at that one."
)


@contextmanager
def taken_refused(constraint: str, code: str) -> Iterator[None]:
    """Turn the loss of a race for a contract or an instalment into a refusal with its reason."""
    try:
        yield
    except IntegrityError as error:
        if constraint_of(error) == constraint:
            raise Refused(Reason(code, FASTER)) from error
        raise


# -- stage reports


@effect("milestone_report", "submit")
def submit(move: Move) -> None:
    """Write the report, which then holds the instalment."""
    part = instalment(move.session, move.data["instalment"])
    assert part is not None, "the guard report_is_due lets nothing else through"
    move.session.add(
        MilestoneReport(case_id=move.case.id, instalment_id=part.instalment_id, done=move.data["done"])
    )
    move.case.subject = f"{part.title} ({part.position}/{part.of})"
    with taken_refused("uq_milestone_reports_instalment_claim", "report_taken"):
        move.session.flush()
    _write_indicators(move)


@effect("milestone_report", "resubmit")
def resubmit(move: Move) -> None:
    """Take over what was corrected."""
    move.session.get_one(MilestoneReport, move.case.id).done = move.data["done"]
    for row in move.session.scalars(select(ReportIndicator).where(ReportIndicator.case_id == move.case.id)):
        move.session.delete(row)
    move.session.flush()
    _write_indicators(move)


def _write_indicators(move: Move) -> None:
    move.session.add_all(
        ReportIndicator(case_id=move.case.id, position=position, **row)
        for position, row in enumerate(move.data["indicators"], start=1)
    )


@effect("milestone_report", "accept_report")
def accept_report(move: Move) -> None:
    """The instalment has its report."""
    move.session.get_one(MilestoneReport, move.case.id).accepted_at = move.now


@effect("milestone_report", "reject", "withdraw")
def release_report(move: Move) -> None:
    """Give the instalment free for another report."""
    move.session.get_one(MilestoneReport, move.case.id).released_at = move.now


# -- evaluation


@effect("evaluation", "commission")
def commission(move: Move) -> None:
    """Name the evaluator, whose role is bound to this case, and pin the rubric that holds there today."""
    contract = _named_contract(move)
    person = person_signing_in_as(move.session, move.data["evaluator"])
    assert person is not None, "the guard evaluator_found lets nothing else through"
    stage, places = move.data["stage"], places_of(move.session, move.case.node_id)
    rubric = library().rubric(f"evaluation_{stage}", places, local_day(move.now))
    move.session.add(Evaluation(
        case_id=move.case.id, contract_id=contract.id, stage=stage, evaluator_id=person, rubric=rubric.pin
    ))
    with taken_refused("uq_evaluations_open_stage", "stage_taken"):
        move.session.flush()
    grant(
        move.session, person_id=person, role="evaluator", node=move.session.get_one(Node, move.case.node_id),
        on=local_day(move.now), by=move.person_id, now=move.now, case_id=move.case.id,
    )
    move.case.subject = contract.title


@effect("evaluation", "hand_out_codes")
def hand_out_codes(move: Move) -> None:
    """Fix how many codes there are; the page makes them, shows them once and keeps their digests."""
    _evaluation(move).codes = move.data["count"]


@effect("evaluation", "score")
def score(move: Move) -> None:
    """Count points and ratings as they are now; a rating that comes later finds its door closed."""
    # Whoever rates locks this row too, so no rating falls between counting and the end of the move.
    row = move.session.get_one(Evaluation, move.case.id, with_for_update=True)
    rubric, numbers = library().rubric_pinned(row.rubric), move.facts.case.policy
    points = _points(move, rubric)
    ratings = ratings_of(move.session, row.case_id, row.codes)
    outcome = outcome_of(
        rubric, points, ratings, sample=numbers.number("satisfaction_sample").value,
        response_bp=numbers.number("satisfaction_response").value,
    )
    move.session.execute(delete(EvaluationScore).where(EvaluationScore.case_id == row.case_id))
    move.session.add_all(
        EvaluationScore(
            case_id=row.case_id, criterion=line["criterion"], points=points[line["criterion"]],
            remark=line["remark"] or "",
        )
        for line in move.data["scores"]
    )
    row.answered, row.stars = ratings.answered, ratings.stars
    row.total, row.grade, row.capped = outcome.total, outcome.grade, outcome.capped


def _points(move: Move, rubric: Rubric) -> dict[str, int]:
    given = [(line["criterion"], points_from(line["points"])) for line in move.data["scores"]]
    demand_whole(rubric, given, unit=HUNDREDTHS)
    return dict(given)


@effect("evaluation", "accept_result", "stand", "uphold")
def conclude(move: Move) -> None:
    """Write the result for good; a stage that failed is free to be evaluated again."""
    row = _evaluation(move)
    assert row.total is not None and row.grade is not None, "nothing is published without a score"
    passed = row.grade != library().rubric_pinned(row.rubric).lowest.name
    move.session.add(
        EvaluationResult(
            contract_id=row.contract_id, stage=row.stage, case_id=row.case_id, sequence=move.sequence,
            total=row.total, grade=row.grade, passed=passed, decided_on=local_day(move.now),
        )
    )
    if not passed:
        row.released_at = move.now
    _dismiss(move, row)


@effect("evaluation", "recuse", "cancel")
def call_off(move: Move) -> None:
    """Give the stage free for another evaluation."""
    row = _evaluation(move)
    row.released_at = move.now
    _dismiss(move, row)


def _dismiss(move: Move, row: Evaluation) -> None:
    """End the evaluator's role on this case."""
    held = select(RoleGrant).where(
        RoleGrant.case_id == row.case_id, RoleGrant.role == "evaluator", RoleGrant.valid_to.is_(None)
    )
    for given in move.session.scalars(held):
        # The evaluator who steps back ends the own role; that is no office's doing.
        by = move.person_id if move.person_id != given.person_id else None
        revoke(move.session, given, on=local_day(move.now), by=by, now=move.now)


def _evaluation(move: Move) -> Evaluation:
    return move.session.get_one(Evaluation, move.case.id)


# -- acceptance


@effect("acceptance", "request")
def request(move: Move) -> None:
    """Write down every standard with its evidence; the request then holds the contract."""
    contract = move.session.get_one(Contract, move.data["contract"])
    move.session.add(Acceptance(case_id=move.case.id, contract_id=contract.id))
    with taken_refused("uq_acceptances_contract_claim", "acceptance_taken"):
        move.session.flush()
    move.session.add_all(
        AcceptanceStandard(case_id=move.case.id, position=position, **row)
        for position, row in enumerate(move.data["standards"], start=1)
    )
    move.case.subject = contract.title


@effect("acceptance", "accept")
def accept(move: Move) -> None:
    """Write what was found; instalments that wait for acceptance may be asked for."""
    _inspect(move).accepted_on = local_day(move.now)


@effect("acceptance", "accept_with_deduction")
def accept_with_deduction(move: Move) -> None:
    """Take the deduction off the last instalment and give it back to the budget line."""
    row = _inspect(move)
    deduction = move.data["deduction_fen"]
    contract = move.session.get_one(Contract, row.contract_id)
    last = last_unclaimed(move.session, contract.id)
    assert last is not None, "the guard deduction_fits lets nothing else through"
    part = move.session.get_one(Instalment, last[0], with_for_update={"key_share": True})
    part.deducted_fen += deduction
    row.accepted_on, row.deduction_fen = local_day(move.now), deduction
    move.session.flush()
    release(move.session, contract.budget_line_id, contract.number, deduction, _because(move, contract))


@effect("acceptance", "reject", "withdraw")
def release_acceptance(move: Move) -> None:
    """Give the contract free for another request."""
    move.session.get_one(Acceptance, move.case.id).released_at = move.now


def _inspect(move: Move) -> Acceptance:
    """Write the result of every standard and the beneficiaries' opinion."""
    results = {row["position"]: row for row in move.data["standards"]}
    if len(results) != len(move.data["standards"]):
        raise InvalidInput({"standards": [str(_l("One standard stands there twice."))]})
    there = select(AcceptanceStandard).where(AcceptanceStandard.case_id == move.case.id)
    standards = {row.position: row for row in move.session.scalars(there)}
    if results.keys() - standards.keys():
        raise InvalidInput({"standards": [str(_l("One of these numbers is no standard of this case."))]})
    for position, found in results.items():
        standards[position].met = found["result"] == "met"
        standards[position].remark = found["remark"] or ""
    move.session.add_all(
        AcceptanceOpinion(case_id=move.case.id, position=position, **row)
        for position, row in enumerate(move.data["opinions"], start=1)
    )
    return move.session.get_one(Acceptance, move.case.id)


# -- rectification and closure


@effect("rectification", "order")
def order(move: Move) -> None:
    """Write the findings; payments of the contract stop."""
    contract = _named_contract(move)
    move.session.add(Rectification(case_id=move.case.id, contract_id=contract.id))
    move.session.flush()
    move.session.add_all(
        RectificationFinding(case_id=move.case.id, position=position, **row)
        for position, row in enumerate(move.data["findings"], start=1)
    )
    move.case.subject = contract.title


@effect("rectification", "confirm_done", "lift")
def end_rectification(move: Move) -> None:
    """Payments of the contract go on, unless another order is open."""
    move.session.get_one(Rectification, move.case.id).ended_at = move.now


@effect("closure", "close")
def close(move: Move) -> list[FollowOn]:
    """Give what is left of the contract's money back to the budget line, for good; the contract's case ends."""
    if not move.data["confirmed"]:
        raise InvalidInput({"confirmed": [str(_l("Confirm this statement to go on."))]})
    contract = _named_contract(move)
    left = package_balances(move.session, contract.budget_line_id, contract.number)["committed"]
    if left:
        release(move.session, contract.budget_line_id, contract.number, left, _because(move, contract))
    move.session.add(
        ContractClosure(
            case_id=move.case.id, sequence=move.sequence, contract_id=contract.id, returned_fen=left,
            closed_on=local_day(move.now),
        )
    )
    move.case.subject = contract.title
    with taken_refused("uq_contract_closures_contract_id", "contract_closed"):
        move.session.flush()
    return closing_of(move.session, contract)


def _named_contract(move: Move) -> Contract:
    contract = contract_numbered(move.session, move.data["contract"])
    assert contract is not None, "the guard contract_found lets nothing else through"
    return contract


def _because(move: Move, contract: Any) -> Because:
    return Because(now=move.now, case_id=move.case.id, sequence=move.sequence, reference=contract.number)
