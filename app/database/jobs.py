"""What a feature says about work that the worker does for it every few seconds."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class PeriodicJob:
    """`run(session)` is called about every `seconds` inside the app's context, perhaps twice at once.

    It commits its own work. Seconds below 60 divide 60; above, they are whole minutes that divide an hour.
    """

    name: str
    seconds: int
    run: Callable[[Session], None]
