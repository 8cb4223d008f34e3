"""Opening key: who may use it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.definition import Text
from workflows.guards import guard
from workflows.kinds.case import Acting, CaseFacts, Reason


@dataclass(frozen=True, slots=True)
class OpeningKeyFacts:
    """Only the case itself: who enrolled a key stands in its history."""

    case: CaseFacts


@guard("own_key", Text("本人的密钥", "One's own key"))
def own_key(
    facts: OpeningKeyFacts, acting: Acting, data: Mapping[str, Any] | None, now: datetime
) -> Reason | None:
    """Refuse everybody but the officer whose key it is."""
    if facts.case.performed(acting.person_id, "enrol"):
        return None
    return Reason(
        "not_your_key",
        Text("只能由登记本密钥的人员本人办理。", "Only the officer who enrolled this key can do this."),
    )
