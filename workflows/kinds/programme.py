"""Programme: what decides whether a fund's rules come into force?"""

from __future__ import annotations

from dataclasses import dataclass

from workflows.kinds.case import CaseFacts


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    """Only the case itself: the rules are checked as they are typed, and by a second person."""

    case: CaseFacts
