"""Which kinds have facts of their own? Importing this registers every guard there is."""

from __future__ import annotations

from workflows.kinds.affiliation import AffiliationFacts
from workflows.kinds.payment import PaymentFacts
from workflows.kinds.registration import RegistrationFacts

FACTS: dict[str, type] = {
    "registration": RegistrationFacts,
    "affiliation": AffiliationFacts,
    "payment": PaymentFacts,
}
