"""Stage report: what decides whether an organization may report on an instalment?"""

from __future__ import annotations

from dataclasses import dataclass

from workflows.definition import Text
from workflows.guards import guard, unless
from workflows.kinds.case import CaseFacts


@dataclass(frozen=True, slots=True)
class MilestoneReportFacts:
    """What contract and register say; `report_is_due` is false while another report holds the instalment."""

    case: CaseFacts
    organization_registered: bool
    contract_with_organization: bool
    report_is_due: bool


guard(
    "report_is_due", Text("本期尚无在办或已通过的报告", "No other report holds the instalment"),
    needs=("report_is_due",), reads_input=True,
)(
    unless(
        "report_is_due", "report_taken",
        Text(
            "本期已有在办或已通过的报告；请查看该件，不要重复提交。",
            "Another report on this instalment is being checked or accepted; look there and do not report twice.",
        ),
    )
)
