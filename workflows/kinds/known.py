"""Which kinds have facts of their own? Importing this registers every guard there is."""

from __future__ import annotations

from workflows.kinds.acceptance import AcceptanceFacts
from workflows.kinds.affiliation import AffiliationFacts
from workflows.kinds.annual_report import AnnualReportFacts
from workflows.kinds.bid import BidFacts
from workflows.kinds.call import CallFacts, PackageFacts
from workflows.kinds.closure import ClosureFacts
from workflows.kinds.contract import ContractFacts
from workflows.kinds.deregistration import DeregistrationFacts
from workflows.kinds.disaffiliation import DisaffiliationFacts
from workflows.kinds.evaluation import EvaluationFacts
from workflows.kinds.incubation import IncubationFacts, IncubationReviewFacts
from workflows.kinds.milestone_report import MilestoneReportFacts
from workflows.kinds.objection import ObjectionFacts
from workflows.kinds.opening_key import OpeningKeyFacts
from workflows.kinds.panel import BidReviewFacts, PoolEntryFacts
from workflows.kinds.payment import PaymentFacts
from workflows.kinds.plan import PlanFacts
from workflows.kinds.programme import ProgrammeFacts
from workflows.kinds.rectification import RectificationFacts
from workflows.kinds.registration import RegistrationFacts
from workflows.kinds.registration_change import RegistrationChangeFacts
from workflows.kinds.restriction import RestrictionFacts

FACTS: dict[str, type] = {
    "registration": RegistrationFacts,
    "registration_change": RegistrationChangeFacts,
    "annual_report": AnnualReportFacts,
    "deregistration": DeregistrationFacts,
    "restriction": RestrictionFacts,
    "affiliation": AffiliationFacts,
    "disaffiliation": DisaffiliationFacts,
    "payment": PaymentFacts,
    "milestone_report": MilestoneReportFacts,
    "evaluation": EvaluationFacts,
    "acceptance": AcceptanceFacts,
    "rectification": RectificationFacts,
    "closure": ClosureFacts,
    "programme": ProgrammeFacts,
    "plan": PlanFacts,
    "opening_key": OpeningKeyFacts,
    "call": CallFacts,
    "package": PackageFacts,
    "bid": BidFacts,
    "objection": ObjectionFacts,
    "contract": ContractFacts,
    "pool_entry": PoolEntryFacts,
    "bid_review": BidReviewFacts,
    "incubation": IncubationFacts,
    "incubation_review": IncubationReviewFacts,
}
