"""What may any guard know? The case so far, who acts, and how a refusal is worded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from workflows.definition import Text
from workflows.policy import Policy


class Step(NamedTuple):
    """One move already made: by whom (None: the system), in which role, from where to where."""

    sequence: int
    trigger: str
    person_id: int | None
    role: str
    at: datetime
    from_state: str | None
    to_state: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The case as it stands under its lock. Before opening: no number, no state, no steps."""

    number: str
    state: str | None
    revision: int
    opened_at: datetime | None
    organization_id: int | None
    steps: tuple[Step, ...]
    policy: Policy

    def happened(self, trigger: str) -> bool:
        """Return whether `trigger` was ever fired on this case."""
        return any(step.trigger == trigger for step in self.steps)

    def performed(self, person_id: int | None, *triggers: str) -> bool:
        """Return whether this person made any of these moves (any move at all, when none is named)."""
        return any(
            step.person_id == person_id and (not triggers or step.trigger in triggers)
            for step in self.steps
            if step.person_id is not None
        )


class Facts(Protocol):
    """The facts of any kind: a frozen dataclass with the case in it."""

    @property
    def case(self) -> CaseFacts:
        """The case as it stands."""
        ...


class Acting(NamedTuple):
    """Who wants to move: a person with the roles that reach this case now, or the system."""

    person_id: int | None
    roles: frozenset[str]
    system: bool = False


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a stable code for machines, and a sentence that says what to do next for people.

    `documents` names slots; the engine puts their titles where the sentence says {documents}.
    """

    code: str
    text: Text
    documents: tuple[str, ...] = ()
