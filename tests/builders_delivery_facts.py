"""Facts with which every guard of delivery is content."""

from dataclasses import replace
from typing import Any

from tests.builders_workflows import case
from workflows.kinds.acceptance import AcceptanceFacts
from workflows.kinds.case import Step
from workflows.kinds.closure import ClosureFacts
from workflows.kinds.evaluation import EvaluationFacts
from workflows.kinds.milestone_report import MilestoneReportFacts
from workflows.kinds.rectification import RectificationFacts


def report_facts(*steps: Step, **changes: Any) -> MilestoneReportFacts:
    """Return facts of a stage report."""
    return replace(MilestoneReportFacts(case(*steps), True, True, True), **changes)


def evaluation_facts(*steps: Step, **changes: Any) -> EvaluationFacts:
    """Return facts of an evaluation."""
    return replace(EvaluationFacts(case(*steps), True, True, True, ""), **changes)


def acceptance_facts(*steps: Step, **changes: Any) -> AcceptanceFacts:
    """Return facts of an acceptance."""
    facts = AcceptanceFacts(case(*steps), True, True, True, frozenset(), (), (), 100_00, 10_000_00, True)
    return replace(facts, **changes)


def rectification_facts(*steps: Step, **changes: Any) -> RectificationFacts:
    """Return facts of a rectification."""
    return replace(RectificationFacts(case(*steps), True, True), **changes)


def closure_facts(*steps: Step, **changes: Any) -> ClosureFacts:
    """Return facts of a closure."""
    return replace(ClosureFacts(case(*steps), True, True, True, True, True), **changes)
