"""What is an organization to hand in by a certain day, of which no case is open yet? Its people's start page says it.

A feature registers what it knows when it is imported; the start page shows what there is and knows none of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from app.access.nodes import AnySession


@dataclass(frozen=True)
class Duty:
    """What is to be handed in, where, for whom, and until which day."""

    title: str
    href: str
    note: str
    due_on: date


Told = Callable[[AnySession, Sequence[int], date], list[Duty]]
T = TypeVar("T", bound=Told)
_DUTIES: dict[str, Told] = {}


def duty(name: str) -> Callable[[T], T]:
    """Register told(session, organization ids, today) -> [Duty]; it asks a fixed number of questions."""

    def register(told: T) -> T:
        _DUTIES[name] = told
        return told

    return register


def duties_of(session: AnySession, organizations: Sequence[int], today: date) -> list[Duty]:
    """Return what these organizations are to hand in, the first day first."""
    if not organizations:
        return []
    found = [each for told in _DUTIES.values() for each in told(session, organizations, today)]
    return sorted(found, key=lambda each: each.due_on)
