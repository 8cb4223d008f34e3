"""Objection: who may object to a result, until when, and who must not answer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason
from workflows.rules.working_days import local_day

Data = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ObjectionFacts:
    """What package and bids say. There is time until `closes_at` (None: no end yet)."""

    case: CaseFacts
    is_a_bidder: bool
    result_is_open: bool
    closes_at: datetime | None
    prepared_by: frozenset[int]
    missing_documents: tuple[str, ...] = ()


@guard("is_a_bidder", Text("本包的投标人", "A bidder of the package"), needs=("is_a_bidder",), reads_input=True)
def is_a_bidder(facts: ObjectionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse an organization that has no bid in the package."""
    if facts.is_a_bidder:
        return None
    return Reason(
        "not_a_bidder",
        Text(
            "只有本包的投标人可以提出异议；其他意见请向采购监督人员反映。",
            "Only a bidder of the package can object; tell anything else to the supervisors.",
        ),
    )


@guard(
    "objection_in_time",
    Text("在异议期限内", "Within the time for objections"),
    needs=("is_a_bidder", "result_is_open", "closes_at"),
    reads_input=True,
)
def objection_in_time(facts: ObjectionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse when nothing is published, the contract is signed, or the days are over (Procurement Law art. 52)."""
    in_time = facts.closes_at is None or now < facts.closes_at
    if not facts.is_a_bidder or (facts.result_is_open and in_time):
        return None  # who is no bidder learns nothing of the package
    if not facts.result_is_open:
        return Reason(
            "result_not_open",
            Text(
                "本包现在没有可以异议的公示结果；合同已经签订的，请依法向财政部门投诉。",
                "There is no result to object to now; once the contract is signed, complain to the finance department.",
            ),
        )
    last = f"{local_day(facts.closes_at - timedelta(seconds=1)):%Y-%m-%d}" if facts.closes_at else ""
    return Reason(
        "objection_too_late",
        Text(
            f"提出异议的期限已于 {last} 届满；仍有异议的，请依法向财政部门投诉。",
            f"The time to object ended on {last}; you may still complain to the finance department.",
        ),
    )


@guard(
    "objection_answered_by_another",
    Text("定标经办人不得答复异议", "Whoever prepared the award does not answer"),
    needs=("prepared_by",),
)
def objection_answered_by_another(facts: ObjectionFacts, acting: Acting, data: Data, now: datetime) -> Reason | None:
    """Refuse whoever qualified bidders, chose the candidate or made the award."""
    if acting.person_id not in facts.prepared_by:
        return None
    return Reason(
        "prepared_the_award",
        Text(
            "您经办过本包的资格审查或者定标，不能答复对它的异议；请由其他负责人或者采购监督人员答复。",
            "You took part in qualification or award of this package; another buyer or a supervisor must answer.",
        ),
    )
